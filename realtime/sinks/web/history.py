"""Find records in the database that runs write, for the page; read only."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from realtime.errors import UserError
from realtime.output.record import keyed_hash
from realtime.output.spreadsheet import csv_rows
from realtime.rules.lookalikes import ALIKE

PATIENCE = 1.0  # seconds to wait for a locked file
DEADLINE = 3.0  # seconds that one search may take
STEPS = 10_000  # of SQLite's virtual machine between two looks at the clock, some milliseconds
IGNORED = " -"  # characters that a text may have or not
READILY = 0.5  # a letter that is read for a digit at least so readily is found in its place
DIGITS = {pair[0]: pair[1] for pair, ease in ALIKE.items() if ease >= READILY and pair[1].isdigit()}
MOMENT = "julianday(coalesce(nullif(tracks.first_at, ''), tracks.written))"  # of a record, whatever its zone
SPANS = {"hour": "%Y-%m-%dT%H:00", "day": "%Y-%m-%d"}
FROM = "FROM tracks JOIN sources ON sources.id = tracks.source WHERE"
MOST_SPANS = 366
CHOICES = {
    "cameras": "SELECT DISTINCT name FROM sources WHERE id IN (SELECT source FROM tracks) ORDER BY 1",
    "modes": "SELECT DISTINCT mode FROM tracks ORDER BY 1",
    "lists": "SELECT DISTINCT known_list FROM tracks WHERE known_list <> '' ORDER BY 1",
}
EXPORTED = ("id", "source", "mode", "text", "confidence", "first_at", "last_at", "written", "count", "region", "event",
            "crop")  # fmt: skip
Values = tuple[object, ...]


@dataclass(frozen=True)
class Query:
    """What to find: part of a text, and where given the camera, the mode, the list and the time, ISO 8601, up to which.

    In the text '*' stands for any characters, '?' for one; spaces and dashes do not count.
    """

    text: str = ""
    camera: str = ""
    mode: str = ""
    known_list: str = ""
    since: str = ""
    until: str = ""


class History:
    """The tracks of a database, and their pictures in the folder of crops.

    With `key` the texts in the database are keyed hashes: then only whole texts are found. Every question raises
    UserError where the database cannot be read, or does not answer within DEADLINE.
    """

    def __init__(
        self,
        path: str | Path,
        crops: str | Path | None = None,
        key: bytes = b"",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uri = Path(path).absolute().as_uri() + "?mode=ro"
        self._crops = Path(crops).resolve() if crops else None
        self._key, self._clock = key, clock

    def search(self, query: Query, limit: int) -> list[dict[str, Any]]:
        """At most `limit` records, those that have the text itself before those with look-alikes, the newest first.

        "crop" is the page's address of the picture, "similar" says whether the text is only alike.
        """
        where, values = self._where(query)
        exact, own = self._exact(query.text)
        found = f"SELECT tracks.*, sources.name AS source_name, NOT ({exact}) AS similar {FROM} {where} "
        rows = self._rows(f"{found} ORDER BY similar, tracks.id DESC LIMIT ?", (*own, *values, limit))
        return [self._shown(dict(row)) for row in rows]

    def summary(self, query: Query, span: str) -> dict[str, Any]:
        """How many records there are per "hour" or "day" of this machine's calendar, and what can be asked for."""
        where, values = self._where(query)
        start = f"strftime('{SPANS[span]}', {MOMENT}, 'localtime')"
        counted = (
            f"SELECT {start} AS start, count(*) AS count {FROM} {where} GROUP BY start ORDER BY start DESC LIMIT 366"
        )
        choices = CHOICES if self._listed else {name: ask for name, ask in CHOICES.items() if name != "lists"}
        found = {name: [row[0] for row in self._rows(choice, ())] for name, choice in choices.items()}
        return {"lists": [], **found, "counts": [dict(row) for row in reversed(self._rows(counted, values))]}

    def csv(self, query: Query, limit: int) -> bytes:
        """At most `limit` records as CSV, the newest first."""
        where, values = self._where(query)
        names = ", ".join(f"tracks.{name}" if name != "source" else "sources.name AS source" for name in EXPORTED)
        rows = self._rows(f"SELECT {names} {FROM} {where} ORDER BY tracks.id DESC LIMIT ?", (*values, limit))
        return csv_rows([EXPORTED, *map(tuple, rows)]).encode()

    def _where(self, query: Query) -> tuple[str, Values]:
        """The condition of a query with its values."""
        terms = list(self._terms(query))
        return " AND ".join(term for term, _ in terms), tuple(value for _, values in terms for value in values)

    def _terms(self, query: Query) -> Iterator[tuple[str, Values]]:
        if self._key:
            yield self._exact(query.text)
        else:
            yield f"upper({bare('tracks.text')}) GLOB ?", (alike(query.text),)
        if query.camera:
            yield "sources.name = ?", (query.camera,)
        if query.mode:
            yield "tracks.mode = ?", (query.mode,)
        if query.known_list and self._listed:
            yield "coalesce(tracks.known_list, '') = ?", (query.known_list.removeprefix("none"),)
        for sign, moment in ((">=", query.since), ("<", query.until)):
            if moment:
                yield f"{MOMENT} {sign} julianday(?)", (moment,)

    def _exact(self, text: str) -> tuple[str, Values]:
        """That a record has the text itself."""
        if self._key and text:
            return "tracks.text = ?", (keyed_hash(text.strip(), self._key),)
        return f"{bare('tracks.text')} LIKE ? ESCAPE '\\'", (pattern(without(text)),)

    @property
    def _listed(self) -> bool:
        """Whether the database knows lists."""
        return any(row["name"] == "known_list" for row in self._rows("PRAGMA table_info(tracks)", ()))

    def crop(self, number: int) -> bytes | None:
        """The picture of the record with this number, where there is one in the folder of crops."""
        rows = self._rows("SELECT crop FROM tracks WHERE id = ?", (number,))
        path = self._file(rows[0]["crop"]) if rows else None
        with contextlib.suppress(OSError):  # deleted since
            return path.read_bytes() if path else None
        return None

    def _rows(self, statement: str, values: Values) -> list[sqlite3.Row]:
        """What the database answers."""
        try:
            with contextlib.closing(self._connect()) as base:
                return base.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            slow = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
            reason = f"it took longer than {DEADLINE:g} seconds" if slow else error
            raise UserError(f"The database cannot be searched ({reason}).", "Try again later.") from None

    def _connect(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._uri, timeout=PATIENCE, uri=True)
        base.row_factory = sqlite3.Row
        end = self._clock() + DEADLINE
        base.set_progress_handler(lambda: self._clock() > end, STEPS)
        return base

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        lists = {name: json.loads(row[name] or "[]") for name in ("confidences", "box", "quad", "candidates")}
        crop = f"/api/records/{row['id']}/crop.jpg" if self._file(row["crop"]) else ""
        return {**row, **lists, "source": row["source_name"], "crop": crop, "similar": bool(row["similar"])}

    def _file(self, crop: str | None) -> Path | None:
        """The file of a crop: a JPEG that lies in the folder itself, whatever the database claims."""
        if not crop or self._crops is None:
            return None
        path = (self._crops / Path(crop).name).resolve()
        return path if path.parent == self._crops and path.suffix == ".jpg" and path.is_file() else None


def pattern(text: str) -> str:
    """SQL's LIKE pattern for a search: '*' and '?' are wild, nothing else is."""
    for wild in "\\%_":
        text = text.replace(wild, "\\" + wild)
    return "%" + text.strip().replace("*", "%").replace("?", "_") + "%"


def without(text: str) -> str:
    """A text without what does not count in it."""
    return "".join(char for char in text if char not in IGNORED)


def alike(text: str) -> str:
    """SQL's GLOB pattern for all texts that are read for a text; '*' and '?' are wild. It is for capital letters."""
    return "*" + "".join(one_of(char.upper() if char.isascii() else char) for char in without(text.strip())) + "*"


def one_of(char: str) -> str:
    """The part of a GLOB pattern for a character, or any that is read for it."""
    if char == "[":
        return "[[]"
    group = [other for other in (*DIGITS, *DIGITS.values()) if DIGITS.get(other, other) == DIGITS.get(char, char)]
    return f"[{''.join(sorted({char, *group}))}]" if group else char


def bare(column: str) -> str:
    """`without` in SQL."""
    return reduce(lambda inner, char: f"replace({inner}, '{char}', '')", IGNORED, column)
