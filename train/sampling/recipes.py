"""What each network is: its sidecar before training, and the mixture of samples it learns from. Imports no Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from realtime.locate_text import CELL
from realtime.modes import CHARACTERS, DIGITS, MARKS, NUMBERS, PLATES
from realtime.preprocess import to_gray
from realtime.spec import ModelSpec
from train.datasets import load_shared
from train.sampling.augment import some_patch
from train.sampling.batches import Recipe, Sample, Sampler
from train.sampling.counters import Wheels, levelled
from train.sampling.detection import SIZES, LooseCrops, MarkedScene, Patches
from train.sampling.draw import Mixture, ReplayBuffer
from train.sampling.lines import characters_reader, digits_reader, lines_reader
from train.sampling.load import load_backgrounds, load_labelled
from train.sampling.samplers import Characters, RealCrops, Rendered, RenderedTexts
from train.sampling.text_scenes import text_locator

# What one cell of a locator sees, in pixels, and the distance of cells: set by the layers of train.nets.locator.
WINDOW, STRIDE = 96, 8
SIGHT = 384  # pixels across on which a text locator's cell can depend: set by the layers of train.nets.text_locator

PLATE_CROPS = (
    "plates/crops/taiwan",
    "plates/crops/europe",
    "plates/crops/europe_two_line",
    "plates/crops/brazil",
    "plates/crops/us",
    "plates/crops/china",
    "plates/scenes/china",
    "plates/scenes/brazil_gate",
    "plates/crops/india_mixed",
)
PLATE_VALIDATION = (
    *PLATE_CROPS[:6],
    "plates/crops/argentina",
    "plates/crops/sweden",
    "plates/scenes/brazil_gate",
    "plates/crops/india_mixed",
)

# Characters that are digits or look like one; what else a photograph shows is "none" to a classifier of digits.
LIKE_DIGITS = DIGITS + "OoDQIilSsBbZzGgq"

# Written digits are drawn so often against written letters: where single characters are written, more are digits.
NUMERALS = 1.8

LINES = ModelSpec("", "", "reader", 32, 160, slots=40, keep_aspect=True, margin=0.2)
WINDOWS = ModelSpec("", "", "locator", WINDOW, WINDOW, stride=STRIDE)
TEXT = ModelSpec("", "", "text-locator", SIGHT, SIGHT, stride=CELL)
ONE = ModelSpec("", "", "classifier", 32, 32)


def named(base: ModelSpec, mode: str, **values) -> ModelSpec:
    """A spec of a mode; its name is mode-network."""
    return replace(base, name=f"{mode}-{base.network}", mode=mode, **values)


PLATE = ModelSpec("", "", "reader", 48, 144, slots=72, margin=0.06)
SHIPPING = (
    named(PLATE, "plates", alphabet=PLATES, threshold=0.5),
    named(LINES, "digits", alphabet=NUMBERS, threshold=0.3),
    named(LINES, "characters", alphabet=CHARACTERS, letters="letters.npz", threshold=0.4),
    named(WINDOWS, "plates", threshold=0.35),
    named(TEXT, "digits", threshold=0.7),
    named(TEXT, "characters", threshold=0.7),
    named(ModelSpec("", "", "corners", 48, 128), "plates", threshold=0.85),
    named(ONE, "digits", alphabet=DIGITS),
    named(ONE, "characters", alphabet=CHARACTERS),
)
# What the readers of lines begin from: one network for words and numbers with their marks.
COMMON = named(LINES, "lines", alphabet=CHARACTERS + MARKS)
SPECS = {spec.name: spec for spec in (*SHIPPING, COMMON)}


def plates_reader(recipe: Recipe) -> Sampler:
    """Half real crops, half rendered ones, some that nobody could read."""
    from synth.plates.plate import sample_plate_crop, sample_unreadable

    backgrounds = load_backgrounds(recipe.data, "train")
    items = [i for i in load_labelled(recipe.data, PLATE_CROPS, "train", PLATES) if i.text]
    real = RealCrops(items, recipe.spec, backgrounds)
    rendered = RenderedTexts(sample_plate_crop, recipe.spec, size=6000, reuse=6)
    nothing = RenderedTexts(lambda rng: (sample_unreadable(rng), ""), recipe.spec, size=1000, reuse=4)
    other = RenderedTexts(lambda rng: (some_patch(rng, backgrounds), ""), recipe.spec, size=1000, reuse=2)
    return Mixture[Sample]([real, rendered, nothing, other], [0.46, 0.48, 0.04, 0.02])


def classifier(recipe: Recipe) -> Sampler:
    """Photographed, written, metered and rendered characters, and what is none."""
    from synth.text.crops import sample_character, sample_not_character

    spec, data = recipe.spec, recipe.data
    backgrounds = load_backgrounds(data, "train")
    photographed = "characters/chars74k", "characters/iiit5k_words/chars"
    photos = Characters(load_labelled(data, photographed, "train", spec.alphabet), spec)
    written = load_labelled(data, ("characters/handwriting",), "train", spec.alphabet)
    written = [replace(w, weight=NUMERALS * w.weight) if w.text in DIGITS else w for w in written]
    hands = Characters(written, spec, inked=True)
    read = load_labelled(data, ("digits/meters",), "train", spec.alphabet)
    meters = Characters(levelled(read), spec)
    paper = Characters(load_labelled(data, ("characters/handwritten_paper",), "train", spec.alphabet), spec)
    drawn = Rendered(lambda rng: sample_character(rng, "train", spec.alphabet, backgrounds), spec)
    nothing = Rendered(lambda rng: (sample_not_character(rng, backgrounds), ""), spec)
    if spec.mode != "digits":
        return Mixture[Sample]([photos, hands, paper, meters, drawn, nothing], [0.34, 0.2, 0.12, 0.05, 0.25, 0.04])
    letters = [i for i in load_labelled(data, photographed, "train", CHARACTERS) if i.text not in LIKE_DIGITS]
    none = Characters(letters, spec)
    samplers: list[Sampler] = [photos, hands, paper, meters, Wheels(read, spec), drawn, nothing, none]
    return Mixture(samplers, [0.17, 0.18, 0.05, 0.23, 0.1, 0.19, 0.04, 0.04])


def plate_scenes(recipe: Recipe) -> Mixture[MarkedScene]:
    """Pictures with plates: rendered scenes, real ones with exact corners, real ones with boxes, and none at all."""
    from synth.plates.scene import render_plate_scene, sample_plate_scene

    data = recipe.data
    backgrounds = load_backgrounds(data, "train")
    exact = load_scenes(data, ["plates/scenes/china"], True)
    boxed = load_scenes(data, ["plates/scenes/world_boxes"], False)
    crops = [(i.gray, i.text) for i in load_labelled(data, PLATE_CROPS[:6], "train", PLATES) if i.text]
    streets = [(s.gray, s.quads) for s in exact + boxed]

    def render(rng: np.random.Generator) -> MarkedScene:
        real = crops if rng.random() < 0.4 else ()
        gray, quads, _ = render_plate_scene(sample_plate_scene(rng, backgrounds, crops=real, streets=streets))
        return MarkedScene(gray, quads)

    none = [MarkedScene(gray, np.zeros((0, 4, 2), np.float32)) for gray in backgrounds]
    drawn = ReplayBuffer(render, size=500, reuse=16)
    return Mixture[MarkedScene]([drawn, one_of(exact), one_of(boxed), one_of(none)], [0.42, 0.13, 0.25, 0.2])


def one_of(scenes: list[MarkedScene]) -> Callable[[np.random.Generator], MarkedScene]:
    """Any of the scenes."""
    return lambda rng: scenes[rng.integers(len(scenes))]


def load_scenes(root: str, names: Sequence[str], exact: bool, split: str = "train") -> list[MarkedScene]:
    """Real pictures with all their objects' corners."""
    rows = [e for e in load_shared(root, names) if e.split == split and e.quad is not None]
    return [
        MarkedScene(to_gray(group[0].image()), np.stack([e.quad.array() for e in group if e.quad]), exact)
        for group in (list(g) for _, g in groupby(rows, key=lambda e: e.path))
    ]


def plates_locator(recipe: Recipe) -> Sampler:
    """Patches of pictures with and without plates."""
    return Patches(plate_scenes(recipe), SIZES["plates"], recipe.spec, load_backgrounds(recipe.data, "train"))


def plates_corners(recipe: Recipe) -> Sampler:
    """Loose crops around plates, and around what is none."""
    return LooseCrops(plate_scenes(recipe), recipe.spec)


MAKERS = {
    "plates-locator": plates_locator,
    "plates-corners": plates_corners,
    "digits-locator": text_locator,
    "characters-locator": text_locator,
    "plates-reader": plates_reader,
    "characters-classifier": classifier,
    "digits-classifier": classifier,
    "characters-reader": characters_reader,
    "digits-reader": digits_reader,
    "lines-reader": lines_reader,
}


def make(recipe: Recipe) -> Sampler:
    """The sampler of a recipe's task."""
    return MAKERS[recipe.task](recipe)
