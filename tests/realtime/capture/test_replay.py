"""Recordings as cameras: at their own speed, again and again; sources under another name."""

import threading

from conftest import make_frame, write_clip

from realtime.capture.named import Named
from realtime.capture.open import open_source
from realtime.capture.replay import LONGEST, SEAM, Looped, Paced
from realtime.capture.source import Source


class Given(Source):
    """The frames that it is given."""

    def __init__(self, frames, name="clip.mp4", stop=None):
        super().__init__(name, stop)
        self._frames, self.closed = frames, 0

    def __iter__(self):
        yield from self._frames

    def close(self):
        self.closed += 1


class Waits(threading.Event):
    """A stop that is never set, and a clock that goes on by what is waited for."""

    def __init__(self):
        super().__init__()
        self.now = 100.0

    def wait(self, timeout=None):
        self.now += timeout
        return False


def paced(times, works=()):
    """When each frame comes, if reading one takes so many seconds."""
    stop = Waits()
    source = Paced(Given([make_frame(i, t) for i, t in enumerate(times)], stop=stop), lambda: stop.now)
    came = []
    for index, _ in enumerate(source):
        came.append(round(stop.now - 100, 3))
        stop.now += works[index] if index < len(works) else 0.0
    return came


def test_frames_come_at_the_pace_of_the_recording():
    assert paced([0.0, 0.1, 0.5, 0.6]) == [0.0, 0.1, 0.5, 0.6]


def test_a_late_frame_delays_no_more_than_it_must():
    assert paced([0.0, 0.1, 0.2, 0.6], works=[0.25]) == [0.0, 0.25, 0.25, 0.6]


def test_a_gap_is_no_long_pause():
    assert paced([0.0, 3600.0]) == [0.0, LONGEST]


def test_a_stop_ends_the_wait():
    stop = threading.Event()
    frames = iter(Paced(Given([make_frame(0, 0.0), make_frame(1, 4.0)], stop=stop)))
    next(frames)
    stop.set()
    assert next(frames, None) is None


def test_a_loop_begins_again_and_time_goes_on():
    stop = threading.Event()
    made = []

    def opened():
        made.append(Given([make_frame(0, 0.0), make_frame(1, 0.1)], stop=stop))
        return made[-1]

    source = Looped(opened)
    frames = iter(source)
    seen = [next(frames) for _ in range(5)]
    assert [f.index for f in seen] == [0, 1, 2, 3, 4]
    assert [round(f.time, 3) for f in seen] == [0.0, 0.1, 0.1 + SEAM, 0.2 + SEAM, 0.2 + 2 * SEAM]
    stop.set()
    assert list(frames) == [] or len(list(frames)) <= 1
    source.close()
    assert all(each.closed for each in made)


def test_a_real_recording_loops(tmp_path):
    stop = threading.Event()
    path = str(write_clip(tmp_path / "a.avi", 3))
    with Looped(lambda: open_source(path, stop=stop)) as source:
        frames = iter(source)
        values = [int(next(frames).image.mean()) for _ in range(6)]
    assert values[:3] == values[3:] and source.size == (64, 48)


def test_a_name_takes_the_place_of_an_address_and_stands_before_file_names():
    alone = Named(Given([make_frame(source="rtsp://h")], "rtsp://h"), "gate")
    assert [frame.source for frame in alone] == ["gate"] and alone.name == "gate"
    several = Named(Given([make_frame(source="a.mp4")], "a.mp4, b.mp4"), "gate")
    assert [frame.source for frame in several] == ["gate: a.mp4"]
