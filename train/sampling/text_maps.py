"""A text locator's targets: which cells lie in the middle of a string, what each of them counts, and where the string's
lines and ends are from there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realtime.locate.text_locator import CELL, CLIP, GROUP, INSET, UNIT

LEAST, MOST = 6.5, 64.0  # pixels: heights of the text that is found at one pyramid level
HALF = 0.28  # heights from a string's middle line to the kernel's edge: lines under each other stay apart
FRINGE = 0.6  # heights around a string in which cells count more
BESIDE, BETWEEN = 2.0, 4.0  # what a cell counts near one string, and between several
VALUES = 6  # per cell: distances to top, bottom, left and right / UNIT, sine and cosine of the direction


@dataclass(frozen=True, eq=False)
class Sides:
    """A string's quadrilateral as directions along and down its text and the inward normals of its four sides."""

    quad: np.ndarray
    along: np.ndarray
    down: np.ndarray
    normals: tuple[np.ndarray, ...]  # of the top, right, bottom and left side
    height: float


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances in pixels from cells to a string's sides, along and across its text, negative outside."""

    top: np.ndarray
    right: np.ndarray
    bottom: np.ndarray
    left: np.ndarray

    @property
    def height(self) -> np.ndarray:
        return np.maximum(self.top + self.bottom, 1.0)

    @property
    def width(self) -> np.ndarray:
        return np.maximum(self.left + self.right, 1.0)

    def within(self, beyond: np.ndarray | float) -> np.ndarray:
        """Which cells lie in the string or less than `beyond` pixels outside."""
        return np.minimum.reduce([self.top, self.right, self.bottom, self.left]) > -beyond


def sides_of(quad: np.ndarray) -> Sides | None:
    """The quadrilateral's directions; None where it is mirrored or has no area."""
    a, b, c, d = quad.astype(np.float64)
    along = unit(b - a + c - d)
    if along is None:
        return None
    down = np.array([-along[1], along[0]])
    tall = down @ (d - a + c - b)
    inward = (down, -along, -down, along)
    edges = [edge for edge in map(unit, (b - a, c - b, d - c, a - d)) if edge is not None]
    if tall <= 0 or len(edges) < 4:
        return None
    normals = [np.array([-edge[1], edge[0]]) for edge in edges]
    normals = [n if n @ like > 0 else -n for n, like in zip(normals, inward, strict=True)]
    return Sides(quad, along, down, tuple(normals), float(tall) / 2)


def unit(vector: np.ndarray) -> np.ndarray | None:
    """The vector with length one; None where it has none."""
    length = np.hypot(*vector)
    return vector / length if length > 1e-3 else None


def distances(sides: Sides, x: np.ndarray, y: np.ndarray) -> Distances:
    """From cells with centres (x, y) to the four sides."""
    directions = (-sides.down, sides.along, sides.down, -sides.along)

    def to_side(corner: np.ndarray, normal: np.ndarray, direction: np.ndarray) -> np.ndarray:
        away = (x - corner[0]) * normal[0] + (y - corner[1]) * normal[1]
        return (away / max(abs(float(direction @ normal)), 1e-3)).astype(np.float32)

    return Distances(*(to_side(*side) for side in zip(sides.quad, sides.normals, directions, strict=True)))


