"""Cameras that give one picture per request: an address that is asked again and again."""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import cv2
import numpy as np

from realtime.capture.kinds import PICTURE_MAGIC
from realtime.capture.picture import to_8_bit
from realtime.capture.source import OPEN_SECONDS
from realtime.privacy.redact import mask

LARGEST = 64 << 20  # bytes of one picture
FAILURES = (OSError, HTTPException, ValueError)  # of a request; urllib's are an OSError
log = logging.getLogger(__name__)


class Snapshots:
    """A picture behind a URL with the few verbs of cv2.VideoCapture, polled at most `fps` times per second."""

    def __init__(self, url: str, fps: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._fps, self._clock = url, fps, clock
        self._due = clock()
        self._size = (0, 0)

    def read(self) -> tuple[bool, np.ndarray | None]:
        """(True, picture) as soon as it is due, or (False, None) where none came."""
        time.sleep(max(0.0, self._due - self._clock()))
        try:
            with asked(self._url) as answer:
                data = answer.read(LARGEST)
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
        except (*FAILURES, cv2.error) as error:
            log.debug("%s: %s", mask(self._url), error)
            image = None
        self._due = self._clock() + 1 / self._fps
        if image is None:
            return False, None
        self._size = image.shape[1], image.shape[0]
        return True, to_8_bit(image)

    def get(self, prop: int) -> float:
        """Width, height and rate, by OpenCV's numbers; 0 for anything else."""
        facts = {cv2.CAP_PROP_FRAME_WIDTH: self._size[0], cv2.CAP_PROP_FRAME_HEIGHT: self._size[1]}
        return float({**facts, cv2.CAP_PROP_FPS: self._fps}.get(prop, 0.0))

    def release(self) -> None:
        """Nothing is held between two requests."""


def shows_one_picture(url: str) -> bool:
    """Whether a URL answers with a picture rather than a stream of them; an address that does not answer shows none."""
    try:
        with asked(url) as answer:
            kind = answer.headers.get_content_type()
            return kind.startswith("image/") or (
                kind == "application/octet-stream" and PICTURE_MAGIC.match(answer.read(64)) is not None
            )
    except FAILURES as error:
        log.debug("%s: %s", mask(url), error)
        return False


def asked(url: str) -> Any:
    """The answer to a request, with the user and password of the address, basic or digest as the camera asks."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, bare, unquote(parts.username or ""), unquote(parts.password or ""))
    handlers = (urllib.request.HTTPBasicAuthHandler(passwords), urllib.request.HTTPDigestAuthHandler(passwords))
    return urllib.request.build_opener(*(handlers if parts.username else ())).open(bare, timeout=OPEN_SECONDS)
