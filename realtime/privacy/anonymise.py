"""Plates made unreadable in the picture itself before anything else sees it, whether they were read or not.

Reading uses the original frame. Whatever is cut out, drawn, saved or served afterwards comes from a copy in which every
place that looks like a plate, or did a moment ago, is reduced to a few blocks of its mean colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import dist

import cv2
import numpy as np

from realtime.contracts import Seeing
from realtime.preprocess import expand, to_gray
from realtime.stats import Stopwatch
from realtime.values import Box, Detection, Frame, Quad, Result, Track

MARGIN = 0.25  # of a plate's width and height around it
BLOCKS = 4, 2  # columns and rows of colour that are left of a plate
HELD = 1.0  # seconds for which a place stays hidden after a plate was last located there
GROWTH = 0.5  # of its size per second by which a hidden place grows meanwhile, since the plate may have moved
REACH = 2.0  # plate widths that a plate moves at most between two frames that are read


@dataclass(frozen=True)
class Place:
    """Where a plate was last located, and how it moves, in pixels per second."""

    quad: Quad
    time: float
    velocity: tuple[float, float] = (0.0, 0.0)

    def at(self, time: float) -> Quad:
        """What to hide at a later time: moved on, and larger the later it is."""
        elapsed = time - self.time
        moved = self.quad.moved(self.velocity[0] * elapsed, self.velocity[1] * elapsed)
        return Quad.of(expand(moved.array(), GROWTH * elapsed))


class Anonymised:
    """A pipeline whose results show no plate: `locate(gray)` finds them, whatever the pipeline itself reads.

    Frames that are not read are not shown: `unread` gives them the last picture that was read.
    """

    def __init__(self, pipeline: Seeing, locate: Callable[[np.ndarray], Sequence[Detection]]) -> None:
        self._pipeline, self._locate = pipeline, locate
        self._places: tuple[Place, ...] = ()
        self._last: Frame | None = None

    @property
    def mode(self) -> str:
        """The pipeline's modes."""
        return self._pipeline.mode

    @property
    def threshold(self) -> float:
        """The minimum confidence of a reading, 0 to 1."""
        return self._pipeline.threshold

    def set_threshold(self, value: float) -> None:
        """Report readings from this confidence on, 0 to 1."""
        self._pipeline.set_threshold(value)

    def flush(self) -> tuple[Track, ...]:
        """End every track: nothing more will come from this source."""
        return self._pipeline.flush()

    def __call__(self, frame: Frame) -> Result:
        """What a frame says, and the frame without its plates."""
        watch = Stopwatch()
        sightings = self._pipeline.see(frame, watch)
        with watch("hide"):
            plates = [sighting.quad for sighting in sightings if sighting.mode == "plates"]
            located = [detection.quad for detection in self._locate(to_gray(frame.image))]
            hidden = self._hidden(frame, [*located, *plates])
            self._last = replace(frame, image=veiled(frame.image, hidden), small=None)
        return replace(self._pipeline.follow(self._last, sightings, watch), hidden=hidden)

    def unread(self, frame: Frame) -> Frame:
        """A frame that was not read, with the last picture that was; black if there was none."""
        same = self._last is not None and self._last.source == frame.source
        image = self._last.image if self._last and same else np.zeros_like(frame.image)
        return replace(frame, image=image, small=None)

    def _hidden(self, frame: Frame, quads: Sequence[Quad]) -> tuple[Quad, ...]:
        """What to hide in a frame: the places where plates were located, and where others must be by now."""
        again = self._last and self._last.source == frame.source and not frame.still
        before = [p for p in self._places if again and 0 <= frame.time - p.time <= HELD]
        places = [followed(quad, frame.time, before) for quad in quads]
        kept = [p for p in before if not any(touch(p.at(frame.time).box, quad.box) for quad in quads)]
        self._places = (*places, *kept)
        return tuple(place.at(frame.time) for place in self._places)


def followed(quad: Quad, time: float, before: Sequence[Place]) -> Place:
    """A place that moves on from the nearest earlier one within reach."""
    x, y = quad.box.center
    near = min(before, key=lambda place: dist(place.quad.box.center, (x, y)), default=None)
    if near is None or time <= near.time or dist(near.quad.box.center, (x, y)) > REACH * max(quad.size):
        return Place(quad, time)
    (x0, y0), elapsed = near.quad.box.center, time - near.time
    return Place(quad, time, ((x - x0) / elapsed, (y - y0) / elapsed))


def touch(one: Box, other: Box) -> bool:
    """Whether the middle of one box lies in the other."""
    x, y = one.center
    return other.x0 <= x <= other.x1 and other.y0 <= y <= other.y1


def veiled(image: np.ndarray, quads: Sequence[Quad]) -> np.ndarray:
    """A copy of a picture (H, W) or (H, W, 3) with each place reduced to a few blocks of colour."""
    canvas = image.copy()
    height, width = image.shape[:2]
    for quad in quads:
        corners = expand(quad.array(), MARGIN)
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, (width, height))
        if x1 <= x0 or y1 <= y0:
            continue
        part = canvas[y0:y1, x0:x1]
        blocks = cv2.resize(image[y0:y1, x0:x1], BLOCKS, interpolation=cv2.INTER_AREA)
        plain = cv2.resize(blocks, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.round(corners - (x0, y0)).astype(np.int32), 1)
        part[mask > 0] = plain[mask > 0]
    return canvas
