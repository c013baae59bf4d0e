"""Training samples: real and rendered, damaged the same way, pressed through realtime.preprocess, in batches.

A sampler is a function of a random generator. Workers are processes that import no Keras; sample k of worker w comes
from the generator seeded with (seed, w, k), so a run can be repeated.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, Full

import cv2
import numpy as np

from realtime.preprocess import crop, fit_square, rectify, to_gray, whole
from realtime.spec import ModelSpec
from realtime.values import Quad
from synth.effects import apply_effects, sample_effects
from train.datasets import load_shared

MAX_TEXT = 24
Sample = tuple[np.ndarray, np.ndarray]
Render = Callable[[np.random.Generator], tuple[np.ndarray, str]]
Sampler = Callable[[np.random.Generator], Sample]

# Rows of one set are drawn this many times as often as of another: small and hard sets more.
WEIGHTS = {
    "plates/crops/taiwan": 0.7,
    "plates/crops/europe": 1.5,
    "plates/crops/europe_two_line": 3.0,
    "plates/crops/brazil": 1.0,
    "plates/crops/us": 2.2,
    "plates/crops/china": 1.0,
    "plates/scenes/china": 1.2,
    "characters/chars74k": 3.0,
    "characters/iiit5k_words/chars": 2.0,
}
# In these sets the letter O is written as the digit 0, so a 0 may be either.
ZERO_MEANS_O = ("plates/crops/us",)


@dataclass(frozen=True, eq=False)
class Labelled:
    """A gray picture, its text, how often it is drawn, and whether 0 may mean O."""

    gray: np.ndarray
    text: str
    weight: float = 1.0
    folded: bool = False
    quad: Quad | None = None
    group: str = ""


def reader_target(text: str, alphabet: str, folded: bool = False) -> np.ndarray:
    """int32 (MAX_TEXT + 2,): whether 0 may mean O, the length, the indices, padded with 0."""
    indices = [alphabet.index(c) for c in text][:MAX_TEXT]
    return np.array([int(folded), len(indices), *indices, *[0] * (MAX_TEXT - len(indices))], np.int32)


def surrounded(gray: np.ndarray, patch: np.ndarray, share: float) -> tuple[np.ndarray, Quad]:
    """The picture in the middle of a patch of something else, `share` of its height around it; its corners there."""
    height, width = gray.shape
    edge = max(2, round(share * height))
    canvas = cv2.resize(patch, (width + 2 * edge, height + 2 * edge), interpolation=cv2.INTER_AREA)
    canvas[edge : edge + height, edge : edge + width] = gray
    return canvas, Quad.of(whole(gray).array() + edge)


def jittered(quad: Quad, rng: np.random.Generator, loose: float, corner: float, turn: float) -> Quad:
    """Corners moved as an imperfect locator moves them.

    All outwards by -0.02 to `loose`, each by a normal deviate of `corner`, all turned by one of `turn` degrees. Shares
    are of the height for both axes, so that wide plates are not cut at their ends.
    """
    points = quad.array()
    center, height = points.mean(0), quad.size[1]
    away = np.sign(points - center) * rng.uniform(-0.02, loose, 2).astype(np.float32) * height
    noise = rng.normal(0, corner * height, (4, 2))
    angle = np.deg2rad(rng.normal(0, turn))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Quad.of((points + away + noise - center) @ rotation.T + center)


def some_patch(rng: np.random.Generator, backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """A random window, 32 to 160 pixels a side, of a random background."""
    gray = backgrounds[rng.integers(len(backgrounds))]
    height, width = gray.shape
    h, w = min(height, int(rng.integers(32, 160))), min(width, int(rng.integers(32, 160)))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    return gray[y : y + h, x : x + w]


class RealCrops:
    """Draws labelled real crops by weight, surrounds them with something, shakes the corners and damages them."""

    def __init__(self, items: Sequence[Labelled], spec: ModelSpec, backgrounds: Sequence[np.ndarray]) -> None:
        self.items, self.spec, self.backgrounds = list(items), spec, backgrounds
        weights = np.array([i.weight for i in items], float)
        self.edges = np.cumsum(weights / weights.sum())

    def __call__(self, rng: np.random.Generator) -> Sample:
        item = self.items[min(int(np.searchsorted(self.edges, rng.random())), len(self.items) - 1)]
        gray, quad = item.gray, item.quad
        if quad is None:
            gray, quad = surrounded(gray, some_patch(rng, self.backgrounds), 0.25)
        quad = jittered(quad, rng, loose=0.14, corner=0.035, turn=2.0)
        gray = apply_effects(gray, sample_effects(rng, strength=0.55, height=gray.shape[0]))
        return crop(gray, quad, self.spec), reader_target(item.text, self.spec.alphabet, item.folded)


class Rendered:
    """Rendered characters, each new; what is none of the alphabet has the empty text."""

    def __init__(self, render: Render, spec: ModelSpec) -> None:
        self.render, self.spec = render, spec

    def __call__(self, rng: np.random.Generator) -> Sample:
        gray, text = self.render(rng)
        return fit_square(gray, self.spec), np.int32(class_of(text, self.spec.alphabet))


class Bank:
    """Draws rendered pictures again several times before it renders new ones; each draw is shaken anew.

    Rendering costs milliseconds, shaking a tenth of one: `reuse` trades variety for time.
    """

    def __init__(self, render: Render, spec: ModelSpec, size: int, reuse: int) -> None:
        self.render, self.spec, self.size, self.reuse = render, spec, size, reuse
        self.items: list[tuple[np.ndarray, str]] = []

    def __call__(self, rng: np.random.Generator) -> Sample:
        if len(self.items) < self.size:
            self.items.append(self.render(rng))
            gray, text = self.items[-1]
        elif rng.random() < 1 / self.reuse:
            slot = int(rng.integers(self.size))
            self.items[slot] = self.render(rng)
            gray, text = self.items[slot]
        else:
            gray, text = self.items[int(rng.integers(len(self.items)))]
            gray = apply_effects(gray, sample_effects(rng, strength=0.25, height=gray.shape[0]))
        quad = jittered(whole(gray), rng, loose=0.03, corner=0.015, turn=0.7)
        return crop(gray, quad, self.spec), reader_target(text, self.spec.alphabet)


class Mixture:
    """One of several samplers, by probability."""

    def __init__(self, samplers: Sequence[Sampler], weights: Sequence[float]) -> None:
        self.samplers, self.edges = samplers, np.cumsum(np.array(weights, float) / sum(weights))

    def __call__(self, rng: np.random.Generator) -> Sample:
        return self.samplers[min(int(np.searchsorted(self.edges, rng.random())), len(self.samplers) - 1)](rng)


def load_backgrounds(root: str, split: str, names: Sequence[str] = ("backgrounds",)) -> list[np.ndarray]:
    """Gray pictures without an object."""
    return [to_gray(e.image()) for e in load_shared(root, names) if e.split == split]


def load_labelled(root: str, names: Sequence[str], split: str, alphabet: str) -> list[Labelled]:
    """Real crops whose text the alphabet can spell; a set's weight comes from WEIGHTS."""
    found = []
    for e in load_shared(root, names):
        if e.split == split and e.text is not None and set(e.text) <= set(alphabet):
            gray, quad = to_gray(e.image()), e.quad
            if quad is not None:
                gray, quad = around(gray, quad)
            found.append(Labelled(gray, e.text, WEIGHTS.get(e.source, 1.0), e.source in ZERO_MEANS_O, quad, e.group))
    return found


