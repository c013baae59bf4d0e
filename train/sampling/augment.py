"""Real pictures shaken and damaged as a camera and an imperfect locator do."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from realtime.preprocess import fit_square, frame_quad, rectify
from realtime.spec import ModelSpec
from realtime.values import Quad
from synth.effects import apply_effects, sample_effects


def surrounded(gray: np.ndarray, patch: np.ndarray, share: float) -> tuple[np.ndarray, Quad]:
    """The picture in the middle of a patch of something else, `share` of its height around it; its corners there."""
    height, width = gray.shape
    edge = max(2, round(share * height))
    canvas = cv2.resize(patch, (width + 2 * edge, height + 2 * edge), interpolation=cv2.INTER_AREA)
    canvas[edge : edge + height, edge : edge + width] = gray
    return canvas, Quad.of(frame_quad(gray).array() + edge)


def jittered(quad: Quad, rng: np.random.Generator, loose: float, corner: float, turn: float) -> Quad:
    """Corners moved as an imperfect locator moves them.

    All outwards by -0.02 to `loose`, each by a normal deviate of `corner`, all turned by one of `turn` degrees. Shares
    are of the height for both axes, so that wide plates are not cut at their ends.
    """
    points = quad.array()
    center, height = points.mean(0), quad.size[1]
    away = np.sign(points - center) * rng.uniform(-0.02, loose, 2).astype(np.float32) * height
    noise = rng.normal(0, corner * height, (4, 2))
    angle = np.deg2rad(rng.normal(0, turn))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Quad.of((points + away + noise - center) @ rotation.T + center)


def cut_loosely(quad: Quad, rng: np.random.Generator) -> Quad:
    """A plate's corners as a locator and a refiner leave them: each side and each corner off by its own share.

    Left and right by -2 to +14 % of the width, above and below by -5 to +22 % of the height; a tenth is turned by up to
    16 degrees and slanted, as where the refiner gave up. A reader has to know where the plate ends.
    """
    points = quad.array()
    width, height = quad.size
    reach = rng.choice((0.4, 1.0))
    (left, right), (above, below) = (rng.uniform(*span, 2) * reach for span in ((-0.02, 0.14), (-0.05, 0.22)))
    along, down = (
        (points[1] - points[0] + points[2] - points[3]) / 2,
        (points[3] - points[0] + points[2] - points[1]) / 2,
    )
    away = np.outer([-left, right, right, -left], along) + np.outer([-above, -above, below, below], down)
    noise = rng.normal(0, rng.choice((0.03, 0.07)) * height, (4, 2))
    wild = rng.random() < 0.1
    angle = np.deg2rad(rng.uniform(-16, 16) if wild else rng.normal(0, 2.0))
    lean = np.outer([1, 1, -1, -1], along / max(width, 1.0)) * height * (rng.normal(0, 0.15) if wild else 0.0)
    center = points.mean(0)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Quad.of((points + away + noise + lean - center) @ rotation.T + center)


def some_patch(rng: np.random.Generator, backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """A random window, 32 to 160 pixels a side, of a random background."""
    gray = backgrounds[int(rng.integers(len(backgrounds)))]
    height, width = gray.shape
    h, w = min(height, int(rng.integers(32, 160))), min(width, int(rng.integers(32, 160)))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    return gray[y : y + h, x : x + w]


def seen(gray: np.ndarray, rng: np.random.Generator, spec: ModelSpec, quad: Quad | None = None) -> np.ndarray:
    """A character shaken and damaged as a camera sees it, and as a classifier is fed it."""
    gray = shaken(gray, rng, quad)
    gray = apply_effects(gray, sample_effects(rng, strength=0.4, height=gray.shape[0]))
    gray = 255 - gray if rng.random() < 0.25 else gray  # what is dark on light here may be light on dark elsewhere
    return fit_square(gray, spec)


def shaken(gray: np.ndarray, rng: np.random.Generator, quad: Quad | None = None) -> np.ndarray:
    """Turned, sheared, stretched and moved a little; outside the picture its edge repeats."""
    width, height = (quad or frame_quad(gray)).size
    moved = jittered(quad or frame_quad(gray), rng, loose=0.14, corner=0.035, turn=4.0)
    return rectify(gray, moved, max(8, round(height)), max(4, round(width * rng.uniform(0.88, 1.14))))


def written(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """White strokes on black as pen on paper: other stroke widths, paper and ink tones, cropped around the ink."""
    grow = int(rng.integers(-1, 3))
    if grow > 0:
        ink = cv2.dilate(ink, np.ones((grow + 1, grow + 1), np.uint8))
    rows, columns = np.flatnonzero(ink.max(1) > 40), np.flatnonzero(ink.max(0) > 40)
    if len(rows) and len(columns) and rng.random() < 0.6:  # else as it stood on its sheet
        edge = int(rng.integers(0, 7))
        ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        ink = cv2.copyMakeBorder(ink, edge, edge, edge, edge, cv2.BORDER_CONSTANT)
    paper, pen = rng.uniform(140, 255), rng.uniform(0, 110)
    if rng.random() < 0.35:
        paper, pen = pen, paper
    mask = ink.astype(np.float32) / 255
    return np.clip(paper + (pen - paper) * mask, 0, 255).astype(np.uint8)
