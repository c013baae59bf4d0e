"""What the program says while it runs, one line each on standard error."""

from __future__ import annotations

import logging
import os

import cv2

from realtime.privacy.redact import printable

QUIET = "-8"  # AV_LOG_QUIET


class OneLine(logging.Formatter):
    """Level and message on one line: what a file's name holds cannot look like a message of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line; a traceback follows it as it is."""
        return f"{record.levelname}: {printable(record.message)}"


def start_logging(level: str) -> None:
    """Messages of this level and above; OpenCV, Qt and FFmpeg speak only at the level "debug"."""
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(OneLine())
    logging.getLogger("realtime").setLevel(level.upper())
    if level != "debug":
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", QUIET)
        os.environ.setdefault("QT_LOGGING_RULES", "*.debug=false;*.info=false;*.warning=false")
        silence = cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel  # OpenCV 4, 5
        silence(0)
