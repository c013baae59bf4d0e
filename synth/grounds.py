"""What text stands on: plain paint, paper, patterned things, or a piece of a photograph."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from synth.effects import noise

Rng = np.random.Generator


@dataclass(frozen=True)
class Ground:
    """How a surface looks; `place` is its offset in the noise, or in a photograph.

    `contrast`: deviation of its gray values; `scale`: coarseness of its pattern in pixels, or share of the photograph.
    """

    kind: str = "plain"  # plain, cloudy, rough, ruled, grid, photo
    contrast: float = 0.0
    scale: float = 8.0
    place: tuple[int, int] = (0, 0)
    photo: tuple[float, float, float] = (0.0, 0.0, 0.0)  # which photograph, and where in it, 0 to 1
    slope: tuple[float, float] = (0.0, 0.0)  # gray values from left to right and from top to bottom


KINDS = ("plain", "cloudy", "rough", "ruled", "grid", "photo")
BOUNDS = (0.38, 0.58, 0.72, 0.75, 0.77)  # up to where each kind but the last reaches


def sample_ground(rng: Rng, contrast: float) -> Ground:
    """A surface on which something that differs by `contrast` gray values stays visible."""
    kind = KINDS[bisect(BOUNDS, rng.random())]
    slope = (rng.normal(0, 0.08, 2) * contrast).tolist()
    return Ground(
        kind,
        contrast=contrast * float(rng.uniform(0.02, 0.3)),
        scale=float(np.exp(rng.uniform(0.7, 3.5))) if kind != "photo" else float(np.exp(rng.uniform(-2.5, -0.2))),
        place=(int(rng.integers(512)), int(rng.integers(1024))),
        photo=tuple(rng.random(3).tolist()),
        slope=tuple(slope),
    )


def lay(ground: Ground, size: tuple[int, int], value: float, backgrounds: Sequence[np.ndarray] = ()) -> np.ndarray:
    """The surface, float32 of `size` (height, width), about the gray value `value`; not yet cut to 0..255."""
    field = _slope(ground, size)
    if ground.kind == "photo" and len(backgrounds):
        field += photo(ground, size, backgrounds)
    elif ground.kind in ("cloudy", "photo"):
        field += _cloud(ground, size)
    elif ground.kind == "rough":
        field += noise(size, ground.place) * (0.5 * ground.contrast) + 0.5 * _cloud(ground, size)
    elif ground.kind in ("ruled", "grid"):
        field += _lines(ground, size)
    field += value
    return field


def _slope(ground: Ground, size: tuple[int, int]) -> np.ndarray:
    across, down = ground.slope
    height, width = size
    x = np.arange(width, dtype=np.float32) * np.float32(across / width) - across / 2
    y = np.arange(height, dtype=np.float32) * np.float32(down / height) - down / 2
    return x + y[:, None]


def _cloud(ground: Ground, size: tuple[int, int]) -> np.ndarray:
    """Random values on a coarse grid, joined smoothly, in two octaves."""
    height, width = size
    field = np.zeros(size, np.float32)
    pixels = ground.scale * 60 if ground.kind == "photo" else ground.scale  # for want of a photograph
    for part, scale in ((0.7, pixels), (0.5, pixels / 3)):
        coarse = noise((min(int(height / scale) + 2, 500), min(int(width / scale) + 2, 1000)), ground.place)
        field += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR) * (part * ground.contrast)
    return field


def _lines(ground: Ground, size: tuple[int, int]) -> np.ndarray:
    """Ruled or squared paper, siding, tiles' joints."""
    step = max(6, round(ground.scale * 2))
    field = np.zeros(size, np.float32)
    value = 3 * ground.contrast * (1 if ground.place[1] % 2 else -1)
    field[ground.place[0] % step :: step] = value
    if ground.kind == "grid":
        field[:, ground.place[1] % step :: step] = value
    return field


def photo(ground: Ground, size: tuple[int, int], backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """A window of a photograph, its mean taken away and its deviation at most the ground's contrast."""
    window = photo_window(ground, size, backgrounds).astype(np.float32)
    mean, deviation = cv2.meanStdDev(window)
    return (window - mean[0, 0]) * min(1.0, ground.contrast / max(float(deviation[0, 0]), 1e-3))


def photo_window(ground: Ground, size: tuple[int, int], backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """The same window as it is, uint8: the ground's `scale` is its share of the photograph's smaller side."""
    which, down, across = ground.photo
    picture = backgrounds[int(which * len(backgrounds))]
    height, width = size
    tall = max(8.0, ground.scale * min(picture.shape[:2]))
    wide = tall * width / height
    shrink = min(1.0, picture.shape[0] / tall, picture.shape[1] / wide)
    tall, wide = max(1, int(tall * shrink)), max(1, int(wide * shrink))
    y, x = int(down * (picture.shape[0] - tall)), int(across * (picture.shape[1] - wide))
    return cv2.resize(picture[y : y + tall, x : x + wide], (width, height), interpolation=cv2.INTER_LINEAR)
