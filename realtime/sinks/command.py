"""Run a command for each confirmed reading, beside the loop."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from realtime.errors import OptionError, SinkError
from realtime.output.record import BEGIN, record
from realtime.values import Result, Track

WAITING = 32  # readings that may wait for the command
LONGEST = 30.0  # seconds that one command may run
POLL = 0.1  # seconds between two looks whether to stop
PARTING = 5.0  # seconds for those still waiting when the run ends
log = logging.getLogger(__name__)


def parse_command(text: str) -> list[str]:
    """The words of a command line; no shell reads them. OptionError where there is no such program."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OptionError(f"--on-reading {text!r} is not a valid command ({error}).", "Close its quotes.") from None
    if not words or shutil.which(words[0]) is None:
        raise OptionError(f"--on-reading {text!r}: no such program.", "Give its full path.")
    return words


class OnReading:
    """A sink that runs a command per confirmed reading, with the record as one JSON line on standard input.

    One command runs at a time, on a thread of its own. Where the queue is full, a live run drops readings and a
    recording waits, until `stop` is set. Readings that were dropped and commands that failed are an error at the end.
    A changed text counts as a reading of its own.
    """

    def __init__(
        self,
        command: str,
        mode: str,
        *,
        live: bool = True,
        stop: threading.Event | None = None,
        crop: Callable[[Result, Track], str] = lambda result, track: "",
    ) -> None:
        self._words, self._crop = parse_command(command), crop
        self._mode, self._live, self._stop = mode, live, stop or threading.Event()
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="on-reading", daemon=True)
        self._process: subprocess.Popen[str] | None = None
        self._ending = self._over = False
        self.total = self.dropped = self.failed = 0

    def __enter__(self) -> OnReading:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        with contextlib.suppress(queue.Full):  # a full queue needs no waking
            self._queue.put_nowait(None)
        while not self._live and self._thread.is_alive() and not self._stop.is_set():
            self._thread.join(POLL)
        self._thread.join(PARTING)
        self._over = True
        if self._process is not None:
            kill(self._process)
        self._thread.join()
        if self.dropped or self.failed:
            text = f"--on-reading: of {self.total} readings {self.dropped} were dropped and {self.failed} failed."
            raise SinkError(text, "See what the command does, and how long it takes.")

    def write(self, result: Result) -> None:
        """Queue the values that were confirmed, or corrected, in this frame; a live run never waits."""
        for track in result.confirmed:
            self.total += 1
            if not self._put(record(track, self._mode, result.frame, BEGIN, self._crop(result, track))):
                self._drop()

    def _put(self, row: dict[str, Any]) -> bool:
        """Queue a reading; False where there is no place for it."""
        while True:
            try:
                self._queue.put(row, timeout=0 if self._live else POLL)
                return True
            except queue.Full:
                if self._live or self._stop.is_set():
                    return False

    def _drop(self) -> None:
        if not self.dropped:
            log.warning("--on-reading: readings come faster than the command takes them, some are dropped")
        self.dropped += 1

    def _run(self) -> None:
        for row in iter(self._next, None):
            if self._over:
                self._drop()
            else:
                self._run_once(json.dumps(row) + "\n")

    def _next(self) -> dict[str, Any] | None:
        return None if self._ending and self._queue.empty() else self._queue.get()

    def _run_once(self, line: str) -> None:
        """Run the command; its output goes to standard error, for standard output may hold records."""
        try:
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": sys.stderr.fileno(), "text": True}
            self._process = subprocess.Popen(self._words, start_new_session=True, env=without_secrets(), **pipes)
            self._process.communicate(line, timeout=LONGEST)
            problem = f"{self._words[0]} ended with {self._process.returncode}" if self._process.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = str(error)
            if self._process is not None:
                kill(self._process)
        if problem:
            self.failed += 1
            log.warning("--on-reading: %s", problem)
        self._process = None


def without_secrets() -> dict[str, str]:
    """The environment without the addresses and tokens that this program was given in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GLYPHCAM_")}


def kill(process: subprocess.Popen[str]) -> None:
    """End a command and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
