"""Cameras and streams: the newest picture only, and again and again when they fail."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np

from realtime.capture.source import OPEN_SECONDS, READ_SECONDS, Clock, Source, capture_size, check_size, known
from realtime.errors import SourceError
from realtime.values import BACK, LOST, WAITING, Frame

BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between attempts to reopen, the last one repeated
STEADY = 30.0  # seconds that a camera must last for the pauses to be short again
PACES, LONGEST = 3.0, 60.0  # intervals between pictures after which one is missing, at most so many seconds
REMEMBERED = 5  # intervals of which the longest is a stream's pace
PARTING = 1.0  # seconds for the reading thread to leave; a read that hangs is left behind
POLL = 0.05  # seconds between two looks whether to stop
T = TypeVar("T")

log = logging.getLogger(__name__)


def open_camera(
    text: str, size: tuple[int, int] | None, fps: float | None, make: Callable[..., Any] = cv2.VideoCapture
) -> Any:
    """A local camera by index or device, motion JPEG where it can; SourceError where there is none."""
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")  # seconds that a read may block, 10 by default
    backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    capture = make(int(text) if text.isdecimal() else text, backend)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"Camera {text} cannot be opened.",
            "Plug one in or close the program that uses it, name another source, or try --demo.",
        )
    _configure(capture, text, size, fps)
    return capture


def _configure(capture: Any, name: str, size: tuple[int, int] | None, fps: float | None) -> None:
    """Ask for motion JPEG (USB gives more frames that way), size and rate, and say what the camera makes of it."""
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if size:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if fps:
        capture.set(cv2.CAP_PROP_FPS, fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    got = capture_size(capture)
    log.info("camera %s: %s, %dx%d, %g fps", name, fourcc_name(capture), *got, capture.get(cv2.CAP_PROP_FPS))
    if size and got != tuple(size):
        log.warning("camera %s gives %dx%d, not the %dx%d asked for", name, *got, *size)


def fourcc_name(capture: Any) -> str:
    """The pixel format that a camera says it uses, such as MJPG or YUYV."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    return code.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ") or "unknown format"


class Picture(NamedTuple):
    """What the reading thread hands over: when, after how many outages, what, and the same in small if there is one."""

    time: float
    outages: int
    image: np.ndarray
    small: np.ndarray | None = None


