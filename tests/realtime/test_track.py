"""Objects over time: confirmed by agreement, ended once, never two for one."""

import numpy as np
import pytest
from conftest import make_sighting
from hypothesis import given
from hypothesis import strategies as st

from realtime.track import LOST_AFTER, Tracker, cut
from realtime.values import Quad, Reading, Sighting, State

IMAGE = np.zeros((240, 640, 3), np.uint8)


def follow(tracker, steps, fps=10.0):
    """One step per list of sightings, at a steady rate; the steps' results."""
    return [tracker(i / fps, i, sightings, IMAGE) for i, sightings in enumerate(steps)]


def confirmed(steps):
    """Id and text of what was confirmed or corrected, in order."""
    return [(t.id, t.reading.text) for step in steps for t in step.confirmed]


def ended(steps, tracker):
    """Texts of what ended, the last ones by the end of the recording."""
    return [t.reading.text for t in (*(t for step in steps for t in step.ended), *tracker.flush())]


def blank(x=8.0):
    return Sighting(make_sighting("1", x).quad, Reading("", ()))


# --- agreement


def test_one_read_is_not_enough():
    tracker = Tracker()
    (step,) = follow(tracker, [[make_sighting("42")]])
    assert [t.state for t in step.tracks] == [State.TENTATIVE] and not step.confirmed
    assert tracker.flush() == ()


def test_two_equal_reads_confirm():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42")]] * 3)
    assert confirmed(steps) == [(1, "42")] and [t.state for t in steps[1].confirmed] == [State.CONFIRMED]
    (track,) = tracker.flush()
    assert (track.state, track.count, track.first_frame, track.last_frame) == (State.LOST, 3, 0, 2)
    assert (track.first_time, track.last_time) == (0.0, 0.2)


def test_two_different_reads_do_not_confirm():
    tracker = Tracker()
    assert not confirmed(follow(tracker, [[make_sighting("42")], [make_sighting("43")]]))
    assert tracker.flush() == ()


def test_reads_that_agree_need_not_follow_each_other():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting(text)] for text in ("427", "421", "427")])
    assert confirmed(steps) == [(1, "427")]


def test_a_still_picture_confirms_at_once():
    assert confirmed(follow(Tracker(agree=1), [[make_sighting("42")]])) == [(1, "42")]


@pytest.mark.parametrize("agree", [1, 2, 3, 5])
def test_as_many_reads_as_asked_for_confirm(agree):
    steps = follow(Tracker(agree), [[make_sighting("42")]] * 6)
    assert [i for i, step in enumerate(steps) if step.confirmed] == [agree - 1]


def test_a_sighting_without_a_reading_holds_the_track_but_confirms_nothing():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42")], [blank()], [blank()]])
    assert not confirmed(steps) and [t.count for t in steps[-1].tracks] == [1]


def test_a_better_text_is_announced_as_a_correction_of_the_same_track():
    tracker = Tracker()
    blurred, sharp = make_sighting("417", confidence=0.6), make_sighting("477", confidence=0.95)
    steps = follow(tracker, [[blurred]] * 2 + [[sharp]] * 3)
    assert confirmed(steps) == [(1, "417"), (1, "477")]
    assert ended(steps, tracker) == ["477"]


# --- life


def test_a_track_ends_once_and_only_after_its_time_unseen():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42")]] * 5 + [[]] * 40)
    over = [i for i, step in enumerate(steps) if step.ended]
    assert len(over) == 1 and over[0] == pytest.approx(4 + LOST_AFTER * 10, abs=1.1)
    assert tracker.flush() == ()


def test_a_short_gap_does_not_end_a_track():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42")]] * 3 + [[]] * 5 + [[make_sighting("42")]] * 3)
    assert ended(steps, tracker) == ["42"]


def test_a_slow_camera_loses_nothing_between_two_frames():
    """One frame in three seconds: longer than a track may be unseen at 25 frames a second."""
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42")]] * 4, fps=1 / 3)
    assert confirmed(steps) == [(1, "42")] and ended(steps, tracker) == ["42"]


def test_what_was_never_confirmed_ends_in_silence():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42")]] + [[]] * 30)
    assert ended(steps, tracker) == [] and not steps[-1].tracks


