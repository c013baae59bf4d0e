"""Records in an SQLite file that datasette and sqlite-utils read as it is: runs, sources, values of tracks, events."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from realtime.errors import BusyError, SinkError
from realtime.output.database import Row, Spill, connect, is_busy, write_error
from realtime.output.occasions import Occasions, OutputEvents
from realtime.output.outbox import Outbox
from realtime.output.record import BEGIN, CROSSED, PRESENT, record
from realtime.output.retention import Retention
from realtime.privacy.redact import mask
from realtime.values import BACK, LOST, Result, Track

STANDING = f"""
SELECT id FROM tracks WHERE source = ? AND track = ? AND value = ? AND event IN ('{BEGIN}', '{PRESENT}', '{CROSSED}')
ORDER BY id DESC LIMIT 1
"""
NAMELESS = """
UPDATE sources SET name = '#' || id WHERE run IN (SELECT id FROM runs WHERE started < ? AND id <> ?)
AND id NOT IN (SELECT source FROM tracks) AND id NOT IN (SELECT source FROM events)
"""
TRACK = ("track", "mode", "text", "confidence", "confidences", "frame", "time", "first_time", "last_time", "count",
         "region", "box", "quad", "crop", "event", "value", "first_at", "last_at", "line",
         "candidates", "known", "known_name", "known_list", "known_off", "direction", "crossing")  # fmt: skip
UPDATE = 1.0  # seconds of the source's time between two updates of a value that stands
PATIENCE = 0.05  # seconds that the loop waits for a locked file; rows wait in memory then
LAST_PATIENCE = 10.0  # seconds that the end of a run waits


class Store:
    """A sink that adds to a database, new or existing; `written` is UTC, `time` the frame's own.

    A value is a row as soon as it is confirmed, which is updated while it stands and when it ends; its `event` says
    which. Rows are committed at once (write-ahead log). While the file is locked, and with `live` whatever is wrong
    with it, rows wait in memory and are tried again; what cannot be written at the end waits in a file beside it for
    the next run. With `keep`, rows older than so many days are deleted, and overwritten with zeros. SinkError where the
    file is no database of this program, or not everything arrived.
    """

    def __init__(
        self,
        path: str,
        mode: str,
        *,
        keep: float | None = None,
        crop: Callable[[Result, Track], str] = lambda result, track: "",
        live: bool = False,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._mode, self._crop = str(path), mode, crop
        self._retention, self._clock = Retention(keep, clock, steady), clock
        self._occasions, self._output_events = Occasions(UPDATE), OutputEvents()
        self._spill = Spill(self._path)
        self._outbox: Outbox[Row] = Outbox(self._deliver, patient=live, spill=self._put_aside, clock=steady)
        self._run, self._patience = 0, LAST_PATIENCE

    def __enter__(self) -> Store:
        self._started = self._now()
        try:
            self._connect()
            self._wait(PATIENCE)
            with suppress(BusyError):
                self._deliver(())  # what an earlier run could not write
        except (sqlite3.Error, OSError) as error:
            raise SinkError(f"{self._path} cannot be used as a database ({error}).", "Name another file.") from None
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._wait(LAST_PATIENCE)
            self._outbox.close()
            self._base.execute("UPDATE runs SET ended = ? WHERE id = ?", (self._now(), self._run))
        except sqlite3.Error as error:
            raise write_error(self._path, error) from None
        finally:
            self._base.close()

    @property
    def trouble(self) -> str:
        """Why rows wait; "" where none do."""
        return self._outbox.trouble

    def write(self, result: Result) -> None:
        """Write down the values that began, stand or ended, and what happened to the source and to other outputs."""
        frame, written = result.frame, self._now()
        source = {"source": mask(frame.source), "written": written}
        happened = [frame.event] if frame.event in (LOST, BACK) else []
        for event in (*happened, *self._output_events(result)):
            self._outbox.put(("events", {**source, "event": event, "frame": frame.index, "time": frame.time}))
        for event, track in self._occasions(result):
            row = record(track, self._mode, frame, event, self._crop(result, track))
            standing = event in (BEGIN, PRESENT, CROSSED)
            self._outbox.put(("tracks", {**source, **flat(row)}), (frame.source, *track.key), last=not standing)
        self._outbox.flush()
        self._sweep()

    def _wait(self, patience: float) -> None:
        """Wait so many seconds for a locked file from now on, also where it has to be opened again."""
        self._patience = patience
        self._base.execute(f"PRAGMA busy_timeout = {int(1000 * patience)}")

    def _connect(self) -> None:
        """Open the file, and a run in it unless it is the one that this run is in."""
        self._base = connect(self._path, self._patience)
        self._inode = os.stat(self._path).st_ino
        known = "SELECT 1 FROM runs WHERE id = ? AND started = ?"
        if not self._base.execute(known, (self._run, self._started)).fetchone():
            self._run = self._insert("runs", {"started": self._started, "mode": self._mode})

    def _deliver(self, rows: Sequence[Row]) -> None:
        """Write rows, with those that were put aside before them, in one transaction."""
        try:
            self._reconnect()
            aside = tuple(self._spill.rows())
            if not (rows or aside):
                return
            with self._base:
                self._base.execute("BEGIN IMMEDIATE")
                for table, row in (*aside, *rows):
                    self._put(table, self._placed(row))
            if aside:
                self._spill.clear()
        except (sqlite3.Error, OSError) as error:
            if not (isinstance(error, sqlite3.Error) and is_busy(error)):
                self._inode = 0  # open it anew: the disk may be another one
            raise write_error(self._path, error) from None

    def _reconnect(self) -> None:
        """Open the file again where it was deleted, replaced or failed."""
        try:
            same = os.stat(self._path).st_ino == self._inode
        except FileNotFoundError:
            same = False
        if not same:
            self._base.close()
            self._connect()

    def _put_aside(self, rows: Sequence[Row]) -> None:
        self._spill((table, {"run": self._run, **row}) for table, row in rows)

    def _placed(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with the number of its source in place of its name, in the run that it came from."""
        run = row.get("run", self._run)
        if run != self._run and not self._base.execute("SELECT 1 FROM runs WHERE id = ?", (run,)).fetchone():
            run = self._run
        return {k: v for k, v in row.items() if k != "run"} | {"source": self._source(row["source"], run)}

    def _source(self, name: str, run: int) -> int:
        """The row of a run's source, made on first sight."""
        self._base.execute("INSERT OR IGNORE INTO sources (run, name) VALUES (?, ?)", (run, name))
        found = self._base.execute("SELECT id FROM sources WHERE run = ? AND name = ?", (run, name)).fetchone()
        return int(found[0])

    def _put(self, table: str, row: dict[str, Any]) -> None:
        if table != "tracks" or not self._update(row):
            self._insert(table, row)

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
        """Delete what is too old, and the names of sources of which nothing is left; again later where it is locked."""
        oldest = self._retention.oldest()
        if oldest is None or self.trouble:
            return
        try:
            with self._base:
                for table in ("tracks", "events"):
                    self._base.execute(f"DELETE FROM {table} WHERE written < ?", (stamp(oldest),))
                self._base.execute(NAMELESS, (stamp(oldest), self._run))
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            if not is_busy(error):
                raise write_error(self._path, error) from None
        else:
            self._retention.swept()

    def _now(self) -> str:
        return stamp(self._clock())


def stamp(seconds: float) -> str:
    """Unix time as ISO 8601 in UTC, to the millisecond; sorts as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A record's fields for the table of tracks, lists as JSON."""
    return {name: json.dumps(v) if isinstance(v := row.get(name), list) else v for name in TRACK}
