"""Whole strings: strokes beyond an end, wider looks, and how sure a text then is."""

import cv2
import numpy as np
import pytest

from realtime.review.completeness import Completeness, End, cut, longer, rest, strokes
from realtime.values import Box, Quad, Reading, Sighting

WORD = Quad.from_box(Box(100, 40, 180, 60))  # four characters of 20 pixels


def page(characters=(), frame=False):
    """A page with a stroke 12 pixels wide in each place of 20, and on request an edge that runs through beside them."""
    image = np.full((100, 300), 200, np.uint8)
    for k in characters:
        cv2.rectangle(image, (100 + 20 * k + 4, 42), (100 + 20 * k + 15, 58), 40, -1)
    if frame:
        cv2.rectangle(image, (188, 0), (192, 99), 40, -1)
    return image


def reading(text, *more, sure=0.95):
    return Reading(text, (sure,) * len(text), sure, candidates=((text, sure), *more))


class Looks:
    """A reader that says for wider looks what it was told, and keeps where it looked."""

    def __init__(self, said):
        self.said, self.quads = said, []

    def loosened(self, quad):
        return quad

    def read_quads(self, gray, quads, again):
        self.quads += quads
        return [self.said for _ in quads]


def reviewed(image, said, *others, again=True):
    looks = Looks(said)
    sighting = Sighting(WORD, reading("1234"), 1.0, "digits")
    return Completeness(looks)(image, [sighting, *others], again), looks.quads


def test_strokes_are_seen_where_characters_go_on_and_not_in_a_frame():
    left, right = strokes(page(range(4)), WORD)
    assert abs(left) < 0.05 and abs(right) < 0.05
    left, right = strokes(page(range(-1, 4)), WORD)
    assert left > 0.5 and abs(right) < 0.05
    assert strokes(page(range(4), frame=True), WORD)[1] < 0.1


def test_a_text_with_nothing_beside_it_stays_about_as_sure_and_is_not_looked_at_again():
    (found,), looked = reviewed(page(range(4)), reading("12345"))
    assert 0.9 < found.reading.confidence < 0.95 and not looked
    assert found.reading.candidates[0][1] == pytest.approx(found.reading.confidence)


def test_a_text_that_goes_on_is_read_as_far_as_it_goes():
    (found,), looked = reviewed(page(range(5)), reading("12345"))
    assert found.reading.text == "12345" and found.box.x1 == 192 and found.box.x0 == 100
    assert [quad.box.x1 for quad in looked] == [192]


@pytest.mark.parametrize("wide", [reading("1234.", sure=0.95), reading("12345", sure=0.6), reading("1239")])
def test_a_wider_look_that_is_not_sure_of_more_makes_less_sure(wide):
    (found,), _ = reviewed(page(range(5)), wide)
    assert found.reading.text == "1234" and found.reading.confidence < 0.93


def test_what_stands_beside_may_be_another_text():
    other = Sighting(Quad.from_box(Box(183, 40, 203, 60)), reading("5"), 1.0, "digits")
    found, _ = reviewed(page(range(5)), reading("12345"), other)
    assert found[0].reading.text == "1234"


def test_frames_take_no_time_for_wider_looks_but_know_of_strokes():
    (found,), looked = reviewed(page(range(5)), reading("12345"), again=False)
    assert not looked and found.reading.text == "1234" and found.reading.confidence < 0.88


def test_the_same_text_seen_wider_speaks_for_a_whole_one():
    end = End(0, True, 0.8)
    assert cut(end, "12", reading("12"), False) < cut(end, "12", None, False) < cut(end, "12", reading("123"), False)


def test_the_rest_of_a_longer_text():
    assert rest("12", "123", True) == "3" and rest("12", "312", False) == "3"
    assert rest("12", "312", True) == rest("12", "12", True) == ""


def test_texts_without_a_reading_are_left_alone():
    empty = Sighting(WORD, Reading("", ()))
    assert Completeness(Looks(None))(page(range(5)), [empty], True) == [empty]
    assert Completeness(Looks(None))(page(), [], True) == []


def test_a_quadrilateral_grows_along_its_own_text():
    turned = Quad.of([[50, 100], [50, 20], [70, 20], [70, 100]])  # read upwards, 20 high
    assert longer(turned, 0.5, True).box == Box(50, 10, 70, 100)
