"""What a text locator learns from: rendered scenes and sheets, real words and displays, photographs with nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from realtime.preprocess import to_gray
from train.datasets import Example, load_there
from train.sampling.batches import Recipe, Sampler
from train.sampling.draw import Draw, ReplayBuffer
from train.sampling.load import load_backgrounds
from train.sampling.mixtures import ADDED, mixed
from train.sampling.text_patches import TextPatches, TextScene

PLAIN = "backgrounds/bsds500", "backgrounds/dtd10"  # the pictures in which hardly anything is written


def text_locator(recipe: Recipe) -> Sampler:
    """Patches of rendered scenes and sheets, of real words and displays, and of photographs without text."""
    plain = load_backgrounds(recipe.data, "train", PLAIN)
    nothing = np.zeros((0, 4, 2), np.float32)
    none = [TextScene(gray, nothing, np.zeros(0, bool)) for gray in plain]
    kinds: dict[str, Draw[TextScene] | None] = {
        "lines": ReplayBuffer(rendered_lines(plain), 400, 14),
        "small": ReplayBuffer(rendered_lines(plain, (720, 960), (6, 24)), 120, 25),
        "layouts": ReplayBuffer(rendered_layouts(plain), 400, 14),
        "words": any_of(load_text_scenes(recipe.data, ["words/scenes_icdar15"])),
        "displays": any_of(load_text_scenes(recipe.data, ["displays/medical"])),
        "nothing": any_of(none),
        ADDED: any_of(load_text_scenes(recipe.data, recipe.added)),
    }
    return TextPatches(mixed(recipe.shares, kinds), plain)


def rendered_lines(
    backgrounds: Sequence[np.ndarray],
    size: tuple[int, int] = (480, 640),
    lines: tuple[int, int] = (0, 8),
    split: str = "train",
) -> Draw[TextScene]:
    """Scenes of `size` (height, width) with lines of digits or words, so many at least and at most."""
    from synth.text.scene import render_scene, sample_scene

    def render(rng: np.random.Generator) -> TextScene:
        mode = "digits" if rng.random() < 0.5 else "characters"
        scene = sample_scene(rng, mode, split, size=size, lines=lines)
        gray, quads, _ = render_scene(replace(scene, mode="characters"), backgrounds)  # digits are characters too
        return TextScene(gray, quads, np.ones(len(quads), bool))

    return render


def rendered_layouts(backgrounds: Sequence[np.ndarray], split: str = "train") -> Draw[TextScene]:
    """Scenes with displays, tables, paragraphs and other sheets."""
    from synth.text.layouts import sample_layout
    from synth.text.scene import render_scene

    def render(rng: np.random.Generator) -> TextScene:
        gray, quads, _ = render_scene(sample_layout(rng, split), backgrounds)
        return TextScene(gray, quads, np.ones(len(quads), bool))

    return render


def any_of(scenes: Sequence[TextScene]) -> Draw[TextScene] | None:
    """Any of the scenes; None where there is none."""
    return (lambda rng: scenes[int(rng.integers(len(scenes)))]) if scenes else None


def load_text_scenes(root: str, names: Sequence[str], split: str = "train") -> list[TextScene]:
    """Real pictures with the corners of their strings.

    A table that marks what cannot be read (`care`) lists all text of its pictures, and those without any.
    """
    rows = [e for e in load_there(root, names) if e.split == split and (e.quad or e.text == "")]
    return [text_scene(list(group)) for _, group in groupby(rows, key=lambda e: e.path)]


def text_scene(rows: Sequence[Example]) -> TextScene:
    """The picture that all the rows are about."""
    return TextScene(
        to_gray(rows[0].image()),
        np.array([e.quad.array() for e in rows if e.quad], np.float32).reshape(-1, 4, 2),
        np.array([e.readable for e in rows if e.quad], bool),
        all("care" in e.tags for e in rows),
    )
