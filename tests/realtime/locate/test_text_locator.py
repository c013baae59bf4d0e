"""The text locator's geometry, on the maps that an ideal network would give."""

import numpy as np
import pytest

from realtime.locate.text_locator import (
    CELL,
    EDGE,
    GROUP,
    INSET,
    MULTIPLE,
    RARELY,
    UNIT,
    FollowingTextLocator,
    TextLocator,
    ThoroughTextLocator,
    bordered,
    evidence,
    from_the_side,
    preferred,
    shares,
    suppress,
)
from realtime.spec import ModelSpec
from realtime.values import Detection, Quad
from train.sampling.text_maps import text_targets

SPEC = ModelSpec("digits-locator", "digits", "text-locator", 384, 384, stride=4)
EMPTY = np.zeros((480, 640), np.uint8)


def string(x, y, width, height, degrees=0.0):
    """Corners around (x, y), read in a direction of so many degrees, clockwise from the right."""
    angle = np.deg2rad(degrees)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    return (corners @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]] + (x, y)).astype(np.float32)


class Ideal:
    """A network that knows where the strings are, by the width of the level that it is given."""

    def __init__(self, quads, gray=EMPTY):
        self.quads, self.levels = np.array(quads, np.float32).reshape(-1, 4, 2), 0
        self.width = gray.shape[1]

    def __call__(self, batch):
        scale, self.levels = 0.5**self.levels, self.levels + 1
        quads = (self.quads + 0.5) * scale - 0.5 + EDGE
        maps = text_targets(quads, np.ones(len(quads), bool), batch.shape[1:3])
        return maps[None, ..., 8:32], maps[None, ..., :4]


def found(quads, gray=EMPTY, **options):
    return TextLocator(Ideal(quads, gray), SPEC, **options)(gray)


@pytest.mark.parametrize("degrees", [0, 10, -35, 90, -90, 180, 135])
@pytest.mark.parametrize("size", [(120, 30), (300, 24), (60, 12), (20, 40), (420, 90)])
def test_a_string_is_found_at_every_angle_and_its_corners_follow_the_reading(size, degrees):
    truth = string(320, 240, *size, degrees)
    (detection,) = found([truth])
    away = np.linalg.norm(detection.quad.array() - truth, axis=1)
    assert away.max() < 0.15 * size[1] + 2 and detection.score > 0.9


def test_perspective_is_seen_as_lines_that_are_not_parallel():
    truth = np.array([[200, 200], [440, 190], [440, 250], [200, 230]], np.float32)
    (detection,) = found([truth])
    assert np.linalg.norm(detection.quad.array() - truth, axis=1).max() < 6


def test_strings_beside_and_under_each_other_stay_apart():
    quads = [string(150 + 110 * i, 100 + 26 * j, 100, 20) for i in range(4) for j in range(12)]
    detections = found(quads)
    assert len(detections) == 48  # however many: none is dropped
    centres = np.array([d.quad.array().mean(0) for d in detections])
    assert all(np.abs(centres - q.mean(0)).max(1).min() < 3 for q in quads)


def test_a_small_and_a_large_string_are_found_at_their_levels():
    quads = [string(80, 60, 40, 8), string(320, 300, 560, 180)]
    heights = sorted(d.quad.size[1] for d in found(quads))
    assert heights == pytest.approx([8, 180], rel=0.15)


def test_smaller_text_is_found_where_more_pixels_are_searched():
    gray = np.zeros((960, 1280), np.uint8)
    truth = string(600, 500, 40, 8)
    assert not found([truth / 2], gray)  # 4 pixels high at 640: too small
    (detection,) = found([truth], gray, longest=1280)
    assert np.abs(detection.quad.array() - truth).max() < 3


def test_nothing_is_found_where_nothing_is_and_in_the_smallest_picture():
    assert found([]) == [] and found([], np.zeros((5, 7), np.uint8)) == []


def test_a_string_must_be_as_sure_as_the_threshold():
    def unsure(batch):
        geometry, kernel = Ideal([string(320, 240, 120, 30)])(batch)
        return geometry, 0.5 * kernel

    assert not TextLocator(unsure, SPEC, threshold=0.6)(EMPTY)
    assert TextLocator(unsure, SPEC, threshold=0.4)(EMPTY)


