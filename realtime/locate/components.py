"""Which cells of a kernel map are one string: those that touch, unless the surest of them lie apart.

Words of a sign and values of a display stand so close that the low values around their kernels touch. A higher
threshold alone would part them, but cuts the ends of every string and breaks pale ones. So a string is found with a low
one and divided where a higher one leaves several parts of it, each with the cells that are nearest to it.
"""

from __future__ import annotations

import cv2
import numpy as np

LINKED = 0.4  # kernel value from which cells that touch are one string
APART = 0.5  # kernel value that holds a string together: what touches below it alone are two
PART, FEWEST = 0.15, 3  # of the largest part's cells, and cells: smaller parts are no strings of their own


def components(kernel: np.ndarray) -> tuple[int, np.ndarray]:
    """How many strings a kernel map (h, w), 0 to 1, shows; and which each cell belongs to, from 1, or 0 where to none.

    The second is int32 (h, w).
    """
    count, labels = cv2.connectedComponents((kernel > LINKED).view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return divided(count, labels, kernel) if count > 1 else (0, labels)


def divided(count: int, labels: np.ndarray, kernel: np.ndarray) -> tuple[int, np.ndarray]:
    """`components`, from what touches: `count` labels, that of no string among them, and those of all cells."""
    parts, of, stats, _ = cv2.connectedComponentsWithStats((kernel > APART).view(np.uint8), ltype=cv2.CV_32S)
    inside = np.flatnonzero(of)
    whole, size = np.zeros(parts, np.intp), stats[:, cv2.CC_STAT_AREA]
    whole[of.ravel()[inside]] = labels.ravel()[inside]
    largest = np.zeros(count, np.intp)
    np.maximum.at(largest, whole[1:], size[1:])
    own = size >= np.maximum(FEWEST, PART * largest[whole])
    own[0] = False
    several = np.bincount(whole[own], minlength=count) > 1
    own &= several[whole]
    if not own.any():
        return count - 1, labels
    nearest = nearest_part(own[of], of)
    nearest[(whole[nearest] != labels) | ~several[labels]] = 0  # of its own string only
    return renumbered(np.where(nearest > 0, count + nearest, labels))


def nearest_part(there: np.ndarray, of: np.ndarray) -> np.ndarray:
    """For each cell the part `of` (h, w) of the nearest cell that is `there`, bool (h, w)."""
    _, place = cv2.distanceTransformWithLabels((~there).view(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    part = np.zeros(int(place.max()) + 1, np.int32)
    part[place[there]] = of[there]
    nearest: np.ndarray = part[place]
    return nearest


def renumbered(labels: np.ndarray) -> tuple[int, np.ndarray]:
    """How many labels there are beside 0, and the labels from 1 on without gaps."""
    there = np.bincount(labels.ravel()) > 0
    there[0] = False
    numbers = np.cumsum(there, dtype=np.int32) * there
    return int(there.sum()), numbers[labels].astype(np.int32)
