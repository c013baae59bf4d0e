"""What every source of frames is."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2

from realtime.errors import SourceError
from realtime.privacy.redact import mask, printable
from realtime.values import Frame

OPEN_SECONDS, READ_SECONDS = 8.0, 2.5  # limits for a stream, so that a stall is noticed within three seconds

LARGEST = 100_000_000  # pixels of one picture: three bytes each, several times over
JUMP = 1.0  # seconds by which the wall clock must be off before it counts as set anew
Clock = Callable[[], float]
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Source:
    """A context manager and an iterator of frames.

    `name` has passwords masked; `size` is (width, height), `fps` and `frame_count` are None where nobody knows.
    Setting `stop` ends the iteration, a live one within a fraction of a second.
    """

    live = False
    still = False
    dropped = 0
    fps: float | None = None
    size: tuple[int, int] | None = None
    frame_count: int | None = None

    def __init__(self, name: str, stop: threading.Event | None = None) -> None:
        self.name = printable(mask(name))  # file names may hold any bytes
        self.stop = stop or threading.Event()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        raise NotImplementedError

    def close(self) -> None:
        """Release the device or file."""


def known(value: float) -> float | None:
    """The value, or None where OpenCV does not know it (0, negative, not finite or absurd)."""
    return value if 0 < value < 1e9 else None


def capture_size(capture: Any) -> tuple[int, int]:
    """Width and height in pixels, as a capture says."""
    return int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))


def check_size(name: str, size: tuple[int, int]) -> None:
    """Raises SourceError where pictures of (width, height) would take gigabytes; nobody's camera has so many pixels."""
    if size[0] * size[1] > LARGEST:
        most = LARGEST // 10**6
        raise SourceError(f"{name} claims pictures of {size[0]}x{size[1]}, over {most} million pixels.", "Use another.")


def steady_clock(wall: Clock = time.time, steady: Clock = time.monotonic) -> Clock:
    """Unix time in seconds that goes on with the monotonic clock, and follows the wall clock where that is set.

    A Raspberry Pi starts in the past and learns the time from the network later.
    """
    offset = wall() - steady()

    def now() -> float:
        nonlocal offset
        if abs(wall() - steady() - offset) > JUMP:
            offset = wall() - steady()
        return offset + steady()

    return now


def is_address(text: str) -> bool:
    """Whether a source is a URL; a file whose name looks like one comes first."""
    return ADDRESS.match(text) is not None and not os.path.exists(text)