@pytest.mark.parametrize("shape", [(1, 1), (31, 33), (480, 640), (500, 700)])
def test_the_border_makes_whole_cells(shape):
    picture = bordered(np.full(shape, 7, np.uint8))
    assert all(side % MULTIPLE == 0 for side in picture.shape) and (picture == 7).all()
    assert all(2 * EDGE <= b - a < 2 * EDGE + MULTIPLE for a, b in zip(shape, picture.shape, strict=True))


def test_the_surer_of_two_that_share_most_of_the_smaller_is_kept():
    quads = np.stack([string(100, 100, 100, 20), string(108, 100, 100, 20), string(100, 124, 100, 20)])
    assert list(suppress(quads, np.array([0.8, 0.9, 0.7]))) == [1, 2]


def test_slanted_lines_under_each_other_share_nothing():
    quads = np.stack([string(100, 100, 100, 20, 45), string(84, 116, 100, 20, 45)])
    assert shares(quads)[0, 1] < 0.1 and shares(quads)[0, 0] == pytest.approx(1)


# --- bent strings


def bowed(radius, height, degrees, centre=(320, 300)):
    """A network that sees one string on the arc of so many degrees that arches over a point."""
    half = np.deg2rad(degrees) / 2

    def net(batch):
        scale = (batch.shape[2] - 2 * EDGE) // 160 / 4
        x, y = ((np.arange(0, side, CELL) + CELL / 2 - EDGE) / scale - 0.5 for side in (batch.shape[2], batch.shape[1]))
        right, down = np.meshgrid(x - centre[0], y - centre[1])
        angle, outwards = np.arctan2(right, -down), np.hypot(right, down) - radius
        kernel = (np.abs(outwards) < 0.28 * height) & (np.abs(angle) < half - INSET * height / radius)
        sides = [(height / 2 + sign * outwards) * scale / UNIT for sign in (-1, 1)]
        told = np.stack([*sides, 0 * right, 0 * right, np.sin(angle), np.cos(angle)], -1)
        return grouped(told), grouped(kernel[..., None])

    return net


