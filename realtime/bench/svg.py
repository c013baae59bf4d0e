"""Plots as SVG text, so that measuring needs no plotting package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]
COLOURS = ("#2b6cb0", "#dd6b20", "#2f855a", "#805ad5", "#b83280", "#4a5568", "#975a16")
WIDTH, HEIGHT = 640, 400
LETTER, LINE = 6.5, 13  # pixels that a letter takes on average, and a line
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 40, 52  # margins


@dataclass(frozen=True)
class Axis:
    """One direction: what it shows, from where to where, and whether by decades."""

    name: str
    low: float
    high: float
    log: bool = False

    @classmethod
    def over(cls, name: str, values: Sequence[float], log: bool = False, zero: bool = False) -> Axis:
        """An axis wide enough for the values; from 0 where asked, by whole decades where `log`."""
        low, high = min(values), max(values)
        if log:
            return cls(name, 10 ** math.floor(math.log10(low) + 1e-9), 10 ** math.ceil(math.log10(high * 1.01)), True)
        low = 0.0 if zero else low
        step = spacing(low, high)
        return cls(name, step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9))

    def place(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values along the axis."""
        if self.log:
            decades = round(math.log10(self.high / self.low))
            factors = (1, 2, 5) if decades < 4 else (1,)
            found = [self.low * 10**k * factor for k in range(decades + 1) for factor in factors]
            return [value for value in found if value <= self.high * 1.001]
        step = spacing(self.low, self.high)  # of the widened axis: never finer than that of the values
        count = math.floor((self.high - self.low) / step + 1e-9)
        return [self.low + k * step for k in range(count + 1)]


def spacing(low: float, high: float) -> float:
    """A round distance between ticks, four to eight of them."""
    rough = max(high - low, 1e-9) / 5
    scale = 10.0 ** math.floor(math.log10(rough))
    return scale * next(step for step in (1, 2, 5, 10) if rough <= step * scale * 1.001)


def lines(title: str, x: Axis, y: Axis, series: Mapping[str, Points]) -> str:
    """One line with dots per name."""
    parts = []
    for k, (name, points) in enumerate(series.items()):
        places = [in_pixels(x, y, *point) for point in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[k]}" stroke-width="2"/>')
        parts += [dot(*place, COLOURS[k]) for place in places]
        if len(series) > 1:
            parts.append(text(WIDTH - RIGHT, TOP + 16 * k, name, "end", COLOURS[k]))
    return page(title, x, y, parts)


def scatter(title: str, x: Axis, y: Axis, points: Mapping[str, tuple[float, float]]) -> str:
    """One named dot per name; a name that would leave the picture stands on the left, one in another's way lower."""
    parts: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for k, (name, point) in enumerate(points.items()):
        (a, b), colour = in_pixels(x, y, *point), COLOURS[k % len(COLOURS)]
        left, wide = a > 0.7 * WIDTH, LETTER * len(name)
        begin, down = a - 9 - wide if left else a + 9, b + 4
        while any(abs(down - d) < LINE and begin < e + f and e < begin + wide for e, d, f in taken):
            down += 1
        taken.append((begin, down, wide))
        parts += [dot(a, b, colour, 5), text(a - 9 if left else a + 9, down, name, "end" if left else "start", colour)]
    return page(title, x, y, parts)


def in_pixels(x: Axis, y: Axis, a: float, b: float) -> tuple[float, float]:
    """A point in pixels."""
    return LEFT + x.place(a) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y.place(b) * (HEIGHT - TOP - BOTTOM)


def dot(a: float, b: float, colour: str, radius: float = 3.5) -> str:
    return f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius}" fill="{colour}"/>'


def text(a: float, b: float, words: str, anchor: str = "middle", colour: str = "#333", more: str = "") -> str:
    return f'<text x="{a:.1f}" y="{b:.1f}" text-anchor="{anchor}" fill="{colour}"{more}>{escape(words)}</text>'


def page(title: str, x: Axis, y: Axis, parts: Sequence[str]) -> str:
    """The whole picture: white ground, grid, names, what is drawn."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    rows = [f'{head} font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for value in x.ticks():
        a, bottom = in_pixels(x, y, value, y.low)
        rows += [rule(a, TOP, a, bottom), text(a, bottom + 18, short(value))]
    for value in y.ticks():
        left, b = in_pixels(x, y, x.low, value)
        rows += [rule(left, b, WIDTH - RIGHT, b), text(left - 8, b + 4, short(value), "end")]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    rows.append(text(WIDTH / 2, 22, title, more=' font-size="15" font-weight="bold"'))
    rows.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x.name))
    rows.append(text(18, middle, y.name, more=f' transform="rotate(-90 18 {middle:.1f})"'))
    return "\n".join([*rows, *parts, "</svg>", ""])


def rule(a: float, b: float, c: float, d: float) -> str:
    return f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="#ddd"/>'


def short(value: float) -> str:
    """A number as on an axis: 1000 as 1k, 0.5 as 0.5."""
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{sign}"
    return f"{value:.6g}"
