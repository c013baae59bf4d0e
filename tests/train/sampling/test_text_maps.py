"""What a text locator's cells are told: kernels in the middle of strings, weights between them, distances."""

import numpy as np
import pytest

from realtime.locate.text_locator import CELL, CLIP, GROUP, UNIT, spread
from train.sampling.text_maps import BESIDE, BETWEEN, VALUES, text_targets

SHAPE = 128, 160


def box(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def maps(*quads, known=None, ground=None):
    """Kernel, its weights, values and theirs, each (rows, columns[, values]) cells."""
    known = np.ones(len(quads), bool) if known is None else np.array(known)
    target = text_targets(np.reshape(quads, (-1, 4, 2)), known, SHAPE, ground)
    parts = np.split(target, np.cumsum([4, 4, 4 * VALUES]), axis=-1)
    kernel, weight, values, counts = (spread(part) for part in parts)
    return kernel[..., 0], weight[..., 0], values, counts


def cell(x, y):
    return int(y // CELL), int(x // CELL)


def test_the_kernel_is_the_middle_of_the_string():
    kernel, weight, _, _ = maps(box(30, 40, 130, 72))
    assert kernel[cell(80, 56)] == 1 and kernel[cell(32, 56)] == 0 and kernel[cell(80, 43)] == 0
    rows, columns = np.nonzero(kernel)
    assert len(np.unique(rows)) * CELL == pytest.approx(0.56 * 32, abs=CELL)
    assert len(np.unique(columns)) * CELL == pytest.approx(100 - 16, abs=CELL)
    assert weight[cell(80, 43)] == BESIDE and weight[cell(80, 110)] == 1


def test_each_cell_tells_where_lines_and_ends_are_and_the_direction():
    _, _, values, counts = maps(box(30, 40, 130, 72))
    i, j = cell(60, 56)
    x, y = j * CELL + 1.5, i * CELL + 1.5
    assert values[i, j] == pytest.approx([(y - 40) / UNIT, (72 - y) / UNIT, (x - 30) / UNIT, CLIP / UNIT, 0, 1])
    assert counts[i, j, 2] > counts[i, j, 3] > 0  # the near end counts more than one that is not seen
    assert not counts[cell(10, 10)].any()


def test_upside_down_the_first_corner_is_at_the_right():
    _, _, values, _ = maps(np.roll(box(30, 40, 130, 72), 2, axis=0))
    i, j = cell(110, 56)
    assert values[i, j, 2] == pytest.approx((130 - j * CELL - 1.5) / UNIT) and values[i, j, 5] == pytest.approx(-1)


def test_what_lies_between_two_strings_counts_most():
    kernel, weight, _, _ = maps(box(10, 40, 70, 72), box(80, 40, 140, 72))
    assert kernel[cell(75, 56)] == 0 and weight[cell(75, 56)] == BETWEEN


def test_cells_of_what_cannot_be_read_count_nothing():
    for quad, known in ((box(30, 40, 130, 72), False), (box(30, 40, 40, 44), True), (box(20, 20, 150, 120), True)):
        kernel, weight, _, counts = maps(quad, known=[known])
        middle = cell(*quad.mean(0))
        assert not kernel.any() and not counts.any() and weight[middle] == 0 and weight[0, 0] == 1


def test_small_text_has_a_kernel_of_a_cell_in_height():
    for y in range(40, 44):
        kernel, *_ = maps(box(30, y, 90, y + 7))
        assert 1 <= len(np.unique(np.nonzero(kernel)[0])) <= 2 and kernel.sum() > 10


def test_where_not_every_string_is_listed_only_cells_near_the_listed_count():
    ground = np.zeros((SHAPE[0] // CELL, SHAPE[1] // CELL), np.float32)
    _, weight, _, _ = maps(box(30, 40, 130, 72), ground=ground)
    assert weight[cell(80, 110)] == 0 and weight[cell(80, 43)] == BESIDE


def test_mirrored_and_empty_quadrilaterals_are_left_out():
    kernel, weight, _, _ = maps(box(130, 40, 30, 72), box(30, 40, 30, 40))
    assert not kernel.any() and (weight == 1).all()


def test_targets_are_gathered_as_the_network_gives_them():
    target = text_targets(box(30, 40, 130, 72)[None], np.ones(1, bool), SHAPE)
    side = CELL * GROUP
    assert target.shape == (SHAPE[0] // side, SHAPE[1] // side, GROUP**2 * (2 + 2 * VALUES))
    assert target.dtype == np.float32
