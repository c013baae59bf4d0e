"""Tell systemd that the program is ready and alive (sd_notify), without any dependency."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

from realtime.values import Result

MICROSECONDS = 1_000_000


class Notifier:
    """A sink that says READY when the run starts, WATCHDOG as long as results arrive, STOPPING at the end.

    Protocol: sd_notify(3), one datagram to the socket named by NOTIFY_SOCKET. Without that variable nothing is sent.
    The watchdog is fed at most four times per WATCHDOG_USEC; `alive` feeds it too, while no frame arrives.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._interval = _watchdog_seconds(environ.get("WATCHDOG_USEC", "")) / 4
        self._clock = clock
        self._fed = float("-inf")

    def __enter__(self) -> Notifier:
        self.say("READY=1")
        return self

    def __exit__(self, *_: object) -> None:
        self.say("STOPPING=1")

    def write(self, result: Result) -> None:
        """Feed the watchdog: one more frame has been processed."""
        self.alive()

    def alive(self) -> None:
        """Feed the watchdog, if systemd asks for it and it is due."""
        now = self._clock()
        if self._interval and now - self._fed >= self._interval:
            self._fed = now
            self.say("WATCHDOG=1")

    def say(self, state: str) -> None:
        """Send one state to systemd; never blocks and never fails, since the run matters more than its supervisor."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(state.encode(), self._address)
            except OSError:
                self._fed = float("-inf")  # retry with the next frame


def _address(name: str) -> str:
    """The socket's address: a leading '@' means the abstract namespace; "" for other kinds."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else ""


def _watchdog_seconds(text: str) -> float:
    return int(text) / MICROSECONDS if text.isdecimal() else 0.0
