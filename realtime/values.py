"""The values that travel from stage to stage; all frozen, all in pixels of the frame they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import dist

import numpy as np
from numpy.typing import ArrayLike

LOST, WAITING, BACK = "source lost", "source waiting", "source back"  # events on frames


@dataclass(frozen=True)
class Box:
    """An upright rectangle: left, top, right, bottom, in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def __iter__(self) -> Iterator[float]:
        return iter((self.x0, self.y0, self.x1, self.y1))


def intersection(a: Box, b: Box) -> float:
    """The area that two boxes share, in square pixels."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(0.0, width) * max(0.0, height)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1; 0 where both are empty."""
    inter = intersection(a, b)
    union = a.area + b.area - inter
    return inter / union if union > 0 else 0.0


@dataclass(frozen=True)
class Quad:
    """Four corners as text runs: top left, top right, bottom right, bottom left; (x, y) in pixels."""

    corners: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, points: ArrayLike) -> Quad:
        """From any (4, 2) array-like."""
        return cls(tuple(map(tuple, np.asarray(points, float).reshape(4, 2).tolist())))

    @classmethod
    def from_box(cls, box: Box) -> Quad:
        return cls(((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)))

    def moved(self, right: float, down: float) -> Quad:
        """The same, moved right and down by so many pixels."""
        return Quad(tuple((x + right, y + down) for x, y in self.corners))

    def array(self) -> np.ndarray:
        """Corners as float32 (4, 2)."""
        return np.array(self.corners, np.float32)

    @cached_property
    def box(self) -> Box:
        xs, ys = zip(*self.corners, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))

    @cached_property
    def size(self) -> tuple[float, float]:
        """Mean width and mean height of the quadrilateral, in pixels."""
        a, b, c, d = self.corners
        return (dist(a, b) + dist(d, c)) / 2, (dist(a, d) + dist(b, c)) / 2


@dataclass(frozen=True)
class Curve:
    """A bent text: its upper and its lower edge as it is read, as many points (x, y) in pixels of either."""

    upper: tuple[tuple[float, float], ...]
    lower: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, upper: ArrayLike, lower: ArrayLike) -> Curve:
        """From two (n, 2) array-likes."""
        return cls(*(tuple((float(x), float(y)) for x, y in np.asarray(edge)) for edge in (upper, lower)))

    def array(self) -> np.ndarray:
        """Points as float32 (2, n, 2): the upper edge, then the lower one."""
        return np.array([self.upper, self.lower], np.float32)

    @cached_property
    def size(self) -> tuple[float, float]:
        """Length of the middle line and mean height, in pixels."""
        upper, lower = self.array()
        steps = np.diff((upper + lower) / 2, axis=0)
        return float(np.hypot(*steps.T).sum()), float(np.hypot(*(lower - upper).T).mean())


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source: its index, its time in seconds (of the recording, or a monotonic clock), its pixels.

    `image` is uint8, BGR (H, W, 3) or gray (H, W).
    """

    index: int
    time: float
    image: np.ndarray
    source: str = ""
    event: str = ""  # "source lost", then "source waiting" with the last picture, then "source back"; else empty
    still: bool = False  # the only picture of its source: nothing to follow
    epoch: float | None = None  # Unix time of second 0 of `time`; None where nobody knows
    small: np.ndarray | None = None  # the same moment in fewer pixels, uint8 gray (h, w): enough to find things in


@dataclass(frozen=True)
class Detection:
    """A place where a locator saw an object: corners and score 0 to 1; the curve of a text that seems bent."""

    quad: Quad
    score: float
    curve: Curve | None = None

    def mapped(self, to: Callable[[np.ndarray], np.ndarray]) -> Detection:
        """The same in another picture: `to` gives where each point float32 (n, 2) lies there."""
        curve = self.curve and Curve.of(*map(to, self.curve.array()))
        return Detection(Quad.of(to(self.quad.array())), self.score, curve)

    def moved(self, right: float, down: float) -> Detection:
        """The same, moved right and down by so many pixels."""
        return self.mapped(lambda points: points + np.array([right, down], np.float32))

    @property
    def box(self) -> Box:
        return self.quad.box

    @property
    def size(self) -> tuple[float, float]:
        """Length and mean height of the text, in pixels."""
        return self.curve.size if self.curve else self.quad.size


@dataclass(frozen=True)
class Match:
    """The known text that a reading is: as its list writes it, whose it is, on which list, and how far off; or none.

    `off` counts characters that differ, look-alikes less: 0 (as it stands there) to 0.5.
    """

    text: str = ""
    name: str = ""
    list: str = ""
    off: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True)
class Reading:
    """A text with one confidence, 0 to 1, per character; the empty text means "nothing legible here"."""

    text: str
    confidences: tuple[float, ...]
    confidence: float = 0.0  # that the whole text is right, calibrated
    region: str = ""  # country or state whose format it has, where regions were asked for
    candidates: tuple[tuple[str, float], ...] = field(default=(), compare=False)  # likeliest texts, with probabilities
    known: Match | None = None  # among the known texts; None where there is no list of them
    listed: tuple[tuple[str, float], ...] = ()  # those candidates that are written down

    def believed(self, share: float) -> Reading:
        """The reading as sure as before, and all its candidates, times a share, 0 to 1."""
        candidates = tuple((text, share * p) for text, p in self.candidates)
        return replace(self, confidence=share * self.confidence, candidates=candidates)

    def masked(self, threshold: float) -> str:
        """The text with '?' for each character less sure than `threshold`."""
        return "".join(c if p >= threshold else "?" for c, p in zip(self.text, self.confidences, strict=True))


@dataclass(frozen=True)
class Sighting:
    """One object in one frame: where it is and what it says."""

    quad: Quad
    reading: Reading
    score: float = 1.0
    mode: str = ""
    line: int = 0  # number of its line among the texts of its mode in the frame, from 1; 0 where nobody counted
    beside: bool = False  # whether a text of several characters stands next to it in its line
    curve: Curve | None = None  # along which it was read

    @property
    def box(self) -> Box:
        return self.quad.box


class State(Enum):
    """The life of a value: read but not yet agreed on; agreed on; over; or agreed on, but against the rules."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, eq=False)
