"""Simply drawn backs and fronts of cars around a plate, so that a plate is learnt where plates are.

A car is drawn flat on, in gray, in units of its plate's width; the plate itself is pasted by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from synth.plates.decoys import badge, grille, lamp, put
from synth.plates.paint import field, text_mask

NAMES = (
    "TURBO",
    "HYBRID",
    "COROLLA",
    "1.9 TDI",
    "GTI",
    "Logan",
    "Golf",
    "SX4",
    "4x4",
    "Cruze",
    "320d",
    "XLT",
    "Fiesta",
    "LX",
)


@dataclass(frozen=True)
class Car:
    """Sizes in widths of the plate; `paint` is a gray value, `place` the plate's top left corner on the car."""

    width: float
    height: float
    place: tuple[float, float]
    paint: int
    front: bool
    seed: int


def sample_car(rng: np.random.Generator, aspect: float) -> Car:
    """A car for a plate of the given width over height; narrow plates take up less of it."""
    width = rng.uniform(2.9, 4.3) * (1.0 if aspect > 3 else 1.5)
    height = width * rng.uniform(0.62, 0.95)
    off = rng.normal(0, 0.02) if rng.random() < 0.85 else rng.normal(0, 0.3)
    place = (width - 1) / 2 + off, height * rng.uniform(0.42, 0.78)
    paint = int(rng.choice((rng.uniform(10, 50), rng.uniform(60, 160), rng.uniform(190, 245))))
    return Car(width, height, place, paint, bool(rng.random() < 0.45), int(rng.integers(2**31)))


