"""Several readings make one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.values import Reading
from realtime.vote import NOTHING, vote

SHARE = st.floats(0, 1)


@st.composite
def readings(draw):
    text = draw(st.text("0123AB", max_size=5))
    return Reading(text, tuple(draw(SHARE) for _ in text), draw(SHARE))


def sure(text, confidence=0.9):
    return Reading(text, (confidence,) * len(text), confidence)


def test_no_readings_say_nothing():
    assert vote([]) == vote([NOTHING, NOTHING]) == NOTHING


@given(readings().filter(lambda r: r.text and min(r.confidences) > 0.01 and r.confidence > 0.01))
def test_one_reading_is_repeated(reading):
    voted = vote([reading])
    assert voted.text == reading.text
    assert voted.confidences == pytest.approx(reading.confidences)
    assert voted.confidence == pytest.approx(reading.confidence)


@given(st.lists(readings(), max_size=8), st.randoms())
def test_order_does_not_matter(said, rng: random.Random):
    shuffled = rng.sample(said, len(said))
    a, b = vote(said), vote(shuffled)
    assert a.text == b.text
    assert a.confidences == pytest.approx(b.confidences) and a.confidence == pytest.approx(b.confidence)


@given(st.lists(readings(), max_size=8))
def test_confidences_are_shares_and_one_per_character(said):
    voted = vote(said)
    assert len(voted.confidences) == len(voted.text)
    assert all(0 <= c <= 1 for c in (*voted.confidences, voted.confidence))
    assert bool(voted.text) == any(r.text for r in said)


@given(st.lists(readings(), max_size=8))
def test_every_character_was_read_at_its_place(said):
    voted = vote(said)
    for place, character in enumerate(voted.text):
        assert any(len(r.text) == len(voted.text) and r.text[place] == character for r in said)


@given(st.lists(readings(), min_size=1, max_size=6))
def test_empty_readings_do_not_count(said):
    assert vote([*said, NOTHING]).text == vote(said).text


def test_a_sharp_look_outvotes_two_blurred_ones():
    assert vote([sure("123", 0.3), sure("723", 0.3), sure("123", 0.35), sure("723", 0.95)]).text == "723"


def test_many_agreeing_outvote_one_that_is_a_little_surer():
    assert vote([sure("123", 0.8)] * 3 + [sure("723", 0.9)]).text == "123"


def test_each_place_is_voted_on_its_own():
    said = [sure("12X4"), sure("1X34"), sure("X234")]
    assert vote(said).text == "1234"


def test_a_text_that_none_reads_so_is_little_trusted():
    assert vote([sure("12X4"), sure("1X34"), sure("X234")]).confidence < 0.5


def test_another_length_lowers_the_trust_but_not_the_text():
    voted = vote([sure("1234")] * 3 + [sure("123")])
    assert voted.text == "1234" and voted.confidence == pytest.approx(0.9 * 0.75)


def test_more_agreement_is_more_trust():
    trust = [vote([sure("42")] * n + [sure("43")]).confidence for n in (1, 2, 5)]
    assert trust == sorted(trust) and trust[0] < trust[-1]
