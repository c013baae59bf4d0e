"""python -m realtime.bench: how fast, how large, how soon."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2

from realtime.bench import comparison, gating, roofline, scaling, testcard
from realtime.bench.engines import READERS
from realtime.bench.stages import WARM, Figures, measure
from realtime.cli_types import METAVAR, Modes, Size
from realtime.errors import SinkError, UserError
from realtime.model import Model, runtime
from realtime.modes import MODES, modes_of
from realtime.pipeline import SHIPPED, load
from realtime.recognise import BATCH
from realtime.stats import peak_memory

ROOT = Path(__file__).resolve().parents[2]
FIRST = 25  # frames of the run that measures start-up and memory
ORDER = ("decode", "gray", "locate", "refine", "read", "track", "sinks", "frame")
Clock = Callable[[], float]


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
    modes_of(mode)  # says what is wrong before a film is drawn
    with tempfile.TemporaryDirectory() as folder:
        film = testcard.film(Path(folder) / "film.mp4", mode, size, objects, count + WARM)
        found = measure(partial(load, mode, models), str(film))
        start, memory = first_result(str(film), mode, models)
    return Figures(**{**found.__dict__, "start": start, "memory": memory})


def write_growth(out: Path, mode: str, models: str | None, count: int, longest: int, tell: Callable[..., Any]) -> None:
    """Measure how cost grows and write growth.md with its pictures."""
    load(mode, models)  # says what is wrong before anything is measured
    found = {}
    for name, work in {
        "size": lambda: scaling.over_sizes(mode, models, count),
        "objects": lambda: scaling.over_objects(mode, models, count),
        "length": lambda: scaling.over_length(mode, models, longest),
        "workers": lambda: scaling.over_workers(mode, models, (1, 2), scaling.local),
        "cluster": lambda: scaling.over_workers(mode, models, (1, 2, 4), scaling.loopback),
    }.items():
        tell(name)
        found[name] = work()
    head = f"Measured with `python -m realtime.bench --growth --mode {mode}`: {machine()}, one thread in each process."
    every = mode if models else ",".join(MODES)
    parts = [scaling.page(found, head), LIMIT, "```", limits(every, (640, 480), 3, count, models), "```", ""]
    write_all(out, {"growth.md": "\n".join(parts), **scaling.plots(found)})


LIMIT = """## Limit

What the networks do in a frame of a film of 640x480 with three texts, against what one core does at most: `floor` is
the time that the multiplications, or the bytes, take at the core's peak, `times` how far the network is from it. The
locator is furthest: its first layers see few channels where the core multiplies many at once, and its depthwise layers
move more than they multiply. Readers run near their floor, so that a batch of several texts gains little. Pages are
those of 4 KiB that the system hands out in a frame once all sizes are known: a picture fills 225, so that buffers are
used again. The picture is made gray and shrunk once for all modes, and FFmpeg decodes ahead in threads of its own.
"""


def limits(mode: str, size: tuple[int, int], objects: int, count: int, models: str | None) -> str:
    """How far each network of each mode is from its floor, and how much fresh memory a frame takes."""
    best, parts = roofline.peak(), []
    for name in mode.split(","):
        found = roofline.loads(partial(load, name, models), name, size, objects, count)
        fresh = roofline.faults(load(name, models), name, size, objects)
        share = roofline.batched(Model((Path(models) if models else SHIPPED) / f"{name}-reader.tflite"))
        parts += [f"{name}, {size[0]}x{size[1]}", roofline.table(found, best)]
        parts += [f"a text read in a batch of {BATCH} takes {share:.2f} of the time that it takes alone"]
        parts += [f"fresh memory pages a frame: {fresh:.1f}", ""]
    return "\n".join(parts).rstrip()


def write_peers(
    out: Path, data: Path, models: str | None, count: int, pythons: Sequence[str], tell: Callable[..., Any]
) -> None:
    """Compare with others' readers and write peers.md with its pictures."""
    found = comparison.compare(data, count, interpreters(pythons), models, tell)
    pictures = comparison.plots(found)
    head = f"Measured with `python -m realtime.bench --peers`: {machine()}, one thread and one process each."
    parts = ["# Beside others", "", head, "", comparison.table(found), *(f"![]({name})" for name in pictures), ""]
    write_all(out, {"peers.md": "\n".join(parts), "peers.json": comparison.as_json(found), **pictures})
    readme = out.parent / "README.md"
    if readme.is_file():
        plots = "\n".join(f"![]({out.name}/{name})" for name in pictures)
        table = comparison.table(found).replace("### ", "#### ")
        readme.write_text(filled(readme.read_text(), "peers", f"{table}\n{plots}"))


