"""Follow objects over time: tentative until readings agree, then confirmed, lost when unseen for some seconds."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from math import inf
from typing import Protocol

import numpy as np

from realtime.preprocess import expand
from realtime.rules.reported import Rules
from realtime.tracking.change import AGREE, Before, Moment, Spell, Turn, Values
from realtime.tracking.vote import alike
from realtime.values import Box, Frame, Sighting, State, Track, intersection, iou

LOST_AFTER = 1.2  # seconds unseen
IN_SIGHT = 0.3  # seconds unseen after which what is in the same place may be another object
GAPS = 2.5  # or this many times the usual interval between frames, if that is longer
STEADY = 0.8  # weight of the past in the usual interval between frames, which each new one updates
TOLD = 10  # readings of an object after which its end is always reported or logged
REMEMBERED = 8  # objects that are gone, so that a meter can go on from where it was
CROP_MARGIN = 0.08
WITHIN = 0.7  # share of a sighting's box in an object's from which it shows a part of it
LEAVING = 0.7  # heights from the edge of the picture at which a character is only half in it
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Join:
    """One way for a sighting to be the same object: it must keep every limit."""

    overlap: float = 0.0  # least intersection over union with where the object was or should be
    distance: float = inf  # most, of the centres, in lengths of the object
    size: float = inf  # the areas differ by at most this factor
    likeness: float = 0.0  # least share of equal characters
    in_sight: bool = False  # only while the object was seen a moment ago


JOINS = (
    Join(overlap=0.4, in_sight=True),  # it stays in place and says something else
    Join(overlap=0.2, likeness=0.4),  # it moved a little, and is read a little otherwise
    Join(distance=3.0, size=2.5, likeness=0.6),  # it moved on
    Join(size=20.0, likeness=0.85),  # it was unseen for a while, or the camera swung round
)

LIMITS = np.array([(j.overlap, j.distance, j.size, j.likeness, j.in_sight) for j in JOINS]).T[..., None, None]


class TrackState:
    """What the tracker remembers of one object: where it is, and the values it says."""

    def __init__(self, number: int, now: Moment, sighting: Sighting, values: Values) -> None:
        self.id, self.sighting, self.values = number, sighting, values
        self.last, self.count = now, 0
        self._velocity = (0.0, 0.0)

    def expected(self, time: float) -> Box:
        """Where the object should be if it moves on as it did."""
        box, elapsed = self.sighting.box, time - self.last.time
        dx, dy = self._velocity[0] * elapsed, self._velocity[1] * elapsed
        return Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)

    def move(self, now: Moment, sighting: Sighting) -> None:
        """Take in where it is now."""
        elapsed = now.time - self.last.time
        if elapsed > 0:
            (x0, y0), (x1, y1) = self.sighting.box.center, sighting.box.center
            self._velocity = (x1 - x0) / elapsed, (y1 - y0) / elapsed
        self.sighting, self.last = sighting, now

    def track(self) -> Track:
        """The object with the value that stands."""
        state = State.CONFIRMED if self.values.confirmed else State.TENTATIVE
        return self.at(self.values.standing, state, self.sighting)

    def at(self, spell: Spell, state: State, sighting: Sighting | None = None) -> Track:
        """The object with one of its values, where it was last read unless another sighting is given."""
        (first, first_frame), (last, last_frame) = spell.first, spell.last
        return Track(
            self.id,
            state,
            sighting or spell.sighting or self.sighting,
            spell.reading,
            first,
            last,
            spell.count,
            first_frame,
            last_frame,
            spell.best,
            spell.best_crop,
            spell.number,
        )


class Follower(Protocol):
    """Follows objects from frame to frame."""

    def __call__(self, time: float, index: int, sightings: Sequence[Sighting], image: np.ndarray, /) -> Step: ...

    def alone(self) -> Follower:
        """A follower for one still picture."""

    def flush(self) -> tuple[Track, ...]:
        """End every object."""


@dataclass(frozen=True)
class Step:
    """What one frame changed: tracks alive; values that were confirmed or corrected, ended, were doubted, crossed."""

    tracks: tuple[Track, ...] = ()
    confirmed: tuple[Track, ...] = ()
    ended: tuple[Track, ...] = ()
    doubtful: tuple[Track, ...] = ()
    crossed: tuple[Track, ...] = ()


Cut = Callable[["np.ndarray", Sighting], "np.ndarray | None"]


def cut(image: np.ndarray, sighting: Sighting) -> np.ndarray:
    """A copy of the picture of one object, with a little around it."""
    corners = expand(sighting.quad.array(), CROP_MARGIN)
    height, width = image.shape[:2]
    x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int), (x0 + 1, y0 + 1), (width, height))
    return image[y0:y1, x0:x1].copy()


class Tracker:
    """Joins sightings to objects by place and text.

    `rules` returns the present rules for texts; `ids` numbers the objects, from 1 by default; `cut` takes a sighting's
    picture from that of its frame.
    """

    def __init__(
        self,
        agree: int = AGREE,
        lost_after: float = LOST_AFTER,
        *,
        rules: Callable[[], Rules] = Rules,
        ids: Iterator[int] | None = None,
        cut: Cut = cut,
    ) -> None:
        self._agree, self._lost_after, self._rules = agree, lost_after, rules
        self._ids, self._cut = ids or count(1), cut
        self._trails: list[TrackState] = []
        self._gone: deque[tuple[Box, Before]] = deque(maxlen=REMEMBERED)
        self._last_time: float | None = None
        self._interval = 0.0

    def __call__(self, time: float, index: int, sightings: Sequence[Sighting], image: np.ndarray) -> Step:
        """Take one frame's sightings (`time` in seconds, never falling) and the frame they were seen in."""
        now, rules = Moment(time, index), self._rules()
        self._pace(time)
        ended = self._drop(lambda t: time - t.last.time > self._at_least(self._lost_after))
        before = {t.id: shown(t) for t in self._trails}
        doubtful = []
        for trail, sighting in self._matched(time, self._whole(time, sightings)):
            if trail is None and any(shows_piece(t, time, sighting) for t in self._trails):
                continue
            trail = trail or self._begin(now, sighting)
            turn = self._extend(trail, now, sighting, rules, image)
            ended += [trail.at(turn.ended, State.LOST)] if turn.ended else []
            doubtful += [trail.at(turn.doubtful, State.DOUBTFUL)] if turn.doubtful else []
        changed = [t.track() for t in self._trails if t.values.confirmed and before.get(t.id) != shown(t)]
        return Step(tuple(t.track() for t in self._trails), tuple(changed), tuple(ended), tuple(doubtful))

    def alone(self) -> Tracker:
        """A tracker for one still picture, where a single reading is all there will be."""
        return Tracker(1, self._lost_after, rules=self._rules, ids=self._ids, cut=self._cut)

    def flush(self) -> tuple[Track, ...]:
        """End every object: the recording is over."""
        return tuple(self._drop(lambda trail: True))

    def _pace(self, time: float) -> None:
        if self._last_time is not None and time > self._last_time:
            step = time - self._last_time
            self._interval = STEADY * self._interval + (1 - STEADY) * step if self._interval else step
        self._last_time = time

    def _at_least(self, seconds: float) -> float:
        """The seconds, or longer if frames are rarer."""
        return max(seconds, GAPS * self._interval)

    def _drop(self, gone: Callable[[TrackState], bool]) -> list[Track]:
        leaving = [t for t in self._trails if gone(t)]
        self._trails = [t for t in self._trails if t not in leaving]
        for trail in leaving:
            self._remember(trail)
        return [t.at(t.values.standing, State.LOST) for t in leaving if t.values.confirmed]

    def _remember(self, trail: TrackState) -> None:
        """Keep where a meter was, and say why an object that was read often gives no record."""
        if before := trail.values.before:
            self._gone.append((trail.sighting.box, before))
        elif trail.count >= TOLD:
            best = trail.values.standing.reading
            log.info(
                "No record of object %d: its %d readings do not agree, or not as surely as asked for (%s at %.2f)",
                trail.id, trail.count, best.text or "too short", best.confidence,
            )  # fmt: skip

    def _whole(self, time: float, sightings: Sequence[Sighting]) -> list[Sighting]:
        """The sightings without those that show one object in several pieces: for a moment it was found so."""
        pieces = [[k for k, s in enumerate(sightings) if shows_piece(t, time, s)] for t in self._trails]
        apart = {k for numbers in pieces if len(numbers) > 1 for k in numbers}
        return [s for k, s in enumerate(sightings) if k not in apart]

    def _matched(self, time: float, sightings: Sequence[Sighting]) -> list[tuple[TrackState | None, Sighting]]:
        """Each sighting with its object or None; the best pairs first, each object once."""
        taken: dict[int, int] = {}
        for _, i, j in sorted(self._pairs(time, sightings), reverse=True):
            if j not in taken and i not in taken.values():
                taken[j] = i
        return [(self._trails[taken[j]] if j in taken else None, s) for j, s in enumerate(sightings)]

    def _pairs(self, time: float, sightings: Sequence[Sighting]) -> Iterator[tuple[float, int, int]]:
        """How well, and which object goes on in which sighting, both by number."""
        if not self._trails or not sightings:
            return
        seen = np.array([corners(s.box) for s in sightings])
        places = np.array([[corners(t.sighting.box), corners(t.expected(time))] for t in self._trails])
        overlap, distance, size = geometry(places, seen)
        in_sight = np.array([time - t.last.time <= self._at_least(IN_SIGHT) for t in self._trails])
        needed = likeness_needed(overlap, distance, size, in_sight[:, None])
        said, read = [t.values.standing.text for t in self._trails], [s.reading.text for s in sightings]
        for i, j in np.argwhere(needed <= likeness_at_most(said, read)).tolist():
            likeness = alike(said[i], read[j])
            if likeness >= needed[i, j]:
                yield float(overlap[i, j]) + likeness / (1 + float(distance[i, j])), i, j

    def _begin(self, now: Moment, sighting: Sighting) -> TrackState:
        before = next((b for box, b in reversed(self._gone) if iou(box, sighting.box) >= JOINS[0].overlap), None)
        self._trails.append(TrackState(next(self._ids), now, sighting, Values(now, self._agree, before)))
        return self._trails[-1]

    def _extend(self, trail: TrackState, now: Moment, sighting: Sighting, rules: Rules, image: np.ndarray) -> Turn:
        trail.move(now, sighting)
        if not sighting.reading.text or leaves(sighting, trail.values.standing.text, image.shape):
            return Turn()
        trail.count += 1
        return trail.values.hear(now, sighting, rules, partial(self._cut, image))


