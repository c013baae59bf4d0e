"""Records are found by any part of their text, and pictures only where they belong."""

import dataclasses
import sqlite3

import cv2
import pytest
from conftest import make_frame, make_result, make_track
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import UserError
from realtime.output.record import FIELDS, hashed
from realtime.sinks.crops import Crops
from realtime.sinks.store import Store
from realtime.sinks.web import history as history_module
from realtime.sinks.web.history import History, Query, alike, bare, pattern, without

KEY = b"k" * 32


@pytest.fixture
def folder(tmp_path):
    """A database of three tracks with their crops, one text holding what SQL takes for a wild card."""
    with Crops(str(tmp_path / "crops")) as crops, Store(str(tmp_path / "a.db"), "plates", crop=crops.path) as store:
        for number, text in enumerate(("AB12", "XB1", "C_3%")):
            result = make_result(make_frame(number), ended=(make_track(number, text),))
            crops.write(result)
            store.write(result)
    return tmp_path


def texts(history, text, limit=10):
    return [row["text"] for row in history.search(Query(text), limit)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["C_3%", "XB1", "AB12"]),
        ("b1", ["XB1", "AB12"]),
        (" ab12 ", ["AB12"]),
        ("a*2", ["AB12"]),
        ("A-B 1", ["AB12"]),
        ("A81", ["AB12"]),
        ("xbi", ["XB1"]),
        ("x?1", ["XB1"]),
        ("_3", ["C_3%"]),
        ("%", ["C_3%"]),
        ("'; DROP TABLE tracks; --", []),
    ],
)
def test_search(folder, text, found):
    assert texts(History(folder / "a.db"), text) == found


def test_no_more_than_asked_for(folder):
    assert texts(History(folder / "a.db"), "", 2) == ["C_3%", "XB1"]


def test_rows_have_the_fields_of_a_record(folder):
    row = History(folder / "a.db", folder / "crops").search(Query("AB12"), 1)[0]
    assert set(FIELDS) <= set(row) and len(row["quad"]) == 4 and row["source"] == "clip.mp4" and row["written"]


def test_a_crop_by_its_number(folder):
    history = History(folder / "a.db", folder / "crops")
    row = history.search(Query("AB12"), 1)[0]
    assert row["crop"] == f"/api/records/{row['id']}/crop.jpg"
    assert history.crop(row["id"]).startswith(b"\xff\xd8")
    assert history.crop(999) is None and History(folder / "a.db").crop(row["id"]) is None


@pytest.mark.parametrize("claim", ["/etc/passwd", "../a.db", "../secret.jpg", "crops", "..", ".", "link.jpg", "", None])
def test_a_foreign_database_shows_no_other_file(folder, claim):
    (folder / "secret.jpg").write_bytes(b"secret")
    (folder / "crops" / "link.jpg").symlink_to(folder / "secret.jpg")
    with sqlite3.connect(folder / "a.db") as base:
        base.execute("UPDATE tracks SET crop = ?", (claim,))
    history = History(folder / "a.db", folder / "crops")
    assert {row["crop"] for row in history.search(Query(), 9)} == {""}
    assert [history.crop(number) for number in range(5)] == [None] * 5


def test_hashed_texts_are_found_whole(tmp_path):
    with Store(str(tmp_path / "a.db"), "plates") as store:
        store.write(hashed(make_result(ended=(make_track(1, "AB12"),)), KEY))
    history = History(tmp_path / "a.db", key=KEY)
    assert len(history.search(Query("AB12"), 9)) == 1 and len(history.search(Query(), 9)) == 1
    assert history.search(Query("AB1"), 9) == []


@pytest.mark.parametrize("name", ["none.db", "junk.db", "other.db"])
def test_what_is_no_database_of_records_is_no_empty_answer(tmp_path, name):
    (tmp_path / "junk.db").write_bytes(b"junk" * 1000)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE things (a)").connection.close()
    with pytest.raises(UserError, match="cannot be searched"):
        History(tmp_path / name).search(Query(), 9)
    assert not (tmp_path / "none.db").exists()


def test_a_search_ends_at_its_deadline(folder, monkeypatch):
    monkeypatch.setattr(history_module, "STEPS", 1)
    times = iter([0.0, *[history_module.DEADLINE + 1] * 1000])
    with pytest.raises(UserError, match="took longer than 3 seconds"):
        History(folder / "a.db", clock=lambda: next(times)).search(Query(), 9)


