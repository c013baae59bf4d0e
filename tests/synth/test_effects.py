"""Effects keep shape and type, replay exactly, and leave the text legible in most samples."""

import cv2
import numpy as np
import pytest

from synth.effects import STEPS, Effects, apply_effects, sample_effects
from synth.warp import Warp, apply_warp, fitted, sample_warp, warp_image, warp_points


@pytest.fixture(params=[(48, 128), (31, 17), (20, 30, 3), (600, 1100)])
def picture(request):
    image = np.full(request.param, 200, np.uint8)
    cv2.putText(image, "8", (4, image.shape[0] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30, 30, 30), 2)
    return image


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
def test_a_step_keeps_shape_and_type_and_replays(picture, name, severity):
    before = picture.copy()
    steps = Effects(((name, STEPS[name].sample(np.random.default_rng(5), severity, 1.0)),))
    once, again = apply_effects(picture, steps), apply_effects(picture, steps)
    assert once.shape == picture.shape and once.dtype == np.uint8
    assert np.array_equal(once, again)
    assert np.array_equal(picture, before), "a step must not write into its input"


def test_same_dice_same_effects():
    assert sample_effects(np.random.default_rng(3)) == sample_effects(np.random.default_rng(3))


def test_strength_zero_does_nothing():
    assert sample_effects(np.random.default_rng(1), strength=0) == Effects()


def test_night_is_always_dark_and_noisy():
    names = {name for name, _ in sample_effects(np.random.default_rng(2), strength=0.5, night=True).steps}
    assert {"dark", "noise", "glow"} <= names


def test_most_samples_are_mild():
    page = np.full((48, 128), 210, np.uint8)
    cv2.putText(page, "12345", (8, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 40, 3)
    contrast = []
    for seed in range(300):
        seen = apply_effects(page, sample_effects(np.random.default_rng(seed))).astype(float)
        contrast.append(abs(np.corrcoef(seen.ravel(), page.ravel())[0, 1]))
    assert np.median(contrast) > 0.9
    assert 0.002 < np.mean(np.array(contrast) < 0.6) < 0.1


def test_warp_maps_points_as_it_maps_pixels():
    image = np.zeros((60, 90), np.uint8)
    image[20:23, 40:43] = 255
    warp = Warp(rotation=15, shear=0.1, aspect=1.2, yaw=0.15, pitch=-0.1)
    matrix, size = fitted(apply_warp(warp, (60, 90)), (60, 90))
    seen = warp_image(image, matrix, size, border=0)
    ys, xs = np.nonzero(seen > 100)
    expected = warp_points(np.array([[41.5, 21.5]]), matrix)[0]
    assert np.allclose([xs.mean() + 0.5, ys.mean() + 0.5], expected, atol=0.4)


def test_the_flat_warp_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (30, 50), np.uint8)
    matrix, size = fitted(apply_warp(Warp(), (30, 50)), (30, 50))
    assert size == (30, 50)
    assert np.array_equal(warp_image(image, matrix, size), image)


def test_fitted_holds_the_whole_picture_and_rotation_is_bounded():
    for seed in range(200):
        warp = sample_warp(np.random.default_rng(seed))
        assert abs(warp.rotation) <= 25
        matrix, (height, width) = fitted(apply_warp(warp, (40, 200)), (40, 200))
        corners = warp_points(np.array([[0, 0], [200, 0], [200, 40], [0, 40]]), matrix)
        assert (corners > -1e-6).all() and (corners <= np.array([width, height]) + 1e-6).all()
