"""Follow objects over time: Tentative until reads agree, Confirmed, Lost when unseen too long; counted in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from realtime.preprocess import expand
from realtime.values import Box, Reading, Sighting, State, Track, iou
from realtime.vote import NOTHING, vote

AGREE = 2  # equal readings that confirm a track
SETTLED = 0.5  # and the confidence their vote must have
LOST_AFTER = 1.2  # seconds unseen
GAPS = 2.5  # or so many times the usual time between frames, where that is longer
READS = 60  # the surest readings kept for the vote
NEARBY = 3.0  # box sizes that an object may move between two frames and still be the same by its place
CROP_MARGIN = 0.08


@dataclass
class TrackState:
    """What the tracker remembers of one object."""

    id: int
    sighting: Sighting
    first_time: float
    first_frame: int
    last_time: float
    last_frame: int
    readings: list[Reading] = field(default_factory=list)
    count: int = 0
    velocity: tuple[float, float] = (0.0, 0.0)
    best: Sighting | None = None
    best_crop: np.ndarray | None = None
    reading: Reading = NOTHING
    state: State = State.TENTATIVE

    def expected(self, time: float) -> Box:
        """Where the object should be, moving on as it did."""
        box, elapsed = self.sighting.box, time - self.last_time
        dx, dy = self.velocity[0] * elapsed, self.velocity[1] * elapsed
        return Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)

    def track(self) -> Track:
        """The frozen picture of this trail."""
        return Track(
            self.id, self.state, self.sighting, self.reading, self.first_time, self.last_time, self.count,
            self.first_frame, self.last_frame, self.best, self.best_crop,
        )  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What one frame changed: tracks alive, newly confirmed or corrected, and ended."""

    tracks: tuple[Track, ...]
    confirmed: tuple[Track, ...]
    ended: tuple[Track, ...]


def cut(image: np.ndarray, sighting: Sighting) -> np.ndarray:
    """A copy of the picture of one object, with a little around it."""
    corners = expand(sighting.quad.array(), CROP_MARGIN)
    height, width = image.shape[:2]
    x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int), (x0 + 1, y0 + 1), (width, height))
    return image[y0:y1, x0:x1].copy()


