"""Processes that die are started again with growing pauses, those that hang are killed, all end when asked to."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import ROOT

from realtime.service import supervise

READY = """
import os, socket, sys, time
def say(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text, os.environ["NOTIFY_SOCKET"])
say(b"READY=1")
"""


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def started(tmp_path, clock):
    """Makes processes that run Python code, and ends them."""
    made = []

    def start(code, name="gate"):
        process = supervise.Process(
            name, [sys.executable, "-c", code], dict(os.environ), tmp_path / f"{len(made)}.s", clock
        )
        made.append(process)
        return process

    yield start
    for process in made:
        process.ask_to_end()
        process.end(5)


def tend_until(process, done):
    for _ in range(2000):
        process.tend()
        if done(process.state()):
            return process.state()
        time.sleep(0.01)
    raise AssertionError(process.state())


def status(*wanted):
    return lambda state: state.status in wanted


def test_it_runs_once_it_says_so(started):
    process = started(READY + "time.sleep(60)")
    assert process.state().status == "starting"
    assert tend_until(process, status("running")).restarts == 0


def test_what_dies_is_started_again_with_growing_pauses(started, clock):
    process = started("import sys; print('Error: no camera at rtsp://u:p@h', file=sys.stderr); sys.exit(3)")
    pauses = []
    for restarts in (1, 2, 3):
        state = tend_until(process, lambda s, n=restarts: s.status == "waiting" and s.restarts == n)
        pauses.append(state.retry)
        process.tend()
        assert process.state().status == "waiting"  # its pause is not over
        clock.now += state.retry
    assert pauses == [1.0, 2.0, 4.0]
    assert process.state().reason == "no camera at rtsp://u:***@h"


def test_after_a_long_life_the_pause_is_short_again(started, clock):
    process = started(READY + "time.sleep(0.2); sys.exit(1)")
    for pause in (1.0, 2.0):
        assert tend_until(process, status("waiting")).retry == pause
        clock.now += pause
    tend_until(process, status("running"))
    clock.now += supervise.STEADY - 1
    say_alive(process)
    clock.now += 1
    assert tend_until(process, status("waiting")).retry == 1.0


def say_alive(process):
    process._heard = process._clock()


def test_what_cannot_begin_with_its_options_is_left_alone(started):
    assert tend_until(started("raise SystemExit(2)"), status("failed")).reason == "It ended with exit code 2."
    assert tend_until(started("pass"), status("ended")).reason == ""


def test_what_hangs_is_killed_and_started_again(started, clock, caplog):
    process = started(READY + "time.sleep(60)")
    tend_until(process, status("running"))
    clock.now += supervise.SILENT + 1
    state = tend_until(process, status("waiting"))
    assert state.reason == "It gave no sign of life for 30 seconds." and state.restarts == 1


def test_signs_of_life_are_heard(started, clock):
    process = started(READY + "\nwhile True: say(b'WATCHDOG=1'); time.sleep(0.01)")
    tend_until(process, status("running"))
    for _ in range(3):
        clock.now += supervise.SILENT - 1
        time.sleep(0.2)
        process.tend()
    assert process.state().status == "running"


def test_all_end_in_good_order_when_asked_to(started, tmp_path):
    said = tmp_path / "said"
    code = READY + (
        f"import signal\ndef end(*_): open({str(said)!r}, 'w').write('bye'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nsay(b'READY=1')\ntime.sleep(60)"
    )
    stop, process = threading.Event(), started(code)
    beats = []

    def alive():
        beats.append(1)
        if process.state().status == "running" and len(beats) > 3:
            stop.set()

    assert supervise.run([process], stop, alive)
    assert process.state().status == "ended" and said.read_text() == "bye"


def test_it_is_over_when_all_recordings_are_and_says_whether_one_failed(started):
    good, bad = started("pass"), started("raise SystemExit(2)")
    assert not supervise.run([good, bad], threading.Event())


def test_what_does_not_end_is_killed(started, monkeypatch, caplog):
    process = started("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "time.sleep(60)")
    tend_until(process, status("running"))
    process.ask_to_end()
    process.end(0.1)
    assert process.state().status == "failed" and "is killed" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the children")
def test_no_camera_outlives_its_supervisor(tmp_path):
    code = (
        "import sys, time, pathlib; from realtime.service import supervise\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        f"p = supervise.Process('a', sleep, {{}}, pathlib.Path({str(tmp_path / 's')!r}))\n"
        "p.tend(); print(p._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(500):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        os.kill(child, signal.SIGKILL)
        raise AssertionError("it lives on")


def test_the_environment_of_a_camera():
    inherited = {"GLYPHCAM_CONFIG": "x", "GLYPHCAM_TOKEN": "t", "NOTIFY_SOCKET": "s", "GLYPHCAM_DB": "d", "HOME": "h"}
    assert supervise.environment({"GLYPHCAM_DB": "own"}, inherited) == {"GLYPHCAM_DB": "own", "HOME": "h"}
