"""Small objects in large photographs: single pictures are searched a second time, in more of their own pixels."""

from __future__ import annotations

import numpy as np

from realtime.contracts import Locator
from realtime.locate.locator import is_duplicate
from realtime.values import Detection

CLOSER = 2  # times as many pixels along a side
# Pixels of the second search: wider objects are as good in the first, where a plate is seen with the car around it.
# Of 69 plates in dash-cam frames of 1280 pixels 60 are read instead of 57, of 61 in photographs 58 instead of 59;
# without a limit 60 and 57. Searched on its finest level alone, without the coarser ones that tell a part from a plate,
# 42 and 55.
WIDEST = 110.0


class Closer:
    """Detections of one locator; of what is small those of another one, which sees CLOSER times as many pixels.

    `first` sees `longest` pixels of a picture's longer side, `second` CLOSER times as many: a picture that has no more
    than `longest` is searched once.
    """

    def __init__(self, first: Locator, second: Locator, longest: int) -> None:
        self._first, self._second, self._longest = first, second, longest

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 gray (H, W) picture, in its pixels, best first."""
        found = self._first(gray)
        if max(gray.shape) <= self._longest:
            return found
        scale = min(1.0, CLOSER * self._longest / max(gray.shape))
        small = [d for d in self._second(gray) if d.quad.size[0] * scale <= WIDEST]
        others = [d for d in found if not any(is_duplicate(d, s) for s in small)]
        return sorted([*small, *others], key=lambda d: -d.score)
