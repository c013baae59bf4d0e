"""Records as JSON lines or CSV, each row on disk as soon as it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Any

from realtime.output.files import Output, check_free
from realtime.output.occasions import Occasions, OutputEvents
from realtime.output.outbox import Outbox
from realtime.output.record import (
    BEGIN,
    CROSSED,
    DOUBTFUL,
    END,
    FIELDS,
    MORE,
    PRESENT,
    event_record,
    record,
    sighting_record,
)
from realtime.output.spreadsheet import csv_rows
from realtime.values import BACK, LOST, Result, Track

COLUMNS = (*FIELDS, *MORE)
CropOf = Callable[[Result, Track], str]


def no_crop(result: Result, track: Track) -> str:
    """Where no pictures of tracks are kept."""
    return ""


class Table:
    """A sink for rows, each made a `line` of JSON or CSV; "-" is standard output.

    A value is a row when it ends; with `live` also when it is confirmed or corrected, so that nothing waits for its
    end; and every `interval` seconds while it stands. `everything` writes one row per sighting and frame instead.
    With `live`, rows that cannot be written wait in memory and are tried again. Raises SinkError for an existing file
    without `overwrite`, and where not everything could be written.
    """

    def __init__(
        self,
        path: str,
        mode: str,
        line: Callable[[dict[str, Any]], str],
        *,
        everything: bool = False,
        live: bool = False,
        interval: float = inf,
        overwrite: bool = False,
        crop: CropOf = no_crop,
    ) -> None:
        self._path, self._mode, self._line, self._crop = str(path), mode, line, crop
        self._everything, self._occasions, self._output_events = everything, Occasions(interval), OutputEvents()
        # Where nobody reads standard output any more, nobody will.
        self._outbox: Outbox[bytes] = Outbox(self._deliver, patient=live and self._path != "-")
        self._written = {
            END,
            DOUBTFUL,
            CROSSED,
            *([BEGIN, PRESENT] if live else []),
            *([PRESENT] if interval < inf else []),
        }
        if self._path != "-":
            check_free(path, overwrite)

    def __enter__(self) -> Table:
        self._output = Output(self._path)
        if self._line is csv_line:
            self._output.append(csv_line(dict(zip(COLUMNS, COLUMNS, strict=True))).encode())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._outbox.close()
        finally:
            self._output.close()

    @property
    def trouble(self) -> str:
        """Why rows wait; "" where none do."""
        return self._outbox.trouble

    def write(self, result: Result) -> None:
        """Add the rows of one result, if there are any."""
        rows = sighting_rows(result, self._mode) if self._everything else self._value_rows(result)
        happened = [self._happened(result, event) for event in self._output_events(result)]
        for row in (*event_rows(result), *happened, *rows):
            self._outbox.put(self._line(row).encode())
        self._outbox.flush()

    def _deliver(self, lines: Sequence[bytes]) -> None:
        self._output.append(b"".join(lines))

    @staticmethod
    def _happened(result: Result, event: str) -> dict[str, Any]:
        frame = result.frame
        return event_record(event, frame.source, frame.index, frame.time)

    def _value_rows(self, result: Result) -> Iterator[dict[str, Any]]:
        """A row per value and occasion."""
        for event, track in self._occasions(result):
            if event in self._written:
                yield record(track, self._mode, result.frame, event, self._crop(result, track))


def event_rows(result: Result) -> Iterator[dict[str, Any]]:
    """A row where the source was lost or came back."""
    frame = result.frame
    if frame.event in (LOST, BACK):
        yield event_record(frame.event, frame.source, frame.index, frame.time)


def sighting_rows(result: Result, mode: str) -> Iterator[dict[str, Any]]:
    """A row per sighting, with the numbers of its track and value where it has them."""
    tracks = {track.sighting: track for track in result.tracks}
    for sighting in result.sightings:
        yield sighting_record(sighting, result.frame, mode, tracks.get(sighting))


def json_line(row: dict[str, Any]) -> str:
    """A row as one line of JSON."""
    return json.dumps(row) + "\n"


def csv_line(row: dict[str, Any]) -> str:
    """A row as one line of CSV in the order of COLUMNS; lists as JSON, what is missing empty."""
    return csv_rows([[row.get(name, "") for name in COLUMNS]])