def grouped(cells):
    """Cells (h, w, c) as the network gives them: those of GROUP rows and columns as channels of one place."""
    height, width, channels = cells.shape
    places = cells.reshape(height // GROUP, GROUP, width // GROUP, GROUP, channels).transpose(0, 2, 1, 3, 4)
    return places.reshape(1, height // GROUP, width // GROUP, -1).astype(np.float32)


@pytest.mark.parametrize("degrees", [60, 90, 120])
def test_a_bent_string_is_one_string_with_its_curve_inside_its_corners(degrees):
    (detection,) = TextLocator(bowed(200, 50, degrees), SPEC)(EMPTY)
    upper, lower = detection.curve.array()
    assert np.abs(np.hypot(*(upper - (320, 300)).T) - 225).max() < 5
    assert np.abs(np.hypot(*(lower - (320, 300)).T) - 175).max() < 5
    assert detection.size[0] == pytest.approx(200 * np.deg2rad(degrees), abs=12)
    box, (x0, y0), (x1, y1) = detection.box, upper.min(0), upper.max(0)
    assert box.x0 <= x0 + 0.1 and box.y0 <= y0 + 0.1 and box.x1 >= x1 - 0.1 and box.y1 >= y1 - 0.1


def test_a_curve_moves_with_its_string():
    (found,) = TextLocator(bowed(200, 50, 90), SPEC)(EMPTY)
    (lying,) = from_the_side(lambda gray: [found], EMPTY)
    middle = found.curve.array()[0, 5]
    assert lying.curve.array()[0, 5] == pytest.approx((639 - middle[1], middle[0]), abs=0.01)
    assert found.moved(10, 5).curve.array()[1] == pytest.approx(found.curve.array()[1] + (10, 5), abs=0.01)


@pytest.mark.parametrize("degrees", [0, 30, -35, 90])
def test_straight_strings_have_no_curve(degrees):
    perspective = np.array([[200, 200], [440, 190], [440, 250], [200, 230]], np.float32)
    quads = perspective, string(320, 240, 300, 24, degrees), string(320, 240, 60, 20, degrees)
    assert all(d.curve is None for quad in quads for d in found([quad]))


# --- single pictures


def detection(*where, score=0.9):
    return Detection(Quad.of(string(*where)), score)


class Upright:
    """A locator that finds dark bars which lie flat, in pictures of any size."""

    def __init__(self):
        self.seen = []

    def __call__(self, gray):
        self.seen.append(gray.shape)
        rows, columns = np.nonzero(gray < 128)
        if not len(rows) or np.ptp(columns) < np.ptp(rows):
            return []
        x0, y0, x1, y1 = columns.min(), rows.min(), columns.max(), rows.max()
        return [Detection(Quad.of([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), 0.9)]


def everything(gray, detections):
    return float(len(detections))


@pytest.mark.parametrize("flat", [True, False])
def test_a_single_picture_is_searched_enlarged_and_from_the_side(flat):
    gray = np.full((100, 150), 255, np.uint8)
    bar = (slice(40, 52), slice(30, 110)) if flat else (slice(10, 90), slice(60, 72))
    gray[bar] = 0
    locate = Upright()
    (found_one,) = ThoroughTextLocator(locate, 1920, everything)(gray)
    assert locate.seen == [(200, 300), (300, 200)]
    corners = found_one.quad.array()
    assert corners.mean(0) == pytest.approx([69.5, 45.5] if flat else [65.5, 49.5], abs=1)
    first = (30, 40) if flat else (71, 10)  # read downwards: the picture had been turned to the right
    assert corners[0] == pytest.approx(first, abs=1.5)


@pytest.mark.parametrize("turned", [True, False])
def test_what_is_read_says_which_way_a_single_picture_is_up(turned):
    upright, sideways = [detection(50, 20, 40, 20, score=0.7)], [detection(20, 149, 90, 10, score=0.9)]

    def locate(gray):
        return upright if gray.shape == (100, 200) else sideways

    def said(gray, detections):
        assert gray.shape == (100, 200)
        return 3.0 if (detections == upright) != turned else 0.2

    (found_one,) = ThoroughTextLocator(locate, 200, said)(np.full((100, 200), 255, np.uint8))
    assert found_one.score == (0.9 if turned else 0.7)


def test_a_large_single_picture_is_not_enlarged():
    locate = Upright()
    assert ThoroughTextLocator(locate, 640, everything)(255 - EMPTY) == [] and locate.seen == [(480, 640), (640, 480)]


def test_frames_are_searched_from_the_side_now_and_then_and_on_while_text_is_found_there():
    flat, upright, empty = (np.full((100, 150), 255, np.uint8) for _ in range(3))
    flat[40:52, 30:110] = 0
    upright[10:90, 60:72] = 0
    locate = Upright()
    frames = FollowingTextLocator(locate)
    assert [len(frames(flat)) for _ in range(RARELY)] == [1] * RARELY
    assert locate.seen.count((150, 100)) == 1 and len(locate.seen) == RARELY + 1
    found = [frames(upright) for _ in range(2 * RARELY - 1)]
    assert all(len(detections) == 1 for detections in found) and len(locate.seen) == 3 * RARELY + 2
    assert found[-1][0].quad.array()[0] == pytest.approx((71, 10), abs=1.5)
    assert [len(frames(flat)) for _ in range(3)] == [0, 1, 1]
    assert frames(empty) == []


def test_what_was_found_the_less_likely_way_gives_way():
    first, on_it, beside, unsure = (
        detection(100, 100, 100, 20, score=0.7),
        detection(100, 100, 20, 90, score=0.95),
        detection(300, 100, 20, 90, score=0.8),
        detection(400, 100, 20, 90, score=0.72),
    )
    assert preferred([first], [on_it, beside, unsure]) == [beside, first]
    assert evidence([first, beside]) == pytest.approx(0.2 * 5 + 0.3 * 20 / 90)
