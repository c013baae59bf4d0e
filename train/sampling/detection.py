"""Training samples for what finds objects: patches of scenes with a target per cell, loose crops with their corners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from realtime.locate.locator import CLIP, REACH
from realtime.locate.refine import MARGIN, UNIT, Refiner
from realtime.preprocess import normalise_contrast, rectify
from realtime.spec import ModelSpec
from realtime.values import Quad
from synth.effects import apply_effects, sample_effects

PATCH = 232, 296  # rows and columns of a training patch: 18 x 26 cells
SOFT = 0.3  # weight of corners that are a box's, not the plate's own


@dataclass(frozen=True, eq=False)
class MarkedScene:
    """A gray picture and the corners (n, 4, 2) of its objects; `exact` where the corners are true, not a box's."""

    gray: np.ndarray
    quads: np.ndarray
    exact: bool = True


Draw = Callable[[np.random.Generator], MarkedScene]


@dataclass(frozen=True)
class Sizes:
    """Pixels, at one pyramid level, of the objects to find there: heights for text, widths for plates."""

    axis: int  # 0: width, 1: height of Quad.size
    least: float
    most: float


SIZES = {"plates": Sizes(0, 20, 84), "text": Sizes(1, 8.5, 26)}


def cell_targets(quads: np.ndarray, shape: tuple[int, int], sizes: Sizes, weight: float, spec: ModelSpec) -> np.ndarray:
    """float32 (h, w, 17) for a patch: objectness (1, 0, or -1: count nothing), eight offsets / REACH, eight weights."""
    window, stride = spec.height, spec.stride
    rows, columns = (shape[0] - window) // stride + 1, (shape[1] - window) // stride + 1
    target = np.zeros((rows, columns, 17), np.float32)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * stride + (window - 1) / 2
    centres = np.stack([x, y], -1)
    for quad in quads:
        size = Quad.of(quad).size[sizes.axis]
        inner, outer = shares_inside(centres, quad)
        core, fringe = inner & (size >= sizes.least) & (size <= sizes.most), outer
        if sizes.least <= size <= sizes.most and not core.any():
            core = nearest(centres, quad)
        target[fringe & ~core & (target[..., 0] == 0), 0] = -1
        target[core, 0] = 1
        target[core, 1:9] = local_corners(centres[core], quad).reshape(-1, 8) / REACH
        target[core, 9:] = weight
    return target


