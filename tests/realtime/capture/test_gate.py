"""Gates skip what brings nothing new, and never look away for long."""

import cv2
import numpy as np
import pytest
from conftest import make_frame
from hypothesis import given
from hypothesis import strategies as st

from realtime.capture.gate import LONGEST, AtMost, Every, FrameFilter, Moved, Sharp, shrunken


def scene(text="", blur=0, noise=3.0, seed=0, width=640, height=480):
    """A camera's picture: texture, a text 12 pixels high, sensor noise."""
    rng = np.random.default_rng(7)
    image = cv2.resize(rng.integers(60, 200, (30, 40), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    image[200:260, 200:460] = 210
    cv2.putText(image, text, (220, 240), cv2.FONT_HERSHEY_PLAIN, 1.2, 30, 1, cv2.LINE_AA)
    image = cv2.GaussianBlur(image, (0, 0), blur) if blur else image
    noisy = image + np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def frames(pictures, fps=25.0):
    return [make_frame(i, i / fps, image=picture) for i, picture in enumerate(pictures)]


def test_without_gates_every_frame_is_read():
    assert all(FrameFilter()(frame) for frame in frames([scene()] * 3))


def test_one_in_n():
    gate = FrameFilter([Every(3)])
    assert [gate(make_frame(i)) for i in range(7)] == [True, False, False, True, False, False, True]


@given(st.integers(1, 240), st.integers(1, 60))
def test_at_most_so_many_a_second_and_hardly_fewer(source, most):
    gate = AtMost(most)
    image = np.zeros((4, 4), np.uint8)
    read = sum(gate(make_frame(0, round(i / source, 3), image=image)) for i in range(10 * source))
    assert read <= 10 * most + 1
    assert read >= 10 * min(source, most) * (0.49 if source < 2 * most else 0.9) - 1


def test_a_rate_that_the_source_has_costs_nothing():
    gate = AtMost(30)
    assert all(gate(make_frame(0, round(i / 30, 3))) for i in range(300))


def test_time_that_jumps_back_does_not_close_the_gate():
    gate = AtMost(1)
    assert gate(make_frame(0, 1000.0)) and gate(make_frame(0, 0.0))


def test_a_still_scene_is_read_only_now_and_then():
    gate = FrameFilter(detectors=[Moved()])
    read = [gate(frame) for frame in frames([scene("8", seed=i) for i in range(100)])]
    assert read[0] and 0.05 < np.mean(read) <= 0.1
    assert max(np.diff(np.flatnonzero(read))) / 25 <= LONGEST + 1 / 25


@pytest.mark.parametrize(("before", "after"), [("1", "7"), ("8", "9"), ("123", "124"), ("", "5")])
def test_one_small_digit_that_changes_is_seen(before, after):
    gate = FrameFilter(detectors=[Moved()])
    first, second = frames([scene(before, seed=1), scene(after, seed=2)])
    assert gate(first) and gate(second)


def test_a_moving_camera_is_read_all_the_time():
    pictures = [np.roll(scene("42"), 3 * i, axis=1) for i in range(10)]
    gate = FrameFilter(detectors=[Moved()])
    assert all(gate(frame) for frame in frames(pictures))


def test_blurred_frames_among_sharp_ones_are_skipped():
    gate = FrameFilter(detectors=[Sharp()])
    read = [gate(frame) for frame in frames([scene("42", blur=4 if i % 3 else 0, noise=1) for i in range(12)])]
    assert read == [i % 3 == 0 for i in range(12)]


def test_a_camera_out_of_focus_is_read_all_the_same():
    gate = FrameFilter(detectors=[Sharp()])
    assert all(gate(frame) for frame in frames([scene("42", blur=4, seed=i) for i in range(12)]))


def test_judges_are_overruled_in_time_but_limits_are_not():
    pictures = [scene(seed=i) for i in range(50)]
    judged, limited = FrameFilter(detectors=[Moved()]), FrameFilter([AtMost(0.5)], [Moved()])
    assert sum(judged(frame) for frame in frames(pictures)) == 4
    assert sum(limited(frame) for frame in frames(pictures)) == 1


def test_stills_and_new_sources_are_always_read():
    gate = FrameFilter([Every(10)], [Moved()])
    picture = scene()
    assert all(gate(make_frame(0, 0.0, image=picture, still=True)) for _ in range(3))
    gate = FrameFilter(detectors=[Moved()])
    assert all(gate(make_frame(0, 0.0, image=picture, source=name)) for name in "abc")


@pytest.mark.parametrize(("shape", "small"), [
    ((480, 640, 3), (120, 160)), ((480, 640), (120, 160)), ((2160, 3840, 3), (540, 960)), ((90, 120, 3), (90, 120)),
])  # fmt: skip
def test_pictures_are_judged_at_a_quarter_of_their_size(shape, small):
    assert shrunken(np.zeros(shape, np.uint8)).shape == small
