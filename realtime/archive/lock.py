"""One archive run at a time fills a database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from realtime.errors import SinkError


@contextmanager
def filling(base: str) -> Iterator[None]:
    """Hold the database for this run; SinkError where another run has it.

    A lock of this process alone (POSIX), on a file beside the database: it ends with the process, however that ends,
    and no worker inherits it.
    """
    try:
        handle = os.open(f"{base}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SinkError(f"{base}.lock cannot be made ({error.strerror}).", "Name a writable place.") from None
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise SinkError(f"{base} is being filled by another run.", "Wait for it, or name another database.") from None
    try:
        yield
    finally:
        os.close(handle)
