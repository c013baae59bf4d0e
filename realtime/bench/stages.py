"""What a run costs, measured on itself: milliseconds per stage and per network, memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime.capture.open import open_source
from realtime.contracts import Net, Pipeline
from realtime.errors import UserError
from realtime.loop import run
from realtime.stats import Stopwatch, percentile
from realtime.values import Result

WARM = 5  # frames that are not counted: the first of each shape is planned, memory is fetched
STAGES = {"locator": "locate", "corners": "refine", "reader": "read", "classifier": "read"}  # network: its stage
Clock = Callable[[], float]


@dataclass(frozen=True)
class Figures:
    """One measurement: milliseconds (p50, p95) per stage, of them in the networks, and "frame" for all together.

    `neither` is the share of the time, 0 to 1, that is neither decoding nor inference; `seen` sightings per frame;
    `start` seconds from the command to the first result and `memory` bytes at most, None where they are not known.
    """

    mode: str
    size: tuple[int, int]
    frames: int
    stages: Mapping[str, tuple[float, float]]
    networks: Mapping[str, tuple[float, float]]
    fps: float
    neither: float
    seen: float
    start: float | None = None
    memory: int | None = None


class Meter:
    """A sink that notes what each frame took."""

    def __init__(self, networks: Stopwatch, clock: Clock = time.perf_counter) -> None:
        self._networks, self._clock = networks, clock
        self.stages: list[Mapping[str, float]] = []
        self.networks: list[Mapping[str, float]] = []
        self.seen: list[int] = []

    def __enter__(self) -> Meter:
        self._last = self._clock()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, result: Result) -> None:
        """Note one frame; the result that only ends tracks has no timings and is left out."""
        now, networks = self._clock(), self._networks.take()
        if result.timings:
            self.stages.append({**result.timings, "frame": 1000 * (now - self._last)})
            self.networks.append(networks)
            self.seen.append(len(result.sightings))
        self._last = now


class Timed:
    """A network with a stopwatch around it."""

    def __init__(self, net: Net, watch: Stopwatch, stage: str) -> None:
        self._net, self._watch, self._stage = net, watch, stage

    def __call__(self, batch):
        with self._watch(self._stage):
            return self._net(batch)


def measure(
    opened: Callable[..., Pipeline], source: str, warm: int = WARM, clock: Clock = time.perf_counter
) -> Figures:
    """Run a recording through `opened(instrument=...)`, all but the first `warm` frames counted. Raises SourceError."""
    watch = Stopwatch(clock)
    pipeline = opened(instrument=lambda net, network: Timed(net, watch, STAGES[network]))
    meter = Meter(watch, clock)
    with open_source(source) as frames:
        size = frames.size
        summary = run(frames, pipeline, [meter], threading.Event(), clock)
    if summary.failures or len(meter.seen) <= warm:
        raise UserError(next(iter(summary.failures), f"{source} has no more than {warm} frames."))
    return figures(pipeline.mode, size, meter.stages[warm:], meter.networks[warm:], meter.seen[warm:])


def figures(
    mode: str, size, stages: Sequence[Mapping[str, Any]], networks: Sequence[Mapping[str, Any]], seen: Sequence[int]
) -> Figures:
    """What the rows of a meter amount to."""
    whole = sum(row["frame"] for row in stages)
    known = sum(row.get("decode", 0.0) for row in stages) + sum(sum(row.values()) for row in networks)
    rate = 1000 * len(stages) / whole
    return Figures(
        mode, size, len(stages), columns(stages), columns(networks), rate, 1 - known / whole, sum(seen) / len(seen)
    )


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    """Per name the median and the 95th percentile; a row without a name counts 0 for it."""
    names = {name for row in rows for name in row}
    values = {name: [row.get(name, 0.0) for row in rows] for name in names}
    return {name: (percentile(values[name], 50), percentile(values[name], 95)) for name in names}
