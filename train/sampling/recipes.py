"""What each network is: its sidecar before training, and the mixture of samples it learns from. Imports no Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from realtime.locate.text_locator import CELL
from realtime.modes import CHARACTERS, DIGITS, MARKS, NUMBERS, PLATES
from realtime.pipeline import Pipeline
from realtime.pipeline import load as load_pipeline
from realtime.preprocess import to_gray
from realtime.spec import ModelSpec
from realtime.values import Detection
from train.datasets import load_there
from train.sampling.augment import cut_loosely, some_patch
from train.sampling.batches import Recipe, Sampler
from train.sampling.counters import Wheels, levelled
from train.sampling.detection import SIZES, LooseCrops, MarkedScene, Patches
from train.sampling.draw import Draw, Mixture, ReplayBuffer
from train.sampling.lines import CELLS, lines_reader
from train.sampling.load import Labelled, draw_from, load_backgrounds, load_labelled
from train.sampling.mixtures import ADDED, mixed, mixture_of
from train.sampling.samplers import Characters, RealCrops, Rendered, RenderedTexts
from train.sampling.text_scenes import PLAIN, text_locator
from train.sampling.words import DISPLAYS, WORDS

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
CARS = ("plates/crops/india_mixed",)  # not cut to the plate
PLATE_VALIDATION = (
    *PLATE_CROPS[:6],
    "plates/crops/argentina",
    "plates/crops/sweden",
    "plates/scenes/brazil_gate",
    "plates/crops/india_mixed",
)

PLATE_SCENES = "china", "world_boxes", "dashcam"  # on which places are validated

# Characters that are digits or look like one; what else a photograph shows is "none" to a classifier of digits.
LIKE_DIGITS = DIGITS + "OoDQIilSsBbZzGgq"

PHOTOGRAPHED = "characters/chars74k", "characters/iiit5k_words/chars", "public/svhn"
HANDWRITTEN = "characters/handwriting", "public/mnist", "public/emnist", "public/chars74k-hnd"

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

    def real(names: Sequence[str]) -> Sampler | None:
        items = [i for i in load_labelled(recipe.data, names, "train", PLATES) if i.text]
        return RealCrops(items, recipe.spec, backgrounds, cut_loosely) if items else None

    parts: dict[str, Sampler | None] = {
        "crops": real([name for name in PLATE_CROPS if name not in CARS]),
        "cars": on_cars(recipe, backgrounds),
        "rendered": RenderedTexts(sample_plate_crop, recipe.spec, size=6000, reuse=6),
        "unreadable": RenderedTexts(lambda rng: (sample_unreadable(rng), ""), recipe.spec, size=1000, reuse=4),
        "backgrounds": RenderedTexts(lambda rng: (some_patch(rng, backgrounds), ""), recipe.spec, size=1000, reuse=2),
        ADDED: real(recipe.added),
    }
    return mixed(recipe.shares, parts)


def on_cars(recipe: Recipe, backgrounds: Sequence[np.ndarray]) -> Sampler | None:
    """Plates of pictures that show much of the car too, at the corners that the shipped locator finds."""
    items = [i for i in load_labelled(recipe.data, CARS, "train", PLATES) if i.text]
    if not items:
        return None
    pipeline = load_pipeline("plates")
    assert isinstance(pipeline, Pipeline)  # of one mode
    placed = located(items, pipeline.detections)
    return RealCrops(placed, recipe.spec, backgrounds, cut_loosely) if placed else None


def located(items: Sequence[Labelled], detections: Callable[[np.ndarray], Sequence[Detection]]) -> list[Labelled]:
    """The items with the corners of the widest detection on each; those on which nothing is found are left out."""
    found = [(item, max(detections(item.gray), key=lambda d: d.quad.size[0], default=None)) for item in items]
    return [replace(item, quad=detection.quad) for item, detection in found if detection]


def classifier(recipe: Recipe) -> Sampler:
    """Photographed, written, metered and rendered characters, and what is none."""
    from synth.text.crops import sample_character, sample_not_character

    spec, data = recipe.spec, recipe.data
    backgrounds = load_backgrounds(data, "train")

    def characters(items: list[Labelled], inked: bool = False) -> Sampler | None:
        return Characters(items, spec, inked) if items else None

    written = load_labelled(data, HANDWRITTEN, "train", spec.alphabet)
    written = [replace(w, weight=NUMERALS * w.weight) if w.text in DIGITS else w for w in written]
    read = load_labelled(data, ("digits/meters",), "train", spec.alphabet)
    parts: dict[str, Sampler | None] = {
        "photos": characters(load_labelled(data, PHOTOGRAPHED, "train", spec.alphabet)),
        "handwriting": characters(written, inked=True),
        "paper": characters(load_labelled(data, ("characters/handwritten_paper",), "train", spec.alphabet)),
        "meters": characters(levelled(read)),
        "wheels": Wheels(read, spec) if Wheels.enough(read) else None,
        "rendered": Rendered(lambda rng: sample_character(rng, "train", spec.alphabet, backgrounds), spec),
        "nothing": Rendered(lambda rng: (sample_not_character(rng, backgrounds), ""), spec),
        "letters": characters(letters_of(data)) if "letters" in recipe.shares else None,
        ADDED: characters(load_labelled(data, recipe.added, "train", spec.alphabet)),
    }
    return mixed(recipe.shares, parts)


def letters_of(data: str) -> list[Labelled]:
    """Photographed characters that no digit looks like."""
    return [i for i in load_labelled(data, PHOTOGRAPHED, "train", CHARACTERS) if i.text not in LIKE_DIGITS]


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
    parts: dict[str, Draw[MarkedScene] | None] = {
        "rendered": ReplayBuffer(render, size=500, reuse=16),
        "exact": one_of(exact),
        "boxed": one_of(boxed),
        "nothing": one_of(none),
        ADDED: one_of(load_own_scenes(data, recipe.added)),
    }
    return mixed(recipe.shares, parts)


def one_of(scenes: list[MarkedScene]) -> Draw[MarkedScene] | None:
    """Any of the scenes; None where there is none."""
    return (lambda rng: scenes[rng.integers(len(scenes))]) if scenes else None


def load_scenes(root: str, names: Sequence[str], exact: bool, split: str = "train") -> list[MarkedScene]:
    """Real pictures with all their objects' corners."""
    rows = [e for e in load_there(root, names) if e.split == split and e.quad is not None]
    return [
        MarkedScene(to_gray(group[0].image()), np.stack([e.quad.array() for e in group if e.quad]), exact)
        for group in (list(g) for _, g in groupby(rows, key=lambda e: e.path))
    ]


