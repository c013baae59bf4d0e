"""Training samples: real and rendered, damaged the same way, pressed through realtime.preprocess, in batches.

A sampler is a function of a random generator. Workers are processes that import no Keras; sample k of worker w comes
from the generator seeded with (seed, w, k), so a run can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from realtime.preprocess import crop, fit_square, frame_quad
from realtime.spec import ModelSpec
from realtime.values import Quad
from synth.effects import apply_effects, sample_effects
from train.sampling.augment import jittered, seen, some_patch, surrounded, written
from train.sampling.batches import Sample
from train.sampling.draw import ReplayBuffer, Weighted
from train.sampling.load import Labelled

MAX_TEXT = 24
Shake = Callable[[Quad, np.random.Generator], Quad]
Render = Callable[[np.random.Generator], tuple[np.ndarray, str]]


def reader_target(text: str, alphabet: str, folded: bool = False) -> np.ndarray:
    """int32 (MAX_TEXT + 2,): whether 0 may mean O, the length, the indices, padded with 0."""
    indices = [alphabet.index(c) for c in text][:MAX_TEXT]
    return np.array([int(folded), len(indices), *indices, *[0] * (MAX_TEXT - len(indices))], np.int32)


class RealCrops:
    """Draws labelled real crops by weight, surrounds them with something, shakes the corners and damages them."""

    def __init__(
        self,
        items: Sequence[Labelled],
        spec: ModelSpec,
        backgrounds: Sequence[np.ndarray],
        shake: Shake = lambda quad, rng: jittered(quad, rng, loose=0.14, corner=0.035, turn=2.0),
    ) -> None:
        """`shake` moves the true corners as a locator would."""
        self.drawn, self.spec, self.backgrounds = Weighted(items, [i.weight for i in items]), spec, backgrounds
        self.shake = shake

    def __call__(self, rng: np.random.Generator) -> Sample:
        item = self.drawn(rng)
        gray, quad = item.gray, item.quad
        if quad is None:
            gray, quad = surrounded(gray, some_patch(rng, self.backgrounds), 0.5)
        quad = self.shake(quad, rng)
        gray = apply_effects(gray, sample_effects(rng, strength=0.55, height=gray.shape[0]))
        return crop(gray, quad, self.spec), reader_target(item.text, self.spec.alphabet, item.folded)


class Rendered:
    """Rendered characters, each new; what is none of the alphabet has the empty text."""

    def __init__(self, render: Render, spec: ModelSpec) -> None:
        self.render, self.spec = render, spec

    def __call__(self, rng: np.random.Generator) -> Sample:
        gray, text = self.render(rng)
        return fit_square(gray, self.spec), np.int32(class_of(text, self.spec.alphabet))


class RenderedTexts:
    """Rendered texts, each drawn several times and shaken anew each time. Target as for readers."""

    def __init__(self, render: Render, spec: ModelSpec, size: int, reuse: int) -> None:
        self.buffer, self.spec = ReplayBuffer(render, size, reuse), spec

    def __call__(self, rng: np.random.Generator) -> Sample:
        (gray, text), known = self.buffer.draw(rng)
        if known:
            gray = apply_effects(gray, sample_effects(rng, strength=0.25, height=gray.shape[0]))
        quad = jittered(frame_quad(gray), rng, loose=0.03, corner=0.015, turn=0.7)
        return crop(gray, quad, self.spec), reader_target(text, self.spec.alphabet)


class Characters:
    """Single characters: real ones shaken and damaged, as a classifier is fed them. Target: int32 class."""

    def __init__(self, items: Sequence[Labelled], spec: ModelSpec, inked: bool = False) -> None:
        self.drawn, self.spec, self.inked = Weighted(items, [i.weight for i in items]), spec, inked

    def __call__(self, rng: np.random.Generator) -> Sample:
        item = self.drawn(rng)
        gray = written(item.gray, rng) if self.inked else item.gray
        return seen(gray, rng, self.spec, item.quad), np.int32(class_of(item.text, self.spec.alphabet))


def class_of(text: str, alphabet: str) -> int:
    """The index of a character; the last class for anything else."""
    return alphabet.index(text) if text and text in alphabet else len(alphabet)