def shares_inside(centres: np.ndarray, quad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which cells lie in the quadrilateral's core, and which in it with a fringe around."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), unit)
    uv = cv2.perspectiveTransform(centres.reshape(1, -1, 2), matrix).reshape(centres.shape)
    width, height = Quad.of(quad).size
    end = 0.15 * min(1.0, height / width)
    u, v = uv[..., 0], uv[..., 1]
    core = (u > end) & (u < 1 - end) & (v > 0.15) & (v < 0.85)
    fringe = (u > -end) & (u < 1 + end) & (v > -0.2) & (v < 1.2)
    return core, fringe


def nearest(centres: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """The one cell nearest to the quadrilateral's middle, if it is within half a stride of the patch's cells."""
    distance = np.abs(centres - quad.mean(0)).max(-1)
    return (distance == distance.min()) & (distance < 8)


def local_corners(centres: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """Corner offsets (n, 4, 2) from cells (n, 2); ends further than CLIP along the line are cut off there."""
    a, b, c, d = quad.astype(np.float32)
    length = np.linalg.norm((b + c - a - d) / 2)
    along = ((b + c - a - d) / 2) / max(length, 1e-6)
    position = (centres - (a + d) / 2) @ along / max(length, 1e-6)
    first = np.clip(position - CLIP / length, 0, 1)[:, None]
    last = np.clip(position + CLIP / length, 0, 1)[:, None]
    points = np.stack([a + (b - a) * first, a + (b - a) * last, d + (c - d) * last, d + (c - d) * first], 1)
    return points - centres[:, None]


class Patches:
    """Patches of scenes at random scales: around an object brought to a wanted size, or anywhere.

    Beside a picture that is too small for a patch a piece of `filler`, pictures without an object, is seen.
    """

    def __init__(self, scenes: Draw, sizes: Sizes, spec: ModelSpec, filler: Sequence[np.ndarray]) -> None:
        self.scenes, self.sizes, self.spec, self.filler = scenes, sizes, spec, filler

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        scene = self.scenes(rng)
        gray, quads = self.patch(scene, rng)
        gray = apply_effects(gray, sample_effects(rng, strength=0.35, height=16))
        weight = 1.0 if scene.exact else SOFT
        return gray, cell_targets(quads, gray.shape, self.sizes, weight, self.spec)

    def patch(self, scene: MarkedScene, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A patch of PATCH pixels and the objects' corners in it."""
        height, width = scene.gray.shape
        scale, focus = rng.uniform(0.35, 1.0), np.array([rng.uniform(0, width), rng.uniform(0, height)])
        if len(scene.quads):
            quad = scene.quads[rng.integers(len(scene.quads))]
            wanted = np.exp(rng.uniform(np.log(0.75 * self.sizes.least), np.log(1.15 * self.sizes.most)))
            scale, focus = min(wanted / max(Quad.of(quad).size[self.sizes.axis], 1.0), 2.0), quad.mean(0)
        matrix = scale * tilt(rng) if rng.random() < 0.4 else np.diag([scale * np.exp(rng.normal(0, 0.06)), scale])
        size = np.array(PATCH[::-1])
        offset = size * rng.uniform(0.22, 0.78, 2) - matrix @ focus
        overhang = size - np.array([width, height]) * np.diag(matrix)
        if not matrix[0, 1]:  # an upright patch stays in the picture as far as it can
            offset = np.clip(offset, np.minimum(overhang, 0), np.maximum(overhang, 0))
        beside = (overhang > 0).any() and rng.random() < 0.6  # else its edge repeats, as at the edge of a whole picture
        filler = cv2.resize(self.filler[int(rng.integers(len(self.filler)))], PATCH[::-1]) if beside else None
        return cut_patch(scene.gray, scene.quads, matrix, offset, filler)


def tilt(rng: np.random.Generator) -> np.ndarray:
    """A turn by some degrees, as a hand holds a camera, and a shear, as a plate is seen from the side: (2, 2)."""
    angle, shear = np.deg2rad(rng.normal(0, 7)), rng.normal(0, [0.06, 0.12])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.array([[np.exp(rng.normal(0, 0.1)), shear[0]], [shear[1], 1.0]])


def cut_patch(gray, quads, matrix, offset, filler) -> tuple[np.ndarray, np.ndarray]:
    """The picture through `matrix` (2, 2), moved by `offset` (x, y), as a patch, over `filler`; its corners."""
    moved = quads @ matrix.T.astype(np.float32) + offset.astype(np.float32)
    while np.abs(matrix).max() < 0.5:
        gray = cv2.resize(gray, (max(1, gray.shape[1] // 2), max(1, gray.shape[0] // 2)), interpolation=cv2.INTER_AREA)
        matrix = matrix * 2
    affine = np.column_stack([matrix, offset])
    if filler is None:
        patch = cv2.warpAffine(gray, affine, PATCH[::-1], borderMode=cv2.BORDER_REPLICATE)
    else:
        patch = cv2.warpAffine(gray, affine, PATCH[::-1], dst=filler.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    return patch, moved.astype(np.float32)


class LooseCrops:
    """Crops around an object as the locator's first look gives them, with the true corners; or around nothing.

    Target: float32 (17,): eight shares * UNIT, eight weights, objectness.
    """

    def __init__(self, scenes: Draw, spec: ModelSpec) -> None:
        self.scenes, self.spec = scenes, spec

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        scene = self.scenes(rng)
        usable = [q for q in scene.quads if Quad.of(q).size[0] >= 24]
        if usable and rng.random() < 0.85:
            return self.sample(scene, usable[rng.integers(len(usable))], rng, present=1.0)
        place = random_quad(scene.gray.shape, rng)
        return self.sample(scene, place, rng, present=absence(place, scene.quads))

    def sample(self, scene: MarkedScene, truth: np.ndarray, rng: np.random.Generator, present: float):
        """One crop around a roughly known place."""
        rough = roughly(truth, rng)
        gray = rectify(scene.gray, Quad.of(rough), self.spec.height, self.spec.width, margin=MARGIN)
        gray = apply_effects(gray, sample_effects(rng, strength=0.35, height=24))
        shares = (Refiner.shares(truth, Quad.of(rough)) - 0.5) * UNIT
        weight = (1.0 if scene.exact else 0.0) if present == 1 else 0.0
        target = np.concatenate([shares.ravel(), np.full(8, weight), [present]])
        return normalise_contrast(gray), target.astype(np.float32)


def absence(quad: np.ndarray, quads: np.ndarray) -> float:
    """Presence at a random place: 0, or -1 (count nothing) where it touches an object."""
    box = Quad.of(quad).box
    for other in quads:
        o = Quad.of(other).box
        if min(box.x1, o.x1) > max(box.x0, o.x0) and min(box.y1, o.y1) > max(box.y0, o.y0):
            return -1.0
    return 0.0


def random_quad(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A plate-shaped place anywhere, corners (4, 2)."""
    width = np.exp(rng.uniform(np.log(24), np.log(min(200, shape[1] * 0.8))))
    height = width / rng.choice([1.4, 2.0, 3.0, 4.6])
    x, y = rng.uniform(0, max(1.0, shape[1] - width)), rng.uniform(0, max(1.0, shape[0] - height))
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def roughly(quad: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Corners as a first look gives them: moved, stretched, turned, or an upright box; sometimes far too high."""
    quad = quad.astype(np.float32)
    width, height = Quad.of(quad).size
    if rng.random() < 0.25:
        box = Quad.of(quad).box
        quad = Quad.from_box(box).array()
    wild = rng.random() < 0.3
    size, middle = np.array([width, height]), quad.mean(0)
    shift = np.clip(rng.normal(0, [0.05, 0.12]) * (1.0 + 1.5 * wild), -0.4, 0.4) * size
    scale = np.clip(np.exp(rng.normal([0.1, 0.35], [0.15, 0.3]) if wild else rng.normal(0, [0.09, 0.14])), 0.7, 2.2)
    corner = rng.normal(0, 0.05 * height, (4, 2))
    return ((quad - middle) * scale + middle + shift + corner).astype(np.float32)
