"""A text that comes back after a while continues its last record: a parked car, a car that passes three times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from realtime.tracking.crossings import Crossings, Line
from realtime.tracking.track import Follower, Step
from realtime.values import Sighting, State, Track

Key = tuple[int, int]


@dataclass(eq=False)
class Visit:
    """A record made of several visits: the latest, known by its own key, and all earlier ones as one track."""

    key: Key
    latest: Track
    before: Track | None = None
    gone: bool = False

    def add(self, track: Track) -> Track:
        """The record with this track as its latest visit."""
        self.latest = joined(self.before, track) if self.before else track
        return self.latest


class Visits:
    """Follows objects by another follower, and holds the end of each value back for `seconds`.

    A text that is confirmed again meanwhile keeps the numbers, the beginning and the readings of its earlier record,
    and is not reported as new.
    """

    def __init__(self, follower: Follower, seconds: float) -> None:
        self._follower, self._seconds = follower, seconds
        self._visits: list[Visit] = []

    def __call__(self, time: float, index: int, sightings: Sequence[Sighting], image: np.ndarray) -> Step:
        """Take one more frame, as the follower does."""
        step = self._follower(time, index, sightings, image)
        self._end(step.ended)
        confirmed = self._renamed([track for track in step.confirmed if self._is_news(track)])
        tracks, crossed = self._renamed(step.tracks), self._renamed(step.crossed)
        return replace(step, tracks=tracks, confirmed=confirmed, crossed=crossed, ended=self._over(time))

    def alone(self) -> Follower:
        """A follower for one still picture, which is not seen again."""
        return self._follower.alone()

    def flush(self) -> tuple[Track, ...]:
        """End every value, including those held back."""
        self._end(self._follower.flush())
        ended = tuple(visit.latest for visit in self._visits)
        self._visits = []
        return ended

    def _end(self, tracks: Iterable[Track]) -> None:
        for track in tracks:
            if visit := self._of(track):
                visit.add(track)
                visit.gone = True

    def _is_news(self, track: Track) -> bool:
        """Whether to report a value that was confirmed or corrected: not if it continues an earlier record."""
        if self._of(track):
            return True
        same = [visit for visit in self._visits if self._goes_on(visit, track)]
        if not same:
            self._visits.append(Visit(track.key, track))
            return True
        visit = max(same, key=lambda visit: visit.latest.last_time)
        visit.key, visit.before, visit.gone = track.key, visit.latest, False
        visit.add(track)
        return False

    def _goes_on(self, visit: Visit, track: Track) -> bool:
        """Whether a track shows the text of an earlier visit that ended before it began, and not too long ago."""
        away = track.first_time - visit.latest.last_time
        return visit.latest.reading.text == track.reading.text and 0 < away <= self._seconds

    def _over(self, time: float) -> tuple[Track, ...]:
        """The values that did not come back in time."""
        over = [visit for visit in self._visits if visit.gone and time - visit.latest.last_time > self._seconds]
        self._visits = [visit for visit in self._visits if visit not in over]
        return tuple(visit.latest for visit in over)

    def _renamed(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """The tracks under the numbers of their records, without confirmed ones that have no record of their own."""
        known = [(track, self._of(track)) for track in tracks]
        return tuple(v.add(t) if v else t for t, v in known if v or t.state is not State.CONFIRMED)

    def _of(self, track: Track) -> Visit | None:
        return next((visit for visit in self._visits if visit.key == track.key), None)


def joined(before: Track, now: Track) -> Track:
    """The earlier and the present visit as one value, under the earlier numbers."""
    surer = before if before.reading.confidence > now.reading.confidence else now
    best = max((before, now), key=lambda track: track.best.reading.confidence if track.best else 0.0)
    return replace(
        now,
        id=before.id,
        value=before.value,
        reading=surer.reading if before.reading.text == now.reading.text else now.reading,
        first_time=before.first_time,
        first_frame=before.first_frame,
        count=before.count + now.count,
        best=best.best,
        best_crop=best.best_crop,
        direction=now.direction or before.direction,
        crossing=now.crossing or before.crossing,
    )


def followed(follower: Follower, line: Line | None, again_after: float | None) -> Follower:
    """The follower, and where asked for, one that counts crossings, or continues records for `again_after` minutes."""
    crossings = Crossings(follower, line) if line else follower
    return Visits(crossings, 60 * again_after) if again_after else crossings
