"""Lines of texts: which texts make one, and in which order they come."""

import numpy as np
import pytest

from realtime.review.reading_order import beside_words, in_reading_order, line_numbers
from realtime.values import Box, Quad, Reading, Sighting


def seen(text, x, y, height=20, width=None):
    quad = Quad.from_box(Box(x, y, x + (width or 10 * len(text)), y + height))
    return Sighting(quad, Reading(text, (0.9,) * len(text), 0.9))


def turned(sighting, degrees):
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Sighting(Quad.of(sighting.quad.array() @ matrix), sighting.reading)


PAGE = [
    seen("world", 100, 3), seen("Hello", 0, 0), seen("a", 165, 6, 14),
    seen("12", 0, 40), seen("34.5", 200, 42), seen("kg", 250, 50, 12), seen("end", 0, 80),
]  # fmt: skip
ORDER = ["Hello", "world", "a", "12", "34.5", "kg", "end"]
LINES = [1, 1, 1, 2, 2, 2, 3]


@pytest.mark.parametrize("degrees", [0, 15, -30, 90, 180])
def test_texts_come_line_by_line_however_the_page_is_turned(degrees):
    found = in_reading_order([turned(s, degrees) for s in PAGE])
    assert [s.reading.text for s in found] == ORDER
    assert [s.line for s in found] == LINES


def test_a_tall_text_joins_no_lines():
    texts = [seen("name", 0, 0, 18), seen("46.90", 60, 0, 60), seen("price", 0, 40, 18)]
    assert len(set(line_numbers([s.quad for s in texts]))) == 3


def test_nothing_has_no_lines():
    assert in_reading_order([]) == [] and line_numbers([]) == []


def test_a_sign_beside_a_word_of_its_line_knows_of_it():
    found = beside_words(in_reading_order([*PAGE, seen("x", 400, 80), seen("I", 0, 120), seen("2", 14, 120)]))
    assert {s.reading.text: s.beside for s in found if len(s.reading.text) == 1} == {
        "a": True, "x": False, "I": False, "2": False,
    }  # fmt: skip
