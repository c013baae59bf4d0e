"""Sources of glyphs: font files, seven-segment digits, dot matrices and handwriting.

A face gives a `Glyph` for a character: its ink as a mask and where that lies about the pen. All of one `em` in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from PIL import ImageFont

from synth.sources import current
from synth.text.fonts import Font, ink_of, shelf
from synth.text.strings import MARKS

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Glyph:
    """Ink of one character: mask uint8 (h, w), 255 where full; its left and top from the pen (y down, baseline 0)."""

    mask: np.ndarray
    left: float
    top: float
    advance: float


class Face(Protocol):
    """Anything that draws characters; `variant` tells repeated characters apart where a hand wrote them."""

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None: ...


# --- fonts


@dataclass(frozen=True)
class FontFace:
    """A font file's characters."""

    font: Font

    @property
    def marks(self) -> str:
        """Signs that can be trusted to be what they should: decorative fonts keep surprises there."""
        return MARKS if self.font.kind in ("print", "hand") and len(self.font.alphabet) == 62 else ".,:-"

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None:
        known = self.font.alphabet if char.isalnum() else self.marks
        if char not in known:
            return None
        return _font_glyph(self.font.path, char, em) if em <= 80 else _large_glyph(self.font.path, char, em)


@lru_cache(400)
def _large_glyph(path: str, char: str, em: int) -> Glyph | None:
    return _font_glyph.__wrapped__(path, char, em)


@lru_cache(120_000)
def _font_glyph(path: str, char: str, em: int) -> Glyph | None:
    opened = open_font(path, em)
    mask, (left, top) = ink_of(opened, char)
    if not mask.size or (not char.isalnum() and np.array_equal(mask, ink_of(opened, "\uffff")[0])):
        return None
    return Glyph(mask, left, top, opened.getlength(char))


@lru_cache(1500)
def open_font(path: str, em: int):
    """Pillow's font object; an empty path is the font inside Pillow."""
    if not path:
        return ImageFont.load_default(em)
    return ImageFont.truetype(path, em, layout_engine=ImageFont.Layout.BASIC)


def sample_font_face(rng: Rng, split: str, kinds: tuple[str, ...], alphabet: str) -> FontFace:
    """A font of one of the kinds; of any kind where the machine has none of these."""
    return FontFace(shelf(split, kinds, alphabet).sample(rng))


# --- seven segments

SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc",
    "8": "abcdefg", "9": "abcdfg", "-": "g", "6'": "fgedc", "7'": "fabc", "9'": "abcfg",
}  # fmt: skip


@dataclass(frozen=True)
class SegmentFace:
    """Seven-segment digits; lengths are shares of the digit's height."""

    width: float = 0.52
    thickness: float = 0.13
    gap: float = 0.02
    bevel: float = 0.5  # how far the ends are cut: 0 square, 1 pointed
    slant: float = 0.0
    pitch: float = 1.3  # advance per width
    tails: str = "69"  # of 6, 7 and 9: those with the optional bar (for 7 that is the upper left one)
    centred: bool = False  # whether 1 stands in the middle
    inset: bool = False  # whether the point stands in the gap between two digits and takes no place of its own
    dot: float = 1.1  # the point's side, as a share of the bars' thickness

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None:
        if char in ".:,":
            return self._points(char, em)
        if char in "679":
            plain = (char in self.tails) ^ (char == "7")
            char = char if plain else char + "'"
        if char not in SEGMENTS:
            return None
        return self._bars(SEGMENTS[char], em)

    def ghost(self, em: int) -> Glyph:
        """All seven bars, as they shimmer on a liquid crystal display."""
        return self._bars("abcdefg", em)

    def _bars(self, bars: str, em: int) -> Glyph:
        height = 0.74 * em
        lines = self._lines()
        shapes = [self._place(self._bar(*lines[bar]), height) for bar in bars]
        if self.centred and bars == "bc":
            shapes = [shape - [(self.width - self.thickness) / 2 * height, 0] for shape in shapes]
        return _drawn(shapes, self.width * self.pitch * height)

    def _lines(self) -> dict[str, tuple]:
        """Each bar's middle line, y up from the baseline."""
        half, right = self.thickness / 2, self.width - self.thickness / 2
        top, middle, bottom = 1 - half, 0.5, half
        return {
            "a": ((half, top), (right, top)), "g": ((half, middle), (right, middle)),
            "d": ((half, bottom), (right, bottom)), "f": ((half, middle), (half, top)),
            "b": ((right, middle), (right, top)),
            "e": ((half, bottom), (half, middle)), "c": ((right, bottom), (right, middle)),
        }  # fmt: skip

    def _bar(self, start, end) -> np.ndarray:
        """Six corners of a bar."""
        start, end = np.array(start), np.array(end)
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]]) * self.thickness / 2
        tip, shoulder = along * self.gap, along * (self.gap + self.bevel * self.thickness / 2)
        points = [start + tip, start + shoulder + across, end - shoulder + across, end - tip]
        return np.array([*points, end - shoulder - across, start + shoulder - across])

    def _place(self, shape: np.ndarray, height: float) -> np.ndarray:
        """From shares with y up to pixels with y down, slanted."""
        return np.stack([shape[:, 0] + self.slant * shape[:, 1], -shape[:, 1]], 1) * height

    def _points(self, char: str, em: int) -> Glyph:
        height, side = 0.74 * em, self.thickness * self.dot
        square = np.array([[0, 0], [side, 0], [side, side], [0, side]])
        lift = [0.0] if char != ":" else [0.22, 0.62]
        gap = (self.pitch - 1) * self.width
        if self.inset and char != ":" and gap > 0.8 * side:
            return _drawn([self._place(square - np.array([(gap + side) / 2, 0]), height)], 0.0)
        shapes = [self._place(square + np.array([0, up]), height) for up in lift]
        return _drawn(shapes, side * 1.8 * height)


