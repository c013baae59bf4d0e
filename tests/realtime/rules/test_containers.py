"""Container codes: the standard's check digit, and parts that become one text."""

from dataclasses import replace

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


def doubtful(texts, x):
    """A text of which several are likely, the first most: (text, probability) each."""
    sighting = part(texts[0][0], x, confidence=texts[0][1])
    return replace(sighting, reading=replace(sighting.reading, candidates=texts))


def test_the_check_digit_tells_which_of_the_likely_texts_are_the_code():
    owner, number = (("CHAD", 0.4), ("CMAU", 0.3)), (("0051546", 0.5), ("0051548", 0.4))
    (code,) = joined([doubtful(owner, 0), doubtful(number, 60)])
    assert code.reading.text == "CMAU0051548" and 0.12 < code.reading.confidence < 0.9


def test_what_is_no_code_by_any_likely_text_stays_apart():
    owner, number = (("CHAD", 0.4), ("CMAU", 0.3)), (("0051546", 0.5), ("0051547", 0.4))
    assert len(joined([doubtful(owner, 0), doubtful(number, 60)])) == 2


def test_a_check_digit_that_is_missing_is_looked_for_behind_the_number():
    asked = []

    def look(sighting):
        asked.append(sighting.reading.text)
        return part("5416136", 60)

    found = joined([part("GLDU", 0), part("541613", 60), part("Exit", 0, 300)], look=look)
    assert [s.reading.text for s in found] == ["GLDU5416136", "Exit"] and asked == ["541613"]
    assert len(joined([part("GLDU", 0), part("541613", 60)])) == 2  # nobody looked


def test_only_what_may_be_a_code_is_looked_at_again():
    look = pytest.fail
    texts = [part("Exit", 0), part("STREET", 60), part("12", 150), part("34567890", 200), part("GLDU", 400)]
    assert joined(texts, look=look) == texts


def test_what_stands_before_a_sure_code_does_not_make_it_doubtful():
    sign = doubtful((("G", 0.1), ("", 0.9)), -40)
    found = joined([sign, part("CXTU1125031", 0)], 0.4)
    assert [s.reading.text for s in found] == ["G", "CXTU1125031"] and found[1].reading.confidence > 0.9


def test_a_doubtful_code_leaves_its_parts_as_they_are():
    parts = [doubtful((("CHAD", 0.4), ("CMAU", 0.1)), 0), part("0051548", 60)]
    assert joined(parts, 0.6) == parts and len(joined(parts, 0.1)) == 1
