"""Samples for readers of lines: words and numbers of photographs and displays, and rendered ones, each new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from realtime.preprocess import crop, frame_quad, to_gray
from realtime.spec import ModelSpec
from synth.text.strings import legible
from train.datasets import load_shared, there
from train.sampling.batches import Sample
from train.sampling.load import MOST, Labelled, around
from train.sampling.samplers import Render, reader_target

# Sets of real words and of whole displays, and how often a row of one is drawn against a row of another.
WORDS = {"words/icdar15": 1.0, "characters/iiit5k_words": 1.3, "words/wire_labels": 0.3, "words/photos": 1.5}
DISPLAYS = {"displays/medical": 1.0, "displays/energy": 2.5, "public/svhn-full": 0.3}


def load_words(root: str, names: Sequence[str], split: str, alphabet: str) -> list[Labelled]:
    """Real words as far as the alphabet can spell them; one that nothing is left of is dropped."""
    return [item for name in there(root, names) for item in islice(words_of(root, name, split, alphabet), MOST[split])]


def words_of(root: str, name: str, split: str, alphabet: str) -> Iterator[Labelled]:
    """The words of one set."""
    for e in load_shared(root, [name]):
        text = legible(e.text or "", alphabet)
        if e.split == split and text and e.readable:
            gray, quad = to_gray(e.image()), e.quad
            if quad is not None:
                gray, quad = around(gray, quad)
            if lies(text, quad.size if quad else gray.shape[::-1]):
                yield Labelled(gray, text, quad=quad, group=e.source)


def lies(text: str, size: Sequence[float]) -> bool:
    """Whether a text of that width and height runs from left to right: one much higher than wide stands on its end."""
    return len(text) < 3 or size[1] < 1.3 * size[0]


def evened(items: Sequence[Labelled], share: float = 1.0) -> list[Labelled]:
    """The items, those whose text repeats drawn less often each; a text's share grows with its root."""
    count = Counter(item.text for item in items)
    return [replace(item, weight=share * count[item.text] ** -0.5) for item in items]


class Drawn:
    """Rendered lines, each new, as a reader is fed them."""

    def __init__(self, render: Render, spec: ModelSpec) -> None:
        self.render, self.spec = render, spec

    def __call__(self, rng: np.random.Generator) -> Sample:
        gray, text = self.render(rng)
        target = reader_target(legible(text, self.spec.alphabet), self.spec.alphabet)
        return crop(gray, frame_quad(gray), self.spec), target