def _drawn(shapes: list[np.ndarray], advance: float) -> Glyph:
    """Filled polygons, points as (x, y) pixels about the pen, as one glyph."""
    points = np.concatenate(shapes)
    left, top = np.floor(points.min(0)).astype(int)
    right, bottom = np.ceil(points.max(0)).astype(int)
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    for shape in shapes:
        fixed = np.round((shape - [left, top]) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, fixed, 255, cv2.LINE_AA, 4)
    return Glyph(mask, int(left), int(top), advance)


def sample_segment_face(rng: Rng) -> SegmentFace:
    """Displays of pumps, clocks, scales and meters."""
    thickness = rng.uniform(0.07, 0.2)
    tails = "".join(char for char, chance in (("6", 0.85), ("7", 0.25), ("9", 0.85)) if rng.random() < chance)
    return SegmentFace(
        width=rng.uniform(0.42, 0.68),
        thickness=thickness,
        gap=max(0.0, rng.uniform(-0.02, 0.045)),
        bevel=rng.choice([0.0, 0.5, 1.0, 1.0]),
        slant=rng.choice([0.0, rng.uniform(0.03, 0.2)]),
        pitch=rng.uniform(1.15, 1.7) if rng.random() < 0.5 else rng.uniform(1.6, 2.4),  # pumps set them far apart
        tails=tails,
        centred=bool(rng.random() < 0.05),
        inset=bool(rng.random() < 0.6),
        dot=float(rng.uniform(0.55, 1.25)),
    )


# --- dot matrix

# Columns of the usual 5 x 7 character generator, lowest bit on top.
DOT_COLUMNS = """
0=3E5149453E 1=00427F4000 2=4261514946 3=2141454B31 4=1814127F10 5=2745454539 6=3C4A494930 7=0171090503 8=3649494936
9=064949291E A=7E1111117E B=7F49494936 C=3E41414122 D=7F4141221C E=7F49494941 F=7F09090901 G=3E4149497A H=7F0808087F
I=00417F4100 J=2040413F01 K=7F08142241 L=7F40404040 M=7F020C027F N=7F0408107F O=3E4141413E P=7F09090906 Q=3E4151215E
R=7F09192946 S=4649494931 T=01017F0101 U=3F4040403F V=1F2040201F W=3F4038403F X=6314081463 Y=0708700807 Z=6151494543
a=2054545478 b=7F48444438 c=3844444420 d=384444487F e=3854545418 f=087E090102 g=0C5252523E h=7F08040478 i=00447D4000
j=2040443D00 k=7F10284400 l=00417F4000 m=7C04180478 n=7C08040478 o=3844444438 p=7C14141408 q=081414187C r=7C08040408
s=4854545420 t=043F444020 u=3C4040207C v=1C2040201C w=3C4030403C x=4428102844 y=0C5050503C z=4464544C44 .=0060600000
:=0036360000 -=0808080808 ,=0050300000"""
DOTS = {pair[0]: bytes.fromhex(pair[2:]) for pair in DOT_COLUMNS.split()}


