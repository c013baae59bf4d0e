"""Samples for readers of lines that are cut out of rendered scenes, as a locator cuts them out of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from realtime.preprocess import crop
from realtime.spec import ModelSpec
from realtime.values import Quad
from synth.text.layouts import SHEETS, Draw, price, sample_layout
from synth.text.scene import render_scene
from train.sampling.augment import jittered
from train.sampling.batches import Sample
from train.sampling.draw import ReplayBuffer
from train.sampling.samplers import reader_target

LEAST = 8.0  # pixels: strings that are less high are left out
PRICES = 0.2  # of the strings are prices with raised cents: few sheets have one, and they are read unlike all others
RAISED = 0.35  # most by which a locator's bottom line rises towards raised cents, as a share of the height


@dataclass(frozen=True, eq=False)
class Written:
    """A gray picture, the corners of its strings (n, 4, 2) and their texts."""

    gray: np.ndarray
    quads: np.ndarray
    texts: tuple[str, ...]


class Cuts:
    """Strings of rendered displays, tables, prices and other sheets, with whatever stands beside them there."""

    def __init__(
        self, spec: ModelSpec, backgrounds: Sequence[np.ndarray], spoken: Callable[[str], str], size: int = 150
    ) -> None:
        """`spoken`: what the reader is to say to a text; `size`: pictures that are kept, each for several strings."""
        self.spec, self.spoken = spec, spoken
        self.sheets = ReplayBuffer(lambda rng: rendered(rng, backgrounds, SHEETS), size, reuse=10)
        self.prices = ReplayBuffer(lambda rng: rendered(rng, backgrounds, (price,)), max(size // 5, 1), reuse=10)

    def __call__(self, rng: np.random.Generator) -> Sample:
        quad, text, gray = self.price(rng) if rng.random() < PRICES else self.string(rng)
        quad = jittered(quad, rng, loose=0.36, corner=0.035, turn=2.0)
        return crop(gray, quad, self.spec), reader_target(self.spoken(text), self.spec.alphabet)

    def string(self, rng: np.random.Generator) -> tuple[Quad, str, np.ndarray]:
        """Any string of a sheet: its corners, its text, the picture."""
        scene = self.sheets(rng)
        k = int(rng.integers(len(scene.texts)))
        return Quad.of(scene.quads[k]), scene.texts[k], scene.gray

    def price(self, rng: np.random.Generator) -> tuple[Quad, str, np.ndarray]:
        """The highest string of a price's sheet, whose bottom line rises towards the feet of the cents."""
        scene = self.prices(rng)
        k = max(range(len(scene.texts)), key=lambda k: Quad.of(scene.quads[k]).size[1])
        corners = scene.quads[k].copy()
        corners[2] += (corners[1] - corners[2]) * max(0.0, rng.uniform(-RAISED, RAISED))
        return Quad.of(corners), scene.texts[k], scene.gray


def rendered(rng: np.random.Generator, backgrounds: Sequence[np.ndarray], sheets: Sequence[Draw]) -> Written:
    """A scene of some kinds of sheets with at least one string that is large enough to read."""
    while True:
        scene = replace(sample_layout(rng, "train", sheets=sheets), mode="lines")
        gray, quads, texts = render_scene(scene, backgrounds)
        large = [k for k, quad in enumerate(quads) if Quad.of(quad).size[1] >= LEAST]
        if large:
            return Written(gray, quads[large], tuple(texts[k] for k in large))
