"""Long, narrow pictures, such as those of line cameras, in pieces: shrunk whole they would show nothing."""

from __future__ import annotations

import numpy as np

from realtime.contracts import Locator
from realtime.values import Box, Detection, iou

LONG = 6.0  # times longer than wide, from which a picture is cut into tiles
TILE, SHORTEST = 4, 640  # length of a tile in widths of the picture, and at least so many pixels
EDGE = 2.0  # pixels from a cut within which an object may go on in the next tile
SAME = 0.5  # intersection over union from which two detections are one


class Tiles:
    """A locator that gives long pictures to another one in overlapping tiles, and any other picture as it is."""

    def __init__(self, locate: Locator) -> None:
        self._locate = locate

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 gray (H, W) picture, in its pixels, best first."""
        if max(gray.shape) <= max(SHORTEST, LONG * min(gray.shape)):
            return self._locate(gray)
        found = [detection for begin, end in tiles(gray.shape) for detection in self._found(gray, begin, end)]
        kept: list[Detection] = []
        for detection in sorted(found, key=lambda d: -d.score):
            if all(iou(detection.box, other.box) < SAME for other in kept):
                kept.append(detection)
        return kept

    def _found(self, gray: np.ndarray, begin: int, end: int) -> list[Detection]:
        """Detections in one tile, without those that a cut may have shortened: the next tile has them whole."""
        across = gray.shape[1] > gray.shape[0]
        tile = gray[:, begin:end] if across else gray[begin:end]
        right, down = (begin, 0) if across else (0, begin)
        moved = [d.moved(right, down) for d in self._locate(np.ascontiguousarray(tile))]
        first, last = begin + EDGE * (begin > 0), end - EDGE * (end < max(gray.shape))
        return [d for d in moved if first <= extent(d.box, across)[0] and extent(d.box, across)[1] <= last]


def extent(box: Box, across: bool) -> tuple[float, float]:
    """Where a box begins and ends along the picture's longer side."""
    return (box.x0, box.x1) if across else (box.y0, box.y1)


def tiles(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Begin and end of every tile along the longer side of a picture (H, W); each overlaps the next by half."""
    length, side = max(shape), max(SHORTEST, TILE * min(shape))
    begins = range(0, length - side // 2, side // 2)
    return [(begin, min(begin + side, length)) for begin in begins]
