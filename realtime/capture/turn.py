"""Cameras that hang upside down or look into a mirror: frames turned before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from realtime.capture.source import Source
from realtime.values import Frame

ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Turn:
    """A clockwise turn in degrees (0, 90, 180 or 270), then mirrored left to right."""

    degrees: int = 0
    mirrored: bool = False

    def __bool__(self) -> bool:
        return bool(self.degrees) or self.mirrored

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """A picture (H, W) or (H, W, 3), turned."""
        if self.degrees:
            image = cv2.rotate(image, ROTATIONS[self.degrees])
        return cv2.flip(image, 1) if self.mirrored else image


class Turned(Source):
    """A source seen through a turn."""

    def __init__(self, source: Source, turn: Turn) -> None:
        super().__init__(source.name, source.stop)
        self._source, self._turn = source, turn
        self.live, self.still, self.fps, self.frame_count = source.live, source.still, source.fps, source.frame_count
        sideways = turn.degrees in (90, 270)
        self.size = (source.size[1], source.size[0]) if source.size and sideways else source.size

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            self.dropped = self._source.dropped
            small = None if frame.small is None else self._turn(frame.small)
            yield replace(frame, image=self._turn(frame.image), small=small)

    def close(self) -> None:
        self._source.close()
