"""A second reader: numbers that it reads as words are less sure, clear ones are not asked about."""

import numpy as np
import pytest

from realtime.review.second_opinion import SecondOpinion, agreed
from realtime.values import Box, Quad, Reading, Sighting

PAGE = np.zeros((60, 200), np.uint8)


def reading(text, sure=0.7):
    return Reading(text, (sure,) * len(text), sure, candidates=((text, sure),))


class Words:
    """A reader that says what it was told, text by text."""

    def __init__(self, *said):
        self.said, self.asked = said, 0

    def __call__(self, gray, detections, again=False):
        self.asked += len(detections)
        return [Sighting(d.quad, said) for d, said in zip(detections, self.said, strict=False)]


def sighting(text, sure):
    return Sighting(Quad.from_box(Box(0, 0, 60, 20)), reading(text, sure), 1.0, "digits")


def test_agreement_keeps_a_number_and_disagreement_takes_from_it():
    same, other = agreed(reading("27.5"), reading("275", 0.9)), agreed(reading("27.5"), reading("ZTS", 0.9))
    assert other.confidence < 0.5 < same.confidence <= 0.7
    assert same.text == other.text == "27.5" and other.candidates[0][1] == pytest.approx(other.confidence)


def test_letters_that_look_like_digits_are_no_disagreement():
    assert agreed(reading("10"), reading("IO", 0.9)).confidence == agreed(reading("10"), reading("10", 0.9)).confidence


def test_the_fewer_characters_the_more_the_other_reader_counts():
    doubts = [agreed(reading(text), reading("word")).confidence for text in ("1", "12", "123")]
    assert doubts == sorted(doubts) and doubts[0] < 0.05


def test_only_short_and_doubtful_numbers_are_asked_about():
    words = Words(reading("word"), reading("word"))
    found = SecondOpinion(words)(PAGE, [sighting("1234", 0.95), sighting("12", 0.95), sighting("1234", 0.7)], False)
    assert words.asked == 2
    assert found[0].reading.confidence == 0.95 > max(s.reading.confidence for s in found[1:])


def test_nothing_read_is_nothing_to_ask():
    words = Words()
    empty = Sighting(Quad.from_box(Box(0, 0, 60, 20)), Reading("", ()))
    assert SecondOpinion(words)(PAGE, [empty], True) == [empty] and words.asked == 0
