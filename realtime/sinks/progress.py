"""A progress bar for recordings: frames per second and time left."""

from __future__ import annotations

import logging

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from realtime.values import Frame, Result


class Progress:
    """A sink that counts frames; shown only where standard error is a terminal. `total` None: no time left is known."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._last: Frame | None = None

    def __enter__(self) -> Progress:
        self._bar = tqdm(total=self._total, unit=" frames", disable=None, dynamic_ncols=True)
        self._log = logging_redirect_tqdm([logging.getLogger()])
        self._log.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._log.__exit__(*error)
        self._bar.close()

    def write(self, result: Result) -> None:
        """Count the frame, unless it was counted already."""
        if result.frame is not self._last:
            self._bar.update(1)
        self._last = result.frame
