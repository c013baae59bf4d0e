"""What is near plates or looks like one and is none: grilles, lamps, badges, lettering, signs, empty plates, texture.

Each is `kind(rng, shape) -> uint8 (h, w)`, a gray picture full of the thing. A reader must stay silent on them, and a
locator must not mark them.
"""

from __future__ import annotations

import cv2
import numpy as np

from synth.plates.paint import field, text_mask

WORDS = (
    "PLUMBING",
    "Taxi",
    "BAKERY",
    "Transport",
    "www.mover.com",
    "0800 123 456",
    "TURBO",
    "quattro",
    "4x4",
    "HYBRID",
    "SALE",
    "OPEN",
    "Pizza",
    "EXPRESS",
    "School Bus",
    "STOP",
    "HOTEL",
    "Cafe",
    "BANK",
    "Fresh Fish",
    "Corolla",
    "TDI",
    "LIMITED",
    "POLICE",
    "AMBULANCE",
    "24h",
    "No Parking",
    "50%",
    "Jeep",
    "CIVIC",
    "Baby on board",
    "COEXIST",
    "i-VTEC",
    "VOTE",
    "HEAVY LOAD",
    "Call 555 0199",
    "LONG VEHICLE",
    "KEEP CLEAR",
    "Made in",
    "MAX 3.5t",
    "80",
    "30",
    "PARKING",
)


def grille(rng, shape) -> np.ndarray:
    """Bars or a mesh, light on dark, sometimes with a badge."""
    h, w = shape
    image = np.full(shape, rng.uniform(5, 60), np.float32)
    step, bright = rng.uniform(4, max(5, h / 4)), rng.uniform(60, 240)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    slope = rng.choice((0.0, 0.0, 1.0, -1.0))
    image += (np.sin((y + slope * x) * 2 * np.pi / step) > rng.uniform(-0.3, 0.8)) * bright
    if rng.random() < 0.5:
        image += (np.sin((x - slope * y) * 2 * np.pi / (step * rng.uniform(0.7, 6))) > 0.5) * bright * 0.7
    return _gray(image * field(rng, shape, (3, 2), 0.5, 1.2))


def lamp(rng, shape) -> np.ndarray:
    """A head or rear lamp: bright rounded cells in a dark or painted surround."""
    h, w = shape
    image = ground(rng, shape)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.uniform(0, w)), int(rng.uniform(0.2, 0.8) * h)
        size = int(rng.uniform(0.1, 0.4) * w) + 1, int(rng.uniform(0.2, 0.5) * h) + 1
        for scale in (1.0, 0.7, 0.3):
            axes = int(size[0] * scale) + 1, int(size[1] * scale) + 1
            cv2.ellipse(image, at, axes, rng.normal(0, 10), 0, 360, int(rng.integers(20, 256)), -1, cv2.LINE_AA)
    return image


