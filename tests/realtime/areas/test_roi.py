"""The part of the picture that matters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.areas.roi import Roi, Within, parse_roi
from realtime.errors import UserError
from realtime.values import Box, Detection, Quad


def test_four_numbers_are_a_rectangle_and_more_a_polygon():
    assert parse_roi("10,20,30,40") == Roi(((10, 20), (40, 20), (40, 60), (10, 60)))
    assert parse_roi("0,0 100,0 50,80") == parse_roi("0 0;100 0;50 80") == Roi(((0, 0), (100, 0), (50, 80)))


WRONG = ["", "1,2,3", "1,2,0,5", "1,2,3,-4", "a,b,c,d", "1,2,3,4,5", "1,2,3,4,5,6,7", "nan,1,2,3"]


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(UserError, match="neither a rectangle nor a polygon"):
        parse_roi(text)


def test_a_triangle_has_an_inside():
    roi = parse_roi("0,0,100,0,0,100")
    assert (10, 10) in roi and (0, 0) in roi and (90, 90) not in roi


def test_outside_the_picture_is_an_error():
    with pytest.raises(UserError, match="640x480"):
        parse_roi("700,10,50,50").check((640, 480))
    parse_roi("600,10,500,50").check((640, 480))


def located(gray):
    """Finds the brightest pixel, as a box three pixels wide."""
    y, x = np.unravel_index(int(gray.argmax()), gray.shape)
    return [Detection(Quad.from_box(Box(x - 1, y - 1, x + 2, y + 2)), 1.0)]


sides = st.integers(9, 60)


@given(st.integers(0, 99), st.integers(0, 79), st.integers(0, 90), st.integers(0, 70), sides, sides)
def test_spots_are_in_pixels_of_the_whole_picture_and_inside(x, y, left, top, width, height):
    gray = np.zeros((80, 100), np.uint8)
    gray[y, x] = 255
    roi = parse_roi(f"{left},{top},{width},{height}")
    detections = Within(located, [roi])(gray)
    if (x + 0.5, y + 0.5) in roi:
        assert [detection.box for detection in detections] == [Box(x - 1, y - 1, x + 2, y + 2)]
    else:
        assert all(detection.box.center in roi for detection in detections)


def test_the_part_is_looked_at_with_a_margin_and_only_the_part():
    shapes = []
    Within(lambda gray: shapes.append(gray.shape) or [], [parse_roi("100,100,50,20")])(np.zeros((480, 640), np.uint8))
    assert shapes == [(24, 60)]
    assert Within(located, [parse_roi("900,900,50,20")])(np.zeros((480, 640), np.uint8)) == []


def test_several_parts_are_looked_at_and_what_two_of_them_show_is_there_once():
    gray = np.zeros((80, 100), np.uint8)
    gray[30, 40] = 255
    parts = [parse_roi(text) for text in ("30,20,20,20", "35,25,20,20", "0,60,20,20")]
    detections = Within(lambda part: located(part) if part.any() else [], parts)(gray)
    assert [detection.box for detection in detections] == [Box(39, 29, 42, 32)]
