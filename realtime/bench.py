"""python -m realtime.bench: how fast, how large, how soon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import cv2

from realtime import testcard
from realtime.capture import open_source
from realtime.errors import UserError
from realtime.loop import run
from realtime.model import runtime
from realtime.several import load
from realtime.spec import ALPHABETS
from realtime.stats import Stopwatch, percentile
from realtime.values import Result

ROOT = Path(__file__).resolve().parent.parent
WARM = 5  # frames that are not counted: the first of each shape is planned, memory is fetched
FIRST = 25  # frames of the run that measures start-up and memory
NETWORKS = {"locator": "locate", "refiner": "refine", "recogniser": "read"}  # part of the pipeline: its stage
ORDER = ("decode", "gray", "locate", "refine", "read", "track", "sinks", "frame")
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

    def __exit__(self, *_) -> None:
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

    def __init__(self, net: Callable, watch: Stopwatch, stage: str) -> None:
        self._net, self._watch, self._stage = net, watch, stage

    def __call__(self, batch):
        with self._watch(self._stage):
            return self._net(batch)


def clocked(pipeline, watch: Stopwatch) -> None:
    """Put the stopwatch around every network of a pipeline, or of several in one."""
    for one in getattr(pipeline, "pipelines", (pipeline,)):
        for part, stage in NETWORKS.items():
            holder = getattr(one, part, None)
            if hasattr(holder, "net"):
                holder.net = Timed(holder.net, watch, stage)


def measure(pipeline, source: str, warm: int = WARM, clock: Clock = time.perf_counter) -> Figures:
    """Run a recording through a pipeline, all but the first `warm` frames counted. Raises SourceError."""
    watch = Stopwatch(clock)
    clocked(pipeline, watch)
    meter = Meter(watch, clock)
    with open_source(source) as frames:
        size = frames.size
        summary = run(frames, pipeline, [meter], threading.Event(), clock)
    if summary.failures or len(meter.seen) <= warm:
        raise UserError(next(iter(summary.failures), f"{source} has no more than {warm} frames."))
    return figures(pipeline.mode, size, meter.stages[warm:], meter.networks[warm:], meter.seen[warm:])


def figures(mode: str, size, stages: Sequence[Mapping], networks: Sequence[Mapping], seen: Sequence[int]) -> Figures:
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


def first_result(source: str, mode: str, models: str | None, clock: Clock = time.perf_counter):
    """Seconds from the command to its first row, and its peak memory in bytes; None where there is none to be had.

    The command is the user's own, run_camera.py, in a fresh process. Raises UserError with what it said if it fails.
    """
    words = [sys.executable, "-m", "run_camera", source, "--mode", mode, "--jsonl", "-", "--reads", "all"]
    words += ["--max-frames", str(FIRST), "--log-level", "error", *(["--models", models] if models else [])]
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    begin, start, memory = clock(), None, 0
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=settings) as process:
        for _ in process.stdout:
            start = start or clock() - begin
            memory = max(memory, peak_memory(process.pid))
        said = process.stderr.read().decode().strip()
    if process.returncode:
        raise UserError(said.splitlines()[-1] if said else f"run_camera.py ended with code {process.returncode}.")
    return start, memory or None


def peak_memory(process: int | str = "self") -> int:
    """Most bytes that a process ever held in memory, 0 where the system does not say (Linux: VmHWM)."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def table(found: Figures) -> str:
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
    lines.append(f"{'read in a frame':40s}{found.seen:8.1f}")
    lines.append(f"{'command to first result':40s}{said(found.start, 1, 's'):>8s}")
    lines.append(f"{'peak memory':40s}{said(found.memory, 1e6, 'MB'):>8s}")
    return "\n".join(lines)


def row(name: str, p50: float, p95: float) -> str:
    return f"{name:28s}{p50:9.2f}{p95:9.2f}"


def said(value: float | None, unit: float, name: str) -> str:
    return "unknown" if value is None else f"{value / unit:.3g} {name}"


def machine() -> str:
    """The processor and what does the work."""
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":")[1].strip() for line in facts.splitlines() if line.startswith(("model name", "Model"))]
    return f"{names[0] if names else 'unknown processor'}, {runtime().__name__.split('.')[0]}, OpenCV {cv2.__version__}"


def stage_figures(mode: str, size: tuple[int, int], objects: int, count: int, models: str | None) -> Figures:
    """Measure the shipped models on a film drawn for it."""
    pipeline = load(mode, models)
    with tempfile.TemporaryDirectory() as folder:
        film = testcard.film(Path(folder) / "film.mp4", mode, size, objects, count + WARM)
        found = measure(pipeline, str(film))
        start, memory = first_result(str(film), mode, models)
    return Figures(**{**found.__dict__, "start": start, "memory": memory})


class Size(click.ParamType):
    """A picture's size such as 640x480."""

    name = "WxH"

    def convert(self, value, param, ctx) -> tuple[int, int]:
        width, _, height = str(value).lower().partition("x")
        if not (width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 16):
            self.fail(f"{value!r} is not a size such as 640x480.", param, ctx)
        return int(width), int(height)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--mode", type=click.Choice(list(ALPHABETS)), default="digits", show_default=True)
@click.option("--size", type=Size(), default="640x480", show_default=True, help="Of the pictures to measure with.")
@click.option("--objects", type=click.IntRange(0, 60), default=3, show_default=True, help="Texts in each picture.")
@click.option("--frames", type=click.IntRange(1), default=200, show_default=True)
@click.option("--models", type=click.Path(file_okay=False), help="Folder of models.  [default: the shipped ones]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(mode, size, objects, frames, models, as_json) -> None:
    """Measure on this machine, with one thread."""
    cv2.setNumThreads(1)
    try:
        found = stage_figures(mode, size, objects, frames, models)
    except UserError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(asdict(found), indent=1) if as_json else table(found))


if __name__ == "__main__":
    main(prog_name="python -m realtime.bench")
