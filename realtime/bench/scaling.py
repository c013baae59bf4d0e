"""How cost grows: with the size of a frame, with what is in it, with the length of a run; and what workers gain."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import cv2

from realtime.archive import run as archive
from realtime.archive.workers import DaskPool, ProcessPool
from realtime.bench import roofline, svg, testcard
from realtime.bench.child import environment
from realtime.bench.page import machine, write_all
from realtime.bench.stages import WARM, measure
from realtime.loop import run
from realtime.modes import MODES
from realtime.pipeline import load
from realtime.setup import Setup
from realtime.sinks.table import Table, json_line
from realtime.stats import peak_memory
from realtime.values import Frame

SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
OBJECTS = (0, 1, 2, 5, 10, 15, 20)
SECONDS = 20.0  # of each film that workers share
DEARER = 1.2  # times the cheapest: what a unit may cost before growth counts as more than linear; timing is noisy
Points = list[tuple[float, float]]


def over_sizes(mode: str, models: str | None, count: int) -> Points:
    """Megapixels of a frame, and milliseconds for it, decoding included; three texts in each."""
    found = (one(mode, models, size, 3, count) for size in SIZES)
    return [(size[0] * size[1] / 1e6, ms) for size, ms in zip(SIZES, found, strict=True)]


def over_objects(mode: str, models: str | None, count: int) -> Points:
    """Texts in a frame of 1280x720, and milliseconds for it, decoding included."""
    return [(objects, one(mode, models, (1280, 720), objects, count)) for objects in OBJECTS]


def one(mode: str, models: str | None, size: tuple[int, int], objects: int, count: int) -> float:
    """Median milliseconds of a frame."""
    with tempfile.TemporaryDirectory() as folder:
        film = testcard.film(Path(folder) / "film.mp4", mode, size, objects, count + WARM)
        return measure(Setup(mode, models).reader, str(film)).stages["frame"][0]


def over_length(mode: str, models: str | None, longest: int) -> Points:
    """Frames of a run, and the megabytes that a process needs at most for it: one run, looked at on its way."""
    words = [sys.executable, "-m", "realtime.bench.scaling", mode, models or "", str(longest)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment(threads=1))
    return [(frames, memory / 1e6) for frames, memory in map(json.loads, done.stdout.splitlines())]


class LongFilm:
    """Frames of 320x240 with two texts that change their place; `note` is called at 1, 10, 100 ... of them."""

    live, dropped = False, 0

    def __init__(self, mode: str, longest: int, note: Callable[[int], None]) -> None:
        self._mode, self._longest, self._note = mode, longest, note

    def __iter__(self) -> Iterator[Frame]:
        pictures = list(testcard.frames(self._mode, (320, 240), 2, 50))
        for k, picture in zip(range(self._longest), itertools.cycle(pictures), strict=False):
            if k in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000):
                self._note(k)
            yield Frame(k, k / 25, picture, "film")
        self._note(self._longest)


def run_long(mode: str, models: str | None, longest: int) -> None:
    """The process that over_length starts: prints [frames, bytes]."""
    frames = LongFilm(mode, longest, lambda k: print(json.dumps([k, peak_memory()]), flush=True))
    run(frames, load(mode, models), [Table(os.devnull, mode, json_line, overwrite=True)], threading.Event())


def over_workers(mode: str, models: str | None, counts: Sequence[int], pool: Callable[..., Any]) -> Points:
    """Workers, and the frames per second that all of them read together; `pool(n)` is a context with n of them."""
    points: Points = []
    with tempfile.TemporaryDirectory() as folder:
        films = [Path(folder) / f"{k}.mp4" for k in range(2 * max(counts))]
        for film in films:
            testcard.film(film, mode, (640, 480), 3, round(SECONDS * testcard.FPS))
        for count in counts:
            points.append((count, rate(films, Setup(mode, models), Path(folder) / f"{count}.sqlite", pool, count)))
    return points


def rate(films: Sequence[Path], setup: Setup, base: Path, pool: Callable[..., Any], count: int) -> float:
    """Frames per second over all films, the workers' start included."""
    with pool(count) as hands:
        report = archive.run([str(film) for film in films], setup, str(base), hands, threading.Event())
    return report.frames / report.seconds


@contextmanager
def local(count: int) -> Iterator[ProcessPool]:
    """Processes of this machine, started by the archive itself."""
    yield ProcessPool(count)


