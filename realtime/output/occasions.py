"""When a value is written down: as soon as it is confirmed, while it stands, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from realtime.output.record import BEGIN, CROSSED, DOUBTFUL, END, PRESENT
from realtime.values import Result, State, Track


class Occasions:
    """Says which values to write down now, and on which occasion.

    "begin" once a value is confirmed, "present" when it is corrected and every `interval` seconds of the source's time
    while it stands, "crossed" when its object crosses the line, "end" when it is over, "doubtful" for one that is not
    believed. Only values that stand are remembered.
    """

    def __init__(self, interval: float = inf) -> None:
        self._interval = interval
        self._due: dict[tuple[str, int, int], float] = {}

    def __call__(self, result: Result) -> Iterator[tuple[str, Track]]:
        """The occasions that a result gives, ends before begins: a display says one thing at a time."""
        ended = {track.key for track in result.ended}
        for track in result.ended:
            self._due.pop((result.frame.source, *track.key), None)
            yield END, track
        for track in result.doubtful:
            yield DOUBTFUL, track
        for track in result.confirmed:
            if track.key not in ended:  # as in a still picture
                yield self._written(result, track), track
        for track in result.crossed:
            yield CROSSED, track
        for track in result.tracks:
            due = self._due.get((result.frame.source, *track.key), inf)
            if track.state is State.CONFIRMED and result.frame.time >= due:
                yield self._written(result, track), track

    def _written(self, result: Result, track: Track) -> str:
        key = (result.frame.source, *track.key)
        occasion = PRESENT if key in self._due else BEGIN
        self._due[key] = result.frame.time + self._interval
        return occasion


class OutputEvents:
    """Says which outputs began to fail, and which are written again, since the result before."""

    def __init__(self) -> None:
        self._failing: tuple[str, ...] = ()

    def __call__(self, result: Result) -> list[str]:
        """One line for each change."""
        before, self._failing = self._failing, result.failures
        began = [f"output failed: {text}" for text in self._failing if text not in before]
        return began + [f"output back: {text}" for text in before if text not in self._failing]