def badge(rng, shape) -> np.ndarray:
    """A maker's emblem on paint: rings, a shield, wings."""
    h, w = shape
    image = ground(rng, shape)
    value, thick = int(rng.integers(256)), max(1, h // 14)
    for i in range(int(rng.integers(1, 5))):
        at = int(w * rng.uniform(0.3, 0.7) + i * h * 0.2), int(h * 0.5)
        cv2.ellipse(
            image,
            at,
            (int(h * rng.uniform(0.15, 0.4)) + 1, int(h * rng.uniform(0.15, 0.4)) + 1),
            0,
            0,
            360,
            value,
            thick,
            cv2.LINE_AA,
        )
    for _ in range(rng.integers(4)):
        points = np.column_stack([rng.uniform(0.2, 0.8, 3) * w, rng.uniform(0.2, 0.8, 3) * h]).astype(np.int32)
        cv2.polylines(image, [points], bool(rng.integers(2)), value, thick, cv2.LINE_AA)
    return image


def lettering(rng, shape) -> np.ndarray:
    """Words in any typeface, straight on paint or a wall, no plate around them; often larger than the picture."""
    h, w = shape
    image = ground(rng, shape)
    lines = int(rng.integers(1, 4))
    value = int(np.clip(float(image.mean()) + rng.choice((-1, 1)) * rng.uniform(60, 160), 0, 255))
    for i in range(lines):
        style = str(rng.choice(("caption", "serif", "script", "sans")))
        alpha = text_mask(_word(rng), style, int(rng.integers(1 << 16)), max(4, int(h / lines * rng.uniform(0.4, 1.3))))
        put(image, alpha, value, int(rng.uniform(-0.4, 0.5) * w), int(h * (i + rng.uniform(0, 0.4)) / lines))
    return image


def _word(rng) -> str:
    if rng.random() < 0.8:
        return " ".join(WORDS[rng.integers(len(WORDS))] for _ in range(rng.integers(1, 3)))
    return "".join(chr(rng.integers(97, 123)) for _ in range(rng.integers(4, 12)))


def sign(rng, shape) -> np.ndarray:
    """A board with a rim, words and perhaps a picture: road sign, shop sign, bumper sticker."""
    h, w = shape
    image = np.full(shape, rng.uniform(20, 250), np.uint8)
    value = 255 if image[0, 0] < 128 else 10
    cv2.rectangle(image, (1, 1), (w - 2, h - 2), value, max(1, h // 20))
    if rng.random() < 0.5:
        cv2.circle(
            image, (int(w * rng.uniform(0.1, 0.9)), h // 2), max(2, h // 3), int(rng.integers(256)), -1, cv2.LINE_AA
        )
    for i in range(int(rng.integers(1, 4))):
        alpha = text_mask(
            _word(rng), str(rng.choice(("caption", "serif", "script"))), int(rng.integers(1 << 16)), max(3, h // 5)
        )
        put(image, alpha, value, int(rng.uniform(0.05, 0.4) * w), int(h * (0.15 + 0.28 * i)))
    return image


def blank(rng, shape) -> np.ndarray:
    """A plate's shape without a text: paper, rim, bolts, or a bare holder."""
    h, w = shape
    image = _gray(rng.uniform(10, 250) * field(rng, shape, (3, 2), 0.8, 1.1))
    cv2.rectangle(image, (1, 1), (w - 2, h - 2), int(rng.integers(256)), max(1, h // 15))
    for x in (0.2, 0.8):
        cv2.circle(image, (int(x * w), int(h * rng.choice((0.15, 0.5)))), max(1, h // 14), int(rng.integers(256)), -1)
    return image


def texture(rng, shape) -> np.ndarray:
    """Leaves, gravel, cloth: noise at some scales."""
    image = np.full(shape, rng.uniform(40, 200), np.float32)
    for cells in rng.choice((4, 9, 20, 45), 2, replace=False):
        image += field(rng, shape, (int(cells), max(2, int(cells * shape[0] / shape[1]))), -1, 1) * rng.uniform(10, 90)
    return _gray(image)


def ground(rng, shape) -> np.ndarray:
    """Painted metal, plastic or a wall: one tone, unevenly lit, with the edges of panels."""
    base = rng.choice((rng.uniform(5, 60), rng.uniform(20, 250)))
    values = base * field(rng, shape, (3, 3), 0.7, 1.3)
    for _ in range(rng.integers(4)):
        row = int(rng.integers(shape[0]))
        values[row : row + int(rng.integers(1, 2 + shape[0] // 5))] *= rng.uniform(0.3, 1.6)
    return _gray(values)


def put(image: np.ndarray, alpha: np.ndarray, value: float, x: int, y: int) -> None:
    """Paint a gray value through alpha (uint8) at (x, y), in place; what lies outside is cut off."""
    part = image[max(0, y) : max(0, y + alpha.shape[0]), max(0, x) : max(0, x + alpha.shape[1])]
    cut = alpha[max(0, -y) :, max(0, -x) :][: part.shape[0], : part.shape[1]].astype(np.float32) / 255
    if part.size and cut.size:
        part[:] = (part + cut * (value - part)).astype(np.uint8)


def _gray(values: np.ndarray) -> np.ndarray:
    return np.clip(values, 0, 255).astype(np.uint8)


DECOYS = (grille, lamp, badge, lettering, lettering, lettering, sign, sign, blank, texture)


def sample_decoy(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Any of them, gray uint8 (h, w)."""
    return DECOYS[rng.integers(len(DECOYS))](rng, shape)
