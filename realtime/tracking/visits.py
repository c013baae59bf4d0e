"""The same text seen again after a while goes on with its last record: a parked car, three passes of one car."""

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
    """A record and the visits that it is made of: the last one by its own key, all before it as one track."""

    key: Key
    latest: Track
    before: Track | None = None
    gone: bool = False

    def add(self, track: Track) -> Track:
        """The record once the last visit is as this track has it."""
        self.latest = joined(self.before, track) if self.before else track
        return self.latest


class Visits:
    """Follows objects by another follower, and holds the end of a value back for so many seconds.

    A text that is confirmed meanwhile goes on with the numbers, the beginning and the readings of what was seen before,
    and is not told as new.
    """

    def __init__(self, follower: Follower, seconds: float) -> None:
        self._follower, self._seconds = follower, seconds
        self._visits: list[Visit] = []

    def __call__(self, time: float, index: int, sightings: Sequence[Sighting], image: np.ndarray) -> Step:
        """One more frame, as the follower takes it."""
        step = self._follower(time, index, sightings, image)
        self._end(step.ended)
        confirmed = self._renamed([track for track in step.confirmed if self._is_news(track)])
        tracks, crossed = self._renamed(step.tracks), self._renamed(step.crossed)
        return replace(step, tracks=tracks, confirmed=confirmed, crossed=crossed, ended=self._over(time))

    def alone(self) -> Follower:
        """A follower for one still picture, which is not seen again."""
        return self._follower.alone()

    def flush(self) -> tuple[Track, ...]:
        """End every value, those held back too."""
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
        """Whether a value that was confirmed or corrected is to be told: not where it was seen before."""
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
        """Whether a track says what was seen before, unseen since, and not too long ago."""
        away = track.first_time - visit.latest.last_time
        return visit.latest.reading.text == track.reading.text and 0 < away <= self._seconds

    def _over(self, time: float) -> tuple[Track, ...]:
        """The values that were not seen again."""
        over = [visit for visit in self._visits if visit.gone and time - visit.latest.last_time > self._seconds]
        self._visits = [visit for visit in self._visits if visit not in over]
        return tuple(visit.latest for visit in over)

    def _renamed(self, tracks: Iterable[Track]) -> tuple[Track, ...]:
        """The tracks that are alive under the numbers of their records, without those that another goes on for."""
        known = [(track, self._of(track)) for track in tracks]
        return tuple(v.add(t) if v else t for t, v in known if v or t.state is not State.CONFIRMED)

    def _of(self, track: Track) -> Visit | None:
        return next((visit for visit in self._visits if visit.key == track.key), None)


def joined(before: Track, now: Track) -> Track:
    """What was seen before and what is seen now as one value, with the numbers that it had."""
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
    """A follower with what the user asks for: crossings of a line, texts seen again within so many minutes as one."""
    crossings = Crossings(follower, line) if line else follower
    return Visits(crossings, 60 * again_after) if again_after else crossings
