"""A second search of single pictures, in more of their own pixels."""

import numpy as np
import pytest

from realtime.areas.closer import WIDEST, Closer
from realtime.values import Box, Detection, Quad

LONGEST = 640


def detection(x, width, score):
    return Detection(Quad.from_box(Box(x, 100, x + width, 100 + width / 4)), score)


class Searching:
    """Finds always the same, and counts how often it was asked."""

    def __init__(self, *detections):
        self.detections, self.asked = list(detections), 0

    def __call__(self, gray):
        self.asked += 1
        return self.detections


def closer(first, second, size=(720, 1280)):
    return Closer(first, second, LONGEST)(np.zeros(size, np.uint8))


def test_a_picture_without_more_pixels_is_searched_once():
    second = Searching(detection(0, 50, 0.9))
    first = detection(300, 50, 0.8)
    assert closer(Searching(first), second, (480, 640)) == [first] and not second.asked


def test_what_is_small_is_taken_from_the_second_search_and_what_is_large_from_the_first():
    rough, large = detection(10, 56, 0.9), detection(600, 300, 0.5)
    exact, part = detection(12, 50, 0.6), detection(610, 280, 0.8)
    assert closer(Searching(rough, large), Searching(exact, part)) == [exact, large]


def test_what_only_one_of_them_finds_is_kept_best_first():
    one, other = detection(10, 50, 0.5), detection(900, 50, 0.7)
    assert closer(Searching(one), Searching(other)) == [other, one]


@pytest.mark.parametrize(("width", "kept"), [(2 * WIDEST - 1, True), (2 * WIDEST + 1, False)])
def test_small_is_measured_in_the_second_search_s_pixels(width, kept):
    assert bool(closer(Searching(), Searching(detection(0, width, 0.9)), (1440, 2560))) is kept
