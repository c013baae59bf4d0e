"""Which frames go through the networks: less work when there is nothing new to see."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from realtime.values import Frame

LONGEST = 0.5  # seconds without reading, whatever the scene shows; well under the time that a track survives unseen
SHRINK, FEWEST = 4, 160  # scenes are judged at a quarter of their size, but on no fewer columns
CHANGE, PIXELS = 12, 2  # gray levels by which at least PIXELS pixels of the shrunken picture must differ
REMEMBERED, BLURRED = 15, 0.4  # frames, and the share of their best sharpness below which one is skipped


class FrameFilter:
    """Which frames to read: those that every limit allows and that every detector finds worth reading, or that are due.

    A limit says yes or no to a frame. A detector says whether a shrunken gray picture is worth reading; it is told
    which pictures were read, and is overruled when the last one was LONGEST seconds ago.
    """

    def __init__(self, limits: Sequence[Callable[[Frame], bool]] = (), detectors: Sequence[Moved | Sharp] = ()) -> None:
        self._limits, self._detectors = tuple(limits), tuple(detectors)
        self._last: Frame | None = None

    def __call__(self, frame: Frame) -> bool:
        """Whether to read this frame; a still is always read."""
        if frame.still:
            return True
        if not all([limit(frame) for limit in self._limits]):  # each limit counts every frame
            return False
        if not self._detectors:
            return True
        picture = shrunken(frame.image)
        worth = all([detector(picture) for detector in self._detectors])
        if worth or self._due(frame):
            self._last = frame
            for detector in self._detectors:
                detector.accepted(picture)
            return True
        return False

    def _due(self, frame: Frame) -> bool:
        last = self._last
        return last is None or last.source != frame.source or not 0 <= frame.time - last.time < LONGEST


def frame_filter(every: int = 1, most: float | None = None, still: bool = False, blurred: bool = False) -> FrameFilter:
    """One frame in `every`, at most `most` per second; `still` skips frames without news, `blurred` blurred ones."""
    limits = ([Every(every)] if every > 1 else []) + ([AtMost(most)] if most else [])
    return FrameFilter(limits, [Moved()] * still + [Sharp()] * blurred)


class Every:
    """Lets one frame in `number` through, the first one first."""

    def __init__(self, number: int) -> None:
        self._number, self._seen = number, -1

    def __call__(self, frame: Frame) -> bool:
        self._seen += 1
        return self._seen % self._number == 0


class AtMost:
    """Lets at most `fps` frames per second through, by the frames' own times."""

    def __init__(self, fps: float) -> None:
        self._interval, self._next = 1 / fps, float("-inf")

    def __call__(self, frame: Frame) -> bool:
        early = self._next - frame.time
        if 0.001 < early <= self._interval:  # timestamps are often rounded to a millisecond
            return False
        self._next = (self._next if abs(early) <= self._interval else frame.time) + self._interval
        return True


class Moved:
    """Finds a picture worth reading if it differs from the last one that was read."""

    def __init__(self) -> None:
        self._read: np.ndarray | None = None

    def __call__(self, picture: np.ndarray) -> bool:
        """Whether enough pixels of a uint8 gray picture changed."""
        if self._read is None or self._read.shape != picture.shape:
            return True
        changed = cv2.threshold(cv2.absdiff(picture, self._read), CHANGE, 1, cv2.THRESH_BINARY)[1]
        return cv2.countNonZero(changed) >= PIXELS

    def accepted(self, picture: np.ndarray) -> None:
        """This picture is being read."""
        self._read = picture


class Sharp:
    """Finds a picture worth reading if it is about as sharp as the best of the last ones."""

    def __init__(self) -> None:
        self._sharpness: deque[float] = deque(maxlen=REMEMBERED)

    def __call__(self, picture: np.ndarray) -> bool:
        """Whether a uint8 gray picture is not blurred (variance of its Laplacian; Pech-Pacheco et al., 2000)."""
        sharpness = float(cv2.Laplacian(picture, cv2.CV_16S).var())
        self._sharpness.append(sharpness)
        return sharpness >= BLURRED * max(self._sharpness)

    def accepted(self, picture: np.ndarray) -> None:
        """Nothing to remember: pictures are compared whether they were read or not."""


def shrunken(image: np.ndarray) -> np.ndarray:
    """A picture as uint8 gray at a quarter of its size."""
    import imutils  # here: it imports what fetches web pages, and few runs need it

    width = image.shape[1]
    if width > FEWEST:
        image = imutils.resize(image, width=max(FEWEST, width // SHRINK), inter=cv2.INTER_AREA)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
