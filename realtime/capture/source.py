"""What every source of frames is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import cv2

from realtime.redact import mask
from realtime.values import Frame

OPEN_SECONDS, READ_SECONDS = 8.0, 2.5  # limits for a stream, so that a stall is noticed within three seconds

Clock = Callable[[], float]


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
        self.name = mask(name).encode("utf-8", "backslashreplace").decode()  # file names may hold any bytes
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


def capture_size(capture) -> tuple[int, int]:
    """Width and height in pixels, as a capture says."""
    return int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))


def steady_clock() -> Clock:
    """Unix time in seconds as of now, going on with the monotonic clock, so that it never jumps."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()
