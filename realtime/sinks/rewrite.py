"""A sink seen through a function: texts hashed, unsure characters as '?', only known texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType

from realtime.contracts import Patient, Sink
from realtime.values import Result, Track


class Mapped:
    """Gives `sink` each result as `change` makes it."""

    def __init__(self, change: Callable[[Result], Result], sink: Sink) -> None:
        self._change, self._sink = change, sink

    def __enter__(self) -> Mapped:
        self._sink.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sink.__exit__(kind, error, trace)

    @property
    def trouble(self) -> str:
        """What the sink says that fails at the moment."""
        return self._sink.trouble if isinstance(self._sink, Patient) else ""

    def write(self, result: Result) -> None:
        """Pass the changed result on."""
        self._sink.write(self._change(result))


class Only:
    """Gives a result with those readings only that are known texts, or only with those that are not.

    What was told once is told on until it ends, although its text was corrected.
    """

    def __init__(self, known: bool) -> None:
        self._known = known
        self._told: set[tuple[str, int, int]] = set()

    def __call__(self, result: Result) -> Result:
        source = result.frame.source
        shown = replace(
            result,
            sightings=tuple(s for s in result.sightings if bool(s.reading.known) is self._known),
            tracks=self._wanted(source, result.tracks),
            confirmed=self._wanted(source, result.confirmed),
            ended=self._wanted(source, result.ended),
            doubtful=self._wanted(source, result.doubtful),
            crossed=self._wanted(source, result.crossed),
        )
        self._told |= {(source, *track.key) for track in shown.confirmed}
        self._told -= {(source, *track.key) for track in shown.ended}
        return shown

    def _wanted(self, source: str, tracks: Iterable[Track]) -> tuple[Track, ...]:
        return tuple(t for t in tracks if bool(t.reading.known) is self._known or (source, *t.key) in self._told)
