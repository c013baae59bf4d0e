"""The SQLite file of the records: made, recognised, brought up to date; readable to its owner alone."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from realtime.errors import BusyError, OptionError, SinkError

VERSION = 4  # of the tables, in user_version; 0 is that of the first one, which had not all columns
TABLES = """
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL, UNIQUE (run, name));
CREATE TABLE IF NOT EXISTS tracks (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    written TEXT NOT NULL, track INTEGER, mode TEXT, text TEXT, confidence REAL, confidences TEXT, frame INTEGER,
    time REAL, first_time REAL, last_time REAL, count INTEGER, region TEXT, box TEXT, quad TEXT, crop TEXT,
    event TEXT, value INTEGER, first_at TEXT, last_at TEXT, line INTEGER,
    candidates TEXT, known TEXT, known_name TEXT, known_list TEXT, known_off REAL,
    direction TEXT, crossing INTEGER);
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    written TEXT NOT NULL, event TEXT NOT NULL, frame INTEGER, time REAL);
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS tracks_by_text ON tracks(text);
CREATE INDEX IF NOT EXISTS tracks_by_written ON tracks(written);
CREATE INDEX IF NOT EXISTS tracks_by_time ON tracks(time);
CREATE INDEX IF NOT EXISTS tracks_by_value ON tracks(source, track, value);
"""
ADDED = {
    "event": "TEXT", "value": "INTEGER", "first_at": "TEXT", "last_at": "TEXT",  # in version 2
    "line": "INTEGER",  # in 3
    "candidates": "TEXT", "known": "TEXT", "known_name": "TEXT", "known_list": "TEXT", "known_off": "REAL",
    "direction": "TEXT", "crossing": "INTEGER",  # in 4
}  # fmt: skip
VIEW = """CREATE VIEW readings AS
SELECT tracks.id, sources.name AS source, tracks.mode, tracks.text, tracks.confidence, tracks.count, tracks.region,
    coalesce(nullif(tracks.first_at, ''), tracks.written) AS first_at,
    coalesce(nullif(tracks.last_at, ''), tracks.written) AS last_at, tracks.known_name,
    tracks.known_list, tracks.crop, tracks.event
FROM tracks JOIN sources ON sources.id = tracks.source"""
OWN = {"runs", "sources", "tracks", "events"}
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
Row = tuple[str, dict[str, Any]]  # a table and its columns


def connect(path: str, timeout: float) -> sqlite3.Connection:
    """The database at `path`, made where there is none, in which what is deleted is overwritten.

    `timeout`: seconds to wait for a lock. Raises sqlite3.Error, and OptionError for the database of another program or
    of a later version of this one, before anything in it is changed.
    """
    if not os.path.exists(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    base = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    try:
        version = version_of(base, path)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA secure_delete = ON")
        if version < VERSION:
            bring_up_to_date(base)
        renew_view(base)
    except BaseException:
        base.close()
        raise
    return base


def version_of(base: sqlite3.Connection, path: str) -> int:
    """The version of the tables, 0 for a database without any. Raises OptionError where it is not ours."""
    tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and not tables >= OWN:
        named = ", ".join(sorted(tables)[:3])
        raise OptionError(f"{path} is a database of another program (tables: {named}).", "Name another file.")
    version = int(base.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise OptionError(f"{path} was made by a later version of this program.", "Install that, or name another file.")
    return version


def bring_up_to_date(base: sqlite3.Connection) -> None:
    """Make the tables, and give those of earlier versions the columns that they lack."""
    base.executescript(TABLES)
    columns = {row[1] for row in base.execute("PRAGMA table_info(tracks)")}
    for name in ADDED.keys() - columns:
        base.execute(f"ALTER TABLE tracks ADD COLUMN {name} {ADDED[name]}")
    base.executescript(INDEXES)
    base.execute(f"PRAGMA user_version = {VERSION}")


def renew_view(base: sqlite3.Connection) -> None:
    """Make the view of readings with the names of sources and calendar times, in the place of an older one."""
    there = base.execute("SELECT sql FROM sqlite_master WHERE type = 'view' AND name = 'readings'").fetchone()
    if there != (VIEW,):
        base.executescript(f"BEGIN IMMEDIATE; DROP VIEW IF EXISTS readings; {VIEW}; COMMIT")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another program has the file locked."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY


def write_error(path: str, error: sqlite3.Error | OSError) -> SinkError:
    """What went wrong, as the program says it."""
    if isinstance(error, sqlite3.Error) and is_busy(error):
        return BusyError(f"{path} is locked by another program.", "Its rows wait.")
    return SinkError(f"{path} cannot be written ({error}).", "Make room, or name another file.")


class Spill:
    """Rows that found no place in a database: lines of JSON beside it, for whoever opens it next."""

    def __init__(self, path: str) -> None:
        self._path = Path(f"{path}.waiting.jsonl")

    def __call__(self, rows: Iterable[Row]) -> None:
        """Put rows aside. Raises SinkError where they cannot be."""
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with open(handle, "wb", buffering=0) as file:
                if file.write(data) < len(data):
                    raise OSError("no room")
        except OSError as error:
            raise write_error(str(self._path), error) from None

    def rows(self) -> Iterator[Row]:
        """The rows that were put aside, in order; a line that was cut off is none."""
        if not self._path.exists():
            return
        for line in self._path.read_text().splitlines():
            try:
                table, row = json.loads(line)
            except ValueError:
                continue
            yield table, row

    def clear(self) -> None:
        """The rows have found their place."""
        self._path.unlink(missing_ok=True)
