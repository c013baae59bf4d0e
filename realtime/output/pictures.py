"""Picture files under names that no other has."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import OptionError, SinkError
from realtime.privacy.redact import printable

DIGITS = 10  # hex digits of a name's hash
SETTINGS = {".jpg": [cv2.IMWRITE_JPEG_QUALITY, 92]}


def plain(text: str) -> str:
    """The text with only letters, digits and '_' for anything else, at most 40 characters."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)[:40]


def digest(*parts: object) -> str:
    """A short hash of what a name stands for."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]


def private_folder(folder: Path) -> None:
    """Make a folder that its owner alone can look into, unless it is there. Raises SinkError where it cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        place = printable(folder)
        raise SinkError(f"{place} cannot be created ({error.strerror}).", "Name a writable place.") from None


def write_new(path: Path, ending: str, picture: np.ndarray, *, replace: bool = False, mode: int = 0o666) -> None:
    """Write a picture, in the format of `ending`, where no file is yet, whole or not at all.

    `mode`: who may read it, less what the umask takes. Raises SinkError where there is a file, or cannot be one.
    """
    data = cv2.imencode(ending, picture, SETTINGS.get(ending, []))[1].tobytes()
    try:
        with open(path, "wb" if replace else "xb", opener=partial(os.open, mode=mode)) as file:
            file.write(data)
    except FileExistsError:
        raise OptionError(f"{printable(path)} already exists.", "Name another place, or add --overwrite.") from None
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise SinkError(f"{printable(path)} cannot be written ({error.strerror}).", "Name a writable place.") from None
