"""A file of video, in the best format that this machine can write."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from realtime.output.mpeg4 import Mpeg4File

log = logging.getLogger(__name__)


class VideoFile(Protocol):
    """A file that pictures of one size are added to, in the order of time."""

    def add(self, picture: np.ndarray, time: float, fresh: bool) -> None:
        """Add a BGR picture shown from `time` seconds on; `fresh`: what came before goes into the file now."""

    def close(self, until: float) -> None:
        """End the file; the last picture is shown until `until`, in seconds."""


def video_file(path: Path, size: tuple[int, int]) -> VideoFile:
    """A new file in H.264, which browsers play, where the extra `video` is installed, else in MPEG-4."""
    try:
        import realtime.output.h264 as h264
    except ImportError:
        log.info("%s is MPEG-4, which browsers do not play. For H.264, install the extra 'video'", path)
        return Mpeg4File(path, size)
    return h264.H264File(path, size) if h264.AVAILABLE else Mpeg4File(path, size)


def fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture in (width, height), proportions kept, black around it."""
    width, height = size
    if picture.shape[:2] == (height, width):
        return picture
    if 0 <= picture.shape[1] - width <= 1 and 0 <= picture.shape[0] - height <= 1:
        return np.ascontiguousarray(picture[:height, :width])
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inside = max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale))
    small = cv2.resize(picture, inside, interpolation=cv2.INTER_AREA)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    bottom, right = height - small.shape[0] - top, width - small.shape[1] - left
    return cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_CONSTANT)
