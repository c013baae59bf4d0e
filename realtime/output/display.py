"""Whether a window can be opened here."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from realtime.errors import SinkError


def check_display(environ: Mapping[str, str], platform: str) -> None:
    """Raises SinkError where no window can be opened: Qt would end the process without a word that can be caught."""
    hint = "Run with --no-show, or write to --save, --jsonl or --serve."
    if platform != "linux" or environ.get("QT_QPA_PLATFORM") == "offscreen":
        return
    if not environ.get("DISPLAY") and not environ.get("WAYLAND_DISPLAY"):
        raise SinkError("There is no display for a window (DISPLAY is not set).", hint)
    if environ.get("DISPLAY") and not answers(environ["DISPLAY"]):
        raise SinkError(f"The display {environ['DISPLAY']} does not answer.", hint)


def answers(display: str) -> bool:
    """Whether an X server listens at HOST:NUMBER[.SCREEN]."""
    host, _, number = display.rpartition(":")
    number = number.split(".")[0]
    if not number.isdecimal():
        return False
    if host and host != "unix":
        return _connects(socket.AF_INET, (host, 6000 + int(number)))
    return any(_connects(socket.AF_UNIX, f"{start}/tmp/.X11-unix/X{number}") for start in ("", "\0"))


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as channel:
            channel.settimeout(2)
            channel.connect(address)
            return True
    except (OSError, OverflowError):  # no such port
        return False
