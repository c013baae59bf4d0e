"""python -m train films: what is read of displays that change and plates that follow each other, a record for each."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import click
import cv2
import numpy as np

from realtime.contracts import Pipeline
from realtime.pipeline import load
from realtime.tracking.track import Tracker
from realtime.values import Box, Frame, Quad, Reading, Sighting, Track
from synth.text.film import clock, counter, render_film, sample_film
from train.datasets import load_there
from train.datasets.place import data_option
from train.evaluation.evaluate import Row
from train.sampling.load import draw_from

Rng = np.random.Generator
Shot = tuple[float, np.ndarray, str]  # time in seconds, picture, the text that stands there, "" for none or two
READ = 0.5  # share of a value's frames that must be read right for the value to be readable
FPS = 10.0
SIZE = (480, 640)  # of frames of pictures shown in turn
CAPITALS = 60  # pixels of a text's height in them
PLATES = ("plates/crops/europe", "plates/crops/sweden", "plates/crops/taiwan")


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
    trust: tuple[tuple[float, bool], ...]  # confidence of each record, and whether it is right

    @property
    def readable(self) -> list[bool]:
        """Of the values whose single frames are read right, whether they were told."""
        return [told for told, share in zip(self.told, self.legible, strict=True) if share >= READ]

    @property
    def others(self) -> int:
        """Records of nothing that was shown, or of what had one already."""
        return sum(not right for _, right in self.trust)

    @property
    def clear(self) -> bool:
        """Whether all values are readable, so that other records are not the single readings' fault."""
        return len(self.readable) == len(self.shown)


def watched(pipeline: Pipeline, film: Iterable[Shot]) -> Outcome:
    """Show a pipeline a film and compare its records with what was shown; digits count, points do not."""
    shown: list[Shown] = []
    right: list[list[bool]] = []
    records: list[Track] = []
    for index, (moment, image, text) in enumerate(film):
        result = pipeline(Frame(index, moment, image))
        records += result.ended
        if not text:
            continue
        if not shown or shown[-1].text != text:
            shown.append(Shown(text, moment, moment))
            right.append([])
        shown[-1] = shown[-1]._replace(end=moment)
        right[-1].append(any(plain(s.reading.text) == plain(text) for s in result.sightings))
    return compared(shown, [*records, *pipeline.flush()], [float(np.mean(r)) for r in right])


def compared(shown: Sequence[Shown], records: Sequence[Track], legible: Sequence[float]) -> Outcome:
    """Match records with values, each once."""
    waiting = dict(enumerate(shown))
    trust = []
    for record in records:
        match = next((k for k, value in waiting.items() if fits(record, value)), None)
        trust.append((record.reading.confidence, match is not None))
        waiting.pop(-1 if match is None else match, None)
    told = tuple(k not in waiting for k in range(len(shown)))
    return Outcome(tuple(shown), tuple(legible), told, tuple(trust))


def fits(record: Track, value: Shown) -> bool:
    """Whether a record has the value's text and was seen while the value stood."""
    in_time = record.first_time <= value.end and record.last_time >= value.begin
    return in_time and plain(record.reading.text) == plain(value.text)


def plain(text: str) -> str:
    """The letters and digits of a text: readers that know no point are compared so."""
    return "".join(c for c in text if c.isalnum())


