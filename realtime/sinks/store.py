"""Records in an SQLite file that datasette and sqlite-utils read as it is: runs, sources, tracks, events."""

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
from realtime.output.record import record
from realtime.output.retention import Retention
from realtime.redact import mask
from realtime.values import BACK, LOST, Result, Track

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL, UNIQUE (run, name));
CREATE TABLE IF NOT EXISTS tracks (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    written TEXT NOT NULL, track INTEGER, mode TEXT, text TEXT, confidence REAL, confidences TEXT, frame INTEGER,
    time REAL, first_time REAL, last_time REAL, count INTEGER, region TEXT, box TEXT, quad TEXT, crop TEXT);
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    written TEXT NOT NULL, event TEXT NOT NULL, frame INTEGER, time REAL);
CREATE INDEX IF NOT EXISTS tracks_by_text ON tracks(text);
CREATE INDEX IF NOT EXISTS tracks_by_written ON tracks(written);
CREATE INDEX IF NOT EXISTS tracks_by_time ON tracks(time);
"""
TRACK = ("track", "mode", "text", "confidence", "confidences", "frame", "time", "first_time", "last_time", "count",
         "region", "box", "quad", "crop")  # fmt: skip
PATIENCE = 0.05  # seconds that the loop waits for a locked file; rows wait in memory then
LAST_PATIENCE = 10.0  # seconds that the end of a run waits
MOST_WAITING = 10_000  # rows that wait at most
log = logging.getLogger(__name__)


class Store:
    """A sink that adds to a database, new or existing; `written` is UTC, `time` the frame's own.

    Rows are committed at once (write-ahead log). While another program holds the file locked, rows wait in memory. With
    `keep`, rows older than so many days are deleted. SinkError where the file is no database or cannot be written.
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

    def __enter__(self) -> Store:
        try:
            self._base = sqlite3.connect(self._path, timeout=LAST_PATIENCE, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(SCHEMA)
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

    def write(self, result: Result) -> None:
        """Add the tracks that ended, and what happened to the source."""
        frame, written = result.frame, self._now()
        if frame.event in (LOST, BACK):
            row = {"event": frame.event, "frame": frame.index, "time": frame.time}
            self._waiting.append(("events", {"source": frame.source, "written": written, **row}))
        for track in result.ended:
            row = record(track, self._mode, frame.source, self._crop(result, track))
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
                self._insert(table, {**row, "source": self._source(row["source"])})
        self._waiting.clear()

    def _source(self, name: str) -> int:
        """The row of this run's source, made on first sight."""
        key = self._run, mask(name)
        self._base.execute("INSERT OR IGNORE INTO sources (run, name) VALUES (?, ?)", key)
        row: tuple[int] = self._base.execute("SELECT id FROM sources WHERE run = ? AND name = ?", key).fetchone()
        return row[0]

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
