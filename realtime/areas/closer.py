"""Small objects in large photographs: single pictures are searched a second time, in more of their own pixels."""

from __future__ import annotations

import numpy as np

from realtime.locate.locator import Locator, both, is_duplicate
from realtime.values import Detection

CLOSER = 2  # times as many pixels along a side
# Pixels of the second search: wider objects are as good in the first, where a plate is seen with the car around it.
# Of 69 plates in dash-cam frames of 1280 pixels 60 are read instead of 57, of 61 in photographs 58 instead of 59;
# without a limit 60 and 57. Searched on its finest level alone, without the coarser ones that tell a part from a plate,
# 42 and 55.
WIDEST = 110.0


class Closer:
    """Detections of a locator; of what is small those that it finds with CLOSER times as many pixels.

    Both searches look at the same coarser levels, which are searched once. A picture that has no more pixels than the
    locator sees at first is searched no further.
    """

    def __init__(self, locator: Locator) -> None:
        self._locator = locator

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 gray (H, W) picture, in its pixels, best first."""
        locator, longest = self._locator, self._locator.longest
        coarse = locator.search([*locator.levels(gray, longest)])
        found = locator.detections(coarse)
        if max(gray.shape) <= longest:
            return found
        fine = locator.search([next(locator.levels(gray, CLOSER * longest))])
        scale = min(1.0, CLOSER * longest / max(gray.shape))
        small = [d for d in locator.detections(both(fine, coarse)) if d.quad.size[0] * scale <= WIDEST]
        others = [d for d in found if not any(is_duplicate(d, s) for s in small)]
        return sorted([*small, *others], key=lambda d: -d.score)
