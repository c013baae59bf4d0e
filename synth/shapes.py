"""Things of the world that are not text but tempt a locator: stripes, grids, bricks, bars, leaves, windows, wires."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Rng = np.random.Generator


@dataclass(frozen=True)
class Shape:
    """One such thing: where (shares of the picture), how large in pixels, turned by degrees, in two gray values."""

    kind: str
    centre: tuple[float, float]
    size: tuple[float, float]
    turn: float
    tones: tuple[float, float]
    count: int
    seed: int


def sample_shape(rng: Rng) -> Shape:
    """Any kind, 20 to 300 pixels long, flat or upright more often than slanted."""
    dark, light = np.sort(rng.uniform(0, 255, 2)).tolist()
    return Shape(
        KINDS[int(rng.integers(len(KINDS)))],
        tuple(rng.random(2).tolist()),
        tuple(np.exp(rng.uniform(3, 5.7, 2)).tolist()),
        float(rng.choice([0.0, 0.0, 90.0, rng.uniform(-45, 45)])),
        (dark, light) if rng.random() < 0.5 else (light, dark),
        int(rng.integers(2, 16)),
        int(rng.integers(2**31)),
    )


def draw_shape(image: np.ndarray, shape: Shape) -> None:
    """Draw into a uint8 gray picture (H, W)."""
    rng = np.random.default_rng(shape.seed)
    for polygon, value in PARTS[shape.kind](shape, rng):
        points = _placed(np.asarray(polygon, np.float64), shape, image.shape)
        cv2.fillPoly(image, [np.round(points * 8).astype(np.int32)], value, cv2.LINE_AA, 3)


def _placed(points: np.ndarray, shape: Shape, size: tuple[int, ...]) -> np.ndarray:
    """From the shape's unit square to pixels."""
    angle = np.radians(shape.turn)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (points - 0.5) * shape.size @ turn + np.array(shape.centre) * (size[1], size[0])


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> tuple:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _stripes(shape: Shape, rng: Rng):
    width = rng.uniform(0.2, 0.8) / shape.count
    return [(_rectangle(i / shape.count, 0, i / shape.count + width, 1), shape.tones[0]) for i in range(shape.count)]


