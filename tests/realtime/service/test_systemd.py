"""systemd hears READY, WATCHDOG and STOPPING, and nothing breaks without it."""

import configparser
import shlex
import socket

import numpy as np
import pytest
from conftest import ROOT

import run_camera
from realtime.service.systemd import Notifier
from realtime.values import Frame, Result

RESULT = Result(Frame(0, 0.0, np.zeros((2, 2), np.uint8)))


@pytest.fixture
def supervisor(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.setblocking(False)
        yield channel


def heard(channel):
    states = []
    try:
        while True:
            states.append(channel.recv(1000).decode())
    except BlockingIOError:
        return states


def test_says_ready_alive_and_stopping(supervisor):
    now = [0.0]
    environ = {"NOTIFY_SOCKET": supervisor.getsockname(), "WATCHDOG_USEC": "8000000"}
    with Notifier(environ, lambda: now[0]) as notifier:
        for now[0] in (0.0, 0.5, 1.9, 2.0, 2.1):
            notifier.write(RESULT)
    assert heard(supervisor) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_feeds_no_watchdog_that_was_not_asked_for(supervisor):
    with Notifier({"NOTIFY_SOCKET": supervisor.getsockname()}) as notifier:
        notifier.alive()
    assert heard(supervisor) == ["READY=1", "STOPPING=1"]


def test_abstract_names():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0glyphcam-test-notify")
        channel.setblocking(False)
        Notifier({"NOTIFY_SOCKET": "@glyphcam-test-notify"}).say("READY=1")
        assert heard(channel) == ["READY=1"]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_without_systemd_nothing_happens(environ):
    with Notifier(environ | {"WATCHDOG_USEC": "1"}) as notifier:
        notifier.write(RESULT)


def test_a_full_queue_does_not_block_and_is_tried_again(supervisor):
    environ = {"NOTIFY_SOCKET": supervisor.getsockname(), "WATCHDOG_USEC": "4000000"}
    notifier = Notifier(environ, lambda: 1.0)
    for _ in range(10_000):
        notifier.say("STATUS=" + "x" * 500)
    notifier.alive()
    assert "WATCHDOG=1" not in heard(supervisor)
    notifier.alive()
    assert heard(supervisor) == ["WATCHDOG=1"]


UNIT = ROOT / "deploy" / "glyphcam.service"


def test_the_unit_asks_for_what_the_program_says_and_runs_it_with_options_that_exist():
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read_string(UNIT.read_text().replace("\\\n", " "))
    service = unit["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main") and int(service["WatchdogSec"]) >= 10
    words = shlex.split(service["ExecStart"].replace("${STATE_DIRECTORY}", "/var/lib/glyphcam"))
    options = run_camera.main.make_context("glyphcam", words[1:]).params
    assert (options["mode"], options["show"]) == ("plates", False)
    assert options["serve"] and options["keep"] and not options["token"]
