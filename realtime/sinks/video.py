"""The drawn pictures as an MP4 that keeps every frame's own time and is whole at any moment, even after a kill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from realtime.errors import OptionError
from realtime.output.files import check_free, check_writable
from realtime.output.video_file import VideoFile, fitted, video_file
from realtime.values import Frame, Result

SEGMENT = 0.8  # seconds of video that are written in one go, and about the most that a kill loses
STILL = 1.0  # seconds that a still picture, and the last frame, is shown
SHORTEST, LONGEST = 0.001, 3600.0  # seconds that one frame is shown


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
