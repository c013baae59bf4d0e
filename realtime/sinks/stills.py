"""The drawn picture of each still source as a picture file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SinkError
from realtime.output.files import check_free
from realtime.values import Frame, Result

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


class Stills:
    """A sink for pictures: into the one file `path`, or, where that has no ending, into a folder under their own names.

    Raises SinkError for an existing file without `overwrite`, and where nothing can be written.
    """

    def __init__(self, path: str, draw: Callable[[Result], np.ndarray], overwrite: bool = False) -> None:
        self._path, self._draw, self._overwrite = Path(path), draw, overwrite
        self._last: Frame | None = None
        self._alone = self._path.suffix.lower() in ENDINGS
        if self._alone:
            check_free(self._path, overwrite)

    def __enter__(self) -> Stills:
        if not self._alone:
            try:
                self._path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SinkError(f"{self._path} cannot be made ({error.strerror}).", "Name a writable place.") from None
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, result: Result) -> None:
        """Save the drawn picture; once, though a result may come again with what ended."""
        last, self._last = self._last, result.frame
        if last is result.frame:
            return
        path = self._path if self._alone else self._path / (Path(result.frame.source).stem + ".png")
        if not self._alone:
            check_free(path, self._overwrite)
        try:
            path.write_bytes(cv2.imencode(path.suffix, self._draw(result))[1].tobytes())
        except OSError as error:
            raise SinkError(f"{path} cannot be written ({error.strerror}).", "Name a writable place.") from None
