"""The same text seen again goes on with its record; another one, or the same one later, is new."""

import numpy as np
import pytest
from conftest import make_sighting

from realtime.tracking.crossings import Crossings, Line
from realtime.tracking.track import Tracker
from realtime.tracking.visits import Visits, followed

IMAGE = np.zeros((40, 400), np.uint8)


def film(*parts, seconds=60.0, gap=10.0, follower=None):
    """Steps of a film at 10 frames a second; a part is a text seen for 1 s, then nothing for `gap` seconds."""
    visits, steps, time = follower or Visits(Tracker(), seconds), [], 0.0
    for text in parts:
        for k in range(10 + round(10 * gap)):
            seen = [make_sighting(text)] if k < 10 else []
            steps.append(visits(time, len(steps), seen, IMAGE))
            time += 0.1
    return steps, visits.flush()


def told(tracks):
    return [(t.id, t.value, t.reading.text, t.count) for t in tracks]


def confirmed(steps):
    return told([t for step in steps for t in step.confirmed])


def ended(steps, last):
    return [t for step in steps for t in step.ended] + list(last)


def test_a_text_seen_again_goes_on_with_its_record():
    steps, last = film("42", "42", "42")
    assert confirmed(steps) == [(1, 1, "42", 2)]
    (track,) = ended(steps, last)
    assert (track.key, track.count, track.first_time) == ((1, 1), 30, 0.0)
    assert track.last_time == pytest.approx(22.9) and (track.first_frame, track.last_frame) == (0, 229)


def test_the_live_track_has_the_numbers_of_the_record():
    steps, _ = film("42", "42")
    alive = [t for step in steps for t in step.tracks if t.state.value == "confirmed"]
    assert {t.key for t in alive} == {(1, 1)} and alive[-1].count == 20


def test_another_text_is_new_and_the_first_may_come_back():
    steps, last = film("42", "ABC", "42")
    assert [text for *_, text, _ in confirmed(steps)] == ["42", "ABC"]
    assert sorted((t.reading.text, t.count) for t in ended(steps, last)) == [("42", 20), ("ABC", 10)]


def test_too_late_is_a_new_record():
    steps, last = film("42", "42", seconds=5.0)
    assert len(confirmed(steps)) == 2 and [t.count for t in ended(steps, last)] == [10, 10]


def test_the_end_is_told_once_nobody_comes_back():
    steps, last = film("42", seconds=5.0)
    when = [k for k, step in enumerate(steps) if step.ended]
    assert len(when) == 1 and 9 + 50 <= when[0] <= 9 + 51 and last == ()


def test_two_of_one_text_at_a_time_are_two_records():
    visits = Visits(Tracker(), 60)
    for k in range(10):
        visits(k / 10, k, [make_sighting("42", 8), make_sighting("42", 300)], IMAGE)
    assert len(visits.flush()) == 2


def test_what_ends_at_the_end_is_forgotten():
    visits = Visits(Tracker(), 60)
    _, first = film("42", follower=visits)
    steps, second = film("42", follower=visits)
    assert len(first) == len(second) == 1 and len(confirmed(steps)) == 1


def test_without_the_options_the_follower_is_the_tracker():
    tracker = Tracker()
    assert followed(tracker, None, None) is tracker
    assert isinstance(followed(tracker, Line(0, 0, 1, 1), None), Crossings)
    assert isinstance(followed(tracker, Line(0, 0, 1, 1), 1.0), Visits)
