"""The drawn pictures in a window: q or Esc quits, p pauses, s saves a still, + and - move the threshold."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SinkError
from realtime.output.display import check_display
from realtime.output.pictures import digest, plain, write_new
from realtime.values import Frame, Result

HELP = "q quit, p pause, s save, +/- threshold"
LARGEST = 1280, 720  # a window opens no larger than this
STEP = 0.05  # of the threshold, per key press
QUIT, PAUSE, SAVE, UP, DOWN = (ord("q"), 27), (ord("p"), ord(" ")), (ord("s"),), (ord("+"), ord("=")), (ord("-"),)
log = logging.getLogger(__name__)


class Window:
    """A sink that shows each drawn frame; recordings no faster than they were made, stills until a key is pressed.

    `stop` is set when the user quits; `adjust(step)` is called for + and -. Stills are saved into `folder`. Nothing of
    OpenCV's windows is touched before the sink is entered; SinkError where there is no display.
    """

    def __init__(
        self,
        draw: Callable[[Result], np.ndarray],
        stop: threading.Event,
        adjust: Callable[[float], None],
        live: bool = False,
        folder: str | Path = ".",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._draw, self._stop, self._adjust, self._folder = draw, stop, adjust, Path(folder)
        self._title = f"glyphcam: {HELP}"
        self._live, self._pace = live, Pace(clock)
        self._open = False

    def __enter__(self) -> Window:
        check_display(os.environ, sys.platform)
        try:
            cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        except cv2.error:
            hint = "Install opencv-python instead of opencv-python-headless, or run with --no-show."
            raise SinkError("This OpenCV cannot open windows.", hint) from None
        return self

    def __exit__(self, *_: object) -> None:
        cv2.destroyAllWindows()
        cv2.waitKey(1)

    def write(self, result: Result) -> None:
        """Show the frame and do what the keys say."""
        picture = self._draw(result)
        if not self._open:
            cv2.resizeWindow(self._title, *within(picture.shape[1], picture.shape[0], *LARGEST))
        self._open = True
        cv2.imshow(self._title, picture)
        wait = 0.0 if self._live else self._pace.wait(result.frame)
        key = cv2.waitKey(max(1, round(1000 * wait))) & 0xFF
        self._obey(key, result, picture)
        if result.frame.still:
            self._hold(result, picture)
        if cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1:
            self._stop.set()

    def _obey(self, key: int, result: Result, picture: np.ndarray) -> None:
        if key in QUIT:
            self._stop.set()
        elif key in SAVE:
            self._save(result.frame, picture)
        elif key in UP + DOWN:
            self._adjust(STEP if key in UP else -STEP)
        elif key in PAUSE:
            self._hold(result, picture)

    def _hold(self, result: Result, picture: np.ndarray) -> None:
        """Wait for a key that goes on."""
        while not self._stop.is_set() and cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1:
            key = cv2.waitKey(50) & 0xFF
            if key in PAUSE or (result.frame.still and key not in (0xFF, *SAVE, *UP, *DOWN, *QUIT)):
                break
            if key not in PAUSE:
                self._obey(key, result, picture)
        self._pace.rest()

    def _save(self, frame: Frame, picture: np.ndarray) -> None:
        path = self._folder / f"{still_name(frame)}.png"
        try:
            write_new(path, ".png", picture)
        except SinkError as error:
            log.warning("%s", error)
        else:
            log.info("saved %s", path)


class Pace:
    """How long to wait before the next frame, so that a recording is not shown faster than it was made."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._source = ""
        self._offset = 0.0  # of the clock to the recording

    def wait(self, frame: Frame) -> float:
        """Seconds until the frame is due, at most 1; a frame that is late moves all later ones."""
        ahead = frame.time + self._offset - self._clock()
        if frame.source != self._source or not 0 <= ahead <= 1:
            self._source, self._offset, ahead = frame.source, self._clock() - frame.time, 0.0
        return ahead

    def rest(self) -> None:
        """Forget the time that a pause took."""
        self._source = ""


def within(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    """Width and height shrunk, proportions kept, to fit into the given size."""
    scale = min(1.0, most_width / width, most_height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def still_name(frame: Frame) -> str:
    """A file name for a still: the source's name and hash, the frame's index and time."""
    stem = plain(Path(frame.source).stem) or "camera"
    return f"{stem}-{digest(frame.source)}-{frame.index:06d}-{frame.time:.3f}"
