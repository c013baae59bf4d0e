"""What gates save, and what they cost: recordings read frame by frame, and again through each gate."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime.capture.files import files_of, still
from realtime.capture.gate import frame_filter
from realtime.capture.open import open_source
from realtime.contracts import Pipeline
from realtime.errors import UserError
from realtime.loop import run
from realtime.values import Result

GATES = {"--skip-still": (True, False), "--skip-blurred": (False, True), "both": (True, True)}  # still, blurred


@dataclass(frozen=True)
class Saving:
    """One recording through one gate: `skipped` is the share of its frames, 0 to 1, that no network saw.

    `missed` are texts that reading every frame gives and the gate loses, `other` those that only the gate gives.
    """

    gate: str
    skipped: float
    missed: tuple[str, ...]
    other: tuple[str, ...]


@dataclass(frozen=True)
class Ride:
    """One recording: its frames, the texts that reading every frame gives, and what each gate makes of it."""

    name: str
    frames: int
    texts: tuple[str, ...]
    savings: tuple[Saving, ...]


class Texts:
    """A sink that gathers the texts that are reported."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __enter__(self) -> Texts:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, result: Result) -> None:
        """Note the texts of the objects that are gone."""
        self.seen |= {track.reading.text for track in result.ended}


def rides(pipeline: Pipeline, paths: Sequence[str]) -> Iterator[Ride]:
    """Measure every recording that files, folders and globs name. Raises UserError where there is none."""
    recordings = [file for file in files_of(paths).files if not still(file)]
    if not recordings:
        raise UserError(f"{', '.join(paths)}: pictures are read one by one, gated or not.", "Name recordings.")
    for file in recordings:
        yield ride(pipeline, file)


def ride(pipeline: Pipeline, path: str) -> Ride:
    """One recording, read as often as there are gates, and once more without."""
    frames, _, texts = read_through(pipeline, path)
    savings = tuple(saving(pipeline, path, gate, texts) for gate in GATES)
    return Ride(Path(path).name, frames, tuple(sorted(texts)), savings)


def saving(pipeline: Pipeline, path: str, gate: str, texts: set[str]) -> Saving:
    """One gate against the texts that reading every frame gives."""
    frames, read, seen = read_through(pipeline, path, *GATES[gate])
    return Saving(gate, 1 - read / frames, tuple(sorted(texts - seen)), tuple(sorted(seen - texts)))


def read_through(
    pipeline: Pipeline, path: str, still: bool = False, blurred: bool = False
) -> tuple[int, int, set[str]]:
    """Frames of a recording, how many of them were read, and the texts reported. Raises UserError."""
    texts = Texts()
    with open_source(path) as source:
        summary = run(source, pipeline, [texts], threading.Event(), gate=frame_filter(still=still, blurred=blurred))
    if summary.failures:
        raise UserError(summary.failures[0])
    return summary.frames, summary.read, texts.seen


def report(found: Sequence[Ride]) -> str:
    """The figures for people; lost texts are named below."""
    lines = [f"{'recording':32s}{'frames':>7s}{'texts':>7s}  {'gate':16s}{'skipped':>8s}{'missed':>8s}{'other':>7s}"]
    notes = []
    for ride in found:
        head = f"{ride.name[:31]:32s}{ride.frames:7d}{len(ride.texts):7d}"
        for one in ride.savings:
            counts = f"{len(one.missed):8d}{len(one.other):7d}"
            lines.append(f"{head:46s}  {one.gate:16s}{100 * one.skipped:6.1f} %{counts}")
            head = ""
            for word, texts in (("misses", one.missed), ("adds", one.other)):
                notes += [f"{ride.name}: {one.gate} {word} {', '.join(texts)}"] if texts else []
    return "\n".join([*lines, *([""] if notes else []), *notes])
