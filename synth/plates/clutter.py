"""What stands on a plate beside its text and is no part of it: end marks, slogans, screws between characters, mud.

`sample_clutter` throws the dice; the plate's own painter paints it. Places are shares of the plate's width and height.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from synth.plates import paint

SLOGANS = (
    "Sportsman's Paradise", "The Sunshine State", "Famous Potatoes", "Show-Me State", "Great Faces. Great Places.",
    "Land of Enchantment", "Live Free or Die", "www.dmv.gov", "Sweet Home", "The Natural State", "Garden State",
    "Vacationland", "Centennial 1918-2018", "200 YEARS", "Je me souviens", "ESTADO DE SAO PAULO", "REGION 4A",
    "For sale 555 0142", "DRIVE SAFE", "I LOVE MY INDIA", "JAI HIND", "GOVT. VEHICLE", "PRESS", "POLICE",
)  # fmt: skip
STACKS = ("TRK", "APP", "DLR", "PC", "VET", "TAXI", "MA", "SC", "DP", "CD", "RV", "EX", "KA", "09", "21", "B1")
CODES = ("IND", "UA", "BR", "D", "PL", "RO", "GB", "07", "18", "99", "178", "6", "12", "MAR", "AUG", "2019")
MARKS = ("stack", "code", "emblem", "seal", "oval")


@dataclass(frozen=True)
class Mark:
    """Something small at an end of a line: at its left or right, `size` and `width` in heights of the characters."""

    left: bool
    kind: str
    text: str
    size: float
    width: float


@dataclass(frozen=True)
class Spot:
    """Mud, a scratch or flaking paint: centre, radii in heights of the plate, gray level, 0 to 1 how dense."""

    at: tuple[float, float]
    radii: tuple[float, float]
    tone: int
    opacity: float


@dataclass(frozen=True)
class Clutter:
    """All of it on one plate; most plates have none."""

    marks: tuple[Mark, ...] = ()
    slogan: tuple[str, str, str] = ("", "", "")  # at the "top" or "bottom", words, style
    screws: tuple[tuple[float, float], ...] = ()
    spots: tuple[Spot, ...] = ()


def sample_clutter(rng: np.random.Generator) -> Clutter:
    """A fifth of the plates has marks at an end, an eighth a slogan, a sixth screws, a seventh mud."""
    return Clutter(
        marks=tuple(_mark(rng) for _ in range(rng.integers(1, 3))) if rng.random() < 0.2 else (),
        slogan=_slogan(rng) if rng.random() < 0.12 else ("", "", ""),
        screws=_screws(rng) if rng.random() < 0.16 else (),
        spots=tuple(_spot(rng) for _ in range(rng.integers(1, 5))) if rng.random() < 0.14 else (),
    )


def _mark(rng) -> Mark:
    kind = MARKS[rng.integers(len(MARKS))]
    text = str(rng.choice(STACKS if kind == "stack" else CODES))
    width = {"stack": 0.24, "code": 0.16 * len(text), "oval": 0.55}.get(kind, 0.5) * rng.uniform(0.8, 1.3)
    return Mark(bool(rng.random() < 0.5), kind, text, rng.uniform(0.5, 1.0), width)


def _slogan(rng) -> tuple[str, str, str]:
    return str(rng.choice(("top", "bottom"))), str(rng.choice(SLOGANS)), str(rng.choice(("caption", "serif", "script")))


def _screws(rng) -> tuple[tuple[float, float], ...]:
    """Two of them, at one height: between characters, or through them."""
    x, y = rng.uniform(0.08, 0.42), rng.choice((rng.uniform(0.4, 0.65), rng.uniform(0.1, 0.3)))
    return (x, y), (1 - x + rng.normal(0, 0.02), y + rng.normal(0, 0.02))


def _spot(rng) -> Spot:
    at = rng.uniform(0.05, 0.95), rng.uniform(0.15, 0.9)
    radii = rng.uniform(0.03, 0.13), rng.uniform(0.03, 0.13)
    if rng.random() < 0.3:
        radii = rng.uniform(0.15, 0.5), 0.02  # a scratch
    return Spot(at, radii, int(rng.choice((40, 90, 140, 210))), rng.uniform(0.35, 0.95))


def paint_mark(canvas: np.ndarray, mark: Mark, x: float, centre: float, height: float, ink, rng) -> None:
    """One mark on a BGR plate, from x on about the line's centre; `height` of the characters in pixels."""
    size, width = mark.size * height, mark.width * height
    middle = x + width / 2
    if mark.kind == "stack":
        step = size / len(mark.text)
        for i, letter in enumerate(mark.text):
            at = middle, centre + (i + 0.5) * step - size / 2
            paint.print_small(canvas, letter, "caption", at, step * 0.85, ink, rng, width)
    elif mark.kind == "code":
        at = middle, centre + rng.uniform(-0.3, 0.3) * height
        paint.print_small(canvas, mark.text, "caption", at, min(0.35, mark.size * 0.4) * height, ink, rng, width)
    elif mark.kind == "oval":
        axes = max(1, round(width / 2)), max(1, round(width * 0.35))
        for shrunk, tone in ((0, ink), (max(1, axes[1] // 6), (240, 240, 240))):
            inner = max(1, axes[0] - shrunk), max(1, axes[1] - shrunk)
            cv2.ellipse(canvas, (round(middle), round(centre)), inner, 0, 0, 360, tone, -1, cv2.LINE_AA)
        at = middle, centre
        paint.print_small(canvas, mark.text, "caption", at, axes[1] * 1.1, (20, 20, 20), rng, width * 0.7)
    elif mark.kind == "seal":
        radius = max(2, round(width * 0.4))
        for share in (1.0, 0.7, 0.35):
            tone = (int(rng.integers(30, 240)),) * 3
            cv2.circle(canvas, (round(middle), round(centre)), max(1, round(radius * share)), tone, -1, cv2.LINE_AA)
    else:
        paint.paint_emblem(canvas, middle, centre, width * 0.8, ink, rng)


def paint_spots(canvas: np.ndarray, spots: tuple[Spot, ...]) -> None:
    """Mud over a BGR plate and its characters, in place; edges are soft."""
    height, width = canvas.shape[:2]
    for spot in spots:
        alpha = np.zeros((height, width), np.uint8)
        at = round(spot.at[0] * width), round(spot.at[1] * height)
        radii = max(1, round(spot.radii[0] * height)), max(1, round(spot.radii[1] * height))
        cv2.ellipse(alpha, at, radii, 360 * (spot.at[0] + spot.at[1]), 0, 360, round(255 * spot.opacity), -1)
        paint.blend(canvas, cv2.blur(alpha, (3, 3)), (spot.tone,) * 3)
