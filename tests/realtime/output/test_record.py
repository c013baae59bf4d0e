"""Records keep their shape, addresses lose their passwords, texts become keyed hashes."""

import dataclasses
import json
import stat
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import UserError
from realtime.output.record import (
    FIELDS,
    event_record,
    hashed,
    keyed_hash,
    likeliest,
    plain,
    read_key,
    record,
    sighting_record,
    with_candidates,
)
from realtime.privacy.redact import mask
from realtime.values import Frame, Match, Quad, Reading, Result, Sighting, State, Track

QUAD = Quad(((1, 2), (11.004, 2), (11, 8), (1, 8)))
SIGHTING = Sighting(QUAD, Reading("42", (np.float32(0.5), 0.25), 0.125), 1.0, "digits")
TRACK = Track(
    7, State.CONFIRMED, SIGHTING, Reading("43", (0.9, 0.8), 0.7, "DE"), 1.0, 2.5004, 9, 3, 12, SIGHTING,
    np.zeros((2, 2), np.uint8),
)  # fmt: skip
FRAME = Frame(12, 2.5, np.zeros((2, 2), np.uint8), "rtsp://me:secret@host/1")


def test_a_track_has_exactly_the_fields_in_order():
    row = record(TRACK, "digits", FRAME)
    assert tuple(row) == FIELDS
    assert (row["text"], row["confidence"], row["region"]) == ("43", 0.7, "DE")
    assert (row["frame"], row["time"], row["first_time"], row["last_time"]) == (12, 2.5, 1.0, 2.5)
    assert (row["track"], row["count"], row["box"]) == (7, 9, [1.0, 2.0, 11.0, 8.0])
    assert tuple(record(TRACK, "digits", FRAME, crop="crops/1.jpg")) == (*FIELDS, "crop")


def test_a_record_says_on_which_occasion_and_which_value():
    row = record(dataclasses.replace(TRACK, value=3), "digits", FRAME, "present")
    assert (row["event"], row["track"], row["value"]) == ("present", 7, 3)


def test_times_are_on_the_calendar_where_it_is_known():
    """Second 1.0 of a recording that began at noon; the zone is that of the machine."""
    noon = datetime(2026, 5, 17, 12, tzinfo=UTC)
    row = record(TRACK, "digits", dataclasses.replace(FRAME, epoch=noon.timestamp()))
    first, last = (datetime.fromisoformat(row[name]) for name in ("first_at", "last_at"))
    assert (first - noon).total_seconds() == 1.0 and (last - noon).total_seconds() == 2.5
    assert first.utcoffset() is not None
    assert record(TRACK, "digits", FRAME)["first_at"] == ""


def test_a_sighting_has_the_same_fields():
    row = sighting_record(SIGHTING, FRAME)
    assert tuple(row) == FIELDS
    assert (row["text"], row["track"], row["count"], row["mode"]) == ("42", None, 1, "digits")


def test_records_and_events_survive_json_and_hide_passwords():
    rows = [sighting_record(SIGHTING, FRAME), record(TRACK, "", FRAME), event_record("source lost", "a", 1, 2)]
    assert json.loads(json.dumps(rows)) == rows
    assert all("secret" not in json.dumps(row) for row in rows)
    assert rows[2] == {"event": "source lost", "source": "a", "frame": 1, "time": 2.0}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://u:p@h:554/x", "rtsp://u:***@h:554/x"),
        ("rtsp://u:p@s/w@h/x?a=1&token=t#f", "rtsp://u:***@h/x?a=1&token=***#f"),
        ("http://tok@h/", "http://***@h/"),
        ("http://h:80/a.mjpg?Password=x&b=2", "http://h:80/a.mjpg?Password=***&b=2"),
        ("cannot open rtsp://:p@h: gone", "cannot open rtsp://:***@h: gone"),
        ("/videos/me@home:1.mp4", "/videos/me@home:1.mp4"),
        ("0", "0"),
    ],
)
def test_mask(address, shown):
    assert mask(address) == shown
    assert mask(shown) == shown