def interpreters(pythons: Sequence[str]) -> dict[str, str]:
    """The Python of each reader, from PATH for all and READER=PATH for one. UserError for one that is none."""
    pairs = [text.rpartition("=") for text in pythons]
    for name, _, path in pairs:
        if name and name not in READERS:
            raise UserError(f"{name!r} is no reader.", f"There are {', '.join(READERS)}.")
        if not shutil.which(path):
            raise UserError(f"{path} is no program.", "Name the Python that has the others' packages.")
    every = next((path for name, _, path in pairs if not name), sys.executable)
    own = {name: path for name, _, path in pairs if name}
    return {name: own.get(name, sys.executable if name == "glyphcam" else every) for name in READERS}


def filled(text: str, name: str, part: str) -> str:
    """The text with what stands between the marks <!-- name --> and <!-- /name --> replaced, where it has them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        return text
    return text[: text.index(begin) + len(begin)] + part.strip() + "\n" + text[text.index(end) :]


def write_all(out: Path, pages: dict[str, str]) -> None:
    """Write the pages into a folder. Raises SinkError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (out / name).write_text(text)
    except OSError as error:
        raise SinkError(f"{out} cannot be written ({error.strerror}).", "Name a folder with --out.") from None


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--mode", type=Modes(), metavar=METAVAR, default="digits", show_default=True)
@click.option("--size", type=Size(), default="640x480", show_default=True, help="Of the pictures to measure with.")
@click.option("--objects", type=click.IntRange(0, 60), default=3, show_default=True, help="Texts in each picture.")
@click.option("--frames", type=click.IntRange(1), default=200, show_default=True, help="Pictures of each kind.")
@click.option("--models", type=click.Path(file_okay=False), help="Folder of models.  [default: the shipped ones]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--limit", "at_limit", is_flag=True, help="How far each network is from what the processor can do.")
@click.option("--gates", "gated", multiple=True, metavar="RECORDING", help="What gates skip and miss; repeatable.")
@click.option("--growth", "grows", is_flag=True, help="How cost grows; writes growth.md and plots.")
@click.option("--longest", type=click.IntRange(1), default=100_000, show_default=True, help="Frames of --growth.")
@click.option("--peers", "data", type=click.Path(file_okay=False, exists=True), help="Others on pictures in a folder.")
@click.option("--python", "pythons", multiple=True, metavar="[READER=]PATH",
              help="The Python that has the others' packages, or one's; repeatable.  [default: this one]")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default="docs", show_default=True, help="Where pages go.")
def main(mode, size, objects, frames, models, as_json, at_limit, gated, grows, longest, data, pythons, out) -> None:
    """Measure on this machine, with one thread."""
    cv2.setNumThreads(1)
    tell = partial(click.echo, err=True)
    try:
        if data:
            write_peers(out, Path(data), models, frames, pythons, tell)
        elif grows:
            write_growth(out, mode, models, frames, longest, tell)
        elif gated:
            click.echo(gating.table(list(gating.rides(load(mode, models), gated))))
        elif at_limit:
            click.echo(limits(mode, size, objects, frames, models))
        else:
            found = stage_figures(mode, size, objects, frames, models)
            click.echo(json.dumps(asdict(found), indent=1) if as_json else table(found))
    except UserError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main(prog_name="python -m realtime.bench")
