"""Long pictures in tiles."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in import blocks

from realtime.areas.tiles import SHORTEST, TILE, Tiles, tiles
from realtime.values import Box


def strip(length, *places, upright=False):
    """A dark strip 20 wide with bright blocks of 24 at these places."""
    gray = np.zeros((20, length), np.uint8)
    for place in places:
        gray[5:15, place : place + 24] = 200
    return np.ascontiguousarray(gray.T) if upright else gray


@given(st.integers(641, 60_000), st.integers(1, 100))
def test_tiles_cover_all_and_overlap_by_half(length, width):
    spans, side = tiles((width, length)), max(SHORTEST, TILE * width)
    assert spans[0][0] == 0 and spans[-1][1] == length
    assert all(0 < a[1] - b[0] <= side / 2 + 1 for a, b in pairwise(spans))
    assert all(end - begin <= side for begin, end in spans)


@pytest.mark.parametrize("upright", [False, True])
@given(st.lists(st.integers(0, 49), min_size=1, max_size=8, unique=True))
def test_everything_in_a_strip_is_found_once_and_whole(upright, slots):
    gray = strip(2000, *(40 * slot for slot in slots), upright=upright)
    spans = sorted((d.box.y0, d.box.y1) if upright else (d.box.x0, d.box.x1) for d in Tiles(blocks)(gray))
    assert spans == [(40 * slot, 40 * slot + 24) for slot in sorted(slots)]


def test_only_the_tiles_of_long_pictures_are_looked_at():
    shapes = []

    def locate(gray):
        shapes.append(gray.shape)
        return blocks(gray)

    assert [d.box for d in Tiles(locate)(strip(100, 30))] == [Box(30, 5, 54, 15)]
    Tiles(locate)(strip(1600))
    assert shapes == [(20, 100)] + [(20, 640)] * 4
