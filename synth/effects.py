"""What happens to a picture between the object and the file: weather, light, lens, sensor, codec.

`sample_effects` throws the dice, `apply_effects` does the work; the same `Effects` on the same picture always gives the
same pixels. Steps run in the order of a real camera. Every step takes and gives uint8, gray (H, W) or BGR (H, W, 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

Rng = np.random.Generator


@dataclass(frozen=True)
class Effects:
    """Steps to replay, in order: the step's name and its parameters."""

    steps: tuple[tuple[str, tuple], ...] = ()


@dataclass(frozen=True)
class Effect:
    """One effect: its chance, how its parameters are drawn (rng, severity, pixels), what it does with them."""

    chance: float
    sample: Callable[[Rng, float, float], tuple]
    apply: Callable[..., np.ndarray]


def sample_effects(rng: Rng, strength: float = 1.0, night: bool = False, height: float = 48) -> Effects:
    """Most samples mild, a heavy tail.

    `strength` scales both how often and how hard; `height` is that of the text in pixels, to which all lengths (blur,
    streaks, pixel size) are in proportion. `night` adds darkness, sensor noise and glow.
    """
    severity = strength * float(rng.beta(1.2, 2.2))
    often = strength * (0.35 + 1.3 * severity)
    always = NIGHT if night else ()
    dice = zip(STEPS, rng.random(len(STEPS)).tolist(), strict=True)
    names = [name for name, mark in dice if mark < STEPS[name].chance * often or name in always]
    return Effects(tuple((name, STEPS[name].sample(rng, severity, height / 48)) for name in names))


def apply_effects(image: np.ndarray, effects: Effects) -> np.ndarray:
    """The picture after all steps: same shape, uint8."""
    for name, parameters in effects.steps:
        image = STEPS[name].apply(image, *parameters)
    return image


# --- shared pieces


@lru_cache(1)
def grain() -> np.ndarray:
    """Standard normal noise, float32 (1024, 2048): drawn once, because noise is taken from it at a random place."""
    return np.random.default_rng(0).standard_normal((1024, 2048), np.float32)


