"""What the readers of lines learn from: one network for all, and from it one for words and one for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from realtime.model import Model
from realtime.modes import CHARACTERS, MARKS, NUMBERS
from realtime.pipeline import LOCATORS
from realtime.pipeline import SHIPPED as MODELS
from realtime.spec import ModelSpec
from synth.text.crops import sample_crop
from train.sampling.batches import Recipe, Sampler
from train.sampling.counters import MeterStrips
from train.sampling.cuts import Cuts
from train.sampling.load import Labelled, around, load_backgrounds, load_labelled
from train.sampling.mixtures import ADDED, mixed
from train.sampling.samplers import RealCrops
from train.sampling.words import DISPLAYS, WORDS, Drawn, evened, load_words

CELLS = ("digits/meters", "digits/lcd")


def lines_reader(recipe: Recipe) -> Sampler:
    """Rendered words and numbers, real ones, rows of real digits, and what is none of them.

    A reader of numbers says nothing to words, to halves of digits and to textures.
    """
    source = Lines(recipe)
    parts: dict[str, Sampler | None] = {
        "words": source.drawn("characters"),
        "numbers": source.drawn("digits"),
        "cuts": source.cuts(),
        "halves": source.drawn("digits", halved),
        "photos": source.real(WORDS),
        "displays": source.real(DISPLAYS),
        "strips": source.strips(),
        "nothing": source.nothing(),
        ADDED: source.real(dict.fromkeys(recipe.added, 1.0)),
    }
    return mixed(recipe.shares, parts)


class Lines:
    """Makes the samplers of one recipe, for what the recipe's alphabet can spell."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.spec = recipe, recipe.spec
        self.backgrounds = load_backgrounds(recipe.data, "train")

    def drawn(self, mode: str, cut=lambda rng, gray, text: (gray, text)) -> Drawn:
        """Rendered lines of a mode, each cut as a function of generator, picture and text says."""

        def render(rng: np.random.Generator) -> tuple[np.ndarray, str]:
            gray, text = cut(rng, *sample_crop(rng, mode, "train", self.backgrounds))
            return gray, spoken(text, self.spec)

        return Drawn(render, self.spec)

    def real(self, shares: dict[str, float]) -> RealCrops | None:
        """Real words or numbers of the named sets, each set's rows drawn by its share; None where there is none."""
        items = []
        for name, share in shares.items():
            found = load_words(self.recipe.data, [name], "train", CHARACTERS + MARKS)
            items += evened([replace(item, text=spoken(item.text, self.spec)) for item in found], share)
        return RealCrops(items, self.spec, self.backgrounds) if items else None

    def cuts(self) -> Cuts:
        """Strings of rendered sheets."""
        return Cuts(self.spec, self.backgrounds, lambda text: spoken(text, self.spec))

    def strips(self) -> MeterStrips | None:
        """Rows of real digits of one device; None where no device has enough."""
        items = load_labelled(self.recipe.data, CELLS, "train", NUMBERS)
        return MeterStrips(items, self.spec) if MeterStrips.enough(items) else None

    def nothing(self) -> RealCrops:
        """What looks like text and is none."""
        plain = load_backgrounds(self.recipe.data, "train", ("backgrounds/bsds500", "backgrounds/dtd10"))
        return RealCrops(mined("characters-locator", plain) or whole(plain), self.spec, self.backgrounds)


def spoken(text: str, spec: ModelSpec) -> str:
    """What a reader is to say to a text: a reader of numbers nothing to a word or a code, which is no number."""
    if spec.mode == "digits" and set(text) - set(spec.alphabet):
        return ""
    return "".join(char for char in text if char in spec.alphabet)


def halved(rng: np.random.Generator, gray: np.ndarray, text: str) -> tuple[np.ndarray, str]:
    """The upper or the lower part of a line: what is left of its digits is none."""
    rows = round(gray.shape[0] * rng.uniform(0.3, 0.5))
    return (gray[:rows] if rng.random() < 0.5 else gray[-rows:]), ""


def whole(backgrounds: Sequence[np.ndarray]) -> list[Labelled]:
    """The pictures as they are, saying nothing."""
    return [Labelled(gray, "") for gray in backgrounds]


def mined(name: str, backgrounds: Sequence[np.ndarray], threshold: float = 0.3) -> list[Labelled]:
    """What the shipped locator finds in pictures without an object; before there is one, the pictures."""
    path = MODELS / f"{name}.tflite"
    if not path.is_file():
        return whole(backgrounds)
    model = Model(path)
    locator = LOCATORS[model.spec.kind](model, model.spec, threshold)
    detections = [(gray, detection) for gray in backgrounds for detection in locator(gray)]
    parts = [around(gray, detection.quad) for gray, detection in detections if detection.quad.size[1] > 6]
    return [Labelled(part, "", quad=quad) for part, quad in parts if min(part.shape) > 4]
