"""Patches of the text locator: shapes, corners that move with their text, sizes, what is not listed."""

import cv2
import numpy as np
import pytest

from realtime.values import Quad
from train.sampling.text_maps import MOST
from train.sampling.text_patches import (
    PATCH,
    TextPatches,
    TextScene,
    View,
    bent,
    empty_ground,
    sample_angle,
    sample_view,
    sample_waves,
    seen_through,
    toned,
)

FILLER = [np.full((90, 120), 90, np.uint8)]


def scene(complete=True):
    """A black string on white."""
    gray = np.full((240, 320), 255, np.uint8)
    gray[100:130, 60:200] = 0
    quad = np.array([[60, 100], [200, 100], [200, 130], [60, 130]], np.float32)
    return TextScene(gray, quad[None], np.ones(1, bool), complete)


def centre_of_dark(gray):
    rows, columns = np.nonzero(gray < 50)
    return np.array([columns.mean(), rows.mean()])


def test_a_patch_and_its_targets():
    patches = TextPatches(lambda rng: scene(), FILLER)
    shown = 0
    for seed in range(20):
        gray, targets = patches(np.random.default_rng(seed))
        assert gray.shape == PATCH and gray.dtype == np.uint8
        assert targets.shape == (PATCH[0] // 8, PATCH[1] // 8, 56) and np.isfinite(targets).all()
        shown += targets[..., :4].any()
    assert shown > 12
    again = patches(np.random.default_rng(3))
    assert all(np.array_equal(a, b) for a, b in zip(again, patches(np.random.default_rng(3)), strict=True))


def test_the_corners_move_with_the_picture():
    view = View(np.array([[0.6, -0.8], [0.8, 0.6]]), np.array([150.0, -10.0]))
    gray = seen_through(view, scene().gray, FILLER[0])
    assert np.abs(centre_of_dark(gray) - view(scene().quads)[0].mean(0)).max() < 1
    small = View(0.2 * np.eye(2), np.array([20.0, 30.0]))
    assert np.abs(centre_of_dark(seen_through(small, scene().gray, None)) - small(scene().quads)[0].mean(0)).max() < 1


def test_beside_the_picture_stands_filler_or_its_edge_repeats():
    view = View(0.5 * np.eye(2), np.array([100.0, 60.0]))
    assert seen_through(view, scene().gray, FILLER[0])[5, 5] == 90
    assert seen_through(view, scene().gray, None)[5, 5] == 255


def test_strings_come_in_all_sizes_at_most_twice_their_own():
    rng = np.random.default_rng(0)
    heights = [Quad.of(sample_view(scene(), rng)(scene().quads)[0]).size[1] for _ in range(300)]
    assert min(heights) < 9 and np.percentile(heights, 90) > 30 and max(heights) < 2 * 30 * 1.5
    assert np.mean(np.array(heights) < MOST) > 0.9


def test_most_are_upright_and_some_stand_every_other_way():
    degrees = np.rad2deg([sample_angle(np.random.default_rng(k)) for k in range(500)])
    assert np.mean(np.abs(degrees) < 30) > 0.6
    assert np.mean(np.abs(np.abs(degrees) - 90) < 20) > 0.04 and np.mean(np.abs(degrees) > 150) > 0.01


def test_a_bent_surface_takes_its_corners_along():
    for seed in range(5):
        image, quads = bent(scene().gray, scene().quads, sample_waves(np.random.default_rng(seed)))
        mask = np.zeros_like(image)
        cv2.fillPoly(mask, [quads[0].round().astype(np.int32)], 255)
        both, either = ((image < 128) & (mask > 0)).sum(), ((image < 128) | (mask > 0)).sum()
        assert both / either > 0.75


def test_where_not_all_is_listed_only_the_filler_is_known_to_be_empty():
    view = View(0.5 * np.eye(2), np.array([100.0, 60.0]))
    ground = empty_ground(view, (240, 320), filled=True)
    assert ground[2, 2] == 1 and ground[30, 45] == 0
    assert not empty_ground(view, (240, 320), filled=False).any()
    targets = TextPatches(lambda rng: scene(complete=False), FILLER)(np.random.default_rng(1))[1]
    assert (targets[..., 4:8] == 0).any()


@pytest.mark.parametrize("seed", range(6))
def test_any_light_is_a_picture_still(seed):
    gray = toned(scene().gray, np.random.default_rng(seed))
    assert gray.dtype == np.uint8 and len(np.unique(gray)) == 2
