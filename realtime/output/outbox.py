"""What a record sink still has to write: kept while it cannot be written, and tried again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from realtime.errors import BusyError, SinkError

T = TypeVar("T")
RETRY = 1.0  # seconds between two tries
MOST = 10_000  # items that wait in memory
log = logging.getLogger(__name__)


class Outbox(Generic[T]):
    """Items on their way to `deliver`, which takes all that it is given, or raises SinkError and takes none.

    With `patient`, what cannot be delivered waits and `trouble` says why, else the first failure is raised, unless the
    place is merely in use (BusyError). Of more than `most` items the oldest go to `spill`, which raises SinkError where
    it cannot take them; what has no place at all is counted as lost.
    """

    def __init__(
        self,
        deliver: Callable[[Sequence[T]], None],
        *,
        patient: bool,
        spill: Callable[[Sequence[T]], None] | None = None,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliver, self._spill, self._patient, self._most, self._clock = deliver, spill, patient, most, clock
        self._waiting: dict[Hashable, T] = {}
        self._again = float("-inf")
        self.trouble = ""
        self.lost = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: T, key: Hashable = None, last: bool = True) -> None:
        """Take an item in; one that waits under the same key gives way to it, up to the last of that key."""
        if last:
            self._waiting.pop(key, None)
            self._waiting[object()] = item
        else:
            self._waiting[key] = item

    def flush(self) -> None:
        """Deliver what waits, unless the last try failed a moment ago."""
        if not self._waiting or self._clock() < self._again:
            return
        try:
            self._deliver(tuple(self._waiting.values()))
        except SinkError as error:
            self._note(error)
        else:
            self._arrived()

    def _note(self, error: SinkError) -> None:
        if not (self._patient or isinstance(error, BusyError)):
            spilled, lost = self._part_with(len(self._waiting)), self.lost
            self.lost = 0
            raise SinkError(str(error), left(spilled, lost))
        if not self.trouble:
            log.error("%s", error)
        self.trouble, self._again = str(error), self._clock() + RETRY
        if len(self._waiting) > self._most:
            self._part_with(len(self._waiting) - self._most // 2)

    def _arrived(self) -> None:
        if self.trouble:
            log.warning("Written again, rows that had waited: %d. Before: %s", len(self._waiting), self.trouble)
        self._waiting.clear()
        self.trouble, self._again = "", float("-inf")

    def _part_with(self, count: int) -> int:
        """Spill the oldest items; how many were."""
        keys = list(self._waiting)[:count]
        items = [self._waiting.pop(key) for key in keys]
        try:
            if self._spill is None:
                raise SinkError("There is no other place.")
            self._spill(items)
        except SinkError:
            self.lost += len(items)
            return 0
        return len(items)

    def close(self) -> None:
        """Try once more, and spill what is left. Raises SinkError where not everything arrived."""
        self._again = float("-inf")
        self.flush()
        spilled = self._part_with(len(self._waiting)) if self._waiting else 0
        if spilled or self.lost:
            raise SinkError(self.trouble or "Not everything could be written.", left(spilled, self.lost))


def left(spilled: int, lost: int) -> str:
    """What became of items that were not delivered, as sentences."""
    parts = [f"Rows kept beside it for the next run: {spilled}."] if spilled else []
    return " ".join([*parts, *([f"Rows lost: {lost}."] if lost else [])])
