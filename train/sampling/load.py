"""Real pictures with their texts, as training draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from realtime.preprocess import to_gray
from realtime.values import Quad
from synth.sources import Sources, use
from synth.text.scene import render_scene, sample_scene
from train.datasets import load_shared, load_there, there

# Rows of one set are drawn this many times as often as of another: small and hard sets more.
WEIGHTS = {
    "plates/crops/taiwan": 0.7,
    "plates/crops/europe": 1.5,
    "plates/crops/europe_two_line": 3.0,
    "plates/crops/brazil": 1.0,
    "plates/crops/us": 2.2,
    "plates/crops/china": 1.0,
    "plates/scenes/china": 1.2,
    "plates/scenes/brazil_gate": 1.6,
    "characters/chars74k": 3.0,
    "characters/iiit5k_words/chars": 2.0,
    "public/chars74k-img": 3.0,
    "public/iiit5k-chars": 2.0,
}

MOST = {"train": 40_000, "val": 5_000}  # pictures of one set
EMPTY, FEW = (240, 320), 60  # size and number of rendered pictures without an object

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
    """Gray pictures without an object; rendered ones where no set of them is there."""
    found = [to_gray(e.image()) for e in load_there(root, names) if e.split == split]
    return found or rendered_backgrounds(split)


@cache
def rendered_backgrounds(split: str) -> list[np.ndarray]:
    """Surfaces and shapes without text, gray (240, 320): the same on every machine."""
    seed = {"train": 61, "val": 62}[split]
    scenes = (sample_scene(np.random.default_rng((seed, k)), "digits", split, EMPTY, lines=(0, 0)) for k in range(FEW))
    return [render_scene(scene, ())[0] for scene in scenes]


def draw_from(root: str) -> None:
    """Let this process render with the fonts, plate glyphs and strokes of a data folder."""
    fonts = Path(root) / "fonts"
    glyphs, strokes = Path(root) / "characters/plate_glyphs", Path(root) / "characters/handwriting"
    use(
        Sources(
            (str(fonts),) if fonts.is_dir() else (),
            str(glyphs / "glyphs_32x32.npz") if glyphs.is_dir() else "",
            str(strokes / "strokes_40x40.npz") if strokes.is_dir() else "",
        )
    )


def load_labelled(root: str, names: Sequence[str], split: str, alphabet: str) -> list[Labelled]:
    """Real crops whose text the alphabet can spell, MOST of each set; a set's weight comes from WEIGHTS."""
    return [item for name in there(root, names) for item in islice(labelled(root, name, split, alphabet), MOST[split])]


def labelled(root: str, name: str, split: str, alphabet: str) -> Iterator[Labelled]:
    """The crops of one set."""
    for e in load_shared(root, [name]):
        if e.split == split and e.text is not None and e.readable and set(e.text) <= set(alphabet):
            gray, quad = to_gray(e.image()), e.quad
            if quad is not None:
                gray, quad = around(gray, quad)
            yield Labelled(gray, e.text, WEIGHTS.get(e.source, 1.0), e.source in ZERO_MEANS_O, quad, e.group)


def around(gray: np.ndarray, quad: Quad) -> tuple[np.ndarray, Quad]:
    """The part of the picture within half a height of the quadrilateral, and the corners there."""
    edge, box = quad.size[1] / 2, quad.box
    x0, y0 = max(0, int(box.x0 - edge)), max(0, int(box.y0 - edge))
    part = gray[y0 : int(box.y1 + edge), x0 : int(box.x1 + edge)]
    return part.copy(), Quad.of(quad.array() - np.array([x0, y0], np.float32))
