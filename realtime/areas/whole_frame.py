"""Frames that are the object themselves: a digit held before the camera, a folder of cut-out characters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from realtime.rules.reported import Reporting, Rules
from realtime.stats import Stopwatch
from realtime.tracking.track import Tracker, follow
from realtime.values import Box, Frame, Quad, Reading, Result, Sighting, Track


class WholeFrame(Reporting):
    """A pipeline that reads each frame as one object; `read_whole(image) -> Reading` does the reading."""

    def __init__(self, mode: str, read_whole: Callable[[np.ndarray], Reading], rules: Rules) -> None:
        super().__init__(rules)
        self._mode, self._read_whole = mode, read_whole
        self._tracker = Tracker(rules=lambda: self._rules)

    @property
    def mode(self) -> str:
        """The mode's name."""
        return self._mode

    def __call__(self, frame: Frame) -> Result:
        """One frame, which shows one object or none."""
        watch = Stopwatch()
        with watch("read"):
            reading = self._read_whole(frame.image)
        seen = (self._sighting(frame, reading),) if self._loosest.accepts(reading) else ()
        step = follow(self._tracker, frame, seen)
        shown = seen if self._rules.accepts(reading) else ()
        return Result(frame, shown, step.tracks, step.confirmed, step.ended, watch.take(), doubtful=step.doubtful)

    def flush(self) -> tuple[Track, ...]:
        """End the track: nothing more will come from this source."""
        return self._tracker.flush()

    def _sighting(self, frame: Frame, reading: Reading) -> Sighting:
        height, width = frame.image.shape[:2]
        return Sighting(Quad.from_box(Box(0, 0, width, height)), reading, 1.0, self._mode)