def around(gray: np.ndarray, quad: Quad) -> tuple[np.ndarray, Quad]:
    """The part of the picture within half a height of the quadrilateral, and the corners there."""
    edge, box = quad.size[1] / 2, quad.box
    x0, y0 = max(0, int(box.x0 - edge)), max(0, int(box.y0 - edge))
    part = gray[y0 : int(box.y1 + edge), x0 : int(box.x1 + edge)]
    return part.copy(), Quad.of(quad.array() - np.array([x0, y0], np.float32))


class Characters:
    """Single characters: real ones shaken and damaged, as a classifier is fed them. Target: int32 class."""

    def __init__(self, items: Sequence[Labelled], spec: ModelSpec, inked: bool = False) -> None:
        self.items, self.spec, self.inked = list(items), spec, inked
        weights = np.array([i.weight for i in items], float)
        self.edges = np.cumsum(weights / weights.sum())

    def __call__(self, rng: np.random.Generator) -> Sample:
        item = self.items[min(int(np.searchsorted(self.edges, rng.random())), len(self.items) - 1)]
        gray = written(item.gray, rng) if self.inked else item.gray
        return seen(gray, rng, self.spec, item.quad), np.int32(class_of(item.text, self.spec.alphabet))


def class_of(text: str, alphabet: str) -> int:
    """The index of a character; the last class for anything else."""
    return alphabet.index(text) if text and text in alphabet else len(alphabet)