@dataclass(frozen=True)
class DotFace:
    """5 x 7 dots, round or square; `fill`: a dot's width per pitch."""

    fill: float = 0.85
    round: bool = False
    stretch: float = 1.0
    spacing: float = 6.0  # columns per character

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None:
        if char not in DOTS:
            return None
        columns = np.frombuffer(DOTS[char], np.uint8)
        lit = (columns[None, :] >> np.arange(7)[:, None]) & 1
        pitch = max(2, round(0.74 * em / 7))
        mask: np.ndarray = np.kron(lit, self._dot(pitch)).astype(np.uint8)
        if self.stretch != 1.0:
            mask = cv2.resize(mask, None, fx=self.stretch, fy=1, interpolation=cv2.INTER_LINEAR)
        used = np.flatnonzero(mask.any(0))
        rows = np.flatnonzero(mask.any(1))
        ink = mask[rows[0] : rows[-1] + 1, used[0] : used[-1] + 1]
        return Glyph(ink, int(used[0]), int(rows[0]) - 7 * pitch, self.spacing * pitch * self.stretch)

    def _dot(self, pitch: int) -> np.ndarray:
        dot = np.zeros((pitch * 4, pitch * 4), np.uint8)
        middle, reach = pitch * 2, pitch * 2 * self.fill
        if self.round:
            cv2.circle(dot, (middle, middle), max(2, round(reach)), 255, -1)
        else:
            low, high = round(middle - reach), round(middle + reach) - 1
            cv2.rectangle(dot, (low, low), (high, high), 255, -1)
        return cv2.resize(dot, (pitch, pitch), interpolation=cv2.INTER_AREA)


def sample_dot_face(rng: Rng) -> DotFace:
    """Displays of buses, printers and small screens."""
    return DotFace(rng.uniform(0.6, 1.0), bool(rng.random() < 0.5), rng.uniform(0.75, 1.2), rng.uniform(5.6, 7))


# --- handwriting


@dataclass(frozen=True)
class WrittenFace:
    """Characters that people wrote, from the strokes of synth.sources; `variant` chooses among them."""

    split: str
    pen: int = 0  # pixels by which the strokes are widened

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None:
        images = writing(self.split).get(char)
        return None if images is None else _written_glyph(images[variant % len(images)], char, em, self.pen)


