"""A progress bar for recordings: frames per second and time left."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from realtime.values import Frame, Result


class Bar:
    """A progress bar above which log messages pass; shown only where standard error is a terminal.

    `total` is None where nobody knows it; `look` are further options of tqdm.
    """

    def __init__(self, total: float | None, **look: Any) -> None:
        self._total, self._look = total, look
        self._stack = ExitStack()
        self._bar: Any = None

    def __enter__(self) -> Bar:
        if sys.stderr.isatty():  # loading tqdm is a tenth of the start
            from tqdm import tqdm
            from tqdm.contrib.logging import logging_redirect_tqdm

            self._bar = self._stack.enter_context(tqdm(total=self._total, dynamic_ncols=True, **self._look))
            self._stack.enter_context(logging_redirect_tqdm([logging.getLogger()]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def step(self, amount: float, note: str = "") -> None:
        """That much more is done; the note stands behind the bar."""
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(amount)


class Progress:
    """A sink that counts frames on a bar; `total` None: no time left is known."""

    def __init__(self, total: int | None) -> None:
        self._bar = Bar(total, unit=" frames")
        self._last: Frame | None = None

    def __enter__(self) -> Progress:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def write(self, result: Result) -> None:
        """Count the frame, unless it was counted already."""
        if result.frame is not self._last:
            self._bar.step(1)
        self._last = result.frame