def test_a_picture_deleted_meanwhile_is_none(folder, monkeypatch):
    history = History(folder / "a.db", folder / "crops")
    number = history.search(Query("AB12"), 1)[0]["id"]
    monkeypatch.setattr(history, "_file", lambda crop: folder / "gone.jpg")
    assert history.crop(number) is None


@given(st.text(max_size=20))
def test_any_text_is_a_pattern_that_finds_itself(text):
    plain = text.replace("*", "").replace("?", "").strip()
    found = sqlite3.connect(":memory:").execute("SELECT ? LIKE ? ESCAPE '\\'", (plain, pattern(plain))).fetchone()[0]
    assert found or "\0" in plain


def test_crops_are_pictures(folder):
    assert all(cv2.imread(str(path)) is not None for path in (folder / "crops").iterdir())


def test_the_text_itself_comes_before_what_is_alike(folder):
    with Store(str(folder / "a.db"), "plates") as store:
        store.write(make_result(make_frame(9), ended=(make_track(9, "A812"),)))
    rows = History(folder / "a.db").search(Query("AB12"), 5)
    assert [(row["text"], row["similar"]) for row in rows] == [("AB12", False), ("A812", True)]


@given(st.text(st.characters(max_codepoint=127, exclude_characters="\0"), max_size=12))
def test_any_text_is_found_by_itself_and_what_does_not_count_is_left_out(text):
    base = sqlite3.connect(":memory:")
    assert base.execute(f"SELECT {bare('?')}", (text,)).fetchone() == (without(text),)
    assert base.execute("SELECT upper(?) GLOB ?", (without(text.strip()), alike(text))).fetchone() == (1,)
    base.close()


@pytest.fixture
def several(tmp_path):
    """Records of two cameras and two modes over three days."""
    day = 86_400.0
    for number, (camera, mode, at) in enumerate(
        (("gate", "plates", 0), ("gate", "plates", day), ("meter", "digits", 2 * day))
    ):
        with Store(str(tmp_path / "a.db"), mode, clock=lambda at=at: 1.7e9 + at) as store:
            track = make_track(number, f"T{number}")
            sighting = dataclasses.replace(track.sighting, mode=mode)
            frame = make_frame(number, source=camera)
            store.write(make_result(frame, ended=(dataclasses.replace(track, sighting=sighting),)))
    return History(tmp_path / "a.db")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["T2", "T1", "T0"]),
        (Query(camera="gate"), ["T1", "T0"]),
        (Query(mode="digits"), ["T2"]),
        (Query(since="2023-11-15"), ["T2", "T1"]),
        (Query(until="2023-11-15"), ["T0"]),
        (Query(since="2023-11-15T23:13:20+01:00", until="2023-11-16T00:00"), ["T1"]),
        (Query("1", camera="gate"), ["T1"]),
        (Query(known_list="friends"), []),
        (Query(known_list="none"), ["T2", "T1", "T0"]),
    ],
)
def test_filters(several, query, found):
    assert [row["text"] for row in several.search(query, 10)] == found


def test_readings_per_day_and_what_can_be_asked_for(several):
    summary = several.summary(Query(), "day")
    assert summary["cameras"] == ["gate", "meter"] and summary["modes"] == ["digits", "plates"]
    assert [row["count"] for row in summary["counts"]] == [1, 1, 1]
    assert [row["count"] for row in several.summary(Query(mode="plates"), "hour")["counts"]] == [1, 1]


def test_export(several):
    lines = several.csv(Query(camera="gate"), 10).decode().splitlines()
    assert lines[0].startswith('"id","source","mode","text"') and len(lines) == 3
    assert '"gate","plates","T1"' in lines[1]


def test_the_view_names_sources_and_times(folder):
    base = sqlite3.connect(folder / "a.db")
    rows = base.execute("SELECT source, text, first_at FROM readings ORDER BY id").fetchall()
    base.close()
    assert [(source, text) for source, text, _ in rows] == [("clip.mp4", t) for t in ("AB12", "XB1", "C_3%")]
    assert all(at.startswith("20") for _, _, at in rows)


def test_an_older_view_is_renewed(folder):
    with sqlite3.connect(folder / "a.db") as base:
        base.executescript("DROP VIEW readings; CREATE VIEW readings AS SELECT 1 AS old")
    base.close()
    with Store(str(folder / "a.db"), "plates"):
        pass
    base = sqlite3.connect(folder / "a.db")
    assert base.execute("SELECT count(text) FROM readings").fetchone() == (3,)
    base.close()
