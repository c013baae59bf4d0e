"""The Raspberry Pi's own camera, through picamera2."""

from __future__ import annotations

import importlib
import logging
from typing import Any

import cv2
import numpy as np

from realtime.capture.source import READ_SECONDS
from realtime.errors import SourceError

LARGE, SMALL = (1280, 720), 640  # pixels of the Pi camera's picture to read in; longer side of the one to find in

log = logging.getLogger(__name__)


class PiCamera:
    """The Raspberry Pi's own camera through picamera2, with the few verbs of cv2.VideoCapture.

    With `small` it gives a second, small picture of the same moment, if the large one is larger than that.
    """

    def __init__(self, size: tuple[int, int] | None = None, fps: float | None = None, small: bool = True) -> None:
        self._camera, self._fps = open_picamera2(), fps or 30.0
        size = size or LARGE
        # libcamera's RGB888 is B, G, R in memory.
        streams: dict[str, Any] = {"main": {"size": size, "format": "RGB888"}}
        if small and max(size) > SMALL:
            streams["lores"] = {"size": shrunk(size), "format": "YUV420"}
        try:
            self._start(streams, {"FrameRate": float(fps)} if fps else {})
        except (RuntimeError, ValueError) as error:
            self._camera.close()
            hint = "Try --size 1280x720 without --fps."
            raise SourceError(f"The Pi camera does not start with {size[0]}x{size[1]} ({error}).", hint) from None

    def _start(self, streams: dict[str, Any], controls: dict[str, Any]) -> None:
        self._camera.configure(self._camera.create_video_configuration(**streams, controls=controls))
        got = self._camera.camera_configuration()  # sizes may have been aligned
        self._streams, self._sizes = list(streams), [got[stream]["size"] for stream in streams]
        self._camera.start()

    def read(self) -> tuple[bool, *tuple[np.ndarray, ...]]:
        """(True, BGR picture) or (True, BGR picture, small gray picture), or (False,) once the camera fails."""
        try:
            pictures, _ = self._camera.capture_arrays(self._streams, wait=READ_SECONDS)
        except (RuntimeError, TimeoutError) as error:
            log.warning("picamera: %s", str(error) or "no picture came")
            return (False,)
        # The small one comes as Y, U and V under each other, in rows that may be filled up: Y is the gray picture.
        return True, pictures[0], *(p[:h, :w] for p, (w, h) in zip(pictures[1:], self._sizes[1:], strict=True))

    def get(self, prop: int) -> float:
        """Width, height and rate, by OpenCV's numbers; 0 for anything else."""
        width, height = self._sizes[0]
        facts = {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height, cv2.CAP_PROP_FPS: self._fps}
        return float(facts.get(prop, 0.0))

    def release(self) -> None:
        """Stop the camera and give it back."""
        self._camera.stop()
        self._camera.close()


def open_picamera2() -> Any:
    """The first camera that picamera2 knows; SourceError where there is none, or no picamera2."""
    try:
        return importlib.import_module("picamera2").Picamera2()
    except ImportError:
        hint = "On Raspberry Pi OS: sudo apt install python3-picamera2, and a venv with --system-site-packages."
        raise SourceError("picamera needs the package picamera2.", hint) from None
    except ValueError as error:  # "numpy.dtype size changed": the system's picamera2 was built for an older one
        hint = "Run: pip install 'numpy<2' 'opencv-python<4.12'."
        raise SourceError(f"picamera2 does not fit the numpy in use ({error}).", hint) from None
    except (RuntimeError, IndexError) as error:
        raise SourceError(f"The Pi camera cannot be opened ({error}).", "Check the cable, or see --demo.") from None


def shrunk(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height in the same proportion with SMALL as the longer side, both even as the camera wants them."""
    width, height = (2 * round(side * SMALL / max(size) / 2) for side in size)
    return width, height