def render_car(car: Car, unit: float, plate: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The car with `unit` pixels per width of the plate, whose size (width, height) in pixels is `plate`.

    Gray uint8 (h, w) and its alpha, uint8 (h, w).
    """
    rng = np.random.default_rng(car.seed)
    h, w = max(8, round(car.height * unit)), max(8, round(car.width * unit))
    image = np.clip(car.paint * field(rng, (h, w), (2, 4), 0.75, 1.15), 0, 255).astype(np.uint8)
    alpha = _outline(rng, h, w)
    _glass(rng, image)
    _lamps(rng, image, car)
    if car.front:
        _grille(rng, image, car, unit)
    else:
        _tailgate(rng, image, car, unit)
    _bumper(rng, image)
    _below(rng, image)
    _recess(rng, image, car, unit, plate)
    return image, alpha


def _outline(rng, h: int, w: int) -> np.ndarray:
    """A body with round shoulders, roof narrower than bumper; wheels and shadow below count as part of it."""
    roof, top, waist = rng.uniform(0.1, 0.24), rng.uniform(0.0, 0.04), rng.uniform(0.36, 0.46)
    right = [(1 - roof, top), (1 - roof * 0.7, top + 0.03), (1 - roof / 3, waist - 0.05), (0.985, waist + 0.05)]
    right += [(1.0, 0.62), (0.985, 0.85), (0.95, 0.95), (0.93, 0.99)]
    points = np.array([*right, *((1 - x, y) for x, y in reversed(right))]) * (w, h)
    alpha = np.zeros((h, w), np.uint8)
    cv2.fillPoly(alpha, [np.round(points).astype(np.int32)], 255, cv2.LINE_AA)
    return cv2.GaussianBlur(alpha, (0, 0), max(0.6, w / 150))


def _rounded(image, x0: float, y0: float, x1: float, y1: float, value: int, spread: float = 0.0) -> None:
    """A filled box in shares of the picture, narrower above by `spread`."""
    h, w = image.shape
    points = np.array([(x0 + spread, y0), (x1 - spread, y0), (x1, y1), (x0, y1)]) * (w, h)
    cv2.fillConvexPoly(image, np.round(points).astype(np.int32), int(np.clip(value, 0, 255)), cv2.LINE_AA)


def _glass(rng, image) -> None:
    bottom = rng.uniform(0.28, 0.4)
    _rounded(image, 0.1, 0.05, 0.9, bottom, int(rng.uniform(5, 70)), 0.06)
    if rng.random() < 0.7:  # the sky in it
        _rounded(
            image,
            rng.uniform(0.12, 0.4),
            0.07,
            rng.uniform(0.5, 0.88),
            bottom * rng.uniform(0.4, 0.9),
            int(rng.uniform(60, 220)),
            0.05,
        )


def _lamps(rng, image, car: Car) -> None:
    h, w = image.shape
    tall, wide = rng.uniform(0.08, 0.22), rng.uniform(0.1, 0.24)
    top = rng.uniform(0.36, 0.5)
    shape = max(3, int(tall * h)), max(3, int(wide * w))
    one = lamp(rng, shape)
    if rng.random() < 0.3:
        one[:] = np.clip(rng.uniform(120, 256) + 0.3 * one, 0, 255)
    inset = int(w * rng.uniform(0.01, 0.04))
    y = int(top * h)
    for x, part in ((inset, one), (w - inset - shape[1], one[:, ::-1])):
        put_image(image, part, x, y)


def put_image(image: np.ndarray, part: np.ndarray, x: int, y: int) -> None:
    """Paste a gray picture at (x, y), in place; what lies outside is cut off."""
    region = image[max(0, y) : max(0, y + part.shape[0]), max(0, x) : max(0, x + part.shape[1])]
    cut = part[max(0, -y) :, max(0, -x) :][: region.shape[0], : region.shape[1]]
    region[: cut.shape[0], : cut.shape[1]] = cut


def _grille(rng, image, car: Car, unit: float) -> None:
    h, w = image.shape
    gh, gw = int(h * rng.uniform(0.08, 0.25)), int(w * rng.uniform(0.35, 0.6))
    y = int(h * rng.uniform(0.42, 0.5))
    if gh > 3 and gw > 3:
        put_image(image, grille(rng, (gh, gw)), (w - gw) // 2, y)
        size = max(3, gh * 2 // 3)
        put_image(image, badge(rng, (size, size)), (w - size) // 2, y + gh // 6)


def _tailgate(rng, image, car: Car, unit: float) -> None:
    """The maker's badge over the plate, names beside it, edges of the lid."""
    h, w = image.shape
    value = 230 if car.paint < 140 else 40
    size = max(3, int(unit * rng.uniform(0.12, 0.3)))
    at = int(w / 2 - size / 2), int((car.place[1] - rng.uniform(0.25, 0.5)) * unit)
    cv2.ellipse(
        image,
        (at[0] + size // 2, at[1] + size // 2),
        (size // 2 + 1, size // 2 + 1),
        0,
        0,
        360,
        value,
        max(1, size // 8),
        cv2.LINE_AA,
    )
    for x in (0.12, 0.66):
        if rng.random() < 0.6:
            name = text_mask(
                str(rng.choice(NAMES)),
                "caption",
                int(rng.integers(1 << 16)),
                max(3, int(unit * rng.uniform(0.06, 0.14))),
            )
            put(image, name, value, int(x * w), int((car.place[1] + rng.uniform(-0.3, 0.1)) * unit))
    for y in rng.uniform(0.4, 0.9, int(rng.integers(1, 4))):
        cv2.line(
            image, (0, int(y * h)), (w, int(y * h)), int(car.paint * rng.uniform(0.3, 0.8)), max(1, int(unit / 60))
        )


def _bumper(rng, image) -> None:

    top = rng.uniform(0.66, 0.85)
    value = rng.choice((float(image.mean()), rng.uniform(15, 60)))
    _rounded(image, 0, top, 1, 0.97, int(value * rng.uniform(0.7, 1.2)))
    if rng.random() < 0.7:
        _rounded(image, 0, top, 1, top + 0.015, int(rng.uniform(5, 250)))
    _rounded(image, 0.02, rng.uniform(0.88, 0.93), 0.98, 0.97, int(rng.uniform(5, 40)))


def _below(rng, image) -> None:
    """Wheels, and the shadow between them."""
    _rounded(image, 0.03, 0.93, 0.97, 1.0, int(rng.uniform(3, 30)))
    wide = rng.uniform(0.1, 0.17)
    for x in (0.06, 0.94 - wide):
        _rounded(image, x, 0.84, x + wide, 1.0, int(rng.uniform(8, 40)), 0.01)


def _recess(rng, image, car: Car, unit: float, plate: tuple[float, float]) -> None:
    """The hollow or holder in which the plate sits: a little or much larger, darker or lighter than the paint."""
    if rng.random() < 0.25:
        return
    x, y = car.place[0] * unit, car.place[1] * unit
    wide, tall = rng.choice((0.03, 0.2)) * plate[0] * rng.uniform(0.5, 1.5), rng.choice((0.08, 0.3)) * plate[1]
    value = car.paint * rng.uniform(0.3, 1.1) if rng.random() < 0.6 else rng.uniform(5, 60)
    first, last = (round(x - wide), round(y - tall)), (round(x + plate[0] + wide), round(y + plate[1] + tall))
    cv2.rectangle(image, first, last, int(value), -1)
    if rng.random() < 0.5:
        cv2.rectangle(image, first, last, int(rng.uniform(0, 255)), max(1, round(unit / 70)), cv2.LINE_AA)
    shadow = image[max(0, first[1]) : max(0, first[1] + round(tall)), max(0, first[0]) : last[0]]
    shadow[:] = (shadow * rng.uniform(0.4, 1.0)).astype(np.uint8)
