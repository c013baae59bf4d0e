"""The database: whole, readable as it is, patient with locks, and forgetful when asked."""

import json
import sqlite3
from contextlib import contextmanager

import pytest
from conftest import make_frame, make_result, make_track

from realtime.errors import SinkError
from realtime.output.database import VERSION
from realtime.sinks import store as module
from realtime.sinks.store import Store, stamp

RESULT = make_result(make_frame(5), ended=(make_track(3, "0042"),))


def query(path, text):
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in base.execute(text)]
    finally:
        base.close()


def test_a_track_is_a_row_at_once(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits", crop=lambda result, track: "crops/3.jpg") as store:
        store.write(RESULT)
        (row,) = query(path, "SELECT tracks.*, name FROM tracks JOIN sources ON sources.id = source")
    assert (row["text"], row["track"], row["mode"], row["name"], row["crop"]) == (
        "0042", 3, "digits", "clip.mp4", "crops/3.jpg",
    )  # fmt: skip
    assert json.loads(row["box"]) == [8, 8, 28, 18] and row["written"].endswith("Z")


def test_a_value_is_one_row_from_its_confirmation_to_its_end(tmp_path):
    """Another program, such as the page's search or one that comes after a kill, sees it at every moment."""
    path = tmp_path / "a.db"
    said = []
    with Store(path, "digits") as store:
        for k, changes in enumerate(({"count": 2}, {"count": 2}, {"count": 30}, {"count": 40})):
            track = make_track(3, "0042", value=7, **changes)
            kind = {0: "confirmed", 3: "ended"}.get(k)
            frame = make_frame(k, (0.0, 0.5, 1.0, 1.1)[k])
            tracks = (track,) if k < 3 else ()
            store.write(make_result(frame, tracks=tracks, **({kind: (track,)} if kind else {})))
            said += [[(row["event"], row["count"]) for row in query(path, "SELECT * FROM tracks")]]
        assert said == [[("begin", 2)], [("begin", 2)], [("present", 30)], [("end", 40)]]
        (row,) = query(path, "SELECT * FROM tracks")
        assert (row["track"], row["value"], row["text"]) == (3, 7, "0042")


def test_values_of_one_track_are_rows_of_their_own(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits") as store:
        for value in (1, 2):
            track = make_track(3, str(value), value=value)
            store.write(make_result(tracks=(track,), confirmed=(track,)))
        store.write(make_result(ended=(make_track(3, "1", value=1),)))
    assert query(path, "SELECT text, event FROM tracks") == [
        {"text": "1", "event": "end"}, {"text": "2", "event": "begin"},
    ]  # fmt: skip


def test_a_number_that_is_used_again_is_another_row(tmp_path):
    path, track = tmp_path / "a.db", make_track()
    for _ in range(2):
        with Store(path, "digits") as store:
            store.write(make_result(tracks=(track,), confirmed=(track,)))
    assert [row["event"] for row in query(path, "SELECT event FROM tracks")] == ["begin", "begin"]


@pytest.mark.parametrize(("version", "lacks"), [(0, ("event", "value", "first_at", "last_at", "line")), (2, ("line",))])
def test_a_database_of_an_earlier_version_gains_its_columns(tmp_path, version, lacks):
    path = tmp_path / "a.db"
    with Store(path, "digits") as store:
        store.write(RESULT)
    base = sqlite3.connect(path)
    base.execute("DROP VIEW readings")
    base.execute("DROP INDEX tracks_by_value")
    for name in lacks:
        base.execute(f"ALTER TABLE tracks DROP COLUMN {name}")
    base.execute(f"PRAGMA user_version = {version}")
    base.close()
    with Store(path, "digits") as store:
        store.write(RESULT)
    old = None if "event" in lacks else "end"
    assert [row["event"] for row in query(path, "SELECT event FROM tracks")] == [old, "end"]
    assert query(path, "SELECT line FROM tracks") == [{"line": None}, {"line": RESULT.ended[0].sighting.line}]
    assert query(path, "PRAGMA user_version") == [{"user_version": VERSION}]


def test_runs_and_sources_are_told_apart(tmp_path):
    path = tmp_path / "a.db"
    for _ in range(2):
        with Store(path, "plates") as store:
            for source in ("a.mp4", "b.mp4", "a.mp4"):
                store.write(make_result(make_frame(source=source), ended=(make_track(),)))
    assert len(query(path, "SELECT * FROM runs WHERE ended >= started AND mode = 'plates'")) == 2
    assert [r["name"] for r in query(path, "SELECT name FROM sources")] == ["a.mp4", "b.mp4"] * 2
    assert query(path, "SELECT count(*) AS n FROM tracks") == [{"n": 6}]


def test_searches_by_text_and_time_use_an_index(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits"):
        pass
    for where in ("text = '42'", "time > 5", "written > '2030'"):
        (plan,) = query(path, f"EXPLAIN QUERY PLAN SELECT * FROM tracks WHERE {where}")
        assert "USING INDEX" in plan["detail"]
    assert query(path, "PRAGMA journal_mode") == [{"journal_mode": "wal"}]


def test_a_lost_source_is_an_event(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits") as store:
        for event in ("source lost", "source waiting", "source back"):
            store.write(make_result(make_frame(event=event)))
    assert [row["event"] for row in query(path, "SELECT event FROM events")] == ["source lost", "source back"]


def test_passwords_are_masked(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits") as store:
        store.write(make_result(make_frame(source="rtsp://me:secret@host/1"), ended=(make_track(),)))
    assert b"secret" not in path.read_bytes()


@contextmanager
def locked(path):
    """Another program holds the file."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_rows_wait_while_another_program_holds_the_file(tmp_path):
    path, now = tmp_path / "a.db", [0.0]
    with Store(path, "digits", steady=lambda: now[0]) as store:
        with locked(path):
            store.write(RESULT)
            assert "locked" in store.trouble
            store.write(make_result())
        store.write(make_result())
        assert query(path, "SELECT * FROM tracks") == []  # it was tried a moment ago
        now[0] += 1
        store.write(make_result())
        assert len(query(path, "SELECT * FROM tracks")) == 1 and not store.trouble


def test_a_lock_that_never_ends_costs_no_row(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LAST_PATIENCE", 0.05)
    path = tmp_path / "a.db"
    store = Store(path, "digits").__enter__()
    with locked(path):
        for number in range(5):
            store.write(make_result(ended=(make_track(number),)))
        with pytest.raises(SinkError, match=r"locked by another program.*Rows kept beside it for the next run: 5"):
            store.__exit__(None, None, None)
    assert (tmp_path / "a.db.waiting.jsonl").stat().st_mode & 0o077 == 0
    with Store(path, "digits"):
        rows = query(path, "SELECT t.track, s.run FROM tracks t JOIN sources s ON s.id = t.source")
        assert [(row["track"], row["run"]) for row in rows] == [(number, 1) for number in range(5)]
    assert not (tmp_path / "a.db.waiting.jsonl").exists()


def test_values_that_stand_while_the_file_is_locked_are_one_row(tmp_path):
    path, now = tmp_path / "a.db", [0.0]
    with Store(path, "digits", live=True, steady=lambda: now[0]) as store, locked(path):
        track = make_track()
        store.write(make_result(make_frame(0), tracks=(track,), confirmed=(track,)))
        for index in range(10, 100, 10):
            store.write(make_result(make_frame(index), tracks=(track,)))
        assert len(store._outbox) == 1
        store.write(make_result(make_frame(100), ended=(track,)))
    (row,) = query(path, "SELECT event FROM tracks")
    assert row["event"] == "end"


def test_a_live_run_opens_a_database_anew_that_was_deleted(tmp_path):
    path, now = tmp_path / "a.db", [0.0]
    with Store(path, "digits", live=True, steady=lambda: now[0]) as store:
        store.write(RESULT)
        for name in ("a.db", "a.db-wal", "a.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        store.write(make_result(ended=(make_track(2),)))
        assert [row["track"] for row in query(path, "SELECT track FROM tracks")] == [2]


def test_outputs_that_fail_are_events(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits") as store:
        for failures in ((), ("a.csv is full.",), ("a.csv is full.",), ()):
            store.write(make_result(failures=failures))
    events = [row["event"] for row in query(path, "SELECT event FROM events")]
    assert events == ["output failed: a.csv is full.", "output back: a.csv is full."]


def test_the_database_is_its_owners_alone_and_overwrites_what_it_deletes(tmp_path):
    path, now = tmp_path / "a.db", [1_000_000_000.0]
    clock = {"clock": lambda: now[0], "steady": lambda: now[0]}
    with Store(path, "plates", keep=2, **clock) as store:
        store.write(make_result(make_frame(source="doctor-42.mp4"), ended=(make_track(1, "SECRET1"),)))
        assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}
    now[0] += 3 * 86_400
    with Store(path, "plates", keep=2, **clock) as store:
        store.write(make_result())
        kept = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"SECRET1" not in kept and b"doctor-42" not in kept
    assert [row["name"] for row in query(path, "SELECT name FROM sources")] == ["#1"]


def test_a_database_of_a_later_version_is_left_alone(tmp_path):
    path = tmp_path / "a.db"
    with Store(path, "digits"):
        pass
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(SinkError, match="a later version"):
        Store(path, "digits").__enter__()


def test_rows_older_than_kept_are_deleted(tmp_path):
    path, now = tmp_path / "a.db", [1_000_000_000.0]
    with Store(path, "digits", keep=2, clock=lambda: now[0], steady=lambda: now[0]) as store:
        for day in range(4):
            now[0] = 1_000_000_000.0 + day * 86_400
            store.write(make_result(make_frame(day), ended=(make_track(day),)))
    assert [row["track"] for row in query(path, "SELECT track FROM tracks")] == [1, 2, 3]


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says", None])
def test_what_is_no_database_is_named(tmp_path, content):
    path = tmp_path / "a.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content * 100)
    with pytest.raises(SinkError, match="cannot be used as a database"):
        Store(path, "digits").__enter__()


def test_a_database_of_another_program_is_left_as_it_was(tmp_path):
    path = tmp_path / "a.db"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE tracks (artist TEXT)")
    base.close()
    before = path.read_bytes()
    with pytest.raises(SinkError, match=r"another program \(tables: tracks\)"):
        Store(path, "digits").__enter__()
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["a.db"]


def test_stamps_sort_as_text():
    assert stamp(0) == "1970-01-01T00:00:00.000Z" < stamp(0.0015) < stamp(1e9)
