"""The best picture of each value as a file of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SinkError
from realtime.output.occasions import Occasions
from realtime.output.record import DOUBTFUL, END
from realtime.values import Result, Track

DAY = 86_400.0
UPDATE = 1.0  # seconds of the source's time between two looks for a better picture
SWEEP = 3600.0  # seconds between two looks for old pictures


class Crops:
    """A sink that writes a JPEG per confirmed value, again when there is a better one; `path` tells where, for records.

    Names hold the start of the run, the source and the numbers of track and value, so that no two runs collide. With
    `keep`, pictures of this sink's making that are older than so many days are deleted. SinkError where nothing can be
    written.
    """

    def __init__(self, folder: str, keep: float | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._keep, self._clock = Path(folder), keep, clock
        self._run = time.strftime("%Y%m%d-%H%M%S", time.gmtime(clock()))
        self._swept = float("-inf")
        self._occasions = Occasions(UPDATE)
        self._saved: dict[str, np.ndarray] = {}  # of values that stand

    def __enter__(self) -> Crops:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"{self._folder} cannot be made ({error.strerror}).", "Name a writable place.") from None
        self._sweep()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def path(self, result: Result, track: Track) -> str:
        """Where the picture of this track is, or will be; "" where it has none."""
        if track.best_crop is None:
            return ""
        parts = (
            self._run,
            plain(Path(result.frame.source).stem) or "camera",
            f"{track.id:06d}",
            f"{track.value:04d}",
        )
        return str(self._folder / ("crop-" + "-".join(parts) + ".jpg"))

    def write(self, result: Result) -> None:
        """Save the pictures of values that are confirmed, have a better picture, or ended."""
        for event, track in self._occasions(result):
            path, picture = self.path(result, track), track.best_crop
            if picture is not None and self._saved.get(path) is not picture:
                self._save(path, picture)
                self._saved[path] = picture
            if event in (END, DOUBTFUL):
                self._saved.pop(path, None)
        if self._clock() - self._swept >= SWEEP:
            self._sweep()

    def _save(self, path: str, picture: np.ndarray) -> None:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        try:
            Path(path).write_bytes(data.tobytes())
        except OSError as error:
            raise SinkError(
                f"{path} cannot be written ({error.strerror}).", "Make room or name another folder."
            ) from None

    def _sweep(self) -> None:
        """Delete what is too old."""
        self._swept = self._clock()
        if self._keep is None:
            return
        for path in self._folder.glob("crop-*.jpg"):
            if self._clock() - path.stat().st_mtime > self._keep * DAY:
                path.unlink(missing_ok=True)


def plain(text: str) -> str:
    """The text with only letters, digits and '_' for anything else, at most 40 characters."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)[:40]
