"""The best picture of each value as a file of its own."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from realtime.output.occasions import Occasions
from realtime.output.outbox import Outbox
from realtime.output.pictures import digest, plain, private_folder, write_new
from realtime.output.record import DOUBTFUL, END
from realtime.output.retention import Retention
from realtime.privacy.redact import printable
from realtime.values import Result, Track

PICTURE = re.compile(r"crop-\d{8}-\d{6}-.*\.jpg")  # what this sink makes; anything else in the folder is not its own
UPDATE = 1.0  # seconds of the source's time between two looks for a better picture
MOST_WAITING = 500  # pictures that wait for room on the disk
Crop = tuple[Path, np.ndarray, bool]  # where, what, and whether there is one already


class Crops:
    """A sink that writes a JPEG per confirmed value, again when there is a better one; `path` tells where, for records.

    Names hold the start of the run, the source, the numbers of track and value, and a hash of all that and of `run`, a
    token that no other run has: no picture ever takes the place of another. With `keep`, pictures of this sink's making
    that are older than so many days are deleted. SinkError where nothing can be written.
    """

    def __init__(
        self,
        folder: str,
        keep: float | None = None,
        clock: Callable[[], float] = time.time,
        *,
        live: bool = False,
        steady: Callable[[], float] = time.monotonic,
        run: str = "",
    ) -> None:
        self._folder, self._retention = Path(folder).absolute(), Retention(keep, clock, steady)
        self._outbox: Outbox[Crop] = Outbox(self._deliver, patient=live, most=MOST_WAITING, clock=steady)
        self._begin = time.strftime("%Y%m%d-%H%M%S", time.gmtime(clock()))
        self._token = run or secrets.token_hex(8)
        self._occasions = Occasions(UPDATE)
        self._saved: dict[Path, np.ndarray] = {}  # of values that stand

    def __enter__(self) -> Crops:
        private_folder(self._folder)
        self._sweep()
        return self

    def __exit__(self, *_: object) -> None:
        self._outbox.close()

    @property
    def trouble(self) -> str:
        """Why pictures wait; "" where none do."""
        return self._outbox.trouble

    def path(self, result: Result, track: Track) -> str:
        """Where the picture of this track is, or will be; "" where it has none."""
        return printable(self._place(result, track)) if track.best_crop is not None else ""

    def _place(self, result: Result, track: Track) -> Path:
        """A name that stays the same while the value stands, even if its text is corrected."""
        source = result.frame.source
        names = self._begin, plain(Path(source).stem) or "camera", f"{track.id:06d}", f"{track.value:04d}"
        value = track.sighting.mode, track.key, track.first_frame  # the pages of a picture may count anew
        return self._folder / f"crop-{'-'.join(names)}-{digest(self._token, source, value)}.jpg"

    def write(self, result: Result) -> None:
        """Save the pictures of values that are confirmed, have a better picture, or ended."""
        for event, track in self._occasions(result):
            place, picture = self._place(result, track), track.best_crop
            if picture is not None and self._saved.get(place) is not picture:
                self._outbox.put((place, picture, place in self._saved), place, last=False)
                self._saved[place] = picture
            if event in (END, DOUBTFUL):
                self._saved.pop(place, None)
        self._outbox.flush()
        self._sweep()

    def _deliver(self, crops: Sequence[Crop]) -> None:
        """Write pictures; those of a try that failed may be there already."""
        for place, picture, again in crops:
            write_new(place, ".jpg", picture, replace=again or bool(self.trouble), mode=0o600)

    def _sweep(self) -> None:
        """Delete what is too old."""
        self._retention.sweep(path for path in self._folder.glob("crop-*.jpg") if PICTURE.fullmatch(path.name))
