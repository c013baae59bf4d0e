"""Recordings: every frame once, read on over damaged ones to the end, and what is missing said."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event
from typing import Any

import cv2
import numpy as np

from realtime.capture.claims import Claims, claims
from realtime.capture.picture import to_8_bit
from realtime.capture.reach import protocol, reachable
from realtime.capture.source import OPEN_SECONDS, Source, capture_size, check_size, is_address, known
from realtime.errors import SourceError
from realtime.privacy.redact import mask, printable
from realtime.values import Frame

FAILED_READS = 1000  # in a row, after which nothing more is expected; each costs microseconds at the end of a file
FAILED_FETCHES = 10  # the same for a recording behind a URL, where each may take seconds
LEAST_BYTES = 8  # of a file per frame: a count that needs more frames than that is no count
GUESSED, STATED = 0.05, 0.01  # of the length, by which it may be wrong: from a rate, or as the track itself says
LEADS = (1.0, 10.0, 100.0)  # seconds before a slice at which it is tried to begin decoding
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Length:
    """Frames and seconds that a recording should have; None where nobody knows, or what is said cannot be."""

    frames: int | None = None
    seconds: float | None = None


class Recording(Source):
    """Every frame of a file, once, with the recording's own timestamps in seconds; a lone frame is a still.

    A read that fails is not the end: what comes behind a damaged frame is read too. At the end a SourceError says
    what was lost.
    """

    def __init__(self, path: str, capture: Any, stop: Event | None = None) -> None:
        super().__init__(path, stop)
        self._path, self._capture = path, capture
        self.fps, self.size = known(capture.get(cv2.CAP_PROP_FPS)), capture_size(capture)
        check_size(self.name, self.size)
        self.claims = Claims() if is_address(path) or not os.path.isfile(path) else claims(path)
        self.length = length_of(capture, self.claims, None if is_address(path) else size_of(path))
        self.frame_count = self.length.frames
        self.lost, self._end = 0, 0.0

    def __iter__(self) -> Iterator[Frame]:
        frames = 0
        for frame in marked(self._frames(), self.stop):
            frames += 1
            yield frame
        if not self.stop.is_set():
            check(self._path, frames, self._end, self.length, self.claims, self.lost)

    def _frames(self) -> Iterator[Frame]:
        last, longest = -1.0, 0.0
        for index, image in enumerate(self._pictures()):
            time = self._time(index, last)
            last, longest = time, max(longest, time - last if index else 0.0)
            self._end = last + longest  # of the last frame, if it is shown as long as any
            yield Frame(index, time, to_8_bit(image), self.name, epoch=self.claims.created)

    def _pictures(self) -> Iterator[np.ndarray]:
        """Pictures as they are decoded; reads that failed before another one succeeded are counted as lost."""
        failed, most = 0, FAILED_FETCHES if is_address(self._path) else FAILED_READS
        while failed < most and not self.stop.is_set():
            ok, image = self._capture.read()
            if ok:
                self.lost, failed = self.lost + failed, 0
                yield image
            else:
                failed += 1

    def _time(self, index: int, last: float) -> float:
        """The frame's own timestamp; where the container has none, or runs backwards, the nominal rate goes on."""
        stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if stamp > last and (stamp > 0 or index == 0):
            return float(stamp)
        return last + 1 / (self.fps or 25.0)

    def close(self) -> None:
        self._capture.release()


def marked(frames: Iterator[Frame], stop: Event) -> Iterator[Frame]:
    """The frames; one that is alone is a still, unless it is so because of `stop`."""
    begun = list(islice(frames, 2))
    if len(begun) == 1:
        yield replace(begun[0], still=not stop.is_set())
        return
    while begun:  # emptied, so that nothing keeps these pictures in memory to the end
        yield begun.pop(0)
    yield from frames


