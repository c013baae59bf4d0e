"""Objects over time: confirmed by agreement, ended once, never two for one."""

import numpy as np
import pytest
from conftest import make_sighting
from hypothesis import given
from hypothesis import strategies as st

from realtime.rules.reported import Rules
from realtime.tracking.track import JOINS, Tracker, cut, likeness_needed
from realtime.tracking.vote import TEXTS
from realtime.values import Box, Quad, Reading, Sighting, State

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
    assert len(over) == 1 and over[0] == 4 + 12  # after 1.2 s
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


@pytest.mark.parametrize(("gap", "tracks"), [(3.9, 1), (4.1, 2)])
def test_frames_that_come_seldom_give_an_object_longer(gap, tracks):
    """At one frame per second: for two and a half times the usual time, which adapts by a fifth at each frame."""
    tracker = Tracker()
    for k in range(10):
        tracker(float(k), k, [make_sighting("42")], IMAGE)
    (track,) = tracker(9.0 + gap, 10, [make_sighting("42")], IMAGE).tracks
    assert track.id == tracks


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


# --- the rules that join a sighting to an object, a row for each limit


BOX = (100.0, 100.0, 200.0, 140.0)  # 100 wide, 40 high
PLACES = {  # what it makes with BOX
    "here": BOX,
    "overlap 0.43": (140.0, 100.0, 240.0, 140.0),
    "overlap 0.38": (145.0, 100.0, 245.0, 140.0),
    "overlap 0.22": (164.0, 100.0, 264.0, 140.0),
    "overlap 0.18": (170.0, 100.0, 270.0, 140.0),
    "distance 2.9": (390.0, 100.0, 490.0, 140.0),
    "distance 3.1": (410.0, 100.0, 510.0, 140.0),
    "distance 2.5, size 2.4": (330.0, 100.0, 485.0, 162.0),
    "distance 2.5, size 2.6": (330.0, 100.0, 490.0, 165.0),
    "far, size 19": (3000.0, 1000.0, 3436.0, 1174.0),
    "far, size 21": (3000.0, 1000.0, 3460.0, 1183.0),
}
TEXT = "12345678"  # likeness of the others: 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0
EQUAL, ONE, TWO, THREE, FOUR, FIVE, OTHER = (TEXT[:k] + "XXXXXXXX"[k:] for k in (8, 7, 6, 5, 4, 3, 0))


@pytest.mark.parametrize(
    ("place", "text", "gap", "same"),
    [
        ("here", OTHER, 0.29, True),  # it stays in place and says something else
        ("here", OTHER, 0.31, False),
        ("overlap 0.43", OTHER, 0.1, True),
        ("overlap 0.38", OTHER, 0.1, False),
        ("here", FOUR, 1.0, True),  # it moved a little, and is read a little otherwise
        ("here", FIVE, 1.0, False),
        ("overlap 0.22", FOUR, 1.0, True),
        ("overlap 0.18", FOUR, 1.0, False),
        ("distance 2.9", THREE, 1.0, True),  # it moved on
        ("distance 3.1", THREE, 1.0, False),
        ("distance 2.9", FOUR, 1.0, False),
        ("distance 2.5, size 2.4", THREE, 1.0, True),
        ("distance 2.5, size 2.6", THREE, 1.0, False),
        ("far, size 19", ONE, 1.0, True),  # it was unseen for a while, or the camera swung round
        ("far, size 19", TWO, 1.0, False),
        ("far, size 21", EQUAL, 1.0, False),
    ],
)
def test_a_sighting_is_the_same_object_or_another(place, text, gap, same):
    tracker = Tracker()
    for k in range(3):
        tracker(k / 100, k, [at(BOX, TEXT)], IMAGE)
    step = tracker(0.02 + gap, 3, [at(PLACES[place], text)], IMAGE)
    assert len(step.tracks) == (1 if same else 2)


def at(box, text):
    return Sighting(Quad.from_box(Box(*box)), Reading(text, (0.9,) * len(text), 0.9))


def test_every_way_to_be_the_same_is_needed():
    """Each row of the table joins something that no other row does."""
    for k, join in enumerate(JOINS):
        overlap, distance = np.array([[join.overlap]]), np.array([[min(join.distance, 99.0)]])
        size, in_sight = np.array([[min(join.size, 99.0)]]), np.array([[join.in_sight]])
        needed = likeness_needed(overlap, distance, size, in_sight)[0, 0]
        assert needed == min(join.likeness, needed), f"row {k}"
        assert needed == join.likeness, f"row {k}"


