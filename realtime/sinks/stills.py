"""The drawn picture of each still source as a picture file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from realtime.errors import SinkError
from realtime.output.files import check_free
from realtime.output.pictures import digest, plain, write_new
from realtime.privacy.redact import printable
from realtime.values import Frame, Result

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


class Stills:
    """A sink for pictures: into the one file `path`, or, where that has no ending, into a folder.

    Names in a folder are those of the sources with a hash of the whole source and the page, so that pictures of one
    name from several folders do not meet. Raises SinkError for an existing file without `overwrite`, for a second
    picture that would take the place of the first, and where nothing can be written.
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
                place = printable(self._path)
                raise SinkError(f"{place} cannot be created ({error.strerror}).", "Name a writable place.") from None
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, result: Result) -> None:
        """Save the drawn picture; once, though a result may come again with what ended."""
        last, self._last = self._last, result.frame
        if last is result.frame:
            return
        if last and self._alone:
            raise SinkError(f"{printable(self._path)} holds one picture.", "Name a folder for several.")
        path = self._path if self._alone else self._path / name_of(result.frame)
        write_new(path, path.suffix.lower(), self._draw(result), replace=self._overwrite)


def name_of(frame: Frame) -> str:
    """The name of a drawn picture in a folder: the same for the same picture."""
    return f"{plain(Path(frame.source).stem) or 'picture'}-{digest(frame.source, frame.index)}.png"
