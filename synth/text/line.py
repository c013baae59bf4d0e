"""One line of text as a value: what it says, in which face, how it is inked and on what."""

from __future__ import annotations

from dataclasses import dataclass

from synth.grounds import Ground
from synth.text.glyphs import Face

EM = 56  # pixels per em at which lines are set unless asked otherwise: capitals about 40 pixels high


@dataclass(frozen=True)
class Style:
    """How ink lies on its surface; lengths in shares of an em."""

    ink: float = 20.0
    paper: float = 230.0
    fade: float = 0.0  # gray values by which the ink changes from top to bottom
    outline: tuple[float, float] | None = None  # gray value, width
    shadow: tuple[float, float, float, float] | None = None  # right, down, gray value, opacity
    relief: float = 0.0  # gray values of lit and shaded edges
    worn: float = 0.0  # share of the ink that is gone, in patches
    hollow: float = 0.0  # width of the stroke where only the letter's edge is inked
    ghost: float = 0.0  # how visible unlit segments are
    glow: float = 0.0  # gray values around lit segments
    glass: tuple | None = None  # what is mirrored before the text: parameters of the effect "reflection"


@dataclass(frozen=True)
class Drum:
    """Digits on rolling wheels behind windows; lengths in shares of a digit's height or width."""

    offsets: tuple[float, ...]  # how far each wheel has rolled, in digits
    pitch: float = 1.4
    window: float = 1.3
    cell: float = 1.4
    squeeze: float = 1.0  # on the digits' width
    bar: float = 0.1  # width of the bars between windows
    frame: float = 30.0  # gray value of the bars and the frame
    shade: float = 0.3  # how much darker a wheel is at the window's edges
    last: int = 0  # so many last wheels look different:
    last_ink: float = 230.0
    last_paper: float = 90.0
    upward: bool = True
    ticks: bool = False  # a scale beside the last wheel


@dataclass(frozen=True)
class Line:
    """A text with all that decides its picture; `text` as drawn, with separators."""

    text: str
    face: Face
    style: Style
    ground: Ground
    spacing: float = 0.0  # share of an em between characters
    wobble: float = 0.0  # unevenness of the base line and size, as by hand
    weight: int = 0  # pixels of an EM em by which strokes are widened
    bend: float = 0.0  # share of an em by which the middle is lower than the ends
    drum: Drum | None = None
    place: tuple[int, int] = (0, 0)  # of the wear and the wobble in the noise