def _barcode(shape: Shape, rng: Rng):
    edges = np.sort(rng.random(2 * shape.count + 8))
    bars = [(_rectangle(a, 0, b, 1), shape.tones[0]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(_rectangle(-0.05, -0.1, 1.05, 1.1), shape.tones[1]), *bars]


def _grid(shape: Shape, rng: Rng):
    thick = rng.uniform(0.02, 0.3) / shape.count
    steps = np.arange(shape.count + 1) / shape.count
    across = [(_rectangle(0, y, 1, y + thick), shape.tones[0]) for y in steps]
    return across + [(_rectangle(x, 0, x + thick, 1), shape.tones[0]) for x in steps]


def _bricks(shape: Shape, rng: Rng):
    rows, joint = max(3, shape.count // 2), rng.uniform(0.03, 0.12)
    parts = [(_rectangle(0, 0, 1, 1), shape.tones[1])]
    for row in range(rows):
        for column in range(-1, rows):
            x = (column + 0.5 * (row % 2)) / rows
            box = np.clip((x, row / rows, x + (1 - joint) / rows, (row + 1 - joint) / rows), 0, 1)
            parts.append((_rectangle(*box), float(np.clip(shape.tones[0] + rng.normal(0, 12), 0, 255))))
    return parts


def _windows(shape: Shape, rng: Rng):
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(2, 7))
    wide, tall = rng.uniform(0.4, 0.8, 2)
    return [
        (_rectangle(x / columns, y / rows, (x + wide) / columns, (y + tall) / rows), shape.tones[0])
        for x in range(columns)
        for y in range(rows)
    ]


def _ellipse(x: float, y: float, a: float, b: float, turn: float) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    points = np.stack([a * np.cos(t), b * np.sin(t)], 1)
    return points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + (x, y)


def _leaves(shape: Shape, rng: Rng):
    def leaf():
        return _ellipse(*rng.random(2), rng.uniform(0.03, 0.12), rng.uniform(0.01, 0.05), rng.uniform(0, 3))

    return [(leaf(), shape.tones[i % 2]) for i in range(shape.count * 3)]


def _rings(shape: Shape, rng: Rng):
    radius = rng.uniform(0.2, 0.5)
    outer, inner = _ellipse(0.5, 0.5, radius, radius, 0), _ellipse(0.5, 0.5, radius * 0.7, radius * 0.7, 0)
    return [(outer, shape.tones[0]), (inner, shape.tones[1])]


def _wires(shape: Shape, rng: Rng):
    parts = []
    for _ in range(max(1, shape.count // 3)):
        x = np.linspace(0, 1, 12)
        y = rng.random() + rng.normal(0, 0.1) * x + rng.normal(0, 0.15) * (2 * x - 1) ** 2
        line = np.stack([x, y], 1)
        under = np.stack([x, y + rng.uniform(0.005, 0.04)], 1)
        parts.append((np.concatenate([line, under[::-1]]), shape.tones[0]))
    return parts


def _plates(shape: Shape, rng: Rng):
    """Empty signs, screens and sheets."""
    edge = rng.uniform(0.02, 0.1)
    return [(_rectangle(0, 0, 1, 1), shape.tones[0]), (_rectangle(edge, edge, 1 - edge, 1 - edge), shape.tones[1])]


def _scale(shape: Shape, rng: Rng):
    """A ruler's marks, every fifth longer."""
    steps, thick = 5 * shape.count, rng.uniform(0.1, 0.4) / (5 * shape.count)
    marks = [_rectangle(i / steps, 0, i / steps + thick, 1.0 if i % 5 == 0 else 0.5) for i in range(steps)]
    return [(mark, shape.tones[0]) for mark in marks]


def _dial(shape: Shape, rng: Rng):
    """A gauge: a ring with marks inside."""
    outer, inner = _ellipse(0.5, 0.5, 0.5, 0.5, 0), _ellipse(0.5, 0.5, 0.47, 0.47, 0)
    marks = []
    for turn in np.linspace(0, 2 * np.pi, 3 * shape.count, endpoint=False):
        along, aside = np.array([np.cos(turn), np.sin(turn)]), 0.006 * np.array([-np.sin(turn), np.cos(turn)])
        near, far = 0.5 + 0.4 * along, 0.5 + 0.46 * along
        marks.append(((near - aside, near + aside, far + aside, far - aside), shape.tones[0]))
    return [(outer, shape.tones[0]), (inner, shape.tones[1]), *marks]


def _dots(shape: Shape, rng: Rng):
    """Rivets and holes."""
    radius = rng.uniform(0.01, 0.06)
    centres = rng.random((2 * shape.count, 2))
    return [(_ellipse(x, y, radius, radius, 0), shape.tones[i % 2]) for i, (x, y) in enumerate(centres)]


def _strokes(shape: Shape, rng: Rng):
    """Straight strokes in all directions, as of arrows and scratches."""
    parts = []
    for _ in range(shape.count):
        (a, b), thick = rng.random((2, 2)), rng.uniform(0.005, 0.03)
        aside = thick * np.array([a[1] - b[1], b[0] - a[0]]) / max(float(np.hypot(*(a - b))), 1e-6)
        parts.append(((a - aside, a + aside, b + aside, b - aside), shape.tones[0]))
    return parts


PARTS = {
    "stripes": _stripes, "barcode": _barcode, "grid": _grid, "bricks": _bricks, "windows": _windows,
    "leaves": _leaves, "rings": _rings, "wires": _wires, "plates": _plates, "scale": _scale, "dial": _dial,
    "dots": _dots, "strokes": _strokes,
}  # fmt: skip
KINDS = tuple(PARTS)
