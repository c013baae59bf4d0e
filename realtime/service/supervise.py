"""Several cameras, each in its own process, which is restarted when it dies or hangs.

The processes report to this one by the protocol of sd_notify(3), as a service does to systemd: READY once they run,
WATCHDOG as long as frames arrive.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from realtime.privacy.redact import mask, printable

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)  # seconds before a camera is restarted; the last one repeats
STEADY = 60.0  # seconds that a process must last for the pauses to become short again
SILENT = 30.0  # seconds without a sign of life after which a process that was ready counts as hanging
PARTING = 20.0  # seconds for a process to write what it has
LAST_WORDS = 0.5  # seconds to wait for the last output of a process that has ended
POLL = 0.1  # seconds between two checks of the processes
NEVER = 2  # exit code of a program that cannot run with these options
ENDED, FAILED, RUNNING, STARTING, WAITING = "ended", "failed", "running", "starting", "waiting"
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CameraState:
    """State of a camera's process: "starting", "running", "waiting" for its restart, "ended", or "failed" for good.

    `retry`: seconds until its restart, if it is waiting.
    """

    name: str
    status: str
    restarts: int = 0
    reason: str = ""
    retry: float = 0.0


class Process:
    """A camera's process and its restarts; `tend` is called repeatedly and never blocks."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str],
        notices: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._command, self._clock = name, list(command), clock
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(notices))
        self._notices.setblocking(False)
        self._environ = {**environ, "NOTIFY_SOCKET": str(notices), "WATCHDOG_USEC": str(int(1e6 * SILENT))}
        self._process: subprocess.Popen[str] | None = None
        self._status, self._reason, self._said = STARTING, "", ""
        self._restarts = self._failures = 0
        self._begun = self._heard = 0.0
        self._listener = threading.Thread()
        self._due = clock()

    def state(self) -> CameraState:
        """Its state now."""
        retry = max(0.0, self._due - self._clock()) if self._status == WAITING else 0.0
        return CameraState(self.name, self._status, self._restarts, self._reason, round(retry, 1))

    @property
    def over(self) -> bool:
        """Whether it will not be restarted."""
        return self._status in (ENDED, FAILED)

    def tend(self) -> None:
        """Start it when it is due, take in its reports, and check that it is alive."""
        now = self._clock()
        if self._process is None:
            if not self.over and now >= self._due:
                self._start(now)
            return
        self._hear(now)
        code = self._process.poll()
        if code is not None:
            self._buried(code, now)
        elif self._status == RUNNING and now - self._heard > SILENT:
            log.error("%s: no sign of life for %.0f s, restarting it", self.name, SILENT)
            self._said = f"It gave no sign of life for {SILENT:.0f} seconds."
            self._process.kill()

    def _start(self, now: float) -> None:
        pipes: dict[str, Any] = {"stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}
        self._process = subprocess.Popen(
            self._command,
            env=self._environ,
            errors="replace",
            start_new_session=True,
            preexec_fn=end_with_parent,
            **pipes,
        )
        self._listener = threading.Thread(target=self._relay, args=(self._process.stderr,), daemon=True)
        self._listener.start()
        self._begun = self._heard = now
        self._status, self._said = STARTING, ""

    def _relay(self, lines: IO[str]) -> None:
        """Pass on its output, and remember the last error."""
        for line in lines:
            text = line.rstrip()
            print(f"{self.name}: {text}", file=sys.stderr, flush=True)
            if text.startswith(("Error: ", "ERROR: ")):
                self._said = text.partition(": ")[2]

    def _hear(self, now: float) -> None:
        with suppress(BlockingIOError):
            while notice := self._notices.recv(4096):
                self._heard = now
                if b"READY=1" in notice:
                    self._status, self._reason = RUNNING, ""

    def _buried(self, code: int, now: float) -> None:
        """Note that it has ended: for good, or until the pause is over."""
        self._process = None
        self._listener.join(LAST_WORDS)
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._reason = printable(mask(self._said)) or f"It ended with {name}."
        if code in (0, NEVER):
            self._status, self._reason = (FAILED, self._reason) if code else (ENDED, "")
            return
        self._failures = 1 if now - self._begun >= STEADY else self._failures + 1
        pause = BACK_OFF[min(self._failures, len(BACK_OFF)) - 1]
        self._status, self._due, self._restarts = WAITING, now + pause, self._restarts + 1
        log.warning("%s: %s Restarting in %.0f s", self.name, self._reason, pause)

    def ask_to_end(self) -> None:
        """Ask it to write what it has and to end; it is not restarted."""
        if self._process is not None:
            self._process.terminate()
        elif not self.over:
            self._status = ENDED

    def end(self, patience: float) -> None:
        """Wait `patience` seconds for it to end, then kill it."""
        if self._process is not None:
            try:
                code = self._process.wait(max(0.0, patience))
            except subprocess.TimeoutExpired:
                log.error("%s: it did not end and is killed", self.name)
                self._process.kill()
                code = self._process.wait()
            self._process, self._status = None, FAILED if code not in (0, -signal.SIGTERM) else ENDED
        self._notices.close()


def end_with_parent() -> None:
    """On Linux: get SIGTERM when the parent process is gone, for whatever reason."""
    if LIBC is not None:
        LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def run(processes: Sequence[Process], stop: threading.Event, alive: Callable[[], None] = lambda: None) -> bool:
    """Tend processes until all are over or `stop` is set, then end them; True if all went well.

    `alive` is called every POLL seconds.
    """
    try:
        while not stop.is_set() and not all(process.over for process in processes):
            for process in processes:
                process.tend()
            alive()
            stop.wait(POLL)
    finally:
        for process in processes:
            process.ask_to_end()
        until = time.monotonic() + PARTING
        for process in processes:
            process.end(until - time.monotonic())
    return all(process.state().status == ENDED for process in processes)


def environment(given: Mapping[str, str], inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """A camera's environment: that of this process, without what concerns it alone, overridden by the given options."""
    own = ("GLYPHCAM_CONFIG", "GLYPHCAM_CHECK", "GLYPHCAM_SERVE", "GLYPHCAM_TOKEN", "NOTIFY_SOCKET", "WATCHDOG_USEC",
           "WATCHDOG_PID")  # fmt: skip
    kept = {k: v for k, v in (os.environ if inherited is None else inherited).items() if k not in own}
    return kept | dict(given)
