"""Drawing is pure, says what it should and can be read at any size."""

import dataclasses

import cv2
import numpy as np
import pytest
from conftest import make_frame, make_image, make_result, make_sighting, make_track
from hypothesis import given
from hypothesis import strategies as st

from realtime.overlay import BOXES, CLOCK, FIGURES, SURE, UNSURE, Overlay, draw, free_place, text_height, wrapped
from realtime.values import Box, Match, Quad, State, intersection


def frame_of(width=320, height=240, **changes):
    return make_frame(image=make_image(width, height), **changes)


def moved(sighting, x, y):
    return dataclasses.replace(sighting, quad=Quad.of(sighting.quad.array() + np.array((x, y))))


def has(image, colour):
    return bool((image == np.array(colour)).all(-1).any())


def test_the_frame_itself_is_left_alone():
    frame = frame_of()
    before = frame.image.copy()
    drawn = draw(make_result(frame, sightings=(make_sighting(),)), 0.5)
    assert np.array_equal(frame.image, before) and not np.array_equal(drawn, before)


def test_gray_becomes_colour():
    frame = make_frame(image=np.full((48, 64), 90, np.uint8))
    assert draw(make_result(frame), 0.5).shape == (48, 64, 3)


@pytest.mark.parametrize(("state", "colour"), [(State.CONFIRMED, SURE), (State.TENTATIVE, UNSURE)])
def test_confirmed_tracks_have_a_colour_of_their_own(state, colour):
    track = make_track(state=state)
    drawn = draw(make_result(frame_of(), sightings=(track.sighting,), tracks=(track,)), 0.5)
    assert has(drawn, colour) and not has(drawn, UNSURE if colour == SURE else SURE)


def filled(image, colour):
    return int((image == np.array(colour)).all(-1).sum())


def test_below_the_threshold_there_is_a_box_but_no_text():
    result = make_result(frame_of(), sightings=(moved(make_sighting(confidence=0.6), 100, 100),))
    assert filled(draw(result, 0.9), UNSURE) < filled(draw(result, 0.5), UNSURE)


def test_figures_stand_at_the_top_and_a_lost_source_in_the_middle():
    plain = draw(make_result(frame_of()), 0.5)
    result = make_result(frame_of(), fps=29.97, timings={"locate": 3.0}, dropped=2)
    assert np.array_equal(plain, draw(result, 0.5))  # figures only where they were asked for
    figures = draw(result, 0.5, (FIGURES,))
    assert not np.array_equal(plain[:20], figures[:20]) and np.array_equal(plain[60:], figures[60:])
    lost = draw(make_result(frame_of(event="source lost")), 0.5)
    assert not np.array_equal(plain[100:140], lost[100:140])


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 480), (1920, 1080), (3840, 2160), (240, 1000)])
def test_letters_grow_with_the_picture_but_never_get_too_small(width, height):
    size = text_height((height, width))
    assert size >= 9
    assert min(width, height) / 60 <= size <= min(width, height) / 20


@given(st.floats(-500, 800), st.floats(-500, 800), st.text("0123456789", max_size=12))
def test_objects_may_lie_anywhere(x, y, text):
    sighting = moved(make_sighting(text), x, y)
    drawn = draw(make_result(frame_of(), sightings=(sighting,)), 0.0)
    assert drawn.shape == (240, 320, 3)


@given(st.lists(st.text("abc", min_size=1, max_size=8)), st.integers(1, 30))
def test_wrapping_keeps_every_word_in_order(words, width):
    lines = wrapped(words, lambda line: len(line) <= width)
    assert "  ".join(lines).split() == words
    assert all(len(line) <= width or "  " not in line for line in lines)


def test_one_drawing_serves_all_sinks():
    threshold = [0.5]
    overlay = Overlay(lambda: threshold[0])
    first, second = make_result(frame_of()), make_result(frame_of())
    assert overlay(first) is overlay(first)
    assert overlay(second) is not overlay(first)


def test_drawn_text_is_legible_on_the_smallest_picture():
    """The text of a label differs from its plate by enough pixels to be seen."""
    drawn = draw(make_result(frame_of(), sightings=(moved(make_sighting("8"), 100, 100),)), 0.5)
    plate = cv2.inRange(drawn, np.array(UNSURE), np.array(UNSURE))
    x, y, width, height = cv2.boundingRect(plate)
    ink = drawn[y : y + height, x : x + width].max(-1) < 60
    assert ink.sum() > 60


def test_the_time_of_day_where_it_is_known():
    plain = frame_of(time=3.0)
    assert np.array_equal(draw(make_result(plain), 0.5, (CLOCK,)), plain.image)
    known = make_result(dataclasses.replace(plain, epoch=1.7e9))
    assert not np.array_equal(draw(known, 0.5, (CLOCK,))[:20], plain.image[:20])


def test_nothing_is_drawn_where_nothing_was_asked_for():
    result = make_result(frame_of(event="source lost"), sightings=(make_sighting(),), fps=3.0)
    assert np.array_equal(draw(result, 0.5, ()), result.frame.image)


@given(st.lists(st.tuples(st.integers(-50, 330), st.integers(-50, 250), st.integers(5, 90)), max_size=12))
def test_texts_never_overlap_each_other_or_the_status_or_the_edge(objects):
    taken = [Box(0, 0, 320, 18)]
    for x, y, width in objects:
        place = free_place(Box(x, y, x + width, y + 12), (width + 20, 18), (240, 320, 3), taken)
        if place is not None:
            assert all(intersection(place, other) == 0 for other in taken)
            assert place.x0 >= 0 and place.y0 >= 0 and place.x1 <= 320 and place.y1 <= 240
            taken.append(place)


def test_a_text_stands_above_its_object_or_below_and_not_on_another_one():
    box, shape = Box(100, 100, 160, 120), (240, 320)
    assert free_place(box, (50, 18), shape, []) == Box(100, 80, 150, 98)
    assert free_place(box, (50, 18), shape, [Box(100, 80, 160, 98)]) == Box(100, 122, 150, 140)
    below = free_place(box, (50, 18), shape, [], [Box(90, 70, 170, 99)])
    assert below == Box(100, 122, 150, 140)
    assert free_place(box, (400, 18), shape, []) is None


def test_the_text_of_what_is_hidden_is_not_drawn():
    sighting = moved(make_sighting("SECRET"), 100, 100)
    shown, hidden = (
        draw(make_result(frame_of(), sightings=(sighting,), hidden=places), 0.5, (BOXES,))
        for places in ((), (sighting.quad,))
    )
    assert filled(hidden, UNSURE) < filled(shown, UNSURE)


def test_a_line_is_drawn_with_the_boxes():
    result = make_result(make_frame(image=np.zeros((100, 200, 3), np.uint8)))
    drawn, bare = (draw(result, 0.5, parts, ((20, 50), (180, 50))) for parts in ((BOXES,), ()))
    assert drawn[50, 100].min() > 200 and not drawn[50, 5].any() and not bare.any()


def test_a_known_text_has_its_name():
    def drawn(known):
        track = make_track(sighting=moved(make_sighting(), 40, 100))
        track = dataclasses.replace(track, reading=dataclasses.replace(track.reading, known=known))
        return draw(make_result(frame_of(), tracks=(track,)), 0.5)

    named, unknown, plain = map(drawn, (Match("4 2", "Anna", "family"), Match(), None))
    assert filled(named, SURE) > 1.5 * filled(plain, SURE) and np.array_equal(unknown, plain)
