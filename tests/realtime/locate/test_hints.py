"""A finest level that is searched in part tells there what it would tell if it were searched whole."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.locate.hints import BLOCK, HINT, PLACE, SHEETS, Level, finest_maps, laid_out, rectangles

NOTHING = np.zeros((0, 4, 2), np.float32)
ROWS, COLUMNS = 40, 56  # places of the finest level
RNG = np.random.default_rng(4)


def network(window):
    """Tells of each place the mean of its window and the deviation from it; notes how many pixels it was given."""

    def told(batch):
        told.pixels.append(batch[0].size)
        gray = batch[0, ..., 0].astype(np.float32)
        mean = cv2.boxFilter(gray, -1, (window, window), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
        square = cv2.boxFilter(gray**2, -1, (window, window), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
        rows, columns = ((side - window) // PLACE + 1 for side in gray.shape)
        maps = np.stack([mean, square], -1)[None, : rows * PLACE : PLACE, : columns * PLACE : PLACE]
        return maps, maps[..., :1]

    told.pixels = []
    return told


def searched(window, hinted, settled=NOTHING):
    """A search with hints at these (row, column) of the coarser level: the maps, those of a whole search, the net."""
    sides = (ROWS - 1) * PLACE + window, (COLUMNS - 1) * PLACE + window
    picture = RNG.integers(0, 256, sides, np.uint8)
    kernel = np.zeros((1, ROWS // 2, COLUMNS // 2, 1), np.float32)
    for row, column in hinted:
        kernel[0, row, column] = HINT + 0.1
    edge = window // 2  # so that place k of either level looks at 8 k pixels of it
    finest, coarser = Level(picture, edge, 1.0), Level(np.zeros((8, 8), np.uint8), edge, 0.5)
    net = network(window)
    maps = finest_maps(net, window, finest, coarser, (np.zeros((1, 1, 1, 2), np.float32), kernel), settled)
    return maps, network(window)(picture[None, ..., None]), net.pixels, picture.size


@pytest.mark.parametrize("window", [PLACE, 96])
@pytest.mark.parametrize("hinted", [[(3, 4)], [(0, 0), (19, 27)], [(5, 6), (5, 20)]])
def test_what_is_hinted_at_is_searched_as_in_a_whole_picture_and_nothing_else(window, hinted):
    maps, whole, pixels, size = searched(window, hinted)
    for part, all_of_it in zip(maps, whole, strict=True):
        told = part[0].any(-1)
        assert part.shape == all_of_it.shape and 0 < told.mean() < 0.7
        np.testing.assert_allclose(part[0][told], all_of_it[0][told], rtol=1e-3)
        for row, column in hinted:  # and a block on each side
            around = np.s_[
                max(0, 2 * row - BLOCK) : 2 * row + BLOCK + 1, max(0, 2 * column - BLOCK) : 2 * column + BLOCK + 1
            ]
            assert told[around].all()
    assert len(pixels) == 1 and pixels[0] < 0.75 * size


def test_without_a_hint_the_network_is_not_asked():
    maps, _, pixels, _ = searched(PLACE, [])
    assert maps is None and pixels == []


def test_many_hints_are_searched_as_one_whole_picture():
    maps, whole, pixels, size = searched(PLACE, [(row, column) for row in range(20) for column in range(28)])
    np.testing.assert_array_equal(maps[0], whole[0])
    assert pixels == [size]


def test_what_is_settled_gives_no_hint():
    x, y = 16 * 10, 16 * 8  # of places (8, 10) in pixels of the picture
    quad = np.array([[[x - 40, y - 20], [x + 40, y - 20], [x + 40, y + 20], [x - 40, y + 20]]], np.float32)
    assert searched(PLACE, [(8, 10), (8, 9)], quad)[2] == []
    assert searched(PLACE, [(8, 10), (15, 10)], quad)[2] != []


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3))
def test_rectangles_cover_all_blocks_and_do_not_touch(seed, share):
    blocks = (np.random.default_rng(seed).random((9, 13)) < share).astype(np.uint8)
    times = np.zeros((11, 15), int)
    for left, top, width, height in rectangles(blocks):
        times[top : top + height, left : left + width] += 1
        ring = times[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
        assert (ring > 0).sum() == width * height  # nothing before it lies beside it
    assert times.max(initial=0) <= 1 and times[:9, :13][blocks > 0].all()


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12))
def test_rectangles_lie_apart_on_a_sheet_or_have_no_room(sizes):
    places = laid_out(sizes, (10, 12))
    if places is None:
        assert sum(width * height for width, height in sizes) > 30
        return
    taken = np.zeros((12, 10), int)
    for (left, top), (width, height) in zip(places, sizes, strict=True):
        taken[top : top + height, left : left + width] += 1
    assert taken.sum() == sum(width * height for width, height in sizes) and taken.max(initial=0) <= 1


def test_sheets_come_smallest_first():
    areas = [wide * high for wide, high in SHEETS]
    assert areas == sorted(areas) and areas[-1] < 1
