"""What a reading looked like: the whole picture of the moment, or some seconds around it."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from realtime.output.pictures import digest, plain, private_folder, write_new
from realtime.output.retention import Retention
from realtime.output.video_file import VideoFile, fitted, video_file
from realtime.values import Frame, Result

MOST_BYTES = 64_000_000  # of pictures in memory, the newest ones
LONGEST = 120.0  # seconds of one clip; where readings go on, the next one begins
SEGMENT = 1.0  # seconds of video that are written in one go
SLACK = 0.001  # seconds by which times may be rounded
LAST = 0.04  # seconds that the last picture of a clip is shown


class Shot(NamedTuple):
    """A picture in memory: when, in seconds of its source, and as JPEG."""

    time: float
    data: bytes


class Moments:
    """A sink that saves the drawn picture of each confirmed value, or a clip of `around` seconds before and after it.

    Readings that follow each other within that time share a clip. Clips are written beside the loop. With `keep`, what
    this sink made more than so many days ago is deleted. SinkError where something could not be written.
    """

    def __init__(
        self,
        folder: str,
        draw: Callable[[Result], np.ndarray],
        around: float = 0.0,
        keep: float | None = None,
        clock: Callable[[], float] = time.time,
        *,
        steady: Callable[[], float] = time.monotonic,
        opened: Callable[[Path, tuple[int, int]], VideoFile] = video_file,
    ) -> None:
        self._folder, self._draw, self._around, self._clock = Path(folder).absolute(), draw, around, clock
        self._retention, self._opened = Retention(keep, clock, steady), opened
        self._token = secrets.token_hex(8)
        self._ring: deque[Shot] = deque()
        self._clip: list[Shot] = []  # of the moment that goes on
        self._until = 0.0
        self._last: Frame | None = None
        self._writer = ThreadPoolExecutor(1, "moments")
        self._written: list[Future[None]] = []

    def __enter__(self) -> Moments:
        private_folder(self._folder)
        self._sweep()
        return self

    def __exit__(self, *_: object) -> None:
        self._end_clip()
        self._writer.shutdown()
        failures = [error for future in self._written if (error := future.exception())]
        if failures:
            raise failures[0]

    @property
    def trouble(self) -> str:
        """Why a clip could not be written; "" where all were."""
        errors = (future.exception() for future in self._written if future.done())
        return next((str(error) for error in errors if error), "")

    def write(self, result: Result) -> None:
        """Save what was confirmed in this frame, or remember the frame for what may come."""
        if self._last is not None and self._last.source != result.frame.source:
            self._end_clip()
            self._ring.clear()
        if result.frame is not self._last:
            self._last = result.frame
            if self._around:
                self._remember(result)
            elif result.confirmed:
                write_new(self._place(result.frame, ".jpg"), ".jpg", self._draw(result), mode=0o600)
        self._sweep()

    def _remember(self, result: Result) -> None:
        now = result.frame.time
        shot = Shot(now, cv2.imencode(".jpg", self._draw(result))[1].tobytes())
        if self._clip and (now > self._until + SLACK or now - self._clip[0].time > LONGEST):
            self._end_clip()
        if result.confirmed:
            self._clip = self._clip or [each for each in self._ring if each.time >= now - self._around - SLACK]
            self._until = now + self._around
        if self._clip or result.confirmed:
            self._clip.append(shot)
        self._ring.append(shot)
        while self._ring[0].time < now - self._around - SLACK or sum(len(s.data) for s in self._ring) > MOST_BYTES:
            self._ring.popleft()

    def _end_clip(self) -> None:
        """Hand over what was gathered."""
        if self._clip and self._last is not None:
            place, clip, self._clip = self._place(self._last, ".mp4"), tuple(self._clip), []
            self._written = [done for done in self._written if not done.done() or done.exception()]
            self._written.append(self._writer.submit(write_clip, place, clip, self._opened))

    def _place(self, frame: Frame, ending: str) -> Path:
        """A name with the time of day and the source that no other moment has."""
        at = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self._clock()))
        source = plain(Path(frame.source).stem) or "camera"
        return self._folder / f"moment-{at}-{source}-{digest(self._token, frame.source, frame.index)}{ending}"

    def _sweep(self) -> None:
        """Delete what is too old."""
        self._retention.sweep(path for path in self._folder.glob("moment-*-*-*.*") if path.suffix in (".jpg", ".mp4"))


def write_clip(place: Path, shots: Sequence[Shot], opened: Callable[[Path, tuple[int, int]], VideoFile]) -> None:
    """Write pictures as a video, each at its own time; readable to the owner alone."""
    file: VideoFile | None = None
    size, begun = (0, 0), 0.0
    for shot in shots:
        picture: Any = cv2.imdecode(np.frombuffer(shot.data, np.uint8), cv2.IMREAD_COLOR)
        at = shot.time - shots[0].time
        if file is None:
            size = picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2
            file = opened(place, size)
        fresh = at == 0 or at - begun >= SEGMENT
        begun = at if fresh else begun
        file.add(fitted(picture, size), at, fresh)
    if file is not None:
        file.close(shots[-1].time - shots[0].time + LAST)
        place.chmod(0o600)
