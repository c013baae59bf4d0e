"""Frames that are the object themselves: a digit held before the camera, a folder of cut-out characters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from realtime.stats import Stopwatch
from realtime.track import Tracker
from realtime.values import Box, Frame, Quad, Reading, Result, Sighting, Track

NEXT_AFTER = 2  # readings in a row that differ from the text so far and begin a new track


class WholeFrame:
    """A pipeline that reads each frame as one object; `read_whole(image) -> Reading` does the reading."""

    def __init__(self, mode: str, read_whole: Callable[[np.ndarray], Reading], threshold: float) -> None:
        self._mode, self._threshold = mode, threshold
        self._read_whole = read_whole
        self._tracker = Tracker()
        self._text, self._others = "", 0

    @property
    def mode(self) -> str:
        """The mode's name."""
        return self._mode

    @property
    def threshold(self) -> float:
        """The minimum confidence of a reading, 0 to 1."""
        return self._threshold

    def set_threshold(self, value: float) -> None:
        """Report readings from this confidence on, 0 to 1."""
        self._threshold = min(1.0, max(0.0, value))

    def __call__(self, frame: Frame) -> Result:
        """One frame; a new text that stays ends the track of the old one."""
        watch = Stopwatch()
        with watch("read"):
            reading = self._read_whole(frame.image)
        seen = (self._sighting(frame, reading),) if reading.text and reading.confidence >= self.threshold else ()
        ended = self._turned(frame, reading.text if seen else "")
        tracker = Tracker(agree=1) if frame.still else self._tracker
        step = tracker(frame.time, frame.index, seen, frame.image)
        ended += step.ended + (tracker.flush() if frame.still else ())
        return Result(frame, seen, step.tracks, step.confirmed, ended, watch.take())

    def flush(self) -> tuple[Track, ...]:
        """End the track: nothing more will come from this source."""
        self._text, self._others = "", 0
        return self._tracker.flush()

    def _sighting(self, frame: Frame, reading: Reading) -> Sighting:
        height, width = frame.image.shape[:2]
        return Sighting(Quad.from_box(Box(0, 0, width, height)), reading, 1.0, self._mode)

    def _turned(self, frame: Frame, text: str) -> tuple[Track, ...]:
        """Tracks that end because another text has taken their place."""
        if frame.still or not text:
            return ()
        self._others = self._others + 1 if text != self._text else 0
        if self._text and self._others < NEXT_AFTER:
            return ()
        ended = self.flush() if text != self._text else ()
        self._text = text
        return ended