class Slice(Recording):
    """The frames of a recording from `start` to before `end`, in seconds: what lies before is passed over.

    By its own timestamps each frame lies in exactly one of the slices that a recording is cut into; `index` counts
    within the slice. A slice behind the recording's end is empty.
    """

    def __init__(self, path: str, start: float, end: float, stop: Event | None = None) -> None:
        super().__init__(path, open_video(path), stop)
        self._start, self._end = start, end

    def __iter__(self) -> Iterator[Frame]:
        index, last, lost_before = 0, -1.0, 0
        if self._start and not self._seek():
            return
        for image in self._pictures():
            last = self._time(index, last)
            if last >= self._end:
                break
            if last < self._start:
                lost_before = self.lost
                continue
            yield Frame(index, last, to_8_bit(image), self.name, epoch=self.claims.created)
            index += 1
        if self.lost > lost_before:
            raise SourceError(damaged(self._path, self.lost - lost_before))

    def _seek(self) -> bool:
        """Go to shortly before the start, or say that nothing is there; seeking may miss: look where it led."""
        grabbed = False
        for lead in LEADS:
            self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * max(0.0, self._start - lead))
            if self._capture.grab():
                grabbed = True
                if self._capture.get(cv2.CAP_PROP_POS_MSEC) < 1000 * self._start:
                    return True
        return grabbed and bool(self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0))


def length_of(capture: Any, said: Claims, size: int | None) -> Length:
    """The length of an open recording, from its first stream's duration, bounded by what `size` bytes can hold."""
    count, fps = known(capture.get(cv2.CAP_PROP_FRAME_COUNT)), known(capture.get(cv2.CAP_PROP_FPS))
    most = size / LEAST_BYTES if size else float("inf")
    frames = int(count) if count and count <= most else None
    seconds = said.seconds or (frames / fps if frames and fps else None)
    if seconds and seconds * (fps or 0.0) > most:
        seconds = None
    return Length(frames, seconds)


def size_of(path: str) -> int | None:
    """Bytes of a file; None where it is none."""
    return os.path.getsize(path) if os.path.isfile(path) else None


def check(path: str, frames: int, end: float, length: Length, said: Claims, lost: int = 0) -> None:
    """Raises SourceError where a recording did not give all that it says it holds; `end` in seconds.

    Too few frames alone prove nothing, for a count may be a guess or include frames that are not shown: the recording
    must end too early as well.
    """
    name = printable(mask(path))
    if not frames:
        raise SourceError(f"{name} holds no frame that can be decoded.", "Convert it, for example to H.264.")
    problems = [damaged(path, lost)] if lost else []
    if said.missing or is_short(frames, end, length, STATED if said.seconds else GUESSED):
        known_end = f" of {length.frames}" if length.frames and length.frames > frames else ""
        problems.append(f"{name} ends after {frames}{known_end} frames: it is truncated or damaged.")
    if said.streams > 1:
        problems.append(f"{name} holds {said.streams} video streams, of which the first was read.")
    if problems:
        raise SourceError(" ".join(problems))


def is_short(frames: int, end: float, length: Length, slack: float) -> bool:
    """Whether frames and their end both fall short of what a recording should have."""
    if not length.frames or not length.seconds:
        return False
    step = length.seconds / length.frames
    return frames < (1 - slack) * length.frames - 2 and end < (1 - slack) * length.seconds - 2 * step


def damaged(path: str, lost: int) -> str:
    """What to say of frames in the midst of a recording."""
    return f"{printable(mask(path))}: {lost} frame{'s' * (lost > 1)} in it could not be decoded."


def open_video(path: str) -> Any:
    """A cv2.VideoCapture of a file; SourceError where there is no video in it."""
    with reachable(path) as name:
        capture = video_capture(protocol() + name)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"{printable(path)} cannot be opened: it is not a video, or it is damaged or truncated.",
            "Check that it plays, or convert it, for example to H.264 in .mp4.",
        )
    return capture


def video_capture(name: str, patience: float | None = None) -> Any:
    """A cv2.VideoCapture of what FFmpeg opens by this name; reads of a stream fail after `patience` seconds."""
    if cv2.CAP_FFMPEG not in cv2.videoio_registry.getBackends():
        return cv2.VideoCapture(name)
    if patience is None:
        return cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(1000 * OPEN_SECONDS)]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(1000 * patience)]
    return cv2.VideoCapture(name, cv2.CAP_FFMPEG, limits)