class Live(Source):
    """The newest frame of a camera or stream; frames that nobody took in time are dropped and counted.

    A thread reads, so that no frame is older than one interval. Where no frame comes for `stall` seconds and for some
    of the stream's own intervals, or reading fails, frames with the last picture say so in `event`: LOST once, WAITING
    about every `beat` seconds, BACK on the first new picture. The capture is opened again and again, with growing
    pauses; `opener` is told how many seconds a read may take. `clock` measures intervals, `stamp` gives frames their
    times.
    """

    live = True

    def __init__(
        self,
        name: str,
        opener: Callable[[float], Any],
        stop: threading.Event | None = None,
        clock: Clock = time.monotonic,
        *,
        stamp: Clock | None = None,
        first: float = OPEN_SECONDS,
        stall: float = READ_SECONDS,
        beat: float = 0.5,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        super().__init__(name, stop)
        self._opener, self._clock, self._stamp = opener, clock, stamp or clock
        self._first, self._stall, self._beat, self._back_off = first, stall, beat, back_off
        self._intervals: deque[float] = deque(maxlen=REMEMBERED)
        self._published: float | None = None
        self._changed = threading.Condition()
        self._newest: Picture | None = None
        self._outages = 0
        self._closing = threading.Event()
        capture = self._open(first)
        self.fps = known(capture.get(cv2.CAP_PROP_FPS))
        self.size = capture_size(capture)
        self._reader = threading.Thread(target=self._read_on, args=(capture,), name=f"reads {self.name}", daemon=True)
        self._reader.start()

    def close(self) -> None:
        self._closing.set()
        self._reader.join(PARTING)

    # The reading thread

    def _read_on(self, capture: Any) -> None:
        pauses = self._pauses()
        while capture is not None:
            begin = self._clock()
            self._read_until_failure(capture)
            capture.release()
            self._note_outage()
            pauses = self._pauses() if self._clock() - begin >= STEADY else pauses
            capture = None if self._closing.is_set() else self._reopened(pauses)

    def _pauses(self) -> Iterator[float]:
        return chain(self._back_off, repeat(self._back_off[-1]))

    def _read_until_failure(self, capture: Any) -> None:
        while not self._closing.is_set():
            try:
                ok, *images = capture.read()
            except cv2.error as error:
                log.warning("%s: %s", self.name, error.err)
                return
            if not ok:
                return
            self._publish(images)

    def _publish(self, images: Sequence[np.ndarray]) -> None:
        now = self._clock()
        with self._changed:
            self.dropped += self._newest is not None
            self._newest = Picture(now, self._outages, *images)
            if self._published is not None:
                self._intervals.append(now - self._published)
            self._published = now
            self._changed.notify()

    @property
    def patience(self) -> float:
        """Seconds without a picture after which one is missing, by the stream's own pace as far as it is known."""
        known_pace = len(self._intervals) == REMEMBERED  # the first pictures of a stream often come at once
        longest = max(self._intervals, default=0.0)
        return max(self._stall if known_pace else self._first, min(LONGEST, PACES * longest))

    def _note_outage(self) -> None:
        with self._changed:
            self._outages += 1
            self._changed.notify()

    def _reopened(self, pauses: Iterator[float]) -> Any:
        """A new capture, or None when closing; a camera that fails again at once goes on with the pauses."""
        while not self._closing.wait(next(pauses)):
            try:
                return self._open(self.patience)
            except SourceError as error:
                log.debug("%s", error)
        return None

    def _open(self, patience: float) -> Any:
        capture = self._opener(patience)
        try:
            check_size(self.name, capture_size(capture))
        except SourceError:
            capture.release()
            raise
        return capture

    # The loop's side

    def __iter__(self) -> Iterator[Frame]:
        index, image, lost, seen, outages = -1, None, False, self._clock(), None
        while not self.stop.is_set():
            taken = self._take(seen + (self._beat if lost else self.patience), outages)
            if self.stop.is_set():
                return
            event = (BACK if lost else "") if taken else (WAITING if lost else LOST)
            if taken:
                index, image = index + 1, taken.image
            if image is None:
                raise SourceError(f"{self.name} delivers no picture.", "Check the cable or the address, or see --demo.")
            seen, lost = taken.time if taken else self._clock(), not taken
            outages = taken.outages if taken else self._outages
            small = taken.small if taken else None
            yield Frame(index, self._stamp(), image, self.name, event, epoch=0.0, small=small)

    def _take(self, until: float, outages: int | None) -> Picture | None:
        """The newest picture as soon as there is one; None at `until`, or at once after an outage not yet told of.

        `outages`: as many were told of; None before the first picture, which may come after any.
        """
        with self._changed:
            while not self._newest and self._outages == (outages or 0) and self._clock() < until:
                if self.stop.is_set():
                    return None
                self._changed.wait(min(0.1, max(0.0, until - self._clock())))
            if not self._newest or outages not in (None, self._newest.outages):
                return None
            taken, self._newest = self._newest, None
            return taken


class Nothing(Source):
    """A live source that was stopped before it was open."""

    live = True

    def __iter__(self) -> Iterator[Frame]:
        return iter(())


def unless_stopped(work: Callable[[], T], stop: threading.Event) -> T | None:
    """What `work` returns or raises, done on a thread of its own; None as soon as `stop` is set.

    A library that waits for the network cannot be interrupted: it is left behind then.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="opens a stream", daemon=True)
    thread.start()
    while thread.is_alive() and not stop.is_set():
        thread.join(POLL)
    if errors:
        raise errors[0]
    return results[0] if results else None
