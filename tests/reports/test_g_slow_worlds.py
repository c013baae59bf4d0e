"""Kind G: fixed times against slow worlds: clocks that are set, streams that do not answer, signals."""

import itertools
import os
import signal
import socket
import threading
import time
from collections import Counter

import pytest
from click.testing import CliRunner
from conftest import ROOT, FakePipeline, make_frame, write_clip
from reports.made import ignored
from stand_in import StandIn, picture

import run_camera
from realtime import setup
from realtime.archive.workers import ProcessPool
from realtime.capture.open import open_source
from realtime.capture.source import steady_clock
from realtime.loop import run
from realtime.service.stopping import Stop, stopping_on_signals

YEAR = 365 * 86_400.0


class Pi:
    """A machine that starts in the past and learns the time later."""

    def __init__(self):
        self.passed, self.set_by = 0.0, 30 * YEAR

    def wall(self):
        return self.passed + self.set_by

    def clock(self):
        return steady_clock(self.wall, lambda: self.passed)


def test_times_follow_a_clock_that_was_set_and_nothing_smaller():
    pi = Pi()
    clock = pi.clock()
    for change, shown in ((0.4, 0.0), (26 * YEAR, 26 * YEAR), (-3600.0, 26 * YEAR - 3600)):
        pi.set_by += change
        pi.passed += 10
        assert clock() == pytest.approx(30 * YEAR + pi.passed + shown, abs=0.5)


@pytest.mark.parametrize("jump", [26 * YEAR, -3600.0])
def test_a_clock_that_is_set_neither_loses_nor_keeps_what_is_seen(jump):
    """What was seen before the clock was set and after it are records of their own, each with its own times."""
    pi = Pi()
    clock, frames = pi.clock(), []
    for index in range(120):
        pi.passed += 0.1
        pi.set_by += jump * (index == 60)
        frames.append(make_frame(index, clock(), source="0", image=picture(0.0)))
    ended = []

    class Notes:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, result):
            ended.extend(result.ended)

    class Camera(list):
        live, dropped = True, 0

    run(Camera(frames), StandIn().open(), [Notes()], Stop())
    assert set(Counter(track.reading.text for track in ended).values()) == {2}, "each text before and after"
    starts = sorted({round(track.first_time) for track in ended})
    assert starts[-1] - starts[0] == pytest.approx(abs(6 + jump), abs=2)
    assert all(0 < track.last_time - track.first_time < 7 for track in ended)


@pytest.fixture
def deaf():
    """A server that takes connections and never says a word."""
    server = socket.create_server(("127.0.0.1", 0))
    yield server.getsockname()[1]
    server.close()


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_opening_a_stream_ends_when_it_is_told_to(deaf, scheme):
    stop = Stop()
    threading.Timer(0.2, stop.set).start()
    begin = time.monotonic()
    with open_source(f"{scheme}://127.0.0.1:{deaf}/1", stop=stop) as source:
        assert list(source) == []
    assert time.monotonic() - begin < 2


def test_sigterm_while_a_stream_opens_is_a_good_end(deaf, monkeypatch):
    monkeypatch.setattr(setup, "load", lambda *_, **__: FakePipeline())
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
    done = CliRunner().invoke(run_camera.main, [f"rtsp://127.0.0.1:{deaf}/1", "--no-show"])
    assert done.exit_code == 0 and done.stdout == ""


@pytest.fixture
def terminal():
    """A terminal that can be closed, even where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_every_signal_ends_in_good_order(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with stopping_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(5) and stop.signal == number
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_workers_leave_signals_to_the_first_process():
    numbers = [signal.SIGINT, signal.SIGHUP]
    with ProcessPool(1) as pool:
        assert pool.submit(ignored, numbers).result(60) == numbers


def test_the_service_waits_for_the_time():
    unit = (ROOT / "deploy" / "glyphcam.service").read_text()
    assert any(line.startswith("After=") and "time-sync.target" in line for line in unit.splitlines())


class Closing(FakePipeline):
    """Closes the terminal at its third frame."""

    def __call__(self, frame):
        if frame.index == 3:
            os.kill(os.getpid(), signal.SIGHUP)
        return super().__call__(frame)


@pytest.mark.usefixtures("terminal")
def test_a_recording_ends_in_good_order_when_the_terminal_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "load", lambda *_, **__: Closing())
    clip = write_clip(tmp_path / "a.avi", 200)
    done = CliRunner().invoke(run_camera.main, [str(clip), "--no-show"])
    assert done.exit_code == 1 and len(done.stdout.splitlines()) == 1


def test_times_never_repeat_on_a_steady_clock():
    clock = steady_clock()
    times = [clock() for _ in range(1000)]
    assert all(a <= b for a, b in itertools.pairwise(times))
