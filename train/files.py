"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realtime.errors import SinkError

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the name `path` when the block ends, and is gone when the block raises.

    The suffix is the same, for writers that choose their format by it. Raises SinkError where the folder cannot be made
    or written, or the disk is full; a file that was there before stays then.
    """
    path = Path(path)
    work = path.with_name(f".partial.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield work
        os.replace(work, path)
    except OSError as error:
        full = error.errno in FULL
        raise SinkError(
            f"{path} cannot be written ({error.strerror or error}).", "Make room." if full else "Choose another folder."
        ) from None
    finally:
        if work.is_dir():
            shutil.rmtree(work)
        elif work.exists():
            work.unlink()


def write(path: Path, content: str | bytes) -> Path:
    """Write a text (UTF-8) or bytes whole."""
    with beside(path) as work:
        work.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)
