"""The board keeps the newest, and no more than it may."""

import json

import numpy as np
from conftest import make_frame, make_image, make_result, make_track

from realtime.sinks.web.live_state import CROP, EVENTS, READINGS, STALLED, Board
from realtime.values import BACK, LOST, WAITING


def board(now=lambda: 0.0):
    return Board("digits", now, lambda: 1000.0)


def test_a_track_is_one_line_from_its_first_to_its_last_vote():
    page = board()
    page.put(make_result(confirmed=(make_track(1, "41"),)))
    page.put(make_result(confirmed=(make_track(2, "7"),)))
    page.put(make_result(ended=(make_track(1, "42"),)))
    assert [(r["text"], r["gone"], r["id"]) for r in page.readings()] == [("7", False, 2), ("42", True, 1)]


def test_a_display_has_a_line_for_each_value_kept_up_to_date_while_it_stands():
    page = board()
    old, new = make_track(1, "41", count=2), make_track(1, "42", value=2)
    page.put(make_result(make_frame(0, 0.0), confirmed=(old,), tracks=(old,)))
    page.put(make_result(make_frame(10, 1.0), tracks=(make_track(1, "41", count=9),)))
    assert [r["count"] for r in page.readings()] == [9]
    page.put(make_result(make_frame(20, 2.0), ended=(old,), confirmed=(new,), tracks=(new,)))
    assert [(r["text"], r["gone"], r["value"]) for r in page.readings()] == [("42", False, 2), ("41", True, 1)]


def test_what_is_doubtful_is_not_shown():
    page = board()
    page.put(make_result(doubtful=(make_track(),)))
    assert page.readings() == []


def test_pictures_that_count_their_tracks_anew_do_not_overwrite_each_other():
    page = board()
    for text in ("1", "2"):
        page.put(make_result(confirmed=(make_track(1, text),), ended=(make_track(1, text),)))
    assert [r["text"] for r in page.readings()] == ["2", "1"]


def test_readings_and_events_are_bounded_and_the_newest_stay():
    page = board()
    for i in range(3 * READINGS):
        frame = make_frame(i, event="source back")
        page.put(make_result(frame, confirmed=(make_track(i, str(i)),)))
    assert [r["text"] for r in page.readings()] == [str(i) for i in reversed(range(2 * READINGS, 3 * READINGS))]
    assert len(page.state()["events"]) == EVENTS


def test_a_kept_crop_is_small_and_its_own():
    image = make_image(1000, 500)
    page = board()
    page.put(make_result(confirmed=(make_track(best_crop=image), make_track(2, best_crop=image[:20, :30]))))
    first, second = (page.crop(r["id"]) for r in reversed(page.readings()))
    assert first.shape == (160, 320, 3) and first.shape[1::-1] <= CROP
    assert second.shape == (20, 30, 3) and not np.shares_memory(second, image)
    assert page.crop(99) is None


def test_a_track_without_a_picture_has_none():
    page = board()
    page.put(make_result(confirmed=(make_track(best_crop=None),)))
    assert page.readings()[0]["crop"] == ""


def test_state_from_the_first_wait_to_a_stall():
    now = [0.0]
    page = board(lambda: now[0])
    assert page.state()["status"] == "waiting"
    page.put(make_result(make_frame(3, source="rtsp://u:secret@h/"), fps=9.876, dropped=2, timings={"locate": 1.23456}))
    state = page.state()
    assert (state["status"], state["fps"], state["dropped"], state["size"]) == ("live", 9.88, 2, [64, 48])
    assert state["timings"] == {"locate": 1.235} and "secret" not in json.dumps(state)
    now[0] = STALLED + 0.1
    assert page.state()["status"] == "stalled"


def test_a_lost_source_is_said_until_it_is_back():
    page = board()
    seen = []
    for index, event in enumerate(("", LOST, WAITING, WAITING, BACK, "")):
        page.put(make_result(make_frame(index, event=event)))
        seen.append(page.state()["status"])
    assert seen == ["live", "lost", "lost", "lost", "live", "live"]
    assert [(e["event"], e["frame"]) for e in page.state()["events"]] == [(LOST, 1), (BACK, 4)]


def test_outputs_that_fail_stand_in_the_state_and_in_the_events():
    page = board()
    for failures in ((), ("a.db is locked.",), ("a.db is locked.",)):
        page.put(make_result(failures=failures))
    assert page.state()["failures"] == ["a.db is locked."]
    page.put(make_result())
    assert page.state()["failures"] == []
    events = [row["event"] for row in page.state()["events"]]
    assert events == ["output failed: a.db is locked.", "output back: a.db is locked."]