def _written_glyph(image: np.ndarray, char: str, em: int, pen: int) -> Glyph:
    """Traced characters fill a square, so their height in a line comes from the letter's usual one."""
    if pen:
        image = cv2.dilate(image, np.ones((pen + 1, pen + 1), np.uint8))
    x, y, width, height = cv2.boundingRect((image > 60).astype(np.uint8))
    tall, below = proportions(char)
    scale = min(tall * 0.72 * em / max(height, 1), 0.9 * em / max(width, 1))
    ink = cv2.resize(image[y : y + height, x : x + width], None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return Glyph(ink, 1, round(below * 0.72 * em) - ink.shape[0], ink.shape[1] + 0.12 * em)


def proportions(char: str) -> tuple[float, float]:
    """Height of a written character and how far it reaches below the line, per capital's height."""
    if char in "gpqy":
        return 1.0, 0.35
    if char == "j":
        return 1.25, 0.35
    return (0.62, 0.0) if char in "acemnorsuvwxz" else (1.0, 0.0)


def writing(split: str) -> dict[str, np.ndarray]:
    """Character -> uint8 (n, h, w), white ink on black; empty where synth.sources names no file of strokes."""
    return _writing(current().strokes, split)


@lru_cache(4)
def _writing(path: str, split: str) -> dict[str, np.ndarray]:
    if not path:
        return {}
    with np.load(path, allow_pickle=False) as data:
        ours = data["split"] == split
        images, labels = data["images"][ours], data["labels"][ours]
    return {str(char): images[labels == char] for char in np.unique(labels)}


@dataclass(frozen=True)
class StrokeFace:
    """A hand that draws the strokes of hands.txt; `hand` fixes its habits, lengths are shares of a capital's height."""

    hand: int
    pen: float = 0.08
    slant: float = 0.0
    width: float = 1.0
    habit: float = 0.05  # how far its shapes are from the usual ones
    tremor: float = 0.02  # how far one character is from the next of its kind

    def glyph(self, char: str, em: int, variant: int = 0) -> Glyph | None:
        forms = hand_forms().get(char)
        if forms is None:
            return None
        own = np.random.default_rng((self.hand, ord(char)))
        wide, strokes = forms[int(own.integers(len(forms)))]
        now = np.random.default_rng((self.hand, ord(char), variant))
        tall = 0.72 * em
        lines = [self._curve(stroke, wide, own, now) * tall for stroke in strokes]
        return penned(lines, max(1.0, self.pen * tall), (wide * self.width + 0.16) * tall)

    def _curve(self, stroke: np.ndarray, wide: float, own, now) -> np.ndarray:
        """Points of a stroke as this hand draws it now, per capital's height, y down from the base line."""
        shifts = own.normal(0, self.habit, stroke.shape) + now.normal(0, self.tremor, stroke.shape)
        same = (stroke[1:] == stroke[:-1]).all(1)
        shifts[1:][same] = shifts[:-1][same]  # a corner stays one
        points = smooth(stroke * (wide * self.width, 1.0) + shifts)
        return points * (1, 1) + np.stack([self.slant * (1 - points[:, 1]), -np.ones(len(points))], 1)


def smooth(points: np.ndarray, steps: int = 6) -> np.ndarray:
    """A Catmull-Rom spline through the points (n, 2), `steps` points between each two."""
    ends = np.concatenate([points[:1], points, points[-1:]])
    a, b, c, d = (ends[i : len(ends) - 3 + i, None] for i in range(4))
    t = (np.arange(steps) / steps)[None, :, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def penned(lines: list[np.ndarray], pen: float, advance: float) -> Glyph:
    """Lines of points (x, y) in pixels, drawn with a round pen."""
    points, reach = np.concatenate(lines), pen / 2 + 1
    left, top = np.floor(points.min(0) - reach).astype(int)
    right, bottom = np.ceil(points.max(0) + reach).astype(int)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    fixed = [np.round((line - (left, top)) * 16).astype(np.int32) for line in lines]
    cv2.polylines(mask, fixed, False, 255, max(1, round(pen)), cv2.LINE_AA, 4)
    x, y, width, height = cv2.boundingRect(mask)
    return Glyph(mask[y : y + height, x : x + width], int(left) + x, int(top) + y, advance)


@lru_cache(1)
def hand_forms() -> dict[str, list[tuple[float, list[np.ndarray]]]]:
    """Character -> its forms: width per height, and strokes as points (n, 2)."""
    forms: dict[str, list] = {}
    for row in (Path(__file__).parent / "hands.txt").read_text().splitlines():
        if row.startswith("#"):
            continue
        char, width, strokes = row.split(" ", 2)
        lines = [np.array([point.split(",") for point in stroke.split()], float) for stroke in strokes.split("|")]
        forms.setdefault(char, []).append((float(width), lines))
    return forms


def sample_stroke_face(rng: Rng) -> StrokeFace:
    """Ballpoint to felt pen, upright or slanted, neat or hasty."""
    return StrokeFace(
        int(rng.integers(2**31)),
        pen=float(np.exp(rng.uniform(np.log(0.035), np.log(0.16)))),
        slant=float(rng.normal(0.08, 0.14)),
        width=float(rng.uniform(0.75, 1.35)),
        habit=float(rng.uniform(0.01, 0.055)),
        tremor=float(rng.uniform(0.005, 0.03)),
    )


def sample_written_face(rng: Rng, split: str, alphabet: str) -> Face:
    """Strokes, a handwriting font, or what people wrote where there is such a file."""
    chance = rng.random()
    if chance < 0.4 and set(alphabet) <= set(writing(split)):
        return WrittenFace(split, int(rng.integers(0, 3)))
    return sample_stroke_face(rng) if chance < 0.7 else sample_font_face(rng, split, ("hand",), alphabet)