NAME = st.text("abcXYZ09._-", max_size=8)


@given(NAME, st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), NAME)
def test_no_password_survives(user, password, host):
    secret = f"<{password}>"
    assert secret not in mask(f"rtsp://{user}:{secret}@{host}/live")


def test_a_salt_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "salt"
    key = read_key(path)
    assert len(key) == 32 and read_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_salt_that_is_none(tmp_path):
    (tmp_path / "short").write_bytes(b"x")
    with pytest.raises(UserError, match="1 bytes"):
        read_key(tmp_path / "short")
    with pytest.raises(UserError, match="salt file"):
        read_key(tmp_path / "missing" / "salt")


def test_hashes_depend_on_key_and_text_alone():
    assert keyed_hash("AB12", b"k" * 16) == keyed_hash("AB12", b"k" * 16)
    assert len({keyed_hash("AB12", b"k" * 16), keyed_hash("AB12", b"l" * 16), keyed_hash("AB13", b"k" * 16)}) == 3


def test_a_hashed_result_holds_no_text():
    result = Result(FRAME, (SIGHTING,), (TRACK,), (TRACK,), (TRACK,))
    secret = hashed(result, b"k" * 16)
    texts = {t.reading.text for t in (*secret.tracks, *secret.confirmed, *secret.ended)}
    assert texts == {keyed_hash("43", b"k" * 16)}
    track = secret.ended[0]
    assert {s.reading.text for s in (*secret.sightings, track.sighting, track.best)} == {keyed_hash("42", b"k" * 16)}
    assert record(track, "digits", FRAME)["confidences"] == []


def test_a_plain_result_has_digits_only():
    sighting = Sighting(QUAD, Reading("-3.4", (0.9, 0.8, 0.7, 0.6), 0.5), 1.0, "digits")
    (shown,) = plain(Result(FRAME, (sighting,))).sightings
    assert (shown.reading.text, shown.reading.confidences, shown.reading.confidence) == ("34", (0.8, 0.6), 0.5)


# --- what may be asked for


SEEN = Reading("AB1", (0.9,) * 3, 0.9, candidates=(("A81", 0.3), ("AB1", 0.6), ("", 0.05), ("AB", 0.05)))


def shown(reading, change):
    """A record of a track with this reading after a change of the result."""
    track = dataclasses.replace(TRACK, reading=reading, sighting=dataclasses.replace(SIGHTING, reading=reading))
    result = change(Result(FRAME, ended=(track,)))
    return [record(each, "plates", FRAME) for each in result.ended]


def test_candidates_begin_with_the_text_and_share_what_is_left():
    (row,) = shown(SEEN, lambda result: with_candidates(result, 2))
    assert row["candidates"] == [["AB1", 0.9], ["A81", pytest.approx(0.1 * 0.3 / 0.35, abs=1e-4)]]
    assert "candidates" not in record(TRACK, "plates", FRAME)
    assert likeliest(Reading("", ()), 3) == ()
    assert sum(p for _, p in likeliest(SEEN, 9)) == pytest.approx(1.0)


def test_a_known_text_is_named_and_an_unknown_one_is_not():
    known, unknown = (dataclasses.replace(SEEN, known=m) for m in (Match("AB 1", "Anna", "family", 0.1), Match()))
    (row,), (other,) = (shown(reading, lambda result: result) for reading in (known, unknown))
    names = ("known", "known_name", "known_list", "known_off")
    assert [row[name] for name in names] == ["AB 1", "Anna", "family", 0.1]
    assert [other[name] for name in names] == ["", "", "", None]


def test_a_hash_hides_the_name_and_the_next_likely_texts():
    reading = dataclasses.replace(SEEN, known=Match("AB 1", "Anna", "family"), listed=SEEN.candidates)
    (row,) = shown(reading, lambda result: hashed(result, b"k" * 16))
    assert (row["known"], row["known_name"], row["known_list"]) == (keyed_hash("AB1", b"k" * 16), "", "family")
    assert "candidates" not in row