class Track:
    """One object followed over time, with one of the values that it says one after the other; times in seconds.

    All but `id` and `sighting` are the value's own: an object whose display changes keeps its `id` and counts `value`.
    """

    id: int
    state: State
    sighting: Sighting  # the latest
    reading: Reading  # what all readings of the value agree on
    first_time: float
    last_time: float
    count: int  # readings that went into the vote
    first_frame: int = 0
    last_frame: int = 0
    best: Sighting | None = None  # the surest sighting so far
    best_crop: np.ndarray | None = None  # its picture, uint8 (h, w, 3) or (h, w)
    value: int = 1  # number of the value within the track
    direction: str = ""  # in which it crossed the line last: "up", "down", "left" or "right"
    crossing: int = 0  # how many did so up to then

    @property
    def key(self) -> tuple[int, int]:
        """What no other value of the source has: the numbers of the track and the value."""
        return self.id, self.value


@dataclass(frozen=True, eq=False)
class Result:
    """What the pipeline says of one frame.

    `tracks`: those alive in this frame, each with the value that stands; `confirmed`: those whose value was confirmed
    or corrected now; `ended`: values that are over, because another took their place or the object is gone (each
    confirmed one is there exactly once, as last voted); `doubtful`: values that no meter could show after the one
    before. `timings`: milliseconds per stage.
    """

    frame: Frame
    sightings: tuple[Sighting, ...] = ()
    tracks: tuple[Track, ...] = ()
    confirmed: tuple[Track, ...] = ()
    ended: tuple[Track, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    fps: float = 0.0  # true rate of the loop, frames per second
    dropped: int = 0  # frames a live source skipped so far
    failures: tuple[str, ...] = ()  # what outputs say that fail at the moment
    doubtful: tuple[Track, ...] = ()
    hidden: tuple[Quad, ...] = ()  # places whose pixels were made unreadable
    crossed: tuple[Track, ...] = ()  # confirmed ones that crossed the line now
