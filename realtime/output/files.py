"""Output files that grow by whole pieces: what does not fit any more is taken back."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from realtime.errors import OptionError, SinkError


def check_free(path: str | Path, overwrite: bool) -> None:
    """Raises SinkError where there is such a file already and it may not be replaced."""
    if Path(path).exists() and not overwrite:
        raise OptionError(f"{path} already exists.", "Name another file, or add --overwrite.")


def check_writable(path: str | Path) -> None:
    """Raises SinkError where such a file cannot be written; one that is not there yet does not appear, even briefly."""
    try:
        if Path(path).exists():
            open(path, "ab").close()
        else:  # a kill must not leave an empty file under this name
            tempfile.TemporaryFile(dir=Path(path).parent).close()
    except OSError as error:
        raise SinkError(f"{path} cannot be written ({error.strerror}).", "Name a writable place.") from None


def appearing(path: str, begin: bytes) -> BinaryIO:
    """A file that gets its name once `begin` is in it, where the system knows nameless files. Raises OSError."""
    try:
        handle = os.open(os.path.dirname(os.path.abspath(path)), os.O_TMPFILE | os.O_RDWR, 0o666)
    except (AttributeError, OSError):
        file: BinaryIO = open(path, "wb", buffering=0)  # noqa: SIM115
        written(file, begin)
        return file
    file = os.fdopen(handle, "w+b", buffering=0)
    written(file, begin)
    with suppress(FileNotFoundError):
        os.unlink(path)
    os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle)  # a descriptor makes it follow the link in /proc
    return file


def written(file: BinaryIO, data: bytes) -> None:
    """Write all of it, in as many calls as that takes."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


class Output:
    """A file, or standard output ("-"), that every piece reaches at once and whole.

    A file that is given what it begins with appears with that in it, or not at all.
    """

    def __init__(self, path: str | Path, begin: bytes = b"") -> None:
        self._path, self._size = str(path), len(begin)
        try:
            self._file = appearing(self._path, begin) if begin else self._opened()
        except OSError as error:
            raise SinkError(f"{path} cannot be written ({error.strerror}).", "Name a writable place.") from None

    def _opened(self) -> BinaryIO:
        return sys.stdout.buffer if self._path == "-" else open(self._path, "wb", buffering=0)

    def append(self, data: bytes) -> None:
        """Write a whole piece or none; SinkError where there is no room, or nobody who reads."""
        try:
            written(self._file, data)
            self._file.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())  # for what Python flushes at its end
            raise SinkError("Standard output is closed.") from None
        except OSError as error:
            self._take_back()
            raise SinkError(f"{self._path} can no longer be written ({error.strerror}).", "Make room.") from None
        self._size += len(data)

    def _take_back(self) -> None:
        """Remove a piece of which only a part went in; of standard output nobody knows where this program began."""
        if self._path == "-":
            return
        with suppress(OSError):
            self._file.seek(self._size)
            self._file.truncate()

    def close(self) -> None:
        """Close a file; standard output stays open."""
        if self._path != "-":
            self._file.close()
