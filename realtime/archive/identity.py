"""What makes a recording the same one: where it is, and what is in it."""

from __future__ import annotations

import hashlib
import importlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from realtime.capture.kinds import unreadable
from realtime.capture.source import is_address
from realtime.errors import SourceError
from realtime.privacy.redact import mask

EDGE = 1 << 16  # bytes at either end of a file that are looked at
YOUNG = 5.0  # seconds without a change after which a file counts as finished
COST = 2**12  # of hashing an address that holds a password, so that nobody finds that out by trying; milliseconds


def place_of(path: str) -> str:
    """Where a recording is, 32 hex digits: a hash of its absolute path or of its whole address."""
    if not is_address(path):
        return hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()[:32]
    if mask(path) == path:
        return hashlib.sha256(path.encode()).hexdigest()[:32]
    return hashlib.scrypt(path.encode(), salt=b"glyphcam", n=COST, r=8, p=1, dklen=16).hex()


def content_of(path: str) -> str:
    """What is in a recording: its size in bytes, and a hash of its beginning and its end. Raises SourceError."""
    with reading(path) as (file, size):
        edges = file.read(EDGE)
        if size and size > EDGE and file.seekable():
            file.seek(max(EDGE, size - EDGE))
            edges += file.read(EDGE)
    return f"{size or 0}-{hashlib.sha256(edges).hexdigest()[:32]}"


@contextmanager
def reading(path: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The bytes of a file or of what an address names, and how many there are; None where nobody says."""
    if not is_address(path):
        try:
            with open(path, "rb") as file:
                yield file, os.fstat(file.fileno()).st_size
        except OSError as error:
            raise unreadable(path, error) from None
        return
    try:
        with importlib.import_module("fsspec").open(path, "rb") as remote:
            yield remote, getattr(remote, "size", None)
    except ImportError as error:
        raise SourceError(
            f"{mask(path)} cannot be fetched ({error}).", "In glyphcam's folder, run: pip install '.[cluster]'."
        ) from None
    except Exception as error:  # every file system that fsspec knows has errors of its own
        raise SourceError(f"{mask(path)} cannot be fetched ({mask(str(error))}).", "Check the address.") from None


def check_finished(path: str, young: float = YOUNG, clock: Callable[[], float] = time.time) -> None:
    """Raises SourceError for a file that was changed less than `young` seconds ago; it may still be growing."""
    age = clock() - os.stat(path).st_mtime
    if 0 <= age < young:
        raise SourceError(f"{path} was changed {age:.0f} s ago.", "It waits for the next run.")
