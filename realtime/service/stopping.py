"""Signals that ask the program to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ASKING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stop(threading.Event):
    """Set when the run is to end; `signal` is the number of the signal that asked for it, or 0."""

    signal = 0


@contextmanager
def stopping_on_signals() -> Iterator[Stop]:
    """Ctrl-C, SIGTERM and a closed terminal end the run cleanly; a second signal ends it at once.

    A signal that is ignored, as under nohup, stays ignored.
    """
    stop = Stop()

    def handle(number: int, _: object) -> None:
        stop.signal = number
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    heard = [number for number in ASKING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
