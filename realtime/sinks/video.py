"""The drawn pictures as an MP4 that keeps every frame's own time and is whole at any moment, even after a kill."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from realtime.errors import OptionError
from realtime.output.files import check_free, check_writable
from realtime.output.mpeg4 import Mpeg4File
from realtime.values import Frame, Result

SEGMENT = 0.8  # seconds of video that are written in one go, and about the most that a kill loses
STILL = 1.0  # seconds that a still picture, and the last frame, is shown
SHORTEST, LONGEST = 0.001, 3600.0  # seconds that one frame is shown
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


class Video:
    """A sink for `path` (.mp4); later frames of other sizes are fitted into the first one's size.

    The file appears with its first fragment, which holds the first frame alone, so that it can be played from then on.
    Raises SinkError where the file exists and may not be overwritten, or cannot be written any more.
    """

    def __init__(
        self,
        path: str,
        draw: Callable[[Result], np.ndarray],
        overwrite: bool = False,
        opened: Callable[[Path, tuple[int, int]], VideoFile] = video_file,
    ) -> None:
        self._path, self._draw, self._opened = Path(path), draw, opened
        if self._path.suffix.lower() not in (".mp4", ".m4v", ".mov"):
            raise OptionError(f"--save {path} is not an .mp4.", "Name a file that ends in .mp4.")
        check_free(path, overwrite)
        self._timeline = Timeline()
        self._file: VideoFile | None = None
        self._size = (0, 0)
        self._last = 0.0  # seconds from the start: the last frame, and the first of its segment
        self._begin: float | None = None

    def __enter__(self) -> Video:
        check_writable(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close(self._last + self._timeline.step)

    def write(self, result: Result) -> None:
        """Add the drawn frame; a frame that was written already is not added again."""
        time = self._timeline.place(result.frame)
        if time is None:
            return
        picture = self._draw(result)
        if self._file is None:
            self._size = picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2
            self._file = self._opened(self._path, self._size)
        fresh = self._begin is None or self._last == 0.0 or time - self._begin >= SEGMENT
        self._file.add(fitted(picture, self._size), time, fresh)
        self._begin, self._last = time if fresh else self._begin, time


class Timeline:
    """Where each frame stands in the saved video, in seconds; sources follow one another without a gap."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._at = 0.0
        self.step = 0.04  # seconds between the last two frames

    def place(self, frame: Frame) -> float | None:
        """Seconds from the start of the video, or None for the frame that was placed last."""
        last, self._frame = self._frame, frame
        if last is frame:
            return None
        if last is not None:
            self._at += self._gap(last, frame)
        return self._at

    def _gap(self, last: Frame, frame: Frame) -> float:
        if last.still:
            return STILL
        elapsed = frame.time - last.time
        if last.source == frame.source and SHORTEST <= elapsed <= LONGEST:
            self.step = elapsed
        return self.step


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
