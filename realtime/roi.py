"""The part of the picture that matters: a rectangle or a polygon."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from realtime.errors import UserError
from realtime.values import Detection, Quad

MARGIN = 0.1  # of the part's size, looked at around it so that objects on its edge are seen whole
FORM = "Write X,Y,WIDTH,HEIGHT or three or more corners X,Y,X,Y,X,Y,... in pixels."


@dataclass(frozen=True)
class Roi:
    """Corners (x, y) of a polygon, in pixels of the frame."""

    corners: tuple[tuple[float, float], ...]

    def __contains__(self, point: tuple[float, float]) -> bool:
        return cv2.pointPolygonTest(np.array(self.corners, np.float32), point, False) >= 0

    def window(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the part of a frame to look at, margin included; empty where there is none."""
        points = np.array(self.corners)
        margin = MARGIN * (points.max(0) - points.min(0))
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
    """A locator that looks at one part of the picture only, and keeps what has its middle in it."""

    def __init__(self, locate: Callable[[np.ndarray], Sequence[Detection]], roi: Roi) -> None:
        self._locate, self._roi = locate, roi

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 gray (H, W) picture, in its pixels."""
        left, top, right, bottom = self._roi.window(gray.shape[1], gray.shape[0])
        if right <= left or bottom <= top:
            return []
        found = self._locate(np.ascontiguousarray(gray[top:bottom, left:right]))
        moved = [
            Detection(Quad.of(detection.quad.array() + np.array((left, top))), detection.score) for detection in found
        ]
        return [detection for detection in moved if detection.box.center in self._roi]
