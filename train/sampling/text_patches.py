"""Training samples of the text locator: patches of scenes at every angle, strings at any size to be found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from realtime.locate.text_locator import CELL
from realtime.values import Quad
from synth.effects import apply_effects, sample_effects
from train.sampling.text_maps import LEAST, MOST, text_targets

PATCH = 256, 320  # rows and columns
BENT = 0.1  # of all patches show a soft surface
WAVE = 2 * np.pi


@dataclass(frozen=True, eq=False)
class TextScene:
    """A gray picture and the corners (n, 4, 2) of its strings.

    `known` (n,): whether the string can be read, so that it must be found; the others count nothing. `complete`:
    whether every string of the picture is listed, so that the rest of it shows none.
    """

    gray: np.ndarray
    quads: np.ndarray
    known: np.ndarray
    complete: bool = True


Draw = Callable[[np.random.Generator], TextScene]


@dataclass(frozen=True, eq=False)
class View:
    """From a scene's pixels to a patch's: p -> matrix (2, 2) @ p + offset (2,)."""

    matrix: np.ndarray
    offset: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return (points @ self.matrix.T + self.offset).astype(np.float32)


class TextPatches:
    """Patches of scenes, over `filler`, pictures without text, where they reach out of the scene."""

    def __init__(self, scenes: Draw, filler: Sequence[np.ndarray]) -> None:
        self.scenes, self.filler = scenes, filler

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """uint8 PATCH and the targets of train.sampling.text_maps."""
        scene = self.scenes(rng)
        view = sample_view(scene, rng)
        filler = self.filler[int(rng.integers(len(self.filler)))] if rng.random() < 0.65 else None
        gray, quads = seen_through(view, scene.gray, filler), view(scene.quads)
        if rng.random() < BENT:
            gray, quads = bent(gray, quads, sample_waves(rng))
        gray = toned(apply_effects(gray, sample_effects(rng, strength=0.4, height=16)), rng)
        ground = None if scene.complete else empty_ground(view, scene.gray.shape, filler is not None)
        return gray, text_targets(quads, scene.known, PATCH, ground)


def sample_view(scene: TextScene, rng: np.random.Generator) -> View:
    """Around a string at a size to be found there, or anywhere; turned as cameras, pages and signs are."""
    height, width = scene.gray.shape
    scale, focus = np.exp(rng.uniform(np.log(0.3), np.log(1.3))), rng.uniform(0, (width, height))
    if scene.known.any() and rng.random() < 0.92:
        scale, focus = sample_focus(scene.quads[rng.choice(np.flatnonzero(scene.known))], rng)
    angle = sample_angle(rng)
    shear = rng.normal(0, [0.05, 0.08]) * (rng.random() < 0.5)
    cos, sin = np.cos(angle), np.sin(angle)
    stretch = np.array([[np.exp(rng.normal(0, 0.08)), shear[0]], [shear[1], 1.0]])
    matrix = scale * np.array([[cos, -sin], [sin, cos]]) @ stretch
    offset = np.array(PATCH[::-1]) * rng.uniform(0.2, 0.8, 2) - matrix @ focus
    if abs(angle) < 0.3:
        offset = offset + back_inside(matrix, offset, (width, height))
    return View(matrix, offset)


def sample_focus(quad: np.ndarray, rng: np.random.Generator) -> tuple[float, np.ndarray]:
    """The scale that brings a string to some height, twice its own at most, and where to look: at its middle or end."""
    low, high = (LEAST, MOST) if rng.random() < 0.6 else (LEAST, 20)  # small text is hard, and seen at one level only
    wide, tall = Quad.of(quad).size
    scale = min(np.exp(rng.uniform(np.log(low), np.log(high))) / max(tall, 1.0), 2.0)
    if wide * scale > 300 and rng.random() < 0.5:
        return scale, quad[[0, 3] if rng.random() < 0.5 else [1, 2]].mean(0)
    return scale, quad.mean(0)


def sample_angle(rng: np.random.Generator) -> float:
    """Radians: mostly near upright, one in eleven on its side, one in thirty upside down, one in twenty any way."""
    chance = rng.random()
    if chance < 0.6:
        degrees = rng.normal(0, 6)
    elif chance < 0.82:
        degrees = rng.normal(0, 24)
    elif chance < 0.91:
        degrees = rng.choice([-90, 90]) + rng.normal(0, 6)
    elif chance < 0.945:
        degrees = 180 + rng.normal(0, 6)
    else:
        degrees = rng.uniform(-180, 180)
    return float(np.deg2rad(degrees))


def back_inside(matrix: np.ndarray, offset: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The move (2,) by which a patch stays in a picture of `size` (width, height) that is larger than it."""
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size]) @ matrix.T + offset
    low, high, patch = corners.min(0), corners.max(0), np.array(PATCH[::-1])
    move = np.where(low > 0, -low, np.where(high < patch, patch - high, 0.0))
    return np.where(high - low < patch, 0.0, move)


