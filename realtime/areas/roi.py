"""The part of the picture that matters: a rectangle or a polygon."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from realtime.errors import UserError
from realtime.values import Detection, iou

SAME = 0.5  # intersection over union from which two detections are one
MARGIN = 0.1  # of the part's size, looked at around it so that objects on its edge are seen whole
FORM = "Write X,Y,WIDTH,HEIGHT or three or more corners X,Y,X,Y,X,Y,... in pixels."


@dataclass(frozen=True)
class Roi:
    """Corners (x, y) of a polygon, in pixels of the frame."""

    corners: tuple[tuple[float, float], ...]

    def __contains__(self, point: tuple[float, float]) -> bool:
        return cv2.pointPolygonTest(np.array(self.corners, np.float32), point, False) >= 0

    def window(self, width: int, height: int, margin: float = MARGIN) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the part of a frame to look at, margin included; empty where there is none."""
        points = np.array(self.corners)
        margin = margin * (points.max(0) - points.min(0))
        left, top = np.clip(np.floor(points.min(0) - margin), 0, (width, height)).astype(int)
        right, bottom = np.clip(np.ceil(points.max(0) + margin), 0, (width, height)).astype(int)
        return int(left), int(top), int(right), int(bottom)

    def check(self, size: tuple[int, int]) -> None:
        """Raises UserError where the part lies outside a frame of this (width, height)."""
        left, top, right, bottom = self.window(*size)
        if right - left < 8 or bottom - top < 8:
            raise UserError(f"--roi lies outside the picture, which is {size[0]}x{size[1]}.", FORM)


def parse_roi(text: str) -> Roi:
    """A rectangle from four numbers, a polygon from six or more; UserError for anything else."""
    try:
        numbers = [float(word) for word in re.split(r"[\s,;]+", text.strip())]
    except ValueError:
        numbers = []
    if not all(map(math.isfinite, numbers)):
        numbers = []
    if len(numbers) == 4 and numbers[2] > 0 and numbers[3] > 0:
        x, y, width, height = numbers
        return Roi(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))
    if len(numbers) < 6 or len(numbers) % 2:
        raise UserError(f"--roi {text!r} is neither a rectangle nor a polygon.", FORM)
    return Roi(tuple(zip(numbers[::2], numbers[1::2], strict=True)))


class Within:
    """A locator that looks at some parts of the picture only, and keeps what has its middle in one of them.

    What is seen in two parts that overlap is there once, as surely as it was seen.
    """

    def __init__(self, locate: Callable[[np.ndarray], Sequence[Detection]], rois: Sequence[Roi]) -> None:
        self._locate, self._rois = locate, tuple(rois)

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 gray (H, W) picture, in its pixels, best first."""
        found = [detection for roi in self._rois for detection in self._found(gray, roi)]
        kept: list[Detection] = []
        for detection in sorted(found, key=lambda d: -d.score):
            if all(iou(detection.box, other.box) < SAME for other in kept):
                kept.append(detection)
        return kept

    def _found(self, gray: np.ndarray, roi: Roi) -> list[Detection]:
        """Detections in one part."""
        left, top, right, bottom = roi.window(gray.shape[1], gray.shape[0])
        if right <= left or bottom <= top:
            return []
        found = self._locate(np.ascontiguousarray(gray[top:bottom, left:right]))
        moved = [d.moved(left, top) for d in found]
        return [detection for detection in moved if detection.box.center in roi]
