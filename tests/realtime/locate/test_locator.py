"""Finding: the pyramid, cells linked into objects, one detection per object; with a network that knows the truth."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from realtime.locate.locator import (
    LONGEST,
    MOST,
    REACH,
    SMALLEST,
    Locator,
    components,
    group_cells,
    nms,
    pad_edges,
    pyramid,
)
from realtime.spec import ModelSpec
from realtime.values import Box, Detection, Quad, iou
from train.sampling.detection import SIZES, cell_targets

SPEC = ModelSpec("digits-locator", "digits", "locator", 96, 96, stride=8)
EMPTY = np.zeros((480, 640), np.uint8)


def turned(x, y, width, height, degrees=0.0):
    """Corners (4, 2) of a rectangle around (x, y)."""
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    return (corners @ matrix + (x, y)).astype(np.float32)


class Ideal:
    """A network that says in every cell what training wants it to say; it knows a level by its size."""

    def __init__(self, gray, quads, sizes=SIZES["text"]):
        self.sizes, self.scenes = sizes, {}
        for level, scale in pyramid(gray):
            picture, edge, _ = pad_edges(level, scale, SPEC.height, SPEC.stride)
            self.scenes[picture.shape] = [quad * np.float32(scale) + edge for quad in quads]

    def __call__(self, batch):
        target = cell_targets(self.scenes[batch.shape[1:3]], batch.shape[1:3], self.sizes, 1.0, SPEC)[None]
        return target[..., 1:9], np.maximum(target[..., :1], 0)


def found(quads, gray=EMPTY, sizes=SIZES["text"]):
    """The detections in a picture with objects at these corners, left to right."""
    detections = Locator(Ideal(gray, quads, sizes), SPEC)(gray)
    return sorted(detections, key=lambda detection: detection.box.x0)


def fits(detection, quad, least=0.8):
    """Whether the detection is where the object is, corner by corner."""
    width, height = Quad.of(quad).size
    gap = np.linalg.norm(detection.quad.array() - quad, axis=1).max()
    return iou(detection.box, Quad.of(quad).box) > least and gap < 0.2 * height + 0.02 * width


# --- pyramid


@given(st.integers(1, 900), st.integers(1, 900))
def test_levels_halve_and_keep_within_their_sizes(height, width):
    shapes = [level.shape for level, _ in pyramid(np.zeros((height, width), np.uint8))]
    assert all(min(shape) >= 8 and max(shape) <= LONGEST for shape in shapes)
    assert all(max(b) == pytest.approx(max(a) / 2, abs=1) for a, b in pairwise(shapes))
    assert bool(shapes) == (max(height, width) >= SMALLEST)


def test_a_small_picture_is_not_enlarged_and_a_large_one_is_shrunk_first():
    assert next(pyramid(np.zeros((100, 300), np.uint8)))[1] == 1.0
    level, scale = next(pyramid(np.zeros((1080, 1920), np.uint8)))
    assert level.shape == (360, 640) and scale == pytest.approx(1 / 3)


@given(st.integers(1, 300), st.integers(1, 300))
def test_whole_windows_cover_a_framed_picture_to_16_pixels_from_its_edges(height, width):
    picture, edge, _ = pad_edges(np.zeros((height, width), np.uint8), 1.0, SPEC.height, SPEC.stride)
    for side, inner in zip(picture.shape, (height, width), strict=True):
        assert side >= SPEC.height and (side - SPEC.height) % SPEC.stride == 0
        middle = (SPEC.height - 1) / 2
        assert middle - edge <= 16 and inner - 1 - (side - 1 - middle - edge) <= 16


# --- objects


@pytest.mark.parametrize("height", [12, 17, 24, 33, 50, 80, 130, 220, 300])
@pytest.mark.parametrize("degrees", [-25, 0, 25])
def test_strings_of_12_to_300_pixels_tilted_are_found_once(height, degrees):
    quad = turned(320, 240, min(3 * height, 420), height, degrees)
    (detection,) = found([quad])
    assert fits(detection, quad, 0.75)


@settings(max_examples=60)
@given(st.floats(150, 490), st.floats(120, 360), st.floats(12, 60), st.floats(0.5, 10), st.floats(-25, 25))
def test_any_object_is_one_spot_at_its_place(x, y, height, aspect, degrees):
    quad = turned(x, y, aspect * height, height, degrees)
    assume(quad.min() > 6 and (quad[:, 0] < 634).all() and (quad[:, 1] < 474).all())
    (detection,) = found([quad])
    assert fits(detection, quad, 0.7)


@pytest.mark.parametrize("digits", [4, 8, 12, 20, 30])
def test_a_line_longer_than_any_window_is_one_object(digits):
    quad = turned(320, 240, 20 * digits, 30, 3)
    (detection,) = found([quad])
    assert fits(detection, quad)


@pytest.mark.parametrize("gap", [16, 24, 60])
def test_two_lines_side_by_side_stay_two(gap):
    left, right = turned(200, 240, 160, 24), turned(200 + 160 + gap, 240, 160, 24)
    a, b = found([left, right])
    assert fits(a, left) and fits(b, right)


@pytest.mark.parametrize("pitch", [30, 36, 60])
def test_lines_under_each_other_stay_apart(pitch):
    quads = [turned(300, 150 + k * pitch, 260, 24) for k in range(4)]
    detections = sorted(found(quads), key=lambda detection: detection.box.y0)
    assert len(detections) == 4 and all(fits(s, q) for s, q in zip(detections, quads, strict=True))


def test_large_and_small_in_one_picture():
    quads = [turned(110, 300, 160, 200), turned(330, 120, 100, 40, 10), turned(540, 400, 60, 14)]
    detections = found(quads)
    assert len(detections) == 3 and all(fits(s, q, 0.7) for s, q in zip(detections, quads, strict=True))


@pytest.mark.parametrize("width", [60, 100, 180, 330, 560])
@pytest.mark.parametrize("aspect", [1.5, 4.7])
def test_plates_near_and_far_are_found_once(width, aspect):
    quad = turned(320, 240, width, width / aspect, 8)
    (detection,) = found([quad], sizes=SIZES["plates"])
    assert fits(detection, quad, 0.75)


@pytest.mark.parametrize("seed", range(8))
def test_a_network_that_errs_by_a_pixel_still_gives_one_spot_per_line(seed):
    quads = [turned(300, 120 + 50 * k, 60 + 140 * k, 30, 4) for k in range(4)]
    ideal, rng = Ideal(EMPTY, quads), np.random.default_rng(seed)

    def net(batch):
        corners, objectness = ideal(batch)
        return corners + rng.normal(0, 1 / REACH, corners.shape).astype(np.float32), objectness

    detections = sorted(Locator(net, SPEC)(EMPTY), key=lambda detection: detection.box.y0)
    assert len(detections) == 4 and all(fits(s, q, 0.7) for s, q in zip(detections, quads, strict=True))


def test_an_empty_picture_holds_nothing():
    assert found([]) == []


def test_a_picture_too_small_for_any_text_holds_nothing():
    net = Ideal(np.zeros((20, 20), np.uint8), [])
    assert Locator(net, SPEC)(np.zeros((20, 20), np.uint8)) == []


def test_a_picture_full_of_objects_gives_the_most_that_are_allowed():
    quads = [turned(60 + 100 * i, 20 + 40 * j, 50, 20) for i in range(6) for j in range(11)]
    assert len(found(quads)) == MOST


def test_no_cell_under_the_threshold_counts():
    ideal = Ideal(EMPTY, [turned(320, 240, 90, 30)])

    def unsure(batch):
        corners, objectness = ideal(batch)
        return corners, 0.6 * objectness

    assert Locator(unsure, SPEC, threshold=0.7)(EMPTY) == []
    assert len(Locator(unsure, SPEC)(EMPTY)) == 1
    assert Locator(unsure, replace(SPEC, threshold=0.7))(EMPTY) == []


def test_the_score_is_the_surest_cells():
    ideal = Ideal(EMPTY, [turned(320, 240, 90, 30)])

    def graded(batch):
        corners, objectness = ideal(batch)
        objectness = objectness * np.linspace(0.9, 0.6, objectness.size).reshape(objectness.shape).astype(np.float32)
        return corners, objectness

    (detection,) = Locator(graded, SPEC)(EMPTY)
    assert 0.6 < detection.score < 0.9


# --- cells


def test_one_cell_is_one_object_as_it_stands():
    quad = turned(100, 100, 40, 20)
    corners, scores = group_cells(np.array([0.8], np.float32), np.array([[100, 100]], np.float32), quad[None])
    assert np.allclose(corners, [quad], atol=1e-3) and scores == pytest.approx([0.8])


def test_no_cell_is_no_object():
    corners, scores = group_cells(
        np.zeros(0, np.float32), np.zeros((0, 2), np.float32), np.zeros((0, 4, 2), np.float32)
    )
    assert corners.shape == (0, 4, 2) and not len(scores)


@given(st.integers(0, 7), st.randoms())
def test_components_are_a_partition_that_no_link_crosses(count, rng):
    links = np.eye(count, dtype=bool)
    for i in range(count):
        for j in range(i):
            links[i, j] = links[j, i] = rng.random() < 0.25
    labels = components(links)
    assert all(labels[i] == labels[j] for i, j in np.argwhere(links))
    assert all(labels[label] == label <= k for k, label in enumerate(labels))


def test_a_chain_is_one_component():
    links = np.eye(30, dtype=bool) | np.eye(30, k=1, dtype=bool) | np.eye(30, k=-1, dtype=bool)
    order = np.random.default_rng(0).permutation(30)
    assert not components(links[np.ix_(order, order)]).any()


# --- overlap


def detection(x0, y0, x1, y1, score=0.9):
    return Detection(Quad.from_box(Box(x0, y0, x1, y1)), score)


def test_of_overlapping_spots_the_surest_stays():
    weak, strong = detection(0, 0, 100, 30, 0.6), detection(5, 2, 104, 31, 0.8)
    assert nms([weak, strong]) == [strong]


def test_a_part_of_an_object_is_not_another_object():
    whole, part = detection(0, 0, 200, 30, 0.9), detection(150, 2, 190, 28, 0.8)
    assert nms([part, whole]) == [whole]


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60), st.floats(0, 1)))
)
def test_what_stays_is_apart_in_order_and_stays_again(rows):
    detections = [detection(x, y, x + w, y + h, s) for x, y, w, h, s in rows]
    kept = nms(detections)
    assert nms(kept) == kept
    assert [s.score for s in kept] == sorted((s.score for s in kept), reverse=True)
    assert bool(kept) == bool(detections)
    assert all(iou(a.box, b.box) <= 0.3 for k, a in enumerate(kept) for b in kept[:k])


def test_more_objects_than_are_read_are_said_once(caplog):
    locator = Locator(lambda batch: None, SPEC)
    detections = [Detection(Quad.from_box(Box(20 * k, 0, 20 * k + 10, 10)), 0.9) for k in range(40)]
    assert len(locator._surest(detections)) == len(locator._surest(detections)) == MOST
    assert caplog.text.count("A picture shows 40 objects") == 1


# --- constants


def test_a_full_hd_picture_is_searched_from_640_pixels_down_to_40():
    assert [max(level.shape) for level, _ in pyramid(np.zeros((1080, 1920), np.uint8))] == [640, 320, 160, 80, 40]
    assert [max(level.shape) for level, _ in pyramid(np.zeros((60, 78), np.uint8))] == [78]


def boxes(a, b):
    return [Detection(Quad.from_box(Box(*box)), score) for box, score in ((a, 0.9), (b, 0.8))]


@pytest.mark.parametrize("a, b, kept", [
    ((0, 0, 100, 20), (57, 0, 157, 20), 2), ((0, 0, 100, 20), (50, 0, 150, 20), 1),  # IoU 0.27 and 0.33
    ((0, 0, 200, 20), (187, 0, 207, 20), 2), ((0, 0, 200, 20), (185, 0, 205, 20), 1),  # 0.65 and 0.75 of it inside
    ((0, 0, 200, 20), (50, 4, 80, 15), 2), ((0, 0, 200, 20), (50, 3, 80, 16), 1),  # 0.55 and 0.65 as high
])  # fmt: skip
def test_how_much_two_detections_may_share(a, b, kept):
    assert len(nms(boxes(a, b))) == kept


def test_no_more_than_32_are_found_in_a_picture():
    quads = [turned(60 + 70 * (k % 8), 60 + 70 * (k // 8), 30, 20) for k in range(40)]
    assert len(found(quads)) == 32
