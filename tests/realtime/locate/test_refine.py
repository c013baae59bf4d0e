"""The second look: corners of the loose crop and back, and what is dropped."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.locate.refine import MARGIN, UNIT, Refiner, mapped, thinning
from realtime.spec import ModelSpec
from realtime.values import Box, Detection, Quad

SPEC = ModelSpec("plates-corners", "plates", "corners", 48, 128)
ROUGH = Quad(((100, 60), (200, 50), (206, 90), (104, 102)))


@given(st.lists(st.tuples(st.floats(60, 240), st.floats(20, 130)), min_size=4, max_size=4))
def test_shares_of_the_crop_lead_back_to_the_picture(points):
    there = np.array(points, np.float32)
    back = mapped(Refiner.shares(there, ROUGH), ROUGH).array()
    assert np.allclose(back, there, atol=0.05)


def test_the_spot_itself_lies_within_the_margins():
    low, high = MARGIN / (1 + 2 * MARGIN), (1 + MARGIN) / (1 + 2 * MARGIN)
    shares = Refiner.shares(Quad.from_box(Box(10, 20, 110, 50)).array(), Quad.from_box(Box(10, 20, 110, 50)))
    assert shares == pytest.approx(np.array([[low, low], [high, low], [high, high], [low, high]]), abs=1e-5)


class Dark:
    """Finds the dark rectangle in its crop."""

    def __init__(self, objectness=0.9):
        self.objectness, self.fed = objectness, []

    def __call__(self, batch):
        assert batch.shape == (1, SPEC.height, SPEC.width, 1) and batch.dtype == np.uint8
        self.fed.append(batch)
        contours, _ = cv2.findContours(
            (batch[0, ..., 0] < 100).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        points = max(contours, key=cv2.contourArea)[:, 0] + 0.5
        corners = [points[(points @ sign).argmin()] for sign in np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])]
        shares = np.array(corners) / (SPEC.width, SPEC.height)
        return ((shares - 0.5) * UNIT).reshape(1, 8), np.array([[self.objectness]])


def scene(quad):
    gray = np.full((160, 320), 200, np.uint8)
    return cv2.fillPoly(gray, [quad.array().round().astype(np.int32)], 20)


def test_a_rough_place_becomes_the_exact_corners():
    truth = Quad(((110, 55), (195, 62), (193, 92), (108, 84)))
    quad, score = Refiner(Dark(), SPEC).predict(scene(truth), ROUGH)
    assert score == pytest.approx(0.9)
    assert np.abs(quad.array() - truth.array()).max() < 3


def test_what_does_not_hold_at_a_second_look_is_dropped_and_the_others_keep_their_order():
    quads = [Quad.from_box(Box(x, 60, x + 60, 90)) for x in (20, 120, 220)]
    gray, answers, shares = scene(quads[0]), iter([0.9, 0.2, 0.7]), Refiner.shares(quads[0].array(), quads[0])

    def net(batch):
        return (UNIT * (shares - 0.5)).reshape(1, 8), np.array([[next(answers)]])  # where it was before

    kept = Refiner(net, SPEC)(gray, [Detection(q, 0.5) for q in quads])
    assert [s.score for s in kept] == [0.9, 0.7]
    assert [s.box.center[0] for s in kept] == pytest.approx([50, 250], abs=0.1)


def test_light_does_not_matter_at_a_second_look():
    truth, bright, dim = Quad.from_box(Box(120, 60, 190, 90)), Dark(), Dark()
    Refiner(bright, SPEC).predict(scene(truth), ROUGH)
    Refiner(dim, SPEC).predict(scene(truth) // 2 + 30, ROUGH)
    assert np.abs(bright.fed[0].astype(int) - dim.fed[0]).max() <= 4


def test_of_a_large_object_a_part_of_the_pixels_is_enough():
    quad = Quad(((0.0, 0.0), (1280.0, 0.0), (1280.0, 480.0), (0.0, 480.0)))
    assert thinning(quad, SPEC) == 5 and thinning(Quad.of(quad.array() / 4), SPEC) == 1
