"""Real pictures with their texts, as training draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from realtime.preprocess import to_gray
from realtime.values import Quad
from train.datasets import load_shared

# Rows of one set are drawn this many times as often as of another: small and hard sets more.
WEIGHTS = {
    "plates/crops/taiwan": 0.7,
    "plates/crops/europe": 1.5,
    "plates/crops/europe_two_line": 3.0,
    "plates/crops/brazil": 1.0,
    "plates/crops/us": 2.2,
    "plates/crops/china": 1.0,
    "plates/scenes/china": 1.2,
    "plates/scenes/brazil_gate": 1.2,
    "plates/crops/india_mixed": 2.5,
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
