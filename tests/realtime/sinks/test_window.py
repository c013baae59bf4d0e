"""The window does what keys say, keeps a recording's pace, and refuses clearly where it cannot open."""

import os
import re
import shutil
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from conftest import ROOT, make_frame, make_image, make_result
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import SinkError
from realtime.output.display import answers, check_display
from realtime.sinks import window as module
from realtime.sinks.window import STEP, Pace, Window, still_name, within


class FakeScreen:
    """OpenCV's windows with keys pressed by a script."""

    def __init__(self, keys="", visible=True):
        self.keys, self.visible, self.shown, self.waits = list(keys), visible, [], []

    def wait_key(self, milliseconds):
        self.waits.append(milliseconds)
        return ord(self.keys.pop(0)) if self.keys else -1


@pytest.fixture
def screen(monkeypatch):
    fake = FakeScreen()
    monkeypatch.setattr(module, "check_display", lambda *_: None)
    monkeypatch.setattr(cv2, "namedWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "destroyAllWindows", lambda: None)
    monkeypatch.setattr(cv2, "resizeWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "imshow", lambda _, image: fake.shown.append(image))
    monkeypatch.setattr(cv2, "waitKey", fake.wait_key)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1.0 if fake.visible else -1.0)
    return fake


def show(screen, frames, keys="", **changes):
    """Shows frames while the keys are pressed; the window's stop event and the steps of the threshold."""
    screen.keys, stop, steps = list(keys), threading.Event(), []
    changes = {"live": True, **changes}
    with Window(lambda result: result.frame.image, stop, steps.append, **changes) as window:
        for frame in frames:
            window.write(make_result(frame))
    return stop, steps


@pytest.mark.parametrize("key", ["q", "\x1b"])
def test_q_and_escape_quit(screen, key):
    stop, _ = show(screen, [make_frame()], key)
    assert stop.is_set()


def test_plus_and_minus_move_the_threshold(screen):
    stop, steps = show(screen, [make_frame(i) for i in range(4)], "+-=x")
    assert steps == [STEP, -STEP, STEP] and not stop.is_set()


def test_p_pauses_until_p_is_pressed_again(screen):
    stop, steps = show(screen, [make_frame(0), make_frame(1)], "p+-p")
    assert len(screen.shown) == 2 and steps == [STEP, -STEP] and not stop.is_set()


def test_a_pause_can_be_quit(screen):
    stop, _ = show(screen, [make_frame(0)], "pq")
    assert stop.is_set()


def test_s_saves_what_is_seen(screen, tmp_path):
    show(screen, [make_frame(7, image=make_image())], "s", folder=tmp_path)
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(r"clip-[0-9a-f]{10}-000007-0.700\.png", path.name)
    assert np.array_equal(cv2.imread(str(path)), make_image())


def test_a_still_stays_until_a_key_is_pressed(screen):
    show(screen, [make_frame(still=True)], ["\xff", "\xff", "\xff", "n"])
    assert not screen.keys


def test_closing_the_window_quits(screen):
    screen.visible = False
    stop, _ = show(screen, [make_frame()])
    assert stop.is_set()


def test_an_outside_stop_ends_a_pause(screen):
    stop = threading.Event()
    stop.set()
    with Window(lambda result: result.frame.image, stop, lambda step: None, live=True) as window:
        screen.keys = ["p"]
        window.write(make_result())


def test_a_recording_is_shown_at_its_own_pace_and_a_camera_at_once(screen):
    times = [make_frame(i, i / 10) for i in range(3)]
    show(screen, times, live=False, clock=lambda: 0.0)
    assert screen.waits[:3] == [1, 100, 200]
    screen.waits.clear()
    show(screen, times)
    assert screen.waits[:3] == [1, 1, 1]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1))
def test_no_wait_is_negative_or_long(steps):
    now = [0.0]
    pace = Pace(lambda: now[0])
    for time, elapsed in steps:
        now[0] += elapsed
        assert 0 <= pace.wait(make_frame(0, time)) <= 1


def test_after_a_pause_the_pace_begins_anew():
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.wait(make_frame(0, 0.0)) == 0
    now[0] = 60.0
    pace.rest()
    assert [pace.wait(make_frame(1, 0.1)), pace.wait(make_frame(2, 0.2))] == pytest.approx([0.0, 0.1])


def test_headless_opencv_is_named(monkeypatch):
    def refuse(*_):
        raise cv2.error("The function is not implemented")

    monkeypatch.setattr(module, "check_display", lambda *_: None)
    monkeypatch.setattr(cv2, "namedWindow", refuse)
    with pytest.raises(SinkError, match="opencv-python instead of opencv-python-headless"):
        Window(None, threading.Event(), None).__enter__()


def test_no_display_is_named():
    with pytest.raises(SinkError, match="DISPLAY is not set"):
        check_display({}, "linux")
    with pytest.raises(SinkError, match=r":4711 does not answer"):
        check_display({"DISPLAY": ":4711"}, "linux")
    check_display({}, "darwin")
    check_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")


@pytest.mark.parametrize("display", ["", "nonsense", ":", "host:x", "localhost:64000"])
def test_nobody_answers_at_odd_displays(display):
    assert not answers(display)


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_a_window_fits_and_keeps_its_proportions(width, height):
    wide, high = within(width, height, 1280, 720)
    assert 1 <= wide <= min(width, 1280) and 1 <= high <= min(height, 720)
    assert wide == width or 1280 in (wide, high) or 720 in (wide, high)
    assert abs(wide * height - high * width) <= max(width, height)  # a pixel's rounding


def test_names_of_stills_have_no_odd_characters():
    name = still_name(make_frame(3, 0.3, source="rtsp://me:***@host/a b?c"))
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")


def gui():
    """Whether this OpenCV can open windows at all."""
    return "GUI:                           NONE" not in cv2.getBuildInformation()


REAL = """
import sys, threading
sys.path[:0] = sys.argv[1:]
from conftest import make_frame, make_result
from realtime.sinks.window import Window
with Window(lambda result: result.frame.image, threading.Event(), None, live=True) as window:
    for index in range(3):
        window.write(make_result(make_frame(index)))
print("shown")
"""


@pytest.mark.skipif(not shutil.which("xvfb-run") or not gui(), reason="needs Xvfb and an OpenCV with windows")
def test_a_real_window_opens_on_a_real_display():
    here = os.path.dirname(__file__)
    command = ["xvfb-run", "-a", sys.executable, "-c", REAL, str(ROOT / "tests"), here]
    assert "shown" in subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
