"""What is read of a display over time: for each value one record, and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from realtime.contracts import Pipeline
from realtime.values import Frame, Track

READ = 0.5  # share of a value's frames that must be read right for the value to be readable


class Shown(NamedTuple):
    """One value of a film: what it says, and from when to when, in seconds."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True)
class Outcome:
    """What became of a film's values: the share of frames read right for each, those with a record, other records."""

    shown: tuple[Shown, ...]
    legible: tuple[float, ...]
    told: tuple[bool, ...]
    others: int
    trust: tuple[tuple[float, bool], ...]  # confidence of each record, and whether it is right

    @property
    def readable(self) -> list[bool]:
        """The told ones of the values whose single frames are read right."""
        return [told for told, share in zip(self.told, self.legible, strict=True) if share >= READ]


def watched(
    pipeline: Pipeline, film: Iterator[tuple[float, np.ndarray, str]], plain: Callable[[str], str] = str
) -> Outcome:
    """Show a pipeline a film, (time, picture, text) per frame, and compare its records; `plain` writes texts alike."""
    shown: list[Shown] = []
    right: list[list[bool]] = []
    records: list[Track] = []
    for index, (time, image, text) in enumerate(film):
        result = pipeline(Frame(index, time, image))
        records += result.ended
        if not text:
            continue
        if not shown or shown[-1].text != text:
            shown.append(Shown(text, time, time))
            right.append([])
        shown[-1] = shown[-1]._replace(end=time)
        right[-1].append(any(plain(s.reading.text) == plain(text) for s in result.sightings))
    return compared(shown, [*records, *pipeline.flush()], [float(np.mean(r)) for r in right], plain)


def compared(
    shown: Sequence[Shown], records: Sequence[Track], legible: Sequence[float], plain: Callable[[str], str] = str
) -> Outcome:
    """Match records with values, each once."""
    open_values = dict(enumerate(shown))
    trust = []
    for record in records:
        match = next((k for k, value in open_values.items() if fits(record, value, plain)), None)
        trust.append((record.reading.confidence, match is not None))
        open_values.pop(-1 if match is None else match, None)
    told = tuple(k not in open_values for k in range(len(shown)))
    return Outcome(tuple(shown), tuple(legible), told, sum(not right for _, right in trust), tuple(trust))


def fits(record: Track, value: Shown, plain: Callable[[str], str]) -> bool:
    """Whether a record has the value's text and was seen while the value stood."""
    in_time = record.first_time <= value.end and record.last_time >= value.begin
    return in_time and plain(record.reading.text) == plain(value.text)


def digits_of(text: str) -> str:
    """The digits of a text alone: readers that know no point are compared so."""
    return "".join(c for c in text if c.isdigit())


def calibration_error(trust: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error of records: the mean gap of confidence and share right, over bins of confidence."""
    slots: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in trust:
        slots.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    gaps = [abs(sum(c for c, _ in slot) - sum(r for _, r in slot)) for slot in slots.values()]
    return sum(gaps) / max(len(trust), 1)
