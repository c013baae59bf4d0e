"""Records as JSON lines or CSV, each row on disk as soon as it is written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from realtime.output.files import Output, check_free
from realtime.output.record import FIELDS, event_record, record, sighting_record
from realtime.values import BACK, LOST, Result, Track

COLUMNS = (*FIELDS, "crop", "event")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CropOf = Callable[[Result, Track], str]


def no_crop(result: Result, track: Track) -> str:
    """Where no pictures of tracks are kept."""
    return ""


class Table:
    """A sink for rows, each made a `line` of JSON or CSV; "-" is standard output.

    `everything` writes one row per sighting and frame instead of one per confirmed track that ended. Raises SinkError
    for an existing file without `overwrite`, and where nothing can be written (any more).
    """

    def __init__(
        self,
        path: str,
        mode: str,
        line: Callable[[dict[str, Any]], str],
        *,
        everything: bool = False,
        overwrite: bool = False,
        crop: CropOf = no_crop,
    ) -> None:
        self._path, self._mode, self._line, self._crop = str(path), mode, line, crop
        self._rows = sighting_rows if everything else track_rows
        if self._path != "-":
            check_free(path, overwrite)

    def __enter__(self) -> Table:
        self._output = Output(self._path)
        if self._line is csv_line:
            self._output.append(csv_line(dict(zip(COLUMNS, COLUMNS, strict=True))).encode())
        return self

    def __exit__(self, *_: object) -> None:
        self._output.close()

    def write(self, result: Result) -> None:
        """Add the rows of one result, if there are any."""
        for row in (*event_rows(result), *self._rows(result, self._mode, self._crop)):
            self._output.append(self._line(row).encode())


def event_rows(result: Result) -> Iterator[dict[str, Any]]:
    """A row where the source was lost or came back."""
    frame = result.frame
    if frame.event in (LOST, BACK):
        yield event_record(frame.event, frame.source, frame.index, frame.time)


def track_rows(result: Result, mode: str, crop: CropOf = no_crop) -> Iterable[dict[str, Any]]:
    """One row per confirmed track that ended."""
    return [record(track, mode, result.frame.source, crop(result, track)) for track in result.ended]


def sighting_rows(result: Result, mode: str, crop: CropOf = no_crop) -> Iterable[dict[str, Any]]:
    """One row per sighting, with the number of its track where it has one."""
    numbers = {track.sighting: track.id for track in result.tracks}
    return [sighting_record(s, result.frame, mode, numbers.get(s)) for s in result.sightings]


def json_line(row: dict[str, Any]) -> str:
    """A row as one line of JSON."""
    return json.dumps(row) + "\n"


def csv_line(row: dict[str, Any]) -> str:
    """A row as one line of CSV in the order of COLUMNS; lists as JSON, what is missing empty."""
    line = io.StringIO()
    values = [row.get(name, "") for name in COLUMNS]
    writer = csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([cell(value) for value in values])
    return line.getvalue()


def cell(value: object) -> object:
    """A value of a row in CSV; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA) else value
    return json.dumps(value) if isinstance(value, list) else value
