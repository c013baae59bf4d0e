"""Plates are unreadable in whatever leaves the pipeline: located, missed for a moment, or in an unread frame."""

import dataclasses
import threading

import cv2
import numpy as np
import pytest
from conftest import make_frame, make_sighting
from hypothesis import given
from hypothesis import strategies as st

from realtime import loop
from realtime.privacy.anonymise import HELD, Anonymised, touch, veiled
from realtime.tracking.track import Tracker, follow
from realtime.values import Box, Detection, Quad, Result

WHERE = Box(60, 40, 120, 60)


def plate(box=WHERE):
    return Detection(Quad.from_box(box), 0.9)


def picture(box=WHERE):
    """Gray, with stripes where the plate is: what would have to be read."""
    image = np.full((120, 200, 3), 90, np.uint8)
    if box is not None:
        x0, y0, x1, y1 = map(int, box)
        image[y0:y1, x0:x1:4] = 255
        image[y0:y1, x0 + 1 : x1 : 4] = 0
    return image


def readable(image, box=WHERE):
    """Whether there are stripes left in a place."""
    x0, y0, x1, y1 = map(int, box)
    return float(np.abs(np.diff(image[y0:y1, x0:x1].astype(int), axis=1)).max()) > 60


class Inner:
    """Sees the same sightings in every frame, and follows them."""

    mode, threshold = "digits", 0.5

    def __init__(self, sightings=()):
        self.seen, self._sightings, self._tracker = [], list(sightings), Tracker()

    def set_threshold(self, value):
        self.threshold = value

    def see(self, frame, watch):
        self.seen.append(frame)
        return self._sightings

    def follow(self, frame, sightings, watch):
        step = follow(self._tracker, frame, sightings)
        return Result(frame, tuple(sightings), step.tracks, step.confirmed, step.ended, watch.take())

    def flush(self):
        return self._tracker.flush()


def anonymised(*located, inner=None):
    """A pipeline whose locator gives these, one list after the other; the last one again and again."""
    answers = list(located)
    return Anonymised(inner or Inner(), lambda gray: answers.pop(0) if len(answers) > 1 else answers[0])


def test_a_located_plate_is_read_from_the_frame_and_hidden_in_the_result():
    inner = Inner()
    frame = make_frame(image=picture())
    result = anonymised([plate()], inner=inner)(frame)
    assert readable(inner.seen[0].image) and readable(frame.image)
    assert not readable(result.frame.image) and result.hidden
    outside = result.frame.image.copy()
    outside[30:70, 40:140] = 90
    assert (outside == 90).all()


def test_crops_are_cut_from_the_hidden_picture_whatever_mode_read_them():
    sighting = make_sighting("42", WHERE.x0, WHERE.y0)
    pipeline = anonymised([plate()], inner=Inner([sighting]))
    pipeline(make_frame(0, image=picture()))
    (track,) = pipeline(make_frame(1, image=picture())).tracks
    assert track.best_crop is not None and not readable(track.best_crop, (0, 0, *track.best_crop.shape[1::-1]))


def test_a_plate_that_is_missed_for_a_moment_stays_hidden():
    pipeline = anonymised([plate()], [])
    results = [pipeline(make_frame(i, i / 10, image=picture())) for i in range(int(10 * HELD))]
    assert not any(readable(result.frame.image) for result in results)
    late = pipeline(make_frame(50, HELD + 1, image=picture()))
    assert readable(late.frame.image) and not late.hidden


def test_a_missed_plate_that_moves_is_hidden_where_it_must_be():
    boxes = [Box(20 + 12 * i, 40, 60 + 12 * i, 55) for i in range(6)]
    pipeline = anonymised([plate(boxes[0])], [plate(boxes[1])], [plate(boxes[2])], [])
    for index, box in enumerate(boxes):
        result = pipeline(make_frame(index, index / 10, image=picture(box)))
        assert not readable(result.frame.image, box), index


def test_what_a_plate_mode_read_is_hidden_though_the_locator_says_nothing():
    sighting = dataclasses.replace(make_sighting("ABC123"), quad=Quad.from_box(WHERE), mode="plates")
    assert not readable(anonymised([], inner=Inner([sighting]))(make_frame(image=picture())).frame.image)


def test_another_source_begins_anew():
    pipeline = anonymised([plate()], [])
    pipeline(make_frame(0, image=picture(), source="a.mp4"))
    assert not pipeline(make_frame(1, image=picture(None), source="b.mp4")).hidden


class Sink:
    """Keeps the pictures that it gets."""

    def __init__(self):
        self.images = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, result):
        self.images.append(result.frame.image)


class Camera:
    """Frames in which the plate is elsewhere each time; the source is lost in the end."""

    live, dropped = True, 0

    def __iter__(self):
        for index in range(6):
            yield make_frame(index, image=picture(Box(10 + 25 * index, 40, 50 + 25 * index, 55)))
        for index, event in enumerate(("source lost", "source waiting")):
            yield make_frame(6 + index, image=picture(), event=event)


def striped(gray):
    """Finds the plate by its stripes."""
    columns = np.nonzero(gray[45] > 200)[0]
    return [plate(Box(float(columns.min()), 40, float(columns.max()), 55))]


@pytest.mark.parametrize("first", [0, 1])
def test_a_frame_that_nobody_looked_at_is_never_shown(first):
    """With gates, the frames between two looks show the last picture that was looked at, or nothing."""
    sink = Sink()
    pipeline = Anonymised(Inner(), striped)
    loop.run(Camera(), pipeline, [sink], threading.Event(), gate=lambda frame: frame.index % 2 == first)
    assert len(sink.images) == 9 and not any(readable(image, (0, 40, 200, 55)) for image in sink.images)
    assert (sink.images[0] == 0).all() == (first == 1)


@given(st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300)), min_size=4, max_size=4))
def test_any_place_can_be_hidden(corners):
    image = picture()
    before = image.copy()
    assert veiled(image, [Quad.of(corners)]).shape == image.shape and np.array_equal(image, before)


def test_a_gray_picture_too():
    gray = cv2.cvtColor(picture(), cv2.COLOR_BGR2GRAY)
    assert not readable(veiled(gray, [Quad.from_box(WHERE)]))


def test_touching():
    assert touch(Box(0, 0, 2, 2), Box(0, 0, 9, 9)) and not touch(Box(0, 0, 2, 2), Box(2, 2, 9, 9))