def noise(shape: tuple[int, ...], place: tuple[int, int]) -> np.ndarray:
    """Standard normal noise of `shape` ((H, W) or (H, W, 3)) from the given place of the grain."""
    height, width = shape[0], int(np.prod(shape[1:]))
    whole = grain()
    if height > 512 or width > 1024:
        whole = np.tile(whole, (height // 512 + 1, width // 1024 + 1))
    y, x = place
    return whole[y : y + height, x : x + width].reshape(shape)


def _place(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(512)), int(rng.integers(1024))


def _like(field: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A small field stretched to the picture, and repeated for each of its channels."""
    field = cv2.resize(field, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return field if image.ndim == 2 else cv2.merge([field] * 3)


def _times(image: np.ndarray, field: np.ndarray) -> np.ndarray:
    return cv2.multiply(image, _like(field, image), dtype=cv2.CV_8U)


def _plus(image: np.ndarray, field: np.ndarray) -> np.ndarray:
    return cv2.add(image, _like(field, image), dtype=cv2.CV_8U)


def _points(rng: Rng, count: int) -> tuple[tuple[float, float], ...]:
    return tuple(map(tuple, rng.uniform(-0.1, 1.1, (count, 2)).tolist()))


def _pixels(points, image: np.ndarray) -> np.ndarray:
    return np.round(np.array(points) * (image.shape[1], image.shape[0])).astype(np.int32)


def _softened(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3), borderType=cv2.BORDER_REPLICATE)


# --- what lies on or before the object


def _sample_dirt(rng: Rng, severity: float, unit: float) -> tuple:
    count = 1 + int(rng.integers(1 + round(10 * severity)))
    sizes = np.maximum(rng.exponential(1.5 + 2 * severity, count) * unit, 0.5)
    radii = tuple(np.minimum(sizes, 7 * unit).tolist())
    return _points(rng, count), radii, int(rng.integers(256)), rng.uniform(0.3, 0.9)


def _dirt(image, points, radii, value, opacity):
    blobs = np.zeros(image.shape[:2], np.float32)
    for centre, radius in zip(_pixels(points, image), radii, strict=True):
        cv2.circle(blobs, centre.tolist(), max(1, round(radius)), 1.0, -1)
    return _blend(image, cv2.blur(blobs, (3, 3)) * opacity, value)


def _blend(image: np.ndarray, alpha: np.ndarray, value: float) -> np.ndarray:
    """`value` laid over the picture where alpha (H, W), 0 to 1, says so."""
    if image.ndim == 3:
        alpha = alpha[:, :, None]
    return (image + alpha * (value - image.astype(np.float32))).astype(np.uint8)


def _sample_rain(rng: Rng, severity: float, unit: float) -> tuple:
    count = 3 + int(rng.integers(1 + round(25 * severity)))
    streak = rng.normal(0, 0.15), rng.uniform(5, 16) * unit
    return _points(rng, count), streak, int(rng.integers(150, 256)), rng.uniform(0.15, 0.6)


def _rain(image, points, streak, value, opacity):
    slant, length = streak
    drops = np.zeros(image.shape[:2], np.float32)
    for start in _pixels(points, image):
        end = np.round(start + np.array([slant * length, length])).astype(int)
        cv2.line(drops, start.tolist(), end.tolist(), 1.0, 1, cv2.LINE_AA)
    return _blend(image, np.clip(drops, 0, 1) * opacity, value)


def _sample_cover(rng: Rng, severity: float, unit: float) -> tuple:
    """A twig, wire or scratch across, or something before one edge."""
    if rng.random() < 0.6:
        return "line", _points(rng, 2), max(1, round(rng.uniform(0.5, 1 + 3 * severity) * unit)), int(rng.integers(256))
    side, depth, tilt = int(rng.integers(4)), rng.uniform(0.02, 0.05 + 0.12 * severity), rng.normal(0, 0.05)
    return "edge", (side, depth, depth + tilt), 0, int(rng.integers(256))


def _cover(image, kind, geometry, thickness, value):
    image = image.copy()
    colour = (value,) * 3
    if kind == "line":
        start, end = _pixels(geometry, image).tolist()
        return cv2.line(image, start, end, colour, thickness, cv2.LINE_AA)
    side, a, b = geometry
    corners = np.array([[0, 0], [1, 0], [1, b], [0, a]])
    corners = [corners, 1 - corners, corners[:, ::-1], 1 - corners[:, ::-1]][side]
    return cv2.fillConvexPoly(image, _pixels(corners, image), colour, cv2.LINE_AA)


# --- light


def _sample_gradient(rng: Rng, severity: float, unit: float) -> tuple:
    spread = 0.15 + 0.6 * severity
    return (tuple(rng.uniform(1 - spread, 1 + spread / 2, 4).tolist()),)


def _gradient(image, corners):
    return _times(image, np.array(corners, np.float32).reshape(2, 2))


def _sample_shadow(rng: Rng, severity: float, unit: float) -> tuple:
    """The dark side of a line across the picture, or of a stripe."""
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    stripe = rng.uniform(0.1, 0.4) if rng.random() < 0.3 else 2.0
    return angle, offset, stripe, rng.uniform(0.02, 0.3), rng.uniform(0.85 - 0.6 * severity, 0.9)


def _shadow(image, angle, offset, stripe, softness, depth):
    x = np.linspace(-0.5, 0.5, 48, dtype=np.float32)
    distance = np.cos(angle) * x[None, :] + np.sin(angle) * x[:, None] - offset
    inside = np.clip(np.minimum(distance, stripe - distance) / softness + 0.5, 0, 1)
    return _times(image, 1 - (1 - depth) * inside)


def _sample_glare(rng: Rng, severity: float, unit: float) -> tuple:
    centre, radii = rng.uniform(-0.1, 1.1, 2).tolist(), rng.uniform(0.08, 0.3 + 0.4 * severity, 2).tolist()
    return tuple(centre), tuple(radii), rng.uniform(40, 100 + 200 * severity)


def _glare(image, centre, radii, height):
    x = np.linspace(0, 1, 48, dtype=np.float32)
    squared = ((x - centre[0]) / radii[0])[None, :] ** 2 + ((x - centre[1]) / radii[1])[:, None] ** 2
    return _plus(image, height * np.exp(-squared))


def _sample_reflection(rng: Rng, severity: float, unit: float) -> tuple:
    return (*_place(rng), int(rng.integers(2, 9)), int(rng.integers(2, 9)), rng.uniform(8, 20 + 60 * severity))


def _reflection(image, y, x, rows, columns, height):
    """Bright things mirrored in the glass before the object: a soft random pattern, added."""
    pattern = np.clip(noise((rows, columns), (y, x)), -0.3, 2) * height
    return _plus(image, cv2.resize(pattern, (48, 48), interpolation=cv2.INTER_CUBIC))


def _sample_tone(rng: Rng, severity: float, unit: float) -> tuple:
    """Contrast, brightness (of 255) and gamma."""
    contrast = rng.uniform(0.95 - 0.55 * severity, 1.1 + 0.3 * severity)
    return contrast, rng.normal(0, 8 + 14 * severity), np.exp(rng.normal(0, 0.15 + 0.2 * severity))


def _tone(image, contrast, brightness, gamma):
    values = 255 * (np.arange(256) / 255) ** gamma
    return cv2.LUT(image, np.clip((values - 128) * contrast + 128 + brightness, 0, 255).astype(np.uint8))


def _invert(image):
    return 255 - image


# --- lens


def _sample_glow(rng: Rng, severity: float, unit: float) -> tuple:
    return rng.uniform(1.5, 5) * unit, rng.uniform(0.2, 0.4 + 0.6 * severity)


def _glow(image, sigma, amount):
    """Bright parts bleed into their surroundings."""
    bright = cv2.subtract(image, np.full_like(image, 90))
    return cv2.addWeighted(image, 1.0, _softened(bright, sigma), amount, 0)


def _sample_defocus(rng: Rng, severity: float, unit: float) -> tuple:
    return (rng.uniform(0.3, 0.7 + 2.2 * severity) * unit,)


def _defocus(image, sigma):
    return _softened(image, sigma)


def _sample_motion(rng: Rng, severity: float, unit: float) -> tuple:
    return rng.uniform(2, 3 + 8 * severity) * unit, rng.uniform(0, np.pi) if rng.random() < 0.6 else 0.0


def _motion(image, length, angle):
    """Mean along a straight line of `length` pixels; `angle` in radians."""
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size * 4, size * 4), np.float32)  # drawn four times as large, so that short lengths are exact
    middle, half = size * 2, np.array([np.cos(angle), np.sin(angle)]) * length * 2
    start, end = np.round(middle - half).astype(int), np.round(middle + half).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0, 3)
    kernel = cv2.resize(kernel, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


# --- sensor


def _sample_scaling(rng: Rng, severity: float, unit: float) -> tuple:
    """A factor down (log-uniform), and how the picture comes up again."""
    factor = np.exp(rng.uniform(0.1, 0.35 + 1.3 * severity)) * max(unit, 0.4)
    up = UPWARD[int(rng.integers(len(UPWARD)))]
    down = cv2.INTER_AREA if rng.random() < 0.8 else cv2.INTER_LINEAR
    return max(1.0, float(factor)), down, up


UPWARD = (cv2.INTER_LINEAR,) * 5 + (cv2.INTER_CUBIC,) * 3 + (cv2.INTER_NEAREST, cv2.INTER_LANCZOS4)


def _scaling(image, factor, down, up):
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(2, round(width / factor)), max(2, round(height / factor))), interpolation=down)
    return cv2.resize(small, (width, height), interpolation=up)


def _sample_dark(rng: Rng, severity: float, unit: float) -> tuple:
    return _place(rng), rng.uniform(0.6 - 0.3 * severity, 0.75), rng.uniform(1, 3 + 4 * severity), rng.uniform(0, 1)


def _dark(image, place, light, sigma, amplified):
    """Too little light: dark, noisy, and brightened again in part, noise and all."""
    dark = cv2.add(cv2.convertScaleAbs(image, alpha=light), noise(image.shape, place) * sigma, dtype=cv2.CV_8U)
    return cv2.convertScaleAbs(dark, alpha=1 + amplified * (1 / light - 1))


def _sample_noise(rng: Rng, severity: float, unit: float) -> tuple:
    return _place(rng), rng.uniform(1, 3 + 11 * severity), bool(rng.random() < 0.4)


def _noise(image, place, sigma, coarse):
    field = noise(image.shape, place) * sigma
    if coarse:  # as after the colour mosaic is filled in
        field = cv2.blur(field, (2, 2)) * 2
    return cv2.add(image, field, dtype=cv2.CV_8U)


def _sample_shot(rng: Rng, severity: float, unit: float) -> tuple:
    return _place(rng), rng.uniform(0.1, 0.3 + 0.7 * severity)


def _shot(image, place, scale):
    """Noise whose deviation grows with the square root of the light."""
    deviation = cv2.LUT(image, (scale * np.sqrt(np.arange(256))).astype(np.float32))
    return cv2.add(image, noise(image.shape, place) * deviation, dtype=cv2.CV_8U)


def _sample_interlace(rng: Rng, severity: float, unit: float) -> tuple:
    return (max(1, round(rng.uniform(0.5, 1 + 3 * severity) * unit)),)


def _interlace(image, shift):
    image = image.copy()
    image[1::2, shift:] = image[1::2, :-shift].copy()
    return image


# --- processing in the camera and codec


def _sample_sharpen(rng: Rng, severity: float, unit: float) -> tuple:
    return rng.uniform(0.6, 1.8) * unit, rng.uniform(0.3, 0.8 + 1.8 * severity)


def _sharpen(image, sigma, amount):
    return cv2.addWeighted(image, 1 + amount, _softened(image, sigma), -amount, 0)


def _sample_posterise(rng: Rng, severity: float, unit: float) -> tuple:
    return (int(rng.integers(4 + round(6 * (1 - min(severity, 1))), 24)),)


def _posterise(image, levels):
    step = 256 / levels
    return cv2.LUT(image, np.clip((np.arange(256) // step + 0.5) * step, 0, 255).astype(np.uint8))


def _sample_jpeg(rng: Rng, severity: float, unit: float) -> tuple:
    return (int(rng.uniform(max(12, 70 - 65 * severity), 95)),)


def _jpeg(image, quality):
    _, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)


def _sample_blocks(rng: Rng, severity: float, unit: float) -> tuple:
    return int(rng.integers(8)), int(rng.integers(8)), int(rng.uniform(max(6, 30 - 25 * severity), 45))


def _blocks(image, top, left, quality):
    """A starved video codec: coarse 8x8 blocks anywhere in the picture, their edges smoothed."""
    height, width = image.shape[:2]
    padded = cv2.copyMakeBorder(image, top, 0, left, 0, cv2.BORDER_REPLICATE)
    coarse = _jpeg(padded, quality)[top : top + height, left : left + width]
    return _softened(np.ascontiguousarray(coarse), 0.5)


def _sample_nothing(rng: Rng, severity: float, unit: float) -> tuple:
    return ()


# In the order of a real camera. The chance is that at strength 1 and severity 0.5, about the mean of the tail.
STEPS: dict[str, Effect] = {
    "invert": Effect(0.04, _sample_nothing, _invert),
    "dirt": Effect(0.10, _sample_dirt, _dirt),
    "cover": Effect(0.08, _sample_cover, _cover),
    "rain": Effect(0.04, _sample_rain, _rain),
    "gradient": Effect(0.50, _sample_gradient, _gradient),
    "shadow": Effect(0.20, _sample_shadow, _shadow),
    "reflection": Effect(0.12, _sample_reflection, _reflection),
    "glare": Effect(0.12, _sample_glare, _glare),
    "tone": Effect(0.80, _sample_tone, _tone),
    "glow": Effect(0.06, _sample_glow, _glow),
    "defocus": Effect(0.50, _sample_defocus, _defocus),
    "motion": Effect(0.18, _sample_motion, _motion),
    "scaling": Effect(0.40, _sample_scaling, _scaling),
    "dark": Effect(0.05, _sample_dark, _dark),
    "noise": Effect(0.32, _sample_noise, _noise),
    "shot": Effect(0.16, _sample_shot, _shot),
    "interlace": Effect(0.02, _sample_interlace, _interlace),
    "sharpen": Effect(0.20, _sample_sharpen, _sharpen),
    "posterise": Effect(0.03, _sample_posterise, _posterise),
    "jpeg": Effect(0.45, _sample_jpeg, _jpeg),
    "blocks": Effect(0.10, _sample_blocks, _blocks),
}
NIGHT = ("dark", "noise", "glow")
