"""How well strings are found: overlap, completeness, what is spurious."""

import numpy as np
import pytest

from realtime.values import Detection, Quad
from train.sampling.text_patches import TextScene
from train.text_places import is_complete, judge, overlap, place_scores, turned


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def detection(*edges):
    return Detection(Quad.of(box(*edges)), 0.9)


def scene(*quads, known=None, complete=True):
    known = [True] * len(quads) if known is None else known
    return TextScene(np.zeros((100, 200), np.uint8), np.reshape(quads, (-1, 4, 2)), np.array(known, bool), complete)


def test_overlap_is_intersection_over_union():
    assert overlap(box(0, 0, 10, 10), box(5, 0, 15, 10)) == pytest.approx(1 / 3, abs=1e-3)
    assert overlap(box(0, 0, 10, 10), box(0, 0, 10, 10)) == pytest.approx(1)
    assert overlap(box(0, 0, 10, 10), box(20, 0, 30, 10)) == 0


@pytest.mark.parametrize(
    ("first", "last", "whole"), [(20, 120, True), (35, 120, False), (20, 115, True), (0, 150, False), (15, 125, True)]
)
def test_a_complete_string_has_both_ends_and_no_more(first, last, whole):
    truth = box(20, 40, 120, 60)
    assert is_complete(box(first, 40, last, 60), truth) == whole
    quarter = np.array([[0, 1], [-1, 0]], np.float32)  # along the truth, whichever way that runs
    assert is_complete(box(first, 40, last, 60) @ quarter, truth @ quarter) == whole


def test_a_cut_string_is_found_but_not_complete_and_a_second_one_is_spurious():
    one = judge([detection(20, 40, 90, 60), detection(150, 40, 190, 60)], scene(box(20, 40, 120, 60)))
    assert one.found == (True,) and one.complete == (False,) and one.spurious == 1 and one.detections == 2


def test_strings_in_one_box_and_one_string_in_two_are_mixed():
    two = scene(box(20, 40, 60, 60), box(70, 40, 110, 60))
    assert judge([detection(20, 40, 110, 60)], two).mixed == (True, True)
    assert judge([detection(20, 40, 60, 60), detection(70, 40, 110, 60)], two).mixed == (False, False)
    one = scene(box(20, 40, 120, 60))
    assert judge([detection(20, 40, 65, 60), detection(72, 40, 120, 60)], one).mixed == (True,)
    assert judge([detection(20, 40, 65, 60)], one).mixed == (False,)  # cut short
    assert judge([], one).mixed == (False,) and judge([detection(20, 40, 60, 60)], scene()).mixed == ()


def test_what_lies_on_unreadable_text_counts_neither_way():
    unreadable = scene(box(20, 40, 120, 60), known=[False])
    assert judge([detection(20, 40, 70, 60)], unreadable).spurious == 0
    assert judge([], unreadable).found == ()


def test_scores_of_sets_with_and_without_strings():
    sets = {
        "signs": [scene(box(20, 40, 120, 60))],
        "part": [scene(box(20, 40, 120, 60), complete=False)],
        "none": [scene()],
    }
    row = place_scores(lambda gray: [detection(20, 40, 120, 60), detection(150, 40, 190, 60)], sets)
    assert row == {
        "signs_found": (1, 1.0), "signs_complete": (1, 1.0), "signs_joined or split": (1, 0.0),
        "signs_precision": (2, 0.5),
        "part_found": (1, 1.0), "part_complete": (1, 1.0), "part_joined or split": (1, 0.0), "none_false": (1, 2.0),
    }  # fmt: skip


@pytest.mark.parametrize("degrees", [15, 90, 180])
def test_a_turned_scene_takes_its_corners_along(degrees):
    gray = np.full((100, 200), 255, np.uint8)
    gray[40:60, 20:120] = 0
    one = turned(TextScene(gray, box(20, 40, 120, 60)[None], np.ones(1, bool)), degrees)
    rows, columns = np.nonzero(one.gray < 128)
    assert np.abs(one.quads[0].mean(0) - (columns.mean(), rows.mean())).max() < 1
    assert (one.quads >= 0).all() and (one.quads <= one.gray.shape[::-1]).all()
