"""What each network is: its sidecar before training, and the mixture of samples it learns from. Imports no Keras."""

from __future__ import annotations

from dataclasses import replace

from realtime.spec import CHARACTERS, DIGITS, PLATES, ModelSpec
from train.data import (
    Bank,
    Characters,
    MeterStrips,
    Mixture,
    RealCrops,
    Recipe,
    Rendered,
    Sampler,
    load_backgrounds,
    load_labelled,
)

PLATE_CROPS = (
    "plates/crops/taiwan",
    "plates/crops/europe",
    "plates/crops/europe_two_line",
    "plates/crops/brazil",
    "plates/crops/us",
    "plates/crops/china",
    "plates/scenes/china",
)
PLATE_VALIDATION = (*PLATE_CROPS[:6], "plates/crops/argentina", "plates/crops/sweden")

SPECS = {
    "plates-reader": ModelSpec("plates-reader", "plates", "reader", 48, 144, PLATES, slots=72),
    "digits-reader": ModelSpec("digits-reader", "digits", "reader", 32, 160, DIGITS, slots=40, keep_aspect=True),
    "characters-reader": ModelSpec(
        "characters-reader", "characters", "reader", 32, 160, CHARACTERS, slots=40, keep_aspect=True
    ),
    "digits-classifier": ModelSpec("digits-classifier", "digits", "classifier", 32, 32, DIGITS),
    "characters-classifier": ModelSpec("characters-classifier", "characters", "classifier", 32, 32, CHARACTERS),
}


def plates_reader(recipe: Recipe) -> Sampler:
    """Half real crops, half rendered ones, some that nobody could read."""
    from synth.plates import sample_plate_crop, sample_unreadable

    backgrounds = load_backgrounds(recipe.data, "train")
    items = [i for i in load_labelled(recipe.data, PLATE_CROPS, "train", PLATES) if i.text]
    real = RealCrops(items, recipe.spec, backgrounds)
    rendered = Bank(lambda rng: sample_plate_crop(rng), recipe.spec, size=6000, reuse=4)
    nothing = Bank(lambda rng: (sample_unreadable(rng), ""), recipe.spec, size=1000, reuse=6)
    return Mixture([real, rendered, nothing], [0.52, 0.44, 0.04])


def classifier(recipe: Recipe) -> Sampler:
    """Photographed, written, metered and rendered characters, and what is none."""
    from synth.render import sample_character, sample_not_character

    spec, data = recipe.spec, recipe.data
    backgrounds = load_backgrounds(data, "train")
    photographed = "characters/chars74k", "characters/iiit5k_words/chars"
    photos = Characters(load_labelled(data, photographed, "train", spec.alphabet), spec)
    hands = Characters(load_labelled(data, ("characters/handwriting",), "train", spec.alphabet), spec, inked=True)
    meters = Characters(load_labelled(data, ("digits/meters",), "train", spec.alphabet), spec)
    drawn = Rendered(lambda rng: sample_character(rng, "train", spec.alphabet), spec)
    nothing = Rendered(lambda rng: (sample_not_character(rng, backgrounds), ""), spec)
    weights = [0.2, 0.3, 0.2, 0.24, 0.06] if spec.mode == "digits" else [0.36, 0.26, 0.06, 0.28, 0.04]
    return Mixture([photos, hands, meters, drawn, nothing], weights)


def lines_reader(recipe: Recipe) -> Sampler:
    """Rendered lines, real scene words (for digits: as what is to be left out), rows of real meter digits."""
    from synth.render import sample_crop

    spec, data = recipe.spec, recipe.data
    backgrounds = load_backgrounds(data, "train")
    drawn = Bank(lambda rng: sample_crop(rng, spec.mode, "train", backgrounds), spec, size=8000, reuse=3)
    words = [w for w in load_labelled(data, ("characters/iiit5k_words",), "train", CHARACTERS) if w.text]
    if spec.mode == "digits":
        words = [replace(w, text=w.text if w.text.isdigit() else "") for w in words]
    real = RealCrops(words, spec, backgrounds)
    meters = MeterStrips(load_labelled(data, ("digits/meters",), "train", DIGITS), spec)
    return Mixture([drawn, real, meters], [0.7, 0.12, 0.18] if spec.mode == "digits" else [0.66, 0.3, 0.04])


MAKERS = {
    "plates-reader": plates_reader,
    "characters-classifier": classifier,
    "digits-classifier": classifier,
    "characters-reader": lines_reader,
    "digits-reader": lines_reader,
}


def make(recipe: Recipe) -> Sampler:
    """The sampler of a recipe's task."""
    return MAKERS[recipe.task](recipe)
