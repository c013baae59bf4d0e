"""Parts of frames that are the objects themselves: the windows of meters before which a camera is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from realtime.areas.roi import Roi
from realtime.contracts import Pipeline
from realtime.values import Frame, Result, Sighting, Track


class CutOuts:
    """A pipeline that cuts its parts out of every frame and gives each to a pipeline of its own."""

    def __init__(self, parts: Sequence[tuple[Roi, Pipeline]]) -> None:
        self._parts = tuple(parts)

    @property
    def mode(self) -> str:
        """The mode's name."""
        return self._parts[0][1].mode

    @property
    def threshold(self) -> float:
        """The minimum confidence of a reading, 0 to 1."""
        return self._parts[0][1].threshold

    def set_threshold(self, value: float) -> None:
        """Report readings from this confidence on, 0 to 1."""
        for _, pipeline in self._parts:
            pipeline.set_threshold(value)

    def __call__(self, frame: Frame) -> Result:
        """One frame; what its parts say, in its own pixels."""
        height, width = frame.image.shape[:2]
        results = []
        for k, (roi, pipeline) in enumerate(self._parts):
            left, top, right, bottom = roi.window(width, height, margin=0.0)
            if right > left and bottom > top:
                image = np.ascontiguousarray(frame.image[top:bottom, left:right])
                part = replace(frame, image=image, small=None)
                results.append(self._moved(k, pipeline(part), left, top))
        return Result(
            frame,
            tuple(sighting for result in results for sighting in result.sightings),
            tuple(track for result in results for track in result.tracks),
            tuple(track for result in results for track in result.confirmed),
            tuple(track for result in results for track in result.ended),
            {"read": sum(result.timings.get("read", 0.0) for result in results)},
            doubtful=tuple(track for result in results for track in result.doubtful),
        )

    def flush(self) -> tuple[Track, ...]:
        """End every track."""
        parts = enumerate(self._parts)
        return tuple(track for k, (roi, p) in parts for track in self._tracks(k, p.flush(), *corner(roi)))

    def _moved(self, part: int, result: Result, left: int, top: int) -> Result:
        """The result of a part in the pixels of the whole frame."""
        return replace(
            result,
            sightings=tuple(moved(sighting, left, top) for sighting in result.sightings),
            tracks=self._tracks(part, result.tracks, left, top),
            confirmed=self._tracks(part, result.confirmed, left, top),
            ended=self._tracks(part, result.ended, left, top),
            doubtful=self._tracks(part, result.doubtful, left, top),
        )

    def _tracks(self, part: int, tracks: Iterable[Track], left: int, top: int) -> tuple[Track, ...]:
        """A part's tracks in the pixels of the whole frame, under numbers that no other part uses."""
        return tuple(
            replace(
                track,
                id=self._number(part, track.id),
                sighting=moved(track.sighting, left, top),
                best=track.best and moved(track.best, left, top),
            )
            for track in tracks
        )

    def _number(self, part: int, own: int) -> int:
        return (own - 1) * len(self._parts) + part + 1


def moved(sighting: Sighting, right: float, down: float) -> Sighting:
    """A sighting moved right and down by so many pixels."""
    return replace(sighting, quad=sighting.quad.moved(right, down))


def corner(roi: Roi) -> tuple[int, int]:
    """Left and top of a part in frames that hold all of it."""
    left, top, *_ = roi.window(1 << 30, 1 << 30, margin=0.0)
    return left, top