def is_piece(text: str, whole: str) -> bool:
    """Whether a text is the beginning, the end or the middle of a longer one."""
    return 0 < len(text) < len(whole) and text in whole


def shows_piece(trail: TrackState, time: float, sighting: Sighting) -> bool:
    """Whether a sighting lies in an object that says more than it, and shows a piece of that."""
    if not is_piece(sighting.reading.text, trail.values.standing.text):
        return False
    return intersection(sighting.box, trail.expected(time)) > WITHIN * sighting.box.area


def leaves(sighting: Sighting, whole: str, shape: tuple[int, ...]) -> bool:
    """Whether a text is cut by the edge of a picture of `shape` (H, W, ...): it says the rest of what it was."""
    text = sighting.reading.text
    if not is_piece(text, whole):
        return False
    a, b, c, d = sighting.quad.array()
    ends = [end for end, cut in ((a + d, whole.endswith(text)), (b + c, whole.startswith(text))) if cut]
    reach = LEAVING * sighting.quad.size[1]
    return any((end / 2 < reach).any() or (end / 2 > np.array(shape[1::-1]) - reach).any() for end in ends)


def likeness_needed(overlap: np.ndarray, distance: np.ndarray, size: np.ndarray, in_sight: np.ndarray) -> np.ndarray:
    """The least likeness, 0 to 1, at which any of JOINS takes a pair for one object; infinite if none does."""
    least, furthest, factor, likeness, seen = LIMITS
    kept = (overlap >= least) & (distance <= furthest) & (size <= factor) & (in_sight >= seen)
    needed: np.ndarray = np.where(kept, likeness, inf).min(0)
    return needed


