"""Samples for readers of lines that are cut out of rendered scenes, as a locator cuts them out of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from realtime.preprocess import crop
from realtime.spec import ModelSpec
from realtime.values import Quad
from synth.text.layouts import sample_layout
from synth.text.scene import render_scene
from train.sampling.augment import jittered
from train.sampling.batches import Sample
from train.sampling.draw import ReplayBuffer
from train.sampling.samplers import reader_target

LEAST = 8.0  # pixels: strings that are less high are left out


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
        self.buffer = ReplayBuffer(lambda rng: rendered(rng, backgrounds), size, reuse=10)

    def __call__(self, rng: np.random.Generator) -> Sample:
        scene = self.buffer(rng)
        k = int(rng.integers(len(scene.texts)))
        quad = jittered(Quad.of(scene.quads[k]), rng, loose=0.36, corner=0.035, turn=2.0)
        return crop(scene.gray, quad, self.spec), reader_target(self.spoken(scene.texts[k]), self.spec.alphabet)


def rendered(rng: np.random.Generator, backgrounds: Sequence[np.ndarray]) -> Written:
    """A scene with at least one string that is large enough to read."""
    while True:
        scene = replace(sample_layout(rng, "train"), mode="lines")
        gray, quads, texts = render_scene(scene, backgrounds)
        large = [k for k, quad in enumerate(quads) if Quad.of(quad).size[1] >= LEAST]
        if large:
            return Written(gray, quads[large], tuple(texts[k] for k in large))
