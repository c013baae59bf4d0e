"""A second search of single pictures, in more of their own pixels."""

from pathlib import Path

import numpy as np
import pytest

from realtime.areas.closer import CLOSER, WIDEST, Closer
from realtime.locate.locator import Found, Level, Locator, nothing
from realtime.model import Model
from realtime.pipeline import SHIPPED
from realtime.values import Box, Detection, Quad
from synth.plates.scene import render_plate_scene, sample_plate_scene

LONGEST = 640


def detection(x, width, score):
    return Detection(Quad.from_box(Box(x, 100, x + width, 100 + width / 4)), score)


class Searching(Locator):
    """Finds always the same on the coarser levels and on the finest of all, and keeps which levels it was asked for."""

    def __init__(self, coarse, fine=()):
        self.longest, self.told, self.asked = LONGEST, {LONGEST: coarse, CLOSER * LONGEST: fine}, []

    def levels(self, gray, longest):
        return iter([Level(gray, 0, longest)])

    def search(self, levels):
        self.asked += [level.scale for level in levels]
        return found_of(self.told[levels[0].scale])


def found_of(detections):
    if not detections:
        return nothing()
    quads = np.stack([d.quad.array() for d in detections])
    return Found(quads, np.array([d.score for d in detections]), np.zeros(len(detections), np.intp), {})


def closer(locator, size=(720, 1280)):
    return [(d.quad, d.score) for d in Closer(locator)(np.zeros(size, np.uint8))]


def told(*detections):
    return [(d.quad, d.score) for d in detections]


def test_a_picture_without_more_pixels_is_searched_once():
    first = detection(300, 50, 0.8)
    locator = Searching([first], [detection(0, 50, 0.9)])
    assert closer(locator, (480, 640)) == told(first) and locator.asked == [LONGEST]


def test_the_coarser_levels_are_searched_once():
    locator = Searching([detection(300, 50, 0.8)])
    closer(locator)
    assert locator.asked == [LONGEST, CLOSER * LONGEST]


def test_what_is_small_is_taken_from_the_finest_level_and_what_is_large_from_the_others():
    rough, large = detection(10, 56, 0.5), detection(600, 300, 0.6)
    exact, part = detection(12, 50, 0.9), detection(610, 280, 0.8)
    assert closer(Searching([rough, large], [exact, part])) == told(exact, large)


def test_a_part_that_is_seen_on_the_finest_level_gives_way_to_a_surer_whole():
    whole, part = detection(10, 80, 0.9), detection(12, 70, 0.6)
    assert closer(Searching([whole], [part])) == told(whole)


def test_what_only_one_of_them_finds_is_kept_best_first():
    one, other = detection(10, 50, 0.5), detection(900, 50, 0.7)
    assert closer(Searching([one], [other])) == told(other, one)


@pytest.mark.parametrize(("width", "kept"), [(2 * WIDEST - 1, True), (2 * WIDEST + 1, False)])
def test_small_is_measured_in_the_finest_level_s_pixels(width, kept):
    assert bool(closer(Searching([], [detection(0, width, 0.9)]), (1440, 2560))) is kept


def test_both_searches_find_what_two_locators_would():
    model = Model(Path(SHIPPED) / "plates-locator.tflite")
    plates = sample_plate_scene(np.random.default_rng(5), [], (720, 1280), plates=3)
    scene, *_ = render_plate_scene(plates)
    one, other = (Locator(model, model.spec, longest=k * LONGEST) for k in (1, CLOSER))
    pool = {(d.quad, round(d.score, 4)) for locator in (one, other) for d in locator(scene)}
    both = {(d.quad, round(d.score, 4)) for d in Closer(one)(scene)}
    assert both and both <= pool