def test_where_an_object_should_be_counts_as_well_as_where_it_was():
    """At 600 pixels per second an object is seen again 0.5 s later, 300 pixels on, and read otherwise."""
    tracker = Tracker()
    for k in range(5):
        tracker(k / 10, k, [at((100 + 60 * k, 100, 200 + 60 * k, 140), TEXT)], IMAGE)
    step = tracker(0.9, 5, [at((640, 100, 740, 140), FOUR)], IMAGE)
    assert len(step.tracks) == 1


def test_the_likelier_object_gets_the_sighting():
    tracker = Tracker()
    pair = [at((100, 100, 200, 140), "1234"), at((100, 150, 200, 190), "1239")]
    for k in range(3):
        tracker(k / 10, k, pair, IMAGE)
    step = tracker(0.3, 3, [at((100, 125, 200, 165), "1239")], IMAGE)
    assert [t.reading.text for t in step.tracks if t.last_frame == 3] == ["1239"]


# --- values


def test_two_plates_that_follow_each_other_in_one_place_are_two():
    tracker = Tracker()
    first, second = [at(BOX, "AB123CD")], [at(BOX, "XY987ZW")]
    steps = follow(tracker, [first] * 10 + [[]] * 5 + [second] * 10)
    assert ended(steps, tracker) == ["AB123CD", "XY987ZW"]


def test_and_without_a_gap_too():
    tracker = Tracker()
    steps = follow(tracker, [[at(BOX, "AB123CD")]] * 10 + [[at(BOX, "XY987ZW")]] * 10)
    assert ended(steps, tracker) == ["AB123CD", "XY987ZW"]


def test_a_display_keeps_its_number_and_counts_its_values():
    tracker = Tracker()
    steps = follow(tracker, [[at(BOX, text)] for text in ("781", "124", "9") for _ in range(20)])
    over = [(t.id, t.value, t.reading.text) for step in steps for t in step.ended]
    assert over == [(1, 1, "781"), (1, 2, "124")]
    assert [(t.id, t.value, t.first_frame, t.last_frame, t.count) for t in tracker.flush()] == [(1, 3, 40, 59, 20)]


def test_what_ended_shows_where_and_how_it_was_last_seen():
    tracker = Tracker()
    here, there = at(BOX, "781"), at((104, 100, 204, 140), "124")
    steps = follow(tracker, [[here]] * 10 + [[there]] * 10)
    (over,) = [t for step in steps for t in step.ended]
    assert over.sighting is here and over.state is State.LOST
    assert steps[-1].tracks[0].sighting is there


def test_an_object_that_was_read_often_never_ends_in_silence(caplog):
    caplog.set_level("INFO")
    for count in (9, 10):
        caplog.clear()
        tracker = Tracker(rules=lambda: Rules(0.8))
        follow(tracker, [[make_sighting("42", confidence=0.6)]] * count)
        assert tracker.flush() == ()
        assert ("No record of object 1" in caplog.text) is (count == 10)


def test_a_meter_that_was_out_of_sight_goes_on_from_where_it_was():
    tracker = Tracker(rules=lambda: Rules(rising=True))
    script = [[at(BOX, "0041")]] * 10 + [[]] * 20 + [[at(BOX, "0011")]] * 10 + [[]] * 20 + [[at(BOX, "0042")]] * 10
    steps = follow(tracker, script)
    assert [t.reading.text for step in steps for t in step.doubtful] == ["0011"]
    assert ended(steps, tracker) == ["0041", "0042"]


@pytest.mark.parametrize(("others", "doubtful"), [(7, ["0011"]), (8, [])])
def test_eight_meters_that_are_gone_are_remembered(others, doubtful):
    tracker, said = Tracker(rules=lambda: Rules(rising=True)), []
    seen = [("0041", 0), *((f"{k}555", 100 * k) for k in range(1, others + 1)), ("0011", 0)]
    for k, (text, y) in enumerate(seen):
        for frame in range(30):
            here = [at((100, 100 + y, 200, 140 + y), text)] if frame < 10 else []
            said += tracker(3 * k + frame / 10, 30 * k + frame, here, IMAGE).doubtful
    assert [track.reading.text for track in said] == doubtful


