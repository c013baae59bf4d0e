"""Pictograms of instruments and buttons: a power button looks like a 0, and none of them says anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from synth.text.glyphs import Glyph, penned

ROUND = 24  # points of a circle


def arc(x: float, y: float, radius: float, start: float = 0.0, end: float = 360.0) -> np.ndarray:
    """Points (n, 2) of an arc about (x, y), in degrees clockwise from the right."""
    angles = np.deg2rad(np.linspace(start, end, ROUND))
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], 1)


def line(*points: float) -> np.ndarray:
    """The points x, y, x, y ... as (n, 2)."""
    return np.reshape(points, (-1, 2)).astype(np.float64)


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return line(x0, y0, x1, y0, x1, y1, x0, y1, x0, y0)


# Sign -> strokes in a square whose sides are 1, y down.
STROKES: Mapping[str, tuple[np.ndarray, ...]] = MappingProxyType(
    {
        "⏻": (arc(0.5, 0.55, 0.42, -60, 240), line(0.5, 0.02, 0.5, 0.5)),
        "◎": (arc(0.5, 0.5, 0.45), arc(0.5, 0.5, 0.25)),
        "◷": (arc(0.5, 0.5, 0.45), line(0.5, 0.2, 0.5, 0.5, 0.7, 0.6)),
        "♡": (arc(0.28, 0.3, 0.25, 150, 370), arc(0.75, 0.3, 0.25, 170, 390), line(0.05, 0.4, 0.5, 0.95, 0.97, 0.4)),
        "▤": (line(0.2, 0.1, 0.8, 0.1), line(0.2, 0.4, 0.8, 0.4), line(0.2, 0.7, 0.8, 0.7), line(0.2, 1, 0.8, 1)),
        "🔋": (box(0.0, 0.25, 0.85, 0.75), box(0.85, 0.4, 1.0, 0.6), line(0.15, 0.5, 0.6, 0.5)),
        "△": (line(0.0, 0.95, 0.5, 0.05, 1.0, 0.95, 0.0, 0.95),),
        "▽": (line(0.0, 0.05, 0.5, 0.95, 1.0, 0.05, 0.0, 0.05),),
        "▷": (line(0.1, 0.0, 0.95, 0.5, 0.1, 1.0, 0.1, 0.0),),
        "→": (line(0.0, 0.5, 1.0, 0.5), line(0.65, 0.2, 1.0, 0.5, 0.65, 0.8)),
        "✓": (line(0.0, 0.55, 0.35, 0.95, 1.0, 0.1),),
        "✕": (line(0.05, 0.05, 0.95, 0.95), line(0.95, 0.05, 0.05, 0.95)),
        "⊕": (arc(0.5, 0.5, 0.47), line(0.5, 0.25, 0.5, 0.75), line(0.25, 0.5, 0.75, 0.5)),
        "⊖": (arc(0.5, 0.5, 0.47), line(0.25, 0.5, 0.75, 0.5)),
        "∿": (line(0, 0.5, 0.25, 0.5, 0.35, 0.1, 0.5, 0.95, 0.62, 0.5, 1, 0.5),),
        "☀": (arc(0.5, 0.5, 0.22), *(line(0.5, 0.5, 0.5, 0.5) + line(a, b, 2 * a, 2 * b)
              for a, b in ((0.25, 0), (-0.25, 0), (0, 0.25), (0, -0.25)))),
        "🔔": (arc(0.5, 0.45, 0.4, 180, 360), line(0.1, 0.45, 0, 0.8, 1, 0.8, 0.9, 0.45), line(0.4, 1, 0.6, 1)),
        "💧": (line(0.2, 0.6, 0.5, 0.0, 0.8, 0.6), arc(0.5, 0.65, 0.32, 0, 180)),
    }
)  # fmt: skip
ICONS = "".join(STROKES)


@dataclass(frozen=True)
class IconFace:
    """Draws the signs of ICONS with a round pen, `pen` of their height thick."""

    pen: float = 0.1

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None:
        strokes = STROKES.get(char)
        if strokes is None:
            return None
        tall = 0.74 * em
        return penned([(stroke - (0, 1)) * tall for stroke in strokes], max(1.0, self.pen * tall), 1.25 * tall)


def sample_icon_face(rng: np.random.Generator) -> IconFace:
    """Fine or bold."""
    return IconFace(float(np.exp(rng.uniform(np.log(0.05), np.log(0.22)))))