def calibration_error(trust: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error of records: the mean gap of confidence and share right, over bins of confidence."""
    slots: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in trust:
        slots.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    gaps = [abs(sum(c for c, _ in slot) - sum(r for _, r in slot)) for slot in slots.values()]
    return sum(gaps) / max(len(trust), 1)


# films ------------------------------------------------------------------------------------------------------------


def counters(kind: str, seconds: float, films: int, values: int) -> Iterator[Iterator[Shot]]:
    """Rendered displays of a kind in fonts that no training sample used: counters, and clocks every other time."""
    for k in range(films):
        rng = np.random.default_rng((72, k, int(seconds), len(kind)))
        start = int(rng.integers(10, 99_990))
        numbers = counter(start, values, 6 if kind == "drum" else len(str(start + values)))
        texts = clock(start % 43_200, values) if kind == "segment" and k % 2 else numbers
        yield render_film(sample_film(rng, "val", kind, texts, seconds, fps=FPS))


def in_turn(rng: Rng, pictures: Sequence[tuple[np.ndarray, str]], seconds: float, gap: float) -> Iterator[Shot]:
    """Pictures shown one after the other in one place, with nothing between for `gap` seconds; noise and JPEG."""
    ground, moment = np.full((*SIZE, 3), rng.uniform(60, 180), np.float32), 0.0
    for image, text in pictures:
        for on in [True] * round(seconds * FPS) + [False] * round(gap * FPS):
            canvas = ground.copy()
            if on:
                top, left = (np.array(SIZE) - image.shape[:2]) // 2 + rng.integers(-1, 2, 2)
                canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
            noisy = np.clip(canvas + rng.normal(0, 2, canvas.shape), 0, 255).astype(np.uint8)
            data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
            yield moment, np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), text if on else ""
            moment += 1 / FPS


def displays(data: Path) -> list[tuple[np.ndarray, str]]:
    """Held-out displays, BGR, with a little around, their text about CAPITALS pixels high."""
    rows = [e for e in load_there(data, ["displays/medical"]) if e.split == "val"]
    found = [(around(e.image(), e.quad.array(), CAPITALS), e.tags["text"]) for e in rows if e.quad]
    return [picture for picture in found if picture[0].size]


def around(image: np.ndarray, corners: np.ndarray, tall: float) -> np.ndarray:
    """The upright box of four corners with a quarter of its height around, its height scaled to `tall` pixels."""
    low, high = corners.min(0), corners.max(0)
    margin = 0.25 * (high[1] - low[1])
    (x0, y0), (x1, y1) = np.maximum(low - margin, 0).astype(int), np.ceil(high + margin).astype(int)
    return fitted(image[y0:y1, x0:x1], tall / max(high[1] - low[1], 1.0))


def fitted(image: np.ndarray, scale: float) -> np.ndarray:
    """The picture scaled, but no larger than fits into a frame."""
    scale = min(scale, *(0.9 * side / own for side, own in zip(SIZE, image.shape[:2], strict=True)))
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def plates(data: Path, count: int) -> list[tuple[np.ndarray, str]]:
    """Held-out plates, BGR."""
    sets = ([e for e in load_there(data, [name]) if e.split == "val"] for name in PLATES)
    chosen = [e for rows in sets for e in rows[: count // len(PLATES)]]
    return [(fitted(e.image(), 200 / e.image().shape[1]), e.text or "") for e in chosen]


# tables -----------------------------------------------------------------------------------------------------------


def rows_of(name: str, outcomes: Sequence[Outcome], told: str, others: str = "") -> list[Row]:
    """Values with a record, and other records, of films of one kind."""
    readable = [told for outcome in outcomes for told in outcome.readable]
    clear = [outcome for outcome in outcomes if outcome.clear]
    values = sum(len(outcome.shown) for outcome in clear)
    trust = [record for outcome in clear for record in outcome.trust]
    rows = [
        Row(f"{name}: values told, of those read right", len(readable), float(np.mean(readable or [False])), told),
        Row(f"{name}: values read right", sum(len(o.shown) for o in outcomes), share_readable(outcomes)),
    ]
    if clear:
        extra = sum(outcome.others for outcome in clear) / values
        rows.append(Row(f"{name}: other records per value, where all are read right", values, extra, others))
        rows.append(Row(f"{name}: calibration error, where all are read right", len(trust), calibration_error(trust)))
    return rows


def share_readable(outcomes: Sequence[Outcome]) -> float:
    """The share of all values whose single frames are read right."""
    return sum(len(o.readable) for o in outcomes) / max(sum(len(o.shown) for o in outcomes), 1)


def counter_rows(films: int) -> list[Row]:
    """Counters and clocks: 1, 2 and 20 seconds a value."""
    pipeline, rows = load("digits"), []
    for seconds, values in ((1.0, 24), (2.0, 12), (20.0, 2)):
        outcomes = [
            watched(pipeline, film)
            for kind in ("print", "segment", "drum")
            for film in counters(kind, seconds, films, values)
        ]
        rows += rows_of(f"rendered, {seconds:g} s a value", outcomes, "98 %", "< 2 %")
    return rows


def display_rows(data: Path) -> list[Row]:
    """Photographed displays for 2 seconds each, ten a film."""
    pipeline, rng, pictures = load("digits"), np.random.default_rng(73), displays(data)
    films = [pictures[k : k + 10] for k in range(0, len(pictures), 10)]
    return rows_of("displays, 2 s each", [watched(pipeline, in_turn(rng, f, 2.0, 0.0)) for f in films], "95 %")


def plate_rows(data: Path, count: int = 60) -> list[Row]:
    """Two plates one after the other in one place, half a second apart."""
    pipeline, rng, pictures = load("plates"), np.random.default_rng(74), plates(data, count)
    pairs = [(a, b) for a, b in zip(pictures[::2], pictures[1::2], strict=False) if a[1] != b[1]]
    return rows_of("two plates, 0.5 s apart", [watched(pipeline, in_turn(rng, p, 2.0, 0.5)) for p in pairs], "100 %")


def sightings(moment: float, objects: int = 10) -> list[Sighting]:
    """Displays in a grid, each with another number every second."""
    found = []
    for k in range(objects):
        text = f"{1000 * k + int(moment):06d}"
        quad = Quad.from_box(Box(60.0 * k, 40.0 * k, 60.0 * k + 50, 40.0 * k + 20))
        found.append(Sighting(quad, Reading(text, (0.95,) * 6, 0.9), 1.0, "digits"))
    return found


def cost_rows(frames: int) -> list[Row]:
    """What following ten displays costs: processor time and memory."""
    tracker, image, spent, held = Tracker(), np.zeros((*SIZE, 3), np.uint8), 0.0, 0
    for k in range(frames):
        seen = sightings(k / 25)
        begin = time.process_time()
        tracker(k / 25, k, seen, image)
        spent += time.process_time() - begin
        if k == frames // 10:
            held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
    return [
        Row(
            "tracker with 10 changing displays, ms of processor time per frame", frames, 1000 * spent / frames, "< 0.3"
        ),
        Row("tracker, memory grown over the last nine tenths of the frames, MB", frames, grown / 1024, "0"),
    ]


@click.command(name="films")
@data_option
@click.option("--films", default=6, show_default=True, help="Rendered films of each kind and pace.")
@click.option("--frames", default=100_000, show_default=True, help="Frames over which the tracker is measured.")
def command(data: str, films: int, frames: int) -> None:
    """Measure what is read over time: displays that change, plates that follow each other, cost."""
    draw_from(data)
    for rows in (cost_rows(frames), plate_rows(Path(data)), display_rows(Path(data)), counter_rows(films)):
        for row in filter(attrgetter("n"), rows):
            click.echo(f"{row.what:75} {row.n:7} {row.figure:8.3f} {row.floor}")