def test_another_meter_elsewhere_is_another_meter():
    tracker = Tracker(rules=lambda: Rules(rising=True))
    steps = follow(tracker, [[at(BOX, "0041")]] * 10 + [[]] * 20 + [[at(PLACES["distance 3.1"], "0011")]] * 10)
    assert ended(steps, tracker) == ["0041", "0011"]


def test_the_rules_of_the_moment_count():
    """A threshold that is raised and lowered again neither ends nor doubles a value."""
    rules = [Rules(0.5)]
    tracker = Tracker(rules=lambda: rules[0])
    steps = []
    for k in range(40):
        rules[0] = Rules(0.95 if 10 <= k < 20 else 0.5)
        steps.append(tracker(k / 10, k, [make_sighting("42")], IMAGE))
    assert confirmed(steps) == [(1, "42")] and ended(steps, tracker) == ["42"]


def test_memory_stays_what_it_is_before_a_display_that_changes_for_ever():
    tracker = Tracker()
    for k in range(3000):
        tracker(k / 10, k, [at(BOX, f"{k // 10:06d}")], IMAGE)
    (trail,) = tracker._trails
    assert len(trail.values.standing.ballot._tallies) <= TEXTS and len(tracker._gone) == 0


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


def test_the_picture_has_a_margin_of_eight_per_cent():
    assert cut(np.zeros((400, 400, 3), np.uint8), at(BOX, "1")).shape == (48, 116, 3)


def test_the_picture_shows_the_whole_tilted_object_and_a_little_around():
    image = IMAGE.copy()
    quad = Quad(((100, 60), (160, 50), (165, 80), (105, 90)))
    image[50:90, 100:165] = 255
    picture = cut(image, Sighting(quad, Reading("1", (0.9,), 0.9)))
    assert picture[..., 0].sum() == image[..., 0].sum() and picture.shape[0] < 55


# --- parts


def sighting_at(text, x0, x1, y0=100.0, y1=130.0):
    return Sighting(Quad.from_box(Box(x0, y0, x1, y1)), Reading(text, (0.95,) * len(text), 0.95))


def test_a_string_that_is_found_in_two_for_a_moment_stays_one():
    tracker = Tracker()
    whole, parts = sighting_at("95124011", 100, 260), [sighting_at("95", 100, 140), sighting_at("124011", 141, 260)]
    steps = follow(tracker, [[whole]] * 5 + [parts] * 3 + [[whole]] * 3)
    assert confirmed(steps) == [(1, "95124011")] and ended(steps, tracker) == ["95124011"]


def test_parts_are_objects_once_the_whole_is_gone():
    tracker = Tracker()
    parts = [sighting_at("95", 100, 140), sighting_at("40", 230, 260)]
    steps = follow(tracker, [[sighting_at("951240", 100, 260)]] * 2 + [parts] * 30)
    assert {text for _, text in confirmed(steps)} == {"951240", "95", "40"}


def test_the_same_digits_beside_a_longer_number_are_an_object():
    tracker = Tracker()
    steps = follow(tracker, [[sighting_at("951240", 100, 260), sighting_at("95", 300, 340)]] * 3)
    assert {text for _, text in confirmed(steps)} == {"951240", "95"}


@pytest.mark.parametrize(
    ("part", "x0", "x1", "kept"),
    [("2569", 540, 635, True), ("2569", 440, 535, False), ("5695", 5, 100, True), ("5695", 540, 635, False)],
)
def test_what_leaves_the_picture_does_not_change_its_value(part, x0, x1, kept):
    """Only at the edge where the missing character is; elsewhere a display may well have become shorter."""
    tracker = Tracker()
    whole = sighting_at("25695", x0 - 12 * (part == "5695"), x1 + 12 * (part == "2569"))
    steps = follow(tracker, [[whole]] * 5 + [[sighting_at(part, x0, x1)]] * 60)
    assert (part not in ended(steps, tracker)) is kept


def test_a_longer_text_at_the_edge_is_heard():
    tracker = Tracker()
    steps = follow(tracker, [[sighting_at("256", 570, 635)]] * 3 + [[sighting_at("2569", 555, 635)]] * 30)
    assert ended(steps, tracker)[-1] == "2569"