class TextMaps:
    """The targets of one patch, string by string, on a grid of one cell per CELL pixels."""

    def __init__(self, shape: tuple[int, int], ground: np.ndarray | None = None) -> None:
        """`shape`: rows and columns of the patch; `ground`: what cells without text count (rows, columns) / CELL, 1
        where it is left out."""
        self.shape = shape[0] // CELL, shape[1] // CELL
        self.kernel = np.zeros(self.shape, np.float32)
        self.weight = np.ones(self.shape, np.float32) if ground is None else ground.astype(np.float32)
        self.strings = np.zeros(self.shape, np.uint8)  # so many strings are near
        self.unknown = np.zeros(self.shape, bool)
        self.aside = np.full(self.shape, 9.0, np.float32)  # share of the height from the nearest string's middle line
        self.values = np.zeros((*self.shape, VALUES), np.float32)
        self.counts = np.zeros((*self.shape, VALUES), np.float32)

    def add(self, quad: np.ndarray, known: bool) -> None:
        """One string; where it is not `known`, or too small or large to be found, its cells count nothing."""
        sides = sides_of(quad)
        if sides is None:
            return
        view = self.around(quad, sides.height)
        if view is None:
            return
        rows, columns = (np.arange(v.start, v.stop, dtype=np.float32) * CELL + (CELL - 1) / 2 for v in view)
        away = distances(sides, columns[None, :], rows[:, None])
        if known and LEAST <= sides.height <= MOST:
            self.strings[view] += away.within(FRINGE * away.height)
            self.mark(view, sides, away)
        else:
            self.unknown[view] |= away.within(0.15 * sides.height)

    def around(self, quad: np.ndarray, height: float) -> tuple[slice, slice] | None:
        """Rows and columns of the cells that a string can touch; None where it lies outside."""
        reach = 0.7 * height + 2 * CELL
        low = np.maximum(np.floor((quad.min(0) - reach) / CELL).astype(int), 0)
        high = np.minimum(np.ceil((quad.max(0) + reach) / CELL).astype(int) + 1, self.shape[::-1])
        return None if (low >= high).any() else (slice(low[1], high[1]), slice(low[0], high[0]))

    def mark(self, view: tuple[slice, slice], sides: Sides, away: Distances) -> None:
        """A string's kernel and what its cells tell; where two kernels meet, a cell belongs to the nearer string."""
        aside = np.abs(away.top - away.bottom) / away.height
        core = in_kernel(away) & (aside < self.aside[view])
        count = int(core.sum())
        if not count:
            return
        self.aside[view][core] = aside[core]
        self.kernel[view][core] = 1
        self.weight[view][core] = np.clip(12 / np.sqrt(count), 0.8, 5.0)
        self.values[view][core] = told(sides, away, core)
        self.counts[view][core] = np.clip(6 / np.sqrt(count), 0.4, 2.0) * importance(away, core)

    def targets(self) -> np.ndarray:
        """float32 (rows, columns, GROUP * GROUP * (2 + 2 * VALUES)) of the network's places: kernel, its weights,
        values, their weights, each of GROUP x GROUP cells."""
        ground = self.kernel == 0
        weight = np.where(ground & (self.strings == 1), np.maximum(self.weight, BESIDE), self.weight)
        weight = np.where(ground & (self.strings > 1), BETWEEN, weight)
        weight[ground & self.unknown] = 0
        parts = self.kernel[..., None], weight[..., None], self.values, self.counts
        return np.concatenate([gathered(part) for part in parts], -1)


def in_kernel(away: Distances) -> np.ndarray:
    """The cells in the middle of a string: a row of them even where the text is small."""
    inset = np.minimum(np.minimum(INSET * away.height, 0.3 * away.width), away.width / 2 - CELL / 2)
    close = np.abs(away.top - away.bottom) / 2 <= np.maximum(HALF * away.height, CELL / 2)
    return close & (away.left > inset) & (away.right > inset)


def told(sides: Sides, away: Distances, core: np.ndarray) -> np.ndarray:
    """What the cells of a string tell: (cells, VALUES)."""
    ends = np.clip(np.stack([away.left, away.right], -1)[core], 0, CLIP)
    lines = np.stack([away.top, away.bottom], -1)[core]
    direction = np.broadcast_to(sides.along[::-1], (len(ends), 2))
    return np.concatenate([lines / UNIT, ends / UNIT, direction], 1)


def importance(away: Distances, core: np.ndarray) -> np.ndarray:
    """What an error of one unit counts, (cells, VALUES): distances in heights, ends the more the nearer they are."""
    height = away.height[core]
    per_unit = UNIT / height
    left, right = (np.where(d < CLIP, np.maximum(np.exp(-d / (2 * height)), 0.15), 0.08) for d in
                   (away.left[core], away.right[core]))  # fmt: skip
    one = np.ones_like(height)
    return np.stack([1.5 * per_unit, 1.5 * per_unit, left * per_unit, right * per_unit, one, one], -1)


def gathered(cells: np.ndarray) -> np.ndarray:
    """Cells (rows, columns, c) as the network gives them: (rows / GROUP, columns / GROUP, GROUP * GROUP * c)."""
    rows, columns, values = cells.shape
    blocks = cells.reshape(rows // GROUP, GROUP, columns // GROUP, GROUP, values).transpose(0, 2, 1, 3, 4)
    return blocks.reshape(rows // GROUP, columns // GROUP, -1)


def text_targets(quads: np.ndarray, known: np.ndarray, shape: tuple[int, int], ground=None) -> np.ndarray:
    """The targets of a patch of `shape` with strings at quads (n, 4, 2), `known` (n,) or not: TextMaps.targets."""
    maps = TextMaps(shape, ground)
    for quad, sure in zip(quads, known, strict=True):
        maps.add(quad, bool(sure))
    return maps.targets()
