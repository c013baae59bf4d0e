"""Names of files as C libraries take them; every path that goes to OpenCV's video reader goes through here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2


@contextmanager
def reachable(path: str) -> Iterator[str]:
    """A name for as long as the file is being opened: absolute, and always UTF-8.

    OpenCV ends the process on a name in any other encoding, so that such a file is reached by a link.
    """
    whole = os.path.abspath(path)
    if is_utf8(whole):
        yield whole
        return
    with tempfile.TemporaryDirectory(prefix="glyphcam-") as folder:
        ending = Path(whole).suffix
        link = os.path.join(folder, "recording" + (ending if is_utf8(ending) else ""))
        os.symlink(whole, link)
        yield link


def is_utf8(text: str) -> bool:
    """Whether a name holds no bytes of another encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def protocol() -> str:
    """What FFmpeg wants before a path, so that it takes no part of it for a protocol ("cam:1.mp4")."""
    return "file:" if cv2.CAP_FFMPEG in cv2.videoio_registry.getBackends() else ""
