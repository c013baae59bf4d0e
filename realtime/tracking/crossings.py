"""Which objects cross a line, in which direction, and how many did so before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, inf
from typing import NamedTuple

import numpy as np

from realtime.errors import UserError
from realtime.tracking.track import Follower, Step
from realtime.values import Sighting, State, Track

Point = tuple[float, float]
CLEAR = 0.5  # of its height by which an object's middle must be beyond the line, so that jitter is no crossing


@dataclass(frozen=True)
class Line:
    """A line from (x0, y0) to (x1, y1), in pixels of the frame."""

    x0: float
    y0: float
    x1: float
    y1: float

    def check(self, size: tuple[int, int]) -> None:
        """Raise UserError if no part of it can lie in pictures of this size (width, height)."""
        (width, height), xs, ys = size, (self.x0, self.x1), (self.y0, self.y1)
        if max(xs) < 0 or max(ys) < 0 or min(xs) >= width or min(ys) >= height:
            raise UserError(f"--line {self} lies outside the picture of {width}x{height}.", "Give it in its pixels.")

    @property
    def ends(self) -> tuple[Point, Point]:
        """Where it begins and ends."""
        return (self.x0, self.y0), (self.x1, self.y1)

    def __str__(self) -> str:
        return ",".join(f"{v:g}" for v in (self.x0, self.y0, self.x1, self.y1))

    def beyond(self, point: Point) -> float:
        """Pixels from the infinite line to a point: positive below a flat line, or to the right of a steep one."""
        dx, dy = self.x1 - self.x0, self.y1 - self.y0
        across = (dx * (point[1] - self.y0) - dy * (point[0] - self.x0)) / hypot(dx, dy)
        return across if (dx > 0 if self._flat else dy < 0) else -across

    @property
    def _flat(self) -> bool:
        return abs(self.x1 - self.x0) >= abs(self.y1 - self.y0)

    def direction(self, side: int) -> str:
        """In which direction an object moves that comes to the side with this sign."""
        return {1: "down", -1: "up"}[side] if self._flat else {1: "right", -1: "left"}[side]

    def between(self, a: Point, b: Point) -> bool:
        """Whether the straight way from a to b, on opposite sides, crosses the line between its ends."""
        ahead, behind = self.beyond(a), self.beyond(b)
        share = ahead / (ahead - behind)
        x, y = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
        dx, dy = self.x1 - self.x0, self.y1 - self.y0
        return 0 <= (x - self.x0) * dx + (y - self.y0) * dy <= dx * dx + dy * dy


def parse_line(text: str) -> Line:
    """The line that X,Y,X,Y describes. Raises UserError if it describes none."""
    try:
        x0, y0, x1, y1 = map(float, text.split(","))
    except ValueError:
        x0 = y0 = x1 = y1 = 0.0
    if not 0 < hypot(x1 - x0, y1 - y0) < inf:
        raise UserError(f"--line {text!r} is not a line.", "Write its ends in pixels, X,Y,X,Y, such as 0,300,640,300.")
    return Line(x0, y0, x1, y1)


class Clear(NamedTuple):
    """Where an object was last clear of the line, and the sign of that side."""

    side: int
    point: Point


class Crossings:
    """Follows objects by another follower and tells in which direction each last crossed a line.

    Only objects whose text is confirmed, then or later, are counted. Directions are "up" and "down" across a flat line,
    "left" and "right" across a steep one, each counted from 1.
    """

    def __init__(self, follower: Follower, line: Line) -> None:
        self._follower, self._line = follower, line
        self._clear: dict[int, Clear] = {}
        self._waiting: dict[int, str] = {}  # directions of objects without a confirmed text, by their number
        self._crossed: dict[int, tuple[str, int]] = {}
        self._counts: Counter[str] = Counter()

    def __call__(self, time: float, index: int, sightings: Sequence[Sighting], image: np.ndarray) -> Step:
        """Take one more frame, as the follower does."""
        step = self._follower(time, index, sightings, image)
        crossed = [track for track in step.tracks if self._crosses(track)]
        marked = replace(
            step,
            tracks=self._marked(step.tracks),
            confirmed=self._marked(step.confirmed),
            ended=self._marked(step.ended),
            crossed=self._marked(crossed),
        )
        alive = {track.id for track in step.tracks}
        for memory in (self._clear, self._waiting, self._crossed):
            for number in memory.keys() - alive:
                del memory[number]
        return marked

    def alone(self) -> Follower:
        """A follower for one still picture, in which nothing moves."""
        return self._follower.alone()

    def flush(self) -> tuple[Track, ...]:
        """End every object."""
        return self._marked(self._follower.flush())

    def _crosses(self, track: Track) -> bool:
        """Whether an object's crossing is counted now."""
        box, before = track.sighting.box, self._clear.get(track.id)
        beyond = self._line.beyond(box.center)
        if abs(beyond) > CLEAR * box.height:
            now = Clear(1 if beyond > 0 else -1, box.center)
            self._clear[track.id] = now
            if before and before.side != now.side and self._line.between(before.point, now.point):
                self._waiting[track.id] = self._line.direction(now.side)
        if track.state is not State.CONFIRMED or track.id not in self._waiting:
            return False
        direction = self._waiting.pop(track.id)
        self._counts[direction] += 1
        self._crossed[track.id] = direction, self._counts[direction]
        return True

    def _marked(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """The tracks with what is known of their crossings."""
        known = [(track, self._crossed.get(track.id)) for track in tracks]
        return tuple(replace(t, direction=over[0], crossing=over[1]) if over else t for t, over in known)