class Tracker:
    """Joins sightings to trails by place and text; `ids` count from 1, `cut` gives a sighting's picture of a frame."""

    def __init__(
        self,
        agree: int = AGREE,
        lost_after: float = LOST_AFTER,
        *,
        ids: Iterator[int] | None = None,
        cut: Callable[[Any, Sighting], np.ndarray | None] = cut,
    ) -> None:
        self.agree, self.lost_after = agree, lost_after
        self.trails: list[TrackState] = []
        self._ids, self._cut = ids or count(1), cut
        self._last_time: float | None = None
        self._interval = 0.0

    def __call__(self, time: float, index: int, sightings: Sequence[Sighting], image: np.ndarray) -> Step:
        """Take one frame's sightings (`time` in seconds, never falling) and the frame they were seen in."""
        self._pace(time)
        ended = self._drop(lambda t: time - t.last_time > max(self.lost_after, GAPS * self._interval))
        before = {t.id: (t.state, t.reading.text) for t in self.trails}
        for trail, sighting in self._matched(time, sightings):
            self._extend(trail or self._begin(time, index, sighting), time, index, sighting, image)
        confirmed = [t for t in self.trails if t.state is State.CONFIRMED]
        changed = [t for t in confirmed if before.get(t.id) != (t.state, t.reading.text)]
        return Step(tuple(t.track() for t in self.trails), tuple(t.track() for t in changed), ended)

    def alone(self) -> Tracker:
        """A tracker for one still picture, in which a single reading is all that there will be."""
        return Tracker(1, self.lost_after, cut=self._cut)

    def flush(self) -> tuple[Track, ...]:
        """End every trail: the recording is over."""
        return self._drop(lambda trail: True)

    def _pace(self, time: float) -> None:
        if self._last_time is not None and time > self._last_time:
            step = time - self._last_time
            self._interval = step if not self._interval else 0.8 * self._interval + 0.2 * step
        self._last_time = time

    def _drop(self, gone) -> tuple[Track, ...]:
        leaving = [t for t in self.trails if gone(t)]
        self.trails = [t for t in self.trails if not gone(t)]
        return tuple(replace(t.track(), state=State.LOST) for t in leaving if t.state is State.CONFIRMED)

    def _matched(self, time: float, sightings: Sequence[Sighting]) -> list[tuple[TrackState | None, Sighting]]:
        """Each sighting with its trail or None; the best pairs first, each trail once."""
        scores = [(affinity(t, s, time), i, j) for i, t in enumerate(self.trails) for j, s in enumerate(sightings)]
        taken: dict[int, int] = {}
        for score, i, j in sorted(scores, key=lambda x: -x[0]):
            if score > 0 and j not in taken and i not in taken.values():
                taken[j] = i
        return [(self.trails[taken[j]] if j in taken else None, s) for j, s in enumerate(sightings)]

    def _begin(self, time: float, index: int, sighting: Sighting) -> TrackState:
        self.trails.append(TrackState(next(self._ids), sighting, time, index, time, index))
        return self.trails[-1]

    def _extend(self, trail: TrackState, time: float, index: int, sighting: Sighting, image: np.ndarray) -> None:
        elapsed = time - trail.last_time
        if elapsed > 0:
            (x0, y0), (x1, y1) = trail.sighting.box.center, sighting.box.center
            trail.velocity = (x1 - x0) / elapsed, (y1 - y0) / elapsed
        trail.sighting, trail.last_time, trail.last_frame = sighting, time, index
        if sighting.reading.text:
            trail.count += 1
            trail.readings = sorted([*trail.readings, sighting.reading], key=lambda r: -r.confidence)[:READS]
            trail.reading = vote(trail.readings)
            trail.state = self._state(trail)
            if trail.best is None or sighting.reading.confidence > trail.best.reading.confidence:
                trail.best, trail.best_crop = sighting, self._cut(image, sighting)

    def _state(self, trail: TrackState) -> State:
        agreeing = sum(r.text == trail.reading.text for r in trail.readings)
        settled = agreeing >= self.agree and (self.agree == 1 or trail.reading.confidence >= SETTLED)
        return State.CONFIRMED if settled else trail.state


def affinity(trail: TrackState, sighting: Sighting, time: float) -> float:
    """How well a sighting continues a trail, 0 (not at all) to 2: by place, size and text."""
    expected = trail.expected(time)
    overlap = max(iou(expected, sighting.box), iou(trail.sighting.box, sighting.box))
    likeness = alike(trail.reading.text, sighting.reading.text)
    size = max(expected.width, expected.height, 1.0)
    distance = min(_apart(expected, sighting.box), _apart(trail.sighting.box, sighting.box)) / size
    ratio = sighting.box.area / max(trail.sighting.box.area, 1.0)
    same_size = 0.4 < ratio < 2.5
    if overlap > 0.2 and (likeness > 0.4 or not trail.reading.text or not sighting.reading.text or overlap > 0.5):
        return overlap + likeness
    if distance < NEARBY and same_size and likeness > 0.6:
        return likeness / (1 + distance)
    return 0.5 * likeness / (1 + distance) if likeness > 0.85 and 0.05 < ratio < 20 else 0.0


def _apart(a: Box, b: Box) -> float:
    """Distance of two boxes' centres in pixels."""
    (x0, y0), (x1, y1) = a.center, b.center
    return float(np.hypot(x1 - x0, y1 - y0))


def alike(a: str, b: str) -> float:
    """Share of places at which two texts agree, 0 to 1; texts of other lengths are compared from both ends."""
    if not a or not b:
        return 0.0
    longer = max(len(a), len(b))
    front = sum(x == y for x, y in zip(a, b, strict=False))
    back = sum(x == y for x, y in zip(reversed(a), reversed(b), strict=False))
    return max(front, back) / longer
