"""The drawing pad in a window: what is drawn, what the network gets, and real pointer events where a display is."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from realtime import pad as module
from realtime.errors import ModelError, SinkError
from realtime.modes import PADS
from realtime.output.display import answers
from realtime.pad import PENS, SIZE, Drawing, Pad, panel, render


class Network:
    """Says how dark the drawing is, and gets a sixteenth of it."""

    def classify(self, image):
        return [(str(int((image < 128).sum())), 0.75), ("", 0.25)]

    def network_input(self, image):
        return image[::16, ::16]


def pad(**changes):
    return Pad(lambda mode: Network(), **changes)


def stroke(target, *points):
    target.on_mouse(cv2.EVENT_LBUTTONDOWN, *points[0])
    for point in points[1:]:
        target.on_mouse(cv2.EVENT_MOUSEMOVE, *point)
    target.on_mouse(cv2.EVENT_LBUTTONUP, *points[-1])


POINTS = st.lists(st.tuples(st.integers(-50, SIZE + 50), st.integers(-50, SIZE + 50)), min_size=1, max_size=8)


@given(POINTS, st.integers(*PENS))
def test_undo_and_inverting_twice_give_back_what_was(points, width):
    before = Drawing().begun(20, (100, 100))
    drawing = before.begun(width, points[0])
    for point in points[1:]:
        drawing = drawing.extended(point)
    assert drawing.undone() == before
    assert drawing.inverse().inverse() == drawing
    assert np.array_equal(render(drawing.inverse()), 255 - render(drawing))


@pytest.mark.parametrize("width", [1, 2, 7, 30, 60])
def test_the_pen_is_as_wide_as_it_says(width):
    image = render(Drawing().begun(width, (100, 240)).extended((380, 240)))
    assert abs(int((image[:, 240] < 128).sum()) - width) <= 1


def test_the_network_is_asked_when_the_pen_is_lifted_and_not_before():
    target = pad()
    target.on_mouse(cv2.EVENT_LBUTTONDOWN, 100, 100)
    target.on_mouse(cv2.EVENT_MOUSEMOVE, 300, 100)
    assert target.answer.top == ()
    target.on_mouse(cv2.EVENT_LBUTTONUP, 300, 100)
    assert target.answer.top == tuple(Network().classify(render(target.drawing)))
    assert np.array_equal(target.answer.seen, render(target.drawing)[::16, ::16])


def test_moving_without_a_button_and_drawing_beside_the_pad_do_nothing():
    target = pad()
    target.on_mouse(cv2.EVENT_MOUSEMOVE, 100, 100)
    stroke(target, (SIZE + 5, 10), (100, 100))
    assert target.drawing == Drawing()


def test_keys():
    target = pad()
    stroke(target, (100, 100), (300, 100))
    stroke(target, (200, 100), (200, 300))
    two = target.answer.top
    target.on_key(ord("u"))
    assert len(target.drawing.strokes) == 1 and target.answer.top != two
    target.on_key(ord("i"))
    assert render(target.drawing)[0, 0] == 0
    target.on_key(ord("c"))
    assert target.drawing == Drawing(inverted=True) and target.answer.top == ()
    target.on_key(ord("u"))
    target.on_key(255)
    assert target.drawing == Drawing(inverted=True)


def test_pen_widths_stay_in_range():
    target = pad()
    for wished, got in ((0, 1), (1, 1), (60, 60), (99, 60)):
        target.on_pen(wished)
        assert target.pen == got


def test_each_mode_opens_its_own_network_once_and_a_missing_one_is_said():
    opened = []

    def open_pad(mode):
        opened.append(mode)
        if mode == "characters":
            raise ModelError("characters-reader.tflite is missing.", "Name the folder with --models.")
        return Network()

    target = Pad(open_pad)
    stroke(target, (100, 100), (200, 200))
    stroke(target, (100, 200), (200, 100))
    target.on_key(ord("m"))
    assert target.answer.trouble.startswith("characters-reader.tflite is missing")
    assert np.any(panel("characters", target.answer)[250:300] != panel("characters", module.Answer())[250:300])
    target.on_key(ord("m"))
    assert opened == ["digits", "characters"] and target.answer.top


@pytest.mark.parametrize("shape", [(32, 32), (28, 28), (64, 256), (1, 1)])
def test_the_panel_shows_any_input_pixel_by_pixel(shape):
    seen = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    picture = panel("digits", module.Answer(seen, (("7", 0.9), ("", 0.1)), 1.0))
    assert picture.shape == (SIZE, module.PANEL, 3)
    scale = max(1, min(module.SEEN // shape[0], (module.PANEL - 40) // shape[1]))
    shown = picture[48 : 48 + scale * shape[0], 20 : 20 + scale * shape[1], 0][scale // 2 :: scale, scale // 2 :: scale]
    assert np.array_equal(shown, seen)


def test_the_picture_is_pad_and_panel():
    assert pad().picture().shape == (SIZE, SIZE + module.PANEL, 3)


def test_without_a_display_it_says_so(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SinkError, match=r"display.*--serve"):
        module.run(lambda mode: Network(), PADS[0], threading.Event())


WINDOW = """
import json, sys, threading
sys.path[:0] = sys.argv[1:]
from test_pad import Network
from realtime import pad

class Told(pad.Pad):
    def ask(self):
        super().ask()
        facts = self.mode, self.pen, len(self.drawing.strokes), self.drawing.inverted, len(self.answer.top)
        print(json.dumps(facts), flush=True)

pad.Pad = Told
pad.run(lambda mode: Network(), "digits", threading.Event())
"""


@pytest.fixture
def display(monkeypatch):
    """A display of its own."""
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        pytest.skip("needs Xvfb and xdotool (apt install xvfb xdotool)")
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1000x800x24"], stdout=subprocess.PIPE, text=True
    )
    name = f":{server.stdout.readline().strip()}"
    while not answers(name):
        assert server.poll() is None, "the display went away"
        time.sleep(0.05)
    monkeypatch.setenv("DISPLAY", name)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    yield
    server.terminate()
    server.communicate()


def xdotool(*words):
    return subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=20).stdout


def found_window():
    for _ in range(200):
        if window := xdotool("search", "--name", module.TITLE).split():
            return window[-1]
        time.sleep(0.1)
    raise AssertionError("the window never came")


@pytest.mark.display
def test_real_pointer_and_keys(display):
    with subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(ROOT / "tests"), os.path.dirname(__file__)],
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        window = found_window()
        time.sleep(1.0)  # until the window stands where it stays
        xdotool("mousemove", "--window", window, 100, 200, "mousedown", 1, "mousemove_relative", 40, 0)
        xdotool("mousemove_relative", 40, 40, "mouseup", 1)
        told = [json.loads(program.stdout.readline())]
        for key in ("i", "m", "u"):
            xdotool("windowfocus", window, "key", key)
            told.append(json.loads(program.stdout.readline()))
        xdotool("key", "q")
        assert program.wait(20) == 0
    assert told == [
        ["digits", 30, 1, False, 2],
        ["digits", 30, 1, True, 2],
        ["characters", 30, 1, True, 2],
        ["characters", 30, 0, True, 0],
    ]
