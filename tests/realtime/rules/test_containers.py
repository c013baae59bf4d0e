"""Container codes: the standard's check digit, and parts that become one text."""

import pytest

from realtime.rules.containers import check_digit, joined, valid
from realtime.values import Box, Quad, Reading, Sighting

CODES = ["CSQU3054383", "MSKU4135329", "TTNU4172731", "GLDU5416136"]  # the first is the standard's own example


def part(text, x, y=0, confidence=0.9):
    quad = Quad.from_box(Box(x, y, x + 12 * len(text), y + 20))
    return Sighting(quad, Reading(text, (confidence,) * len(text), confidence), 0.8, "characters")


@pytest.mark.parametrize("code", CODES)
def test_the_check_digit_is_that_of_the_standard(code):
    assert check_digit(code[:-1]) == int(code[-1]) and valid(code)
    assert not valid(code[:-1] + str((int(code[-1]) + 1) % 10))


def test_the_parts_of_a_code_are_one_text_and_surer_than_apart():
    found = joined([part("Exit", -200), part("MSKU", 0), part("413532", 60), part("9", 150), part("22G1", 0, 300)])
    assert [s.reading.text for s in found] == ["Exit", "MSKU4135329", "22G1"]
    code = found[1]
    assert code.box == Box(0, 0, 162, 20) and len(code.reading.confidences) == 11
    assert 0.9**3 < code.reading.confidence < 1


def test_look_alikes_are_repaired_only_where_the_check_digit_then_fits():
    assert [s.reading.text for s in joined([part("CSQU", 0), part("3O54383", 60)])] == ["CSQU3054383"]
    assert [s.reading.text for s in joined([part("CSQU", 0), part("3O54384", 60)])] == ["CSQU", "3O54384"]


def test_words_that_are_far_apart_or_no_code_stay_what_they_are():
    assert len(joined([part("CSQU", 0), part("3054383", 600)])) == 2
    assert len(joined([part("THE", 0), part("QUICK", 60), part("FOX", 150)])) == 3
    assert joined([]) == []
