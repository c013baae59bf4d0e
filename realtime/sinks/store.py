"""Records in an SQLite file that datasette and sqlite-utils read as it is: runs, sources, values of tracks, events."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from realtime.errors import SinkError
from realtime.output.occasions import Occasions
from realtime.output.record import BEGIN, PRESENT, record
from realtime.output.retention import Retention
from realtime.redact import mask
from realtime.values import BACK, LOST, Result, Track

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL, UNIQUE (run, name));
CREATE TABLE IF NOT EXISTS tracks (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    written TEXT NOT NULL, track INTEGER, mode TEXT, text TEXT, confidence REAL, confidences TEXT, frame INTEGER,
    time REAL, first_time REAL, last_time REAL, count INTEGER, region TEXT, box TEXT, quad TEXT, crop TEXT,
    event TEXT, value INTEGER, first_at TEXT, last_at TEXT);
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    written TEXT NOT NULL, event TEXT NOT NULL, frame INTEGER, time REAL);
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS tracks_by_text ON tracks(text);
CREATE INDEX IF NOT EXISTS tracks_by_written ON tracks(written);
CREATE INDEX IF NOT EXISTS tracks_by_time ON tracks(time);
CREATE INDEX IF NOT EXISTS tracks_by_value ON tracks(source, track, value);
"""
ADDED = {"event": "TEXT", "value": "INTEGER", "first_at": "TEXT", "last_at": "TEXT"}  # to databases of earlier versions
STANDING = f"""
SELECT id FROM tracks WHERE source = ? AND track = ? AND value = ? AND event IN ('{BEGIN}', '{PRESENT}')
ORDER BY id DESC LIMIT 1
"""
TRACK = ("track", "mode", "text", "confidence", "confidences", "frame", "time", "first_time", "last_time", "count",
         "region", "box", "quad", "crop", "event", "value", "first_at", "last_at")  # fmt: skip
UPDATE = 1.0  # seconds of the source's time between two updates of a value that stands
PATIENCE = 0.05  # seconds that the loop waits for a locked file; rows wait in memory then
LAST_PATIENCE = 10.0  # seconds that the end of a run waits
MOST_WAITING = 10_000  # rows that wait at most
log = logging.getLogger(__name__)


class Store:
    """A sink that adds to a database, new or existing; `written` is UTC, `time` the frame's own.

    A value is a row as soon as it is confirmed, which is updated while it stands and when it ends; its `event` says
    which. Rows are committed at once (write-ahead log). While another program holds the file locked, rows wait in
    memory. With `keep`, rows older than so many days are deleted. SinkError where the file is no database or cannot be
    written.
    """

    def __init__(
        self,
        path: str,
        mode: str,
        *,
        keep: float | None = None,
        crop: Callable[[Result, Track], str] = lambda result, track: "",
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._mode, self._crop = str(path), mode, crop
        self._retention, self._clock = Retention(keep, clock, steady), clock
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._occasions = Occasions(UPDATE)

    def __enter__(self) -> Store:
        try:
            self._base = sqlite3.connect(self._path, timeout=LAST_PATIENCE, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(SCHEMA)
            self._modernise()
            self._base.executescript(INDEXES)
            self._run = self._insert("runs", {"started": self._now(), "mode": self._mode})
            self._base.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE)}")
        except sqlite3.Error as error:
            raise SinkError(f"{self._path} cannot be used as a database ({error}).", "Name another file.") from None
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._base.execute(f"PRAGMA busy_timeout = {int(1000 * LAST_PATIENCE)}")
            self._drain()
            self._base.execute("UPDATE runs SET ended = ? WHERE id = ?", (self._now(), self._run))
        except sqlite3.Error as error:
            raise self._failure(error) from None
        finally:
            self._base.close()

    def _modernise(self) -> None:
        """Give the table of an earlier version the columns that it lacks."""
        columns = {row[1] for row in self._base.execute("PRAGMA table_info(tracks)")}
        for name in ADDED.keys() - columns if "written" in columns else ():
            self._base.execute(f"ALTER TABLE tracks ADD COLUMN {name} {ADDED[name]}")

    def write(self, result: Result) -> None:
        """Write down the values that began, stand or ended, and what happened to the source."""
        frame, written = result.frame, self._now()
        if frame.event in (LOST, BACK):
            row = {"event": frame.event, "frame": frame.index, "time": frame.time}
            self._waiting.append(("events", {"source": frame.source, "written": written, **row}))
        for event, track in self._occasions(result):
            row = record(track, self._mode, frame, event, self._crop(result, track))
            self._waiting.append(("tracks", {"source": frame.source, "written": written, **flat(row)}))
        self._try()

    def _try(self) -> None:
        """Write what waits, unless the file is locked."""
        try:
            self._drain()
            self._sweep()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or len(self._waiting) > MOST_WAITING:
                raise self._failure(error) from None
            log.debug("%s is locked, %d rows wait", self._path, len(self._waiting))
        except sqlite3.Error as error:
            raise self._failure(error) from None

    def _drain(self) -> None:
        if not self._waiting:
            return
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            for table, row in self._waiting:
                self._put(table, {**row, "source": self._source(row["source"])})
        self._waiting.clear()

    def _put(self, table: str, row: dict[str, Any]) -> None:
        if table != "tracks" or not self._update(row):
            self._insert(table, row)

    def _source(self, name: str) -> int:
        """The row of this run's source, made on first sight."""
        key = self._run, mask(name)
        self._base.execute("INSERT OR IGNORE INTO sources (run, name) VALUES (?, ?)", key)
        (number,) = self._base.execute("SELECT id FROM sources WHERE run = ? AND name = ?", key).fetchone()
        return int(number)

    def _update(self, row: dict[str, Any]) -> bool:
        """Bring the row of a value that stands up to date; False where there is none."""
        standing = self._base.execute(STANDING, (row["source"], row["track"], row["value"])).fetchone()
        if standing is None:
            return False
        places = ", ".join(f"{name} = ?" for name in row)
        self._base.execute(f"UPDATE tracks SET {places} WHERE id = ?", (*row.values(), standing[0]))
        return True

    def _insert(self, table: str, row: dict[str, Any]) -> int:
        places = ", ".join("?" * len(row))
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"
        return self._base.execute(statement, tuple(row.values())).lastrowid or 0

    def _sweep(self) -> None:
        """Delete what is too old, once an hour."""
        oldest = self._retention.oldest()
        if oldest is None:
            return
        with self._base:
            self._base.execute("DELETE FROM tracks WHERE written < ?", (stamp(oldest),))
            self._base.execute("DELETE FROM events WHERE written < ?", (stamp(oldest),))
        self._retention.swept()

    def _failure(self, error: sqlite3.Error) -> SinkError:
        return SinkError(f"{self._path} can no longer be written ({error}).", f"{len(self._waiting)} rows are lost.")

    def _now(self) -> str:
        return stamp(self._clock())


def stamp(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the millisecond; sorts as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A record's fields for the table of tracks, lists as JSON."""
    return {name: json.dumps(v) if isinstance(v := row.get(name, ""), list) else v for name in TRACK}
