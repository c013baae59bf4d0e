"""The best picture of each track as a file of its own."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from realtime.errors import SinkError
from realtime.output.pictures import digest, plain, write_new
from realtime.output.retention import Retention
from realtime.redact import printable
from realtime.values import Result, Track

PICTURE = re.compile(r"crop-\d{8}-\d{6}-.*\.jpg")  # what this sink makes; anything else in the folder is not its own


class Crops:
    """A sink that writes a JPEG per confirmed track that ended; `path` tells where, for the records.

    Names hold the start of the run, the source, the track and its text, and a hash of all that and of `run`, a token
    that no other run has: no picture ever takes the place of another. With `keep`, pictures of this sink's making that
    are older than so many days are deleted. SinkError where nothing can be written.
    """

    def __init__(
        self,
        folder: str,
        keep: float | None = None,
        clock: Callable[[], float] = time.time,
        *,
        steady: Callable[[], float] = time.monotonic,
        run: str = "",
    ) -> None:
        self._folder, self._retention = Path(folder), Retention(keep, clock, steady)
        self._begin = time.strftime("%Y%m%d-%H%M%S", time.gmtime(clock()))
        self._token = run or secrets.token_hex(8)

    def __enter__(self) -> Crops:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            place = printable(self._folder)
            raise SinkError(f"{place} cannot be created ({error.strerror}).", "Name a writable place.") from None
        self._sweep()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def path(self, result: Result, track: Track) -> str:
        """Where the picture of this track is, or will be; "" where it has none."""
        return printable(self._place(result, track)) if track.best_crop is not None else ""

    def _place(self, result: Result, track: Track) -> Path:
        source, text = result.frame.source, track.reading.text
        names = self._begin, plain(Path(source).stem) or "camera", f"{track.id:06d}", plain(text)
        # Stills count their tracks from 1, page by page, mode by mode: where and when one was seen sets it apart.
        seen = track.sighting.mode, track.first_frame, track.last_frame, track.sighting.quad.corners
        return self._folder / f"crop-{'-'.join(names)}-{digest(self._token, source, track.id, text, seen)}.jpg"

    def write(self, result: Result) -> None:
        """Save the pictures of the tracks that ended."""
        for track in result.ended:
            if track.best_crop is not None:
                write_new(self._place(result, track), ".jpg", track.best_crop)
        self._sweep()

    def _sweep(self) -> None:
        """Delete what is too old."""
        oldest = self._retention.oldest()
        if oldest is None:
            return
        for path in self._folder.glob("crop-*.jpg"):
            if PICTURE.fullmatch(path.name) and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
        self._retention.swept()