def likeness_at_most(texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """Upper bound of the likeness of each text to each of the others, from their lengths: (texts, others), 0 to 1."""
    longest = np.maximum.outer([max(len(t), 1) for t in texts], [len(t) for t in others])
    equal = np.equal.outer(np.array(texts, object), np.array(others, object)).astype(bool)
    return np.where(equal, 1.0, 1 - 1 / longest)


def corners(box: Box) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    return box.x0, box.y0, box.x1, box.y1


def shown(trail: TrackState) -> tuple[bool, int, str]:
    """What a track shows of its value: whether it is confirmed, its number and its text."""
    standing = trail.values.standing
    return trail.values.confirmed, standing.number, standing.reading.text


def geometry(places: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlap, distance in lengths of the object, and factor between the areas: (objects, sightings) each.

    `places` (objects, 2, 4), the last and the expected one of each, and `seen` (sightings, 4) are boxes: left, top,
    right, bottom. The place that is nearer counts.
    """
    left, top, right, bottom = places.T[..., None]  # (place, object, 1) each
    x0, y0, x1, y1 = seen.T
    across, down = np.minimum(right, x1) - np.maximum(left, x0), np.minimum(bottom, y1) - np.maximum(top, y0)
    shared = (np.maximum(across, 0) * np.maximum(down, 0)).max(0)
    width, height = right[0] - left[0], bottom[0] - top[0]
    area, areas = (x1 - x0) * (y1 - y0), width * height
    overlap = shared / np.maximum(areas + area - shared, 1e-9)
    offset = np.hypot(left + right - x0 - x1, top + bottom - y0 - y1).min(0)
    distance = offset / 2 / np.maximum(np.maximum(width, height), 1.0)
    factor = np.maximum(areas, 1.0) / np.maximum(area, 1.0)
    return overlap, distance, np.maximum(factor, 1 / factor)


def follow(tracker: Follower, frame: Frame, sightings: Sequence[Sighting]) -> Step:
    """What the sightings of one more frame change; those of a still picture are objects of their own at once."""
    if not frame.still:
        return tracker(frame.time, frame.index, sightings, frame.image)
    alone = tracker.alone()
    step = alone(frame.time, frame.index, sightings, frame.image)
    return replace(step, ended=alone.flush())