@contextmanager
def loopback(count: int) -> Iterator[DaskPool]:
    """A Dask scheduler and workers on this machine, as if they were elsewhere."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "scheduler.json"

        def begin(*words: str) -> None:
            command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(facts), "--no-dashboard"]
            process = subprocess.Popen(
                command, env=environment(threads=1), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)

        begin("scheduler", "--host", "127.0.0.1", "--port", "0")
        for _ in range(count):
            begin("worker", "--nthreads", "1", "--no-nanny")
        while not facts.exists():
            threading.Event().wait(0.1)
        cluster = DaskPool(json.loads(facts.read_text())["address"])
        cluster.wait_for(count)
        yield cluster


def write(out: Path, mode: str, models: str | None, count: int, longest: int, tell: Callable[[str], None]) -> None:
    """Measure how cost grows and write scaling.md with its plots; `tell` hears what is being measured."""
    load(mode, models)  # says what is wrong before anything is measured
    work: dict[str, Callable[[], Points]] = {
        "size": lambda: over_sizes(mode, models, count),
        "objects": lambda: over_objects(mode, models, count),
        "length": lambda: over_length(mode, models, longest),
        "workers": lambda: over_workers(mode, models, (1, 2), local),
        "cluster": lambda: over_workers(mode, models, (1, 2, 4), loopback),
    }
    found: dict[str, Points] = {}
    for name, measured in work.items():
        tell(name)
        found[name] = measured()
    head = f"Measured with `python -m realtime.bench scaling --mode {mode}`: {machine()}, one thread in each process."
    loads = roofline.report(mode if models else ",".join(MODES), (640, 480), 3, count, models)
    write_all(out, {"scaling.md": "\n".join([page(found, head), ROOFLINE, "```", loads, "```", ""]), **plots(found)})


# the page ---------------------------------------------------------------------------------------------------------


def page(found: dict[str, Points], head: str) -> str:
    """What was measured, as Markdown; the pictures lie beside it."""
    parts = ["# Scaling", "", head, ""]
    for name, (title, x, y, said) in PLOTS.items():
        if points := found.get(name):
            picture = f"![{title}](scaling-{name}.svg)"
            parts += [f"## {title}", "", picture, "", *rows(x, y, points), "", said(points), ""]
    return "\n".join(parts)


def rows(x: str, y: str, points: Points) -> list[str]:
    """A Markdown table."""
    return [f"| {x} | {y} |", "|---|---|", *(f"| {svg.short(a)} | {b:.4g} |" for a, b in points)]


def plots(found: dict[str, Points]) -> dict[str, str]:
    """The pictures by file name."""
    pages = {}
    for name, points in found.items():
        title, x, y, _ = PLOTS[name]
        along = svg.Axis.over(x, [a for a, _ in points], log=name == "length", zero=True)
        up = svg.Axis.over(y, [b for _, b in points], zero=True)
        pages[f"scaling-{name}.svg"] = svg.lines(title, along, up, {"": points})
    return pages


def grown(what: str) -> Callable[[Points], str]:
    """A sentence on how much more the last point costs than the first, and up to where cost is linear or better."""

    def said(points: Points) -> str:
        (a, low), (b, high) = points[0], points[-1]
        more = f"{b / a:.3g} times" if a else f"{b:.3g}"
        return f"{more} the {what}: {high / low:.2f} times the time. {linear_until(points)}"

    return said


def linear_until(points: Points) -> str:
    """Up to which point the time for each unit stays what it was at its cheapest; what an empty frame costs is none."""
    empty = points[0][1] if points[0][0] == 0 else 0.0
    before, cheapest = 0.0, inf
    for a, ms in points:
        each = (ms - empty) / a if a else inf
        if each > DEARER * cheapest:
            dearer = f"at {a:.4g} each costs {each / cheapest:.2f} times as much"
            return f"It is linear or better up to {before:.4g}; {dearer}."
        before, cheapest = a, min(cheapest, each)
    return f"It is linear or better all the way to {points[-1][0]:.4g}."


def said_of_length(points: Points) -> str:
    """How much memory a longer run takes."""
    at = dict(points)
    settled = at.get(1000, points[0][1])
    return f"After 1,000 frames {settled:.1f} MB, after {points[-1][0]:,} frames {points[-1][1]:.1f} MB."


def said_of_workers(points: Points) -> str:
    """How much faster more workers are than one, and from where on more of them gain nothing."""
    gain = ", ".join(f"{b / points[0][1]:.2f} times with {a}" for a, b in points[1:])
    idle = [f"{b} gain less than a tenth over {a}" for (a, low), (b, high) in pairwise(points) if high < 1.1 * low]
    stops = f"It stops there: {idle[0]}." if idle else "It does not stop before the last."
    return f"Against one worker: {gain}. This machine has {os.cpu_count()} cores. {stops}"


PLOTS = {
    "size": ("Frame size", "megapixels", "ms per frame", grown("pixels")),
    "objects": ("Texts in a frame of 1280x720", "texts", "ms per frame", grown("texts")),
    "length": ("Memory", "frames", "peak memory, MB", said_of_length),
    "workers": ("Worker processes", "workers", "frames per second", said_of_workers),
    "cluster": ("Workers of a Dask cluster on loopback", "workers", "frames per second", said_of_workers),
}

ROOFLINE = """## Limit

What the networks do in a frame of a film of 640x480 with three texts, compared with what one core can do: `floor` is
the time that the multiplications, or the bytes, take at the core's peak, `times` how far the network is from it. The
locator is furthest: its first layers see few channels where the core multiplies many at once, and its depthwise layers
move more than they multiply. Readers run near their floor, so that a batch of several texts gains little. Pages are
those of 4 KiB that the system hands out per frame once all sizes are known: a picture fills 225, so buffers are used
again. The picture is made gray and shrunk once for all modes, and FFmpeg decodes ahead in threads of its own.
"""

if __name__ == "__main__":
    cv2.setNumThreads(1)
    run_long(sys.argv[1], sys.argv[2] or None, int(sys.argv[3]))
