"""When what was written down is old enough to be deleted; a clock that was set anew proves no age."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

DAY = 86_400.0
SWEEP = 3600.0  # seconds between two looks for what is too old
JUMP = 60.0  # seconds by which a clock may run ahead of the monotonic one before it counts as set
log = logging.getLogger(__name__)


class Retention:
    """Says from time to time what is too old, for things that are kept for so many days (None: for ever).

    After the wall clock (Unix time) was set, ages by it mean nothing: for as many days of the monotonic clock nothing
    is deleted then.
    """

    def __init__(
        self,
        keep: float | None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keep, self._clock, self._steady = keep, clock, steady
        self._offset = clock() - steady()
        self._swept = self._trusted = float("-inf")

    def oldest(self) -> float | None:
        """The Unix time before which things may go now; None where it is not yet time to look, or never."""
        now, passed = self._clock(), self._steady()
        if self._keep is None:
            return None
        if abs(now - passed - self._offset) > JUMP:
            self._offset, self._trusted = now - passed, passed + self._keep * DAY
            log.warning("The clock was set: nothing is deleted for the next %g days", self._keep)
        if passed < self._trusted or passed - self._swept < SWEEP:
            return None
        return now - self._keep * DAY

    def swept(self) -> None:
        """All that was too old is gone; the next look is due in a while."""
        self._swept = self._steady()

    def sweep(self, files: Iterable[Path]) -> None:
        """Delete those of the files that are too old, where it is time to look."""
        oldest = self.oldest()
        if oldest is None:
            return
        for path in files:
            with suppress(OSError):  # gone already, or somebody else's
                if path.stat().st_mtime < oldest:
                    path.unlink()
        self.swept()
