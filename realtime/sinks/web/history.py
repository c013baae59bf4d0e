"""Find records in the database that a run writes, for the page; read only."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from realtime.errors import UserError
from realtime.output.record import keyed_hash

PATIENCE = 1.0  # seconds to wait for a locked file
DEADLINE = 3.0  # seconds that one search may take
STEPS = 10_000  # of SQLite's virtual machine between two looks at the clock, some milliseconds
FOUND = """
SELECT tracks.*, sources.name AS source_name FROM tracks JOIN sources ON sources.id = tracks.source
WHERE {} ORDER BY tracks.id DESC LIMIT ?
"""


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

    def search(self, text: str, limit: int) -> list[dict[str, Any]]:
        """At most `limit` records with `text` in their text, whatever the case, the newest first.

        '*' stands for any characters, '?' for one. "crop" is the page's address of the picture.
        """
        if self._key and text:
            where, value = "tracks.text = ?", keyed_hash(text.strip(), self._key)
        else:
            where, value = "tracks.text LIKE ? ESCAPE '\\'", pattern(text)
        return [self._shown(dict(row)) for row in self._rows(FOUND.format(where), (value, limit))]

    def crop(self, number: int) -> bytes | None:
        """The picture of the record with this number, where there is one in the folder of crops."""
        rows = self._rows("SELECT crop FROM tracks WHERE id = ?", (number,))
        path = self._file(rows[0]["crop"]) if rows else None
        with contextlib.suppress(OSError):  # deleted since
            return path.read_bytes() if path else None
        return None

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
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
        lists = {name: json.loads(row[name] or "[]") for name in ("confidences", "box", "quad")}
        crop = f"/api/records/{row['id']}/crop.jpg" if self._file(row["crop"]) else ""
        return {**row, **lists, "source": row["source_name"], "crop": crop}

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