def seen_through(view: View, gray: np.ndarray, filler: np.ndarray | None) -> np.ndarray:
    """The patch; beside the picture `filler`, or its edge repeated as at the edge of a whole picture."""
    matrix = view.matrix
    while np.sqrt(abs(np.linalg.det(matrix))) < 0.5:
        gray = cv2.resize(gray, (max(1, gray.shape[1] // 2), max(1, gray.shape[0] // 2)), interpolation=cv2.INTER_AREA)
        matrix = matrix * 2
    affine, size = np.column_stack([matrix, view.offset]), PATCH[::-1]
    if filler is None:
        return cv2.warpAffine(gray, affine, size, borderMode=cv2.BORDER_REPLICATE)
    ground = cv2.resize(filler, size, interpolation=cv2.INTER_AREA)
    return cv2.warpAffine(gray, affine, size, dst=ground, borderMode=cv2.BORDER_TRANSPARENT)


def empty_ground(view: View, shape: tuple[int, int], filled: bool) -> np.ndarray:
    """What cells count away from the listed strings of an incomplete scene: 1 on the filler beside it, else nothing."""
    affine = np.column_stack([view.matrix, view.offset]) / CELL
    inside = cv2.warpAffine(np.full(shape, 255, np.uint8), affine, (PATCH[1] // CELL, PATCH[0] // CELL))
    return ((inside == 0) & filled).astype(np.float32)


@dataclass(frozen=True)
class Wave:
    """A slow wave across a patch: pixels up and down, pixels long, in a direction, from a phase (radians)."""

    height: float
    length: float
    direction: float
    phase: float

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along = x * np.cos(self.direction) + y * np.sin(self.direction)
        return self.height * np.sin(along * (WAVE / self.length) + self.phase)


def sample_waves(rng: np.random.Generator) -> tuple[Wave, Wave]:
    """By how much points move to the right, and down."""

    def wave() -> Wave:
        length = rng.uniform(150, 500)
        return Wave(length / WAVE * rng.uniform(0.05, 0.3), length, *rng.uniform(0, WAVE, 2))

    return wave(), wave()


def bent(gray: np.ndarray, quads: np.ndarray, waves: tuple[Wave, Wave]) -> tuple[np.ndarray, np.ndarray]:
    """A soft surface: every point moved by two waves, the corners with it."""
    y, x = np.mgrid[: gray.shape[0], : gray.shape[1]].astype(np.float32)
    right, down = (wave(x, y).astype(np.float32) for wave in waves)
    image = cv2.remap(gray, x + right, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    moved = quads
    for _ in range(4):  # the inverse of a small move, point by point
        moved = quads - np.stack([wave(moved[..., 0], moved[..., 1]) for wave in waves], -1)
    return image, moved.astype(np.float32)


def toned(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dark on light as light on dark, and in any light."""
    gray = 255 - gray if rng.random() < 0.12 else gray
    if rng.random() > 0.35:
        return gray
    low = rng.uniform(0, 120)
    high, gamma = low + rng.uniform(50, 255 - low), np.exp(rng.normal(0, 0.3))
    return cv2.LUT(gray, (low + (high - low) * (np.arange(256) / 255) ** gamma).clip(0, 255).astype(np.uint8))
