"""What a run costs, measured on itself: milliseconds per stage and per network, memory, time to the first result."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from realtime.bench import testcard
from realtime.bench.child import environment
from realtime.bench.page import machine
from realtime.capture.open import open_source
from realtime.contracts import Net, Pipeline
from realtime.errors import UserError
from realtime.loop import run
from realtime.modes import modes_of
from realtime.pipeline import Instrument
from realtime.setup import Setup
from realtime.stats import Stopwatch, peak_memory, percentile
from realtime.values import Result

WARM = 5  # frames that are not counted: the first of each shape is planned, memory is fetched
# The stage that a network works in.
STAGES = {"locator": "locate", "corners": "refine", "reader": "read", "second": "read", "classifier": "read"}
FIRST = 25  # frames of the run that measures start-up and memory
ORDER = ("decode", "gray", "locate", "refine", "read", "track", "sinks", "frame")
Clock = Callable[[], float]
Opener = Callable[[Instrument], Pipeline]


@dataclass(frozen=True)
class Figures:
    """One measurement: milliseconds (p50, p95) per stage, of them in the networks, and "frame" for all together.

    `neither` is the share of the time, 0 to 1, that is neither decoding nor inference; `seen` sightings per frame;
    `start` seconds from the command to the first result and `memory` bytes at most, None where they are not known.
    """

    mode: str
    size: tuple[int, int]  # width, height
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

    def __call__(self, batch: np.ndarray) -> Any:
        with self._watch(self._stage):
            return self._net(batch)


def measure(opener: Opener, source: str, warm: int = WARM, clock: Clock = time.perf_counter) -> Figures:
    """Run a recording through `opener(instrument)`, all but the first `warm` frames counted. Raises SourceError."""
    watch = Stopwatch(clock)
    pipeline = opener(lambda net, network: Timed(net, watch, STAGES[network]))
    meter = Meter(watch, clock)
    with open_source(source) as frames:
        size = frames.size or (0, 0)
        summary = run(frames, pipeline, [meter], threading.Event(), clock)
    if summary.failures or len(meter.seen) <= warm:
        raise UserError(next(iter(summary.failures), f"{source} has no more than {warm} frames."))
    return figures(pipeline.mode, size, meter.stages[warm:], meter.networks[warm:], meter.seen[warm:])


def figures(
    mode: str,
    size: tuple[int, int],
    stages: Sequence[Mapping[str, float]],
    networks: Sequence[Mapping[str, float]],
    seen: Sequence[int],
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


def over_film(mode: str, size: tuple[int, int], objects: int, count: int, models: str | None) -> Figures:
    """Measure models on `count` frames of a film drawn for them, start and memory included. Raises UserError."""
    modes_of(mode)  # says what is wrong before a film is drawn
    with tempfile.TemporaryDirectory() as folder:
        film = testcard.film(Path(folder) / "film.mp4", mode, size, objects, count + WARM)
        found = measure(Setup(mode, models).reader, str(film))
        start, memory = first_result(str(film), mode, models)
    return replace(found, start=start, memory=memory)


def first_result(
    source: str, mode: str, models: str | None, clock: Clock = time.perf_counter
) -> tuple[float | None, int | None]:
    """Seconds from the command to its first row, and its peak memory in bytes; None where there is none to be had.

    The command is the user's own, run_camera.py, in a fresh process. Raises UserError with what it said if it fails.
    """
    words = [sys.executable, "-m", "run_camera", source, "--mode", mode, "--jsonl", "-", "--reads", "all"]
    words += ["--max-frames", str(FIRST), "--log-level", "error", *(["--models", models] if models else [])]
    begin, start, memory = clock(), None, 0
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        for _ in process.stdout or ():
            start = start or clock() - begin
            memory = max(memory, peak_memory(process.pid))
        said = process.stderr.read().decode().strip() if process.stderr else ""
    if process.returncode:
        raise UserError(said.splitlines()[-1] if said else f"run_camera.py exited with code {process.returncode}.")
    return start, memory or None


def report(found: Figures) -> str:
    """The figures for people."""
    width, height = found.size
    lines = [f"{found.mode}, {width}x{height}, {found.frames} frames, one thread, {machine()}", ""]
    lines.append(f"{'stage':28s}{'p50 ms':>9s}{'p95 ms':>9s}")
    for stage in sorted(found.stages, key=ORDER.index):
        lines.append(row("whole frame" if stage == "frame" else stage, *found.stages[stage]))
        if stage in found.networks:
            lines.append(row("  of it in the network", *found.networks[stage]))
    lines += ["", f"{'frames per second':40s}{found.fps:8.1f}"]
    lines.append(f"{'neither decoding nor inference':40s}{100 * found.neither:6.1f} %")
    lines.append(f"{'read per frame':40s}{found.seen:8.1f}")
    lines.append(f"{'command to first result':40s}{known(found.start, 1, 's'):>8s}")
    lines.append(f"{'peak memory':40s}{known(found.memory, 1e6, 'MB'):>8s}")
    return "\n".join(lines)


def row(name: str, p50: float, p95: float) -> str:
    """One line of the report."""
    return f"{name:28s}{p50:9.2f}{p95:9.2f}"


def known(value: float | None, unit: float, name: str) -> str:
    """A value in a unit, or that nobody knows it."""
    return "unknown" if value is None else f"{value / unit:.3g} {name}"