def seen(gray: np.ndarray, rng: np.random.Generator, spec: ModelSpec, quad: Quad | None = None) -> np.ndarray:
    """A character shaken and damaged as a camera sees it, and as a classifier is fed it."""
    gray = shaken(gray, rng, quad)
    gray = apply_effects(gray, sample_effects(rng, strength=0.4, height=gray.shape[0]))
    gray = 255 - gray if rng.random() < 0.25 else gray  # what is dark on light here may be light on dark elsewhere
    return fit_square(gray, spec)


def shaken(gray: np.ndarray, rng: np.random.Generator, quad: Quad | None = None) -> np.ndarray:
    """Turned, sheared, stretched and moved a little; outside the picture its edge repeats."""
    width, height = (quad or whole(gray)).size
    moved = jittered(quad or whole(gray), rng, loose=0.14, corner=0.035, turn=4.0)
    return rectify(gray, moved, max(8, round(height)), max(4, round(width * rng.uniform(0.88, 1.14))))


def written(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """White strokes on black as pen on paper: other stroke widths, paper and ink tones, cropped around the ink."""
    grow = int(rng.integers(-1, 3))
    if grow > 0:
        ink = cv2.dilate(ink, np.ones((grow + 1, grow + 1), np.uint8))
    rows, columns = np.flatnonzero(ink.max(1) > 40), np.flatnonzero(ink.max(0) > 40)
    if len(rows) and len(columns) and rng.random() < 0.6:  # else as it stood on its sheet
        edge = int(rng.integers(0, 7))
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        ink = cv2.copyMakeBorder(ink, edge, edge, edge, edge, cv2.BORDER_CONSTANT)
    paper, pen = rng.uniform(140, 255), rng.uniform(0, 110)
    if rng.random() < 0.35:
        paper, pen = pen, paper
    mask = ink.astype(np.float32) / 255
    return np.clip(paper + (pen - paper) * mask, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a stream of samples; small, so that it travels to a worker and into settings.json."""

    task: str
    data: str
    spec: ModelSpec = field(repr=False)
    seed: int = 0


def _work(make: Callable[[Recipe], Sampler], recipe: Recipe, worker: int, batch: int, queue) -> None:
    """A worker's life: batches into the queue until the trainer is gone."""
    cv2.setNumThreads(1)
    sampler, index = make(recipe), 0
    while multiprocessing.parent_process().is_alive():
        samples = [sampler(np.random.default_rng((recipe.seed, worker, index + k))) for k in range(batch)]
        index += batch
        images = np.stack([s[0] for s in samples])[..., None]
        targets = np.stack([s[1] for s in samples])
        while multiprocessing.parent_process().is_alive() and not offered(queue, (images, targets)):
            pass


def offered(queue, item, seconds: float = 5.0) -> bool:
    """Whether the queue took the item within some seconds; it waits no longer, for the reader may have been killed."""
    try:
        queue.put(item, timeout=seconds)
        return True
    except Full:
        return False


def batches(make: Callable[[Recipe], Sampler], recipe: Recipe, batch: int, workers: int) -> Iterator[Sample]:
    """Endless batches of (uint8 (n, h, w, 1), targets) from worker processes, which end with the caller.

    Raises RuntimeError where a worker ended: what it died of stands on standard error.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=6)
    processes = [
        context.Process(target=_work, args=(make, recipe, worker, batch, queue), daemon=True)
        for worker in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        while True:
            yield received(queue, processes)
    finally:
        for process in processes:
            process.terminate()


def received(queue, processes: Sequence, seconds: float = 2.0):
    """The next item of the queue; RuntimeError where none comes because a process is dead."""
    while True:
        try:
            return queue.get(timeout=seconds)
        except Empty:
            if not all(process.is_alive() for process in processes):
                raise RuntimeError("A process that makes samples has ended.") from None
