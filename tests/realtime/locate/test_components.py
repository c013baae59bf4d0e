"""Which cells of a kernel map are one string."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from realtime.locate.components import LINKED, components


def kernel(*rows):
    """A map of one digit per cell: the tenths of its value, and 0.05 more where it is not 0."""
    return np.array([[(int(digit) + 0.5) / 10 * (digit > "0") for digit in row] for row in rows], np.float32)


def test_cells_that_touch_are_one_string_and_others_another():
    count, labels = components(kernel("99900", "09009", "00099"))
    assert count == 2
    assert labels[0, 0] == labels[1, 1] != labels[1, 4] == labels[2, 3] != 0


def test_an_empty_map_has_none():
    assert components(np.zeros((4, 6), np.float32))[0] == 0


def test_what_touches_by_low_values_alone_is_divided_between_the_nearest():
    assert components(kernel("8885445888"))[1].tolist() == [[1] * 5 + [2] * 5]


@pytest.mark.parametrize("row", ["8886666888", "4444444444", "8888884400", "8888888448"])
def test_what_holds_together_or_has_no_second_part_stays_one(row):
    count, labels = components(kernel(row))
    assert count == 1 and (labels > 0).sum() == sum(digit > "0" for digit in row)


def test_a_neighbour_keeps_its_own_cells():
    """The cells of a pale string next to one that is divided go to none of its parts."""
    count, labels = components(kernel("888844448888", "000000000000", "000045540000"))
    assert count == 3
    assert len({*labels[2, 4:8].tolist()}) == 1 and labels[2, 4] not in labels[0]


@given(arrays(np.float32, (9, 14), elements=st.sampled_from([0.0, 0.45, 0.8])))
def test_dividing_keeps_every_cell_and_numbers_without_gaps(picture):
    count, labels = components(picture)
    assert ((labels > 0) == (picture > LINKED)).all()
    assert sorted({*labels.ravel().tolist()} - {0}) == list(range(1, count + 1))
