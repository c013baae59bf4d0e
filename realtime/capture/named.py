"""A source under a name of the user's own: "gate" instead of an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from realtime.capture.source import Source
from realtime.values import Frame


class Named(Source):
    """A source whose frames come from `name`; of several files each keeps its own name behind it."""

    def __init__(self, source: Source, name: str) -> None:
        super().__init__(name, source.stop)
        self._source = source
        self.live, self.still, self.fps, self.frame_count = source.live, source.still, source.fps, source.frame_count
        self.size = source.size

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            self.dropped = self._source.dropped
            alone = frame.source == self._source.name
            yield replace(frame, source=self.name if alone else f"{self.name}: {frame.source}")

    def close(self) -> None:
        self._source.close()