def test_ids_count_from_one_in_every_tracker():
    for _ in range(2):
        steps = follow(Tracker(), [[make_sighting("11", 8), make_sighting("22", 300)]] * 2)
        assert sorted(t.id for t in steps[-1].tracks) == [1, 2]


def test_flush_leaves_nothing_behind():
    tracker = Tracker()
    follow(tracker, [[make_sighting("42")]] * 3)
    assert len(tracker.flush()) == 1 and tracker.flush() == () and not tracker((1.0), 9, [], IMAGE).tracks


# --- which belongs to which


def test_two_objects_side_by_side_stay_two():
    tracker = Tracker()
    pair = [make_sighting("123", 8), make_sighting("789", 60)]
    steps = follow(tracker, [pair, pair[::-1]] * 4)
    assert sorted(ended(steps, tracker)) == ["123", "789"]


def test_equal_texts_far_apart_in_one_frame_are_two_objects():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("42", 8), make_sighting("42", 400)]] * 4)
    assert sorted(ended(steps, tracker)) == ["42", "42"]


def test_a_moving_object_is_one():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("4217", 8 + 25 * i)] for i in range(20)])
    assert ended(steps, tracker) == ["4217"]


def test_crossing_objects_keep_their_texts():
    tracker = Tracker()
    steps = follow(
        tracker, [[make_sighting("1234", 8 + 15 * i), make_sighting("9876", 293 - 15 * i)] for i in range(20)]
    )
    assert sorted(ended(steps, tracker)) == ["1234", "9876"]


def test_a_new_object_at_the_old_place_with_another_text_is_another():
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting("1234")]] * 5 + [[]] * 20 + [[make_sighting("9876")]] * 5)
    assert ended(steps, tracker) == ["1234", "9876"]


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(["12", "34", "5", ""]), st.integers(0, 600)), max_size=4), max_size=12)
)
def test_whatever_is_seen_every_confirmed_track_ends_once(script):
    tracker = Tracker()
    steps = follow(tracker, [[make_sighting(t, x) if t else blank(x) for t, x in row] for row in script], fps=2)
    over = [t for step in steps for t in step.ended] + list(tracker.flush())
    names = {t.id for step in steps for t in step.confirmed}
    assert sorted(t.id for t in over) == sorted(names)
    assert all(t.state is State.LOST and t.count >= 2 and t.best_crop is not None for t in over)
    assert all(len({t.id for t in step.tracks}) == len(step.tracks) for step in steps)


@given(st.lists(st.integers(0, 600), min_size=1, max_size=5))
def test_every_sighting_of_a_frame_has_a_track_of_its_own(places):
    tracker = Tracker()
    (step,) = follow(tracker, [[make_sighting("42", x) for x in places]])
    assert len(step.tracks) == len(places)


# --- the best picture


def test_the_surest_sighting_gives_the_picture():
    tracker, images = Tracker(), [np.full((60, 80, 3), v, np.uint8) for v in (10, 20, 30)]
    for i, (image, sure) in enumerate(zip(images, (0.5, 0.9, 0.7), strict=True)):
        tracker(i / 10, i, [make_sighting("42", confidence=sure)], image)
    (track,) = tracker.flush()
    assert track.best.reading.confidence == 0.9 and (track.best_crop == 20).all()


def test_the_picture_is_a_copy_so_that_a_camera_may_reuse_its_buffer():
    image, tracker = IMAGE.copy(), Tracker()
    follow_image = [tracker(i / 10, i, [make_sighting("42")], image) for i in range(2)]
    image[:] = 255
    assert (follow_image[-1].tracks[0].best_crop == 0).all()


@given(st.floats(-500, 900), st.floats(-500, 900))
def test_an_object_at_the_edge_or_beyond_still_has_a_picture(x, y):
    for image in (IMAGE, IMAGE[..., 0]):
        picture = cut(image, make_sighting("42", x, y))
        assert picture.size and picture.ndim == image.ndim


def test_the_picture_shows_the_whole_tilted_object_and_a_little_around():
    image = IMAGE.copy()
    quad = Quad(((100, 60), (160, 50), (165, 80), (105, 90)))
    image[50:90, 100:165] = 255
    picture = cut(image, Sighting(quad, Reading("1", (0.9,), 0.9)))
    assert picture[..., 0].sum() == image[..., 0].sum() and picture.shape[0] < 55
