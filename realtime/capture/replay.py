"""Recordings as if they were cameras: at their own speed, and again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from realtime.capture.source import Clock, Source
from realtime.values import Frame

SEAM = 1.5  # seconds between the end and the next beginning: objects of the end are gone by then
LONGEST = 5.0  # seconds that a frame is waited for: a longer gap in a recording is no pause
POLL = 0.1  # seconds between two looks whether to stop


class Paced(Source):
    """A recording no faster than it was made; where reading takes longer than that, frames come late, but all come."""

    def __init__(self, source: Source, clock: Clock = time.monotonic) -> None:
        super().__init__(source.name, source.stop)
        self._source, self._clock = source, clock
        self.fps, self.size, self.frame_count = source.fps, source.size, source.frame_count

    def __iter__(self) -> Iterator[Frame]:
        last: Frame | None = None
        due = self._clock()
        for frame in self._source:
            gap = frame.time - last.time if last and last.source == frame.source else 0.0
            due = max(due + min(max(gap, 0.0), LONGEST), self._clock() - LONGEST)
            self._wait(due)
            if self.stop.is_set():
                return
            last = frame
            yield frame

    def _wait(self, due: float) -> None:
        """Wait until the clock says `due`, or `stop` is set."""
        while (rest := due - self._clock()) > 0 and not self.stop.wait(min(rest, POLL)):
            pass

    def close(self) -> None:
        self._source.close()


class Looped(Source):
    """What `opened` gives, from the beginning again whenever it ends; indices and times go on."""

    def __init__(self, opened: Callable[[], Source]) -> None:
        self._opened, self._source = opened, opened()
        super().__init__(self._source.name, self._source.stop)
        self.fps, self.size = self._source.fps, self._source.size

    def __iter__(self) -> Iterator[Frame]:
        index, begin = 0, 0.0
        while not self.stop.is_set():
            last = begin
            for frame in self._source:
                last = begin + frame.time
                yield replace(frame, index=index, time=last)
                index += 1
            self._source.close()
            begin = last + SEAM
            self._source = self._opened()

    def close(self) -> None:
        self._source.close()
