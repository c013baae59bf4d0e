"""Samples for what finds: cell targets, patches whose corners are where the objects are, loose crops."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from realtime.locate.locator import CLIP, REACH
from realtime.locate.refine import UNIT, Refiner, mapped
from realtime.preprocess import rectify
from realtime.spec import ModelSpec
from realtime.values import Box, Quad, iou
from train.sampling.detection import (
    PATCH,
    SIZES,
    LooseCrops,
    MarkedScene,
    Patches,
    absence,
    cell_targets,
    cut_patch,
    random_quad,
    roughly,
)

LOCATOR = ModelSpec("l", "digits", "locator", 96, 96, stride=8)
CORNERS = ModelSpec("k", "plates", "corners", 48, 128)
TEXT = SIZES["text"]


def box(x, y, width, height):
    return Quad.from_box(Box(x, y, x + width, y + height)).array()


def scene(*quads, size=(240, 320), exact=True):
    """White objects on gray."""
    gray = np.full(size, 90, np.uint8)
    for quad in quads:
        x0, y0, x1, y1 = map(int, Quad.of(quad).box)
        gray[y0:y1, x0:x1] = 255
    return MarkedScene(gray, np.array(quads, np.float32).reshape(-1, 4, 2), exact)


def centres(target):
    y, x = np.mgrid[: target.shape[0], : target.shape[1]] * 8 + 47.5
    return np.stack([x, y], -1)


# --- targets


@given(st.floats(0, 150), st.floats(0, 180), st.floats(8.6, 25.9), st.floats(0.5, 5))
def test_positive_cells_lie_in_the_object_and_point_at_its_corners(x, y, height, aspect):
    quad = box(x, y, aspect * height, height)
    target = cell_targets([quad], PATCH, TEXT, 1.0, LOCATOR)
    seen = target[..., 0] == 1
    points = centres(target)[seen]
    corners = points[:, None] + target[seen][:, 1:9].reshape(-1, 4, 2) * REACH
    near = np.abs(points - quad.mean(0)).max(-1, initial=0) < CLIP - aspect * height / 2
    assert np.allclose(corners[near], quad, atol=1e-2)
    assert (points[:, 0] >= x - 8).all() and (points[:, 0] <= x + aspect * height + 8).all()
    assert (target[seen][:, 9:] == 1).all() and (target[~seen][:, 1:] == 0).all()


@given(st.floats(48, 200), st.floats(48, 150), st.floats(8.6, 25.9), st.floats(0.4, 5))
def test_an_object_of_the_right_size_is_never_missed(x, y, height, aspect):
    quad = box(x, y, aspect * height, height)
    assume(quad[2, 0] < PATCH[1] - 48 and quad[2, 1] < PATCH[0] - 48)
    assert (cell_targets([quad], PATCH, TEXT, 1.0, LOCATOR)[..., 0] == 1).any()


@pytest.mark.parametrize("height", [5, 40])
def test_objects_for_another_level_count_neither_way(height):
    target = cell_targets([box(80, 85, 100, height)], PATCH, TEXT, 1.0, LOCATOR)
    assert set(np.unique(target[..., 0])) <= {-1.0, 0.0} and (target[..., 0] == -1).any()


def test_around_an_object_a_fringe_does_not_count():
    target = cell_targets([box(80, 90, 100, 22)], PATCH, TEXT, 1.0, LOCATOR)[..., 0]
    assert {-1.0, 0.0, 1.0} == set(np.unique(target))


def test_ends_out_of_sight_are_cut_off_along_the_line():
    target = cell_targets([box(20, 100, 250, 20)], PATCH, TEXT, 1.0, LOCATOR)
    offsets = target[target[..., 0] == 1][:, 1:9].reshape(-1, 4, 2) * REACH
    assert np.abs(offsets[..., 0]).max() <= CLIP + 1e-3 and np.abs(offsets[..., 0]).max() > CLIP - 1


def test_soft_corners_weigh_less():
    target = cell_targets([box(80, 90, 60, 20)], PATCH, TEXT, 0.3, LOCATOR)
    assert np.unique(target[target[..., 0] == 1][:, 9:]) == pytest.approx([0.3])


@pytest.mark.parametrize("kind, sides, seen", [
    ("text", (60, 8.0), False), ("text", (60, 9.0), True), ("text", (60, 25.5), True), ("text", (60, 26.5), False),
    ("plates", (19, 9), False), ("plates", (21, 9), True), ("plates", (83, 20), True), ("plates", (85, 20), False),
])  # fmt: skip
def test_each_level_looks_for_its_own_sizes(kind, sides, seen):
    quad = box(147.5 - sides[0] / 2, 115.5 - sides[1] / 2, *sides)
    target = cell_targets([quad], PATCH, SIZES[kind], 1.0, LOCATOR)
    assert (target[..., 0] == 1).any() == seen


def test_cells_over_the_middle_of_a_line_count_and_those_at_its_rim_do_not():
    target = cell_targets([box(80, 100, 100, 25)], PATCH, TEXT, 1.0, LOCATOR)[..., 0]
    points, v = centres(target), (centres(target)[..., 1] - 100) / 25
    within = (points[..., 0] > 90) & (points[..., 0] < 170)
    assert (target[within & (v > 0.2) & (v < 0.8)] == 1).all()
    assert (target[within & (((v > -0.18) & (v < 0.1)) | ((v > 0.9) & (v < 1.18)))] == -1).all()
    assert (target[within & ((v < -0.25) | (v > 1.25))] == 0).all()


def test_the_ends_of_a_line_do_not_count():
    for left in range(80, 88):
        target = cell_targets([box(left, 100, 100, 24)], PATCH, TEXT, 1.0, LOCATOR)[..., 0]
        u = (centres(target)[..., 0] - left) / 100
        row = np.abs(centres(target)[..., 1] - 112) < 5
        assert (target[row & (u > 0.045) & (u < 0.955)] == 1).all()
        assert (target[row & (((u > -0.03) & (u < 0.03)) | ((u > 0.97) & (u < 1.03)))] == -1).all()


@pytest.mark.parametrize("beyond, seen", [(6, True), (10, False)])
def test_a_small_object_beside_the_cells_belongs_to_the_nearest_within_a_stride(beyond, seen):
    quad = box(47.5 - beyond - 2, 100, 4, 9)
    assert (cell_targets([quad], PATCH, TEXT, 1.0, LOCATOR)[..., 0] == 1).any() == seen


def test_corners_of_a_box_weigh_three_tenths():
    sampler = Patches(
        lambda rng: scene(box(100, 100, 120, 40), exact=False), TEXT, LOCATOR, [np.full((50, 60), 30, np.uint8)]
    )
    weights = np.unique(np.concatenate([sampler(np.random.default_rng(k))[1][..., 9:].ravel() for k in range(12)]))
    assert weights == pytest.approx([0, 0.3])


# --- patches


@given(st.floats(0.2, 2.0), st.floats(-60, 60), st.floats(-60, 60))
def test_corners_move_with_the_picture(scale, dx, dy):
    quad = box(60, 70, 120, 60)
    s = scene(quad)
    patch, moved = cut_patch(s.gray, s.quads, np.diag([scale, scale]), np.array([dx, dy]), None)
    assert patch.shape == PATCH
    inner = Quad.of(moved[0]).box
    x0, y0, x1, y1 = (round(v) for v in (inner.x0 + 4, inner.y0 + 4, inner.x1 - 4, inner.y1 - 4))
    inside = patch[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    assert inside.size == 0 or inside.min() > 200


def test_what_a_small_picture_leaves_free_shows_the_filler():
    filler = np.full(PATCH, 7, np.uint8)
    s = scene(box(10, 10, 30, 20), size=(60, 60))
    patch, _ = cut_patch(s.gray, s.quads, np.eye(2), np.array([100.0, 100.0]), filler)
    assert (patch[:90] == 7).all() and (patch[111:129, 111:139] == 255).all()
    assert (filler == 7).all()


@pytest.mark.parametrize("quads", [[box(100, 100, 120, 40)], [], [box(5, 5, 300, 200), box(200, 210, 20, 10)]])
def test_patches_have_pictures_and_targets_of_one_size(quads):
    sampler = Patches(lambda rng: scene(*quads), TEXT, LOCATOR, [np.full((50, 60), 30, np.uint8)])
    for seed in range(8):
        gray, target = sampler(np.random.default_rng(seed))
        assert gray.shape == PATCH and gray.dtype == np.uint8
        assert target.shape == (18, 26, 17) and np.isfinite(target).all()
        assert quads or (target[..., 0] == 0).all()


def test_most_patches_show_an_object_of_the_size_to_find():
    sampler = Patches(lambda rng: scene(box(100, 100, 120, 40)), TEXT, LOCATOR, [np.full((50, 60), 30, np.uint8)])
    shown = [bool((sampler(np.random.default_rng(seed))[1][..., 0] == 1).any()) for seed in range(40)]
    assert np.mean(shown) > 0.6


# --- loose crops


def test_targets_of_loose_crops_lead_to_the_true_corners():
    truth = box(100, 80, 120, 30)
    sampler = LooseCrops(lambda rng: scene(truth), CORNERS)
    for seed in range(20):
        rough = Quad.of(roughly(truth, np.random.default_rng(seed)))
        back = mapped(Refiner.shares(truth, rough), rough)
        assert np.allclose(back.array(), truth, atol=0.05)
        gray, target = sampler.sample(scene(truth), truth, np.random.default_rng(seed), present=1.0)
        assert gray.shape == (48, 128) and target.shape == (17,) and target[16] == 1 and (target[8:16] == 1).all()
        expected = (Refiner.shares(truth, rough) - 0.5) * UNIT
        assert target[:8].reshape(4, 2) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("exact", "weight"), [(True, 1), (False, 0)])
def test_only_exact_corners_are_learned(exact, weight):
    truth = box(100, 80, 120, 30)
    sampler = LooseCrops(lambda rng: scene(truth, exact=exact), CORNERS)
    rows = [sampler(np.random.default_rng(seed))[1] for seed in range(30)]
    assert {float(r[8]) for r in rows if r[16] == 1} == {weight}
    assert {float(r[8]) for r in rows if r[16] != 1} == {0}
    assert {float(r[16]) for r in rows} <= {1.0, 0.0, -1.0} and any(r[16] == 0 for r in rows)


def test_nothing_is_claimed_where_an_object_is_touched():
    assert absence(box(0, 0, 50, 20), [box(40, 10, 50, 20)]) == -1
    assert absence(box(0, 0, 50, 20), [box(60, 10, 50, 20)]) == 0
    assert absence(box(0, 0, 50, 20), []) == 0


@given(st.integers(0, 2**32 - 1))
def test_random_places_are_within_reach_of_the_picture(seed):
    quad = Quad.of(random_quad((240, 320), np.random.default_rng(seed)))
    assert quad.box.x0 >= 0 and quad.box.y0 >= 0 and quad.box.x1 <= 320 and quad.size[0] + 1e-3 >= 24


@given(st.integers(0, 2**32 - 1))
def test_a_rough_place_still_overlaps_the_object(seed):
    truth = box(100, 80, 120, 40)
    assert iou(Quad.of(roughly(truth, np.random.default_rng(seed))).box, Quad.of(truth).box) > 0.1


def test_a_loose_crop_shows_the_whole_object():
    truth = box(100, 80, 120, 30)
    crop = rectify(scene(truth).gray, Quad.of(truth), 48, 128, margin=0.3)
    assert crop[[0, -1]].max() < 120 and crop[24, 64] == 255