def load_own_scenes(root: str, names: Sequence[str], split: str = "train") -> list[MarkedScene]:
    """Pictures of one's own with the places of their objects; `exact` where no corners are a mere upright box."""
    scenes = load_scenes(root, names, True, split)
    return [replace(s, exact=not any(is_box(quad) for quad in s.quads)) for s in scenes]


def is_box(quad: np.ndarray) -> bool:
    """Whether corners (4, 2) are those of an upright box."""
    (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
    return bool(np.allclose(quad, [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], atol=0.5))


def plates_locator(recipe: Recipe) -> Sampler:
    """Patches of pictures with and without plates."""
    return Patches(plate_scenes(recipe), SIZES["plates"], recipe.spec, load_backgrounds(recipe.data, "train"))


def plates_corners(recipe: Recipe) -> Sampler:
    """Loose crops around plates, and around what is none."""
    return LooseCrops(plate_scenes(recipe), recipe.spec)


# The sets that a task takes where they are there, to learn from and to be validated on.
PLACES = *(f"plates/scenes/{name}" for name in PLATE_SCENES), *PLATE_CROPS[:6], "backgrounds"
WRITTEN = *WORDS, *DISPLAYS, *CELLS, "backgrounds"
SPOTS = *PLAIN, "words/scenes_icdar15", "displays/medical"
CHARS = *PHOTOGRAPHED, *HANDWRITTEN, "characters/handwritten_paper", "digits/meters", "backgrounds"
TAKES = {
    "plates-locator": PLACES,
    "plates-corners": PLACES,
    "digits-locator": SPOTS,
    "characters-locator": SPOTS,
    "plates-reader": (*PLATE_CROPS, *PLATE_VALIDATION[6:8], "backgrounds"),
    "characters-classifier": CHARS,
    "digits-classifier": CHARS,
    "characters-reader": WRITTEN,
    "digits-reader": WRITTEN,
    "lines-reader": WRITTEN,
}
GLYPHS = "characters/plate_glyphs"  # with which plates are rendered

MAKERS = {
    "plates-locator": plates_locator,
    "plates-corners": plates_corners,
    "digits-locator": text_locator,
    "characters-locator": text_locator,
    "plates-reader": plates_reader,
    "characters-classifier": classifier,
    "digits-classifier": classifier,
    "characters-reader": lines_reader,
    "digits-reader": lines_reader,
    "lines-reader": lines_reader,
}


def make(recipe: Recipe) -> Sampler:
    """The sampler of a recipe's task; from here on this process renders with the fonts of the recipe's data."""
    draw_from(recipe.data)
    recipe = replace(recipe, shares=recipe.shares or mixture_of(recipe.task, bool(recipe.added)))
    return MAKERS[recipe.task](recipe)
