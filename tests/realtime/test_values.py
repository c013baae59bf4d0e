"""Boxes, corners and overlap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.values import Box, Quad, Reading, iou

PLACE = st.integers(-200, 200)
SIDE = st.integers(1, 200)


@st.composite
def boxes(draw):
    x, y = draw(PLACE), draw(PLACE)
    return Box(x, y, x + draw(SIDE), y + draw(SIDE))


@given(boxes(), boxes())
def test_overlap_is_symmetric_and_a_share(a, b):
    assert iou(a, b) == iou(b, a)
    assert 0 <= iou(a, b) <= 1


@given(boxes(), boxes(), PLACE, PLACE)
def test_overlap_does_not_depend_on_the_place(a, b, dx, dy):
    def moved(box):
        return Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)

    assert iou(moved(a), moved(b)) == pytest.approx(iou(a, b))


@given(boxes())
def test_a_box_overlaps_itself_wholly(box):
    assert iou(box, box) == 1


def test_overlap_counts_what_is_shared_once():
    assert iou(Box(0, 0, 2, 2), Box(1, 0, 3, 2)) == pytest.approx(1 / 3)


@pytest.mark.parametrize("other", [Box(10, 0, 20, 10), Box(0, 30, 10, 40), Box(5, 5, 5, 5)])
def test_boxes_that_touch_or_are_empty_do_not_overlap(other):
    assert iou(Box(0, 0, 10, 10), other) == 0


def test_two_empty_boxes_do_not_overlap():
    assert iou(Box(1, 1, 1, 1), Box(1, 1, 1, 1)) == 0


def test_a_box_turned_inside_out_has_no_area():
    assert Box(10, 0, 0, 10).area == 0


@given(boxes())
def test_a_box_is_the_box_of_its_corners(box):
    assert Quad.from_box(box).box == box
    assert Quad.from_box(box).size == pytest.approx((box.width, box.height))


@given(boxes(), st.floats(-np.pi, np.pi))
def test_size_does_not_change_when_corners_are_turned(box, angle):
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    quad = Quad.of(Quad.from_box(box).array() @ turn)
    assert quad.size == pytest.approx((box.width, box.height), abs=1e-3)


def test_corners_come_back_as_they_were_given():
    points = np.array([[1, 2], [5, 1], [6, 4], [0, 5]], np.float32)
    assert (Quad.of(points).array() == points).all()
    assert Quad.of(points.ravel()) == Quad.of(points)


def test_an_unsure_character_is_masked():
    reading = Reading("A1B", (0.9, 0.3, 0.6))
    assert [reading.masked(t) for t in (0.0, 0.6, 0.95)] == ["A1B", "A?B", "???"]
