"""What the page shows, kept apart from who looks: the newest result, the latest readings and events, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from realtime.output.occasions import Occasions, OutputEvents
from realtime.output.record import DOUBTFUL, END, event_record, record
from realtime.privacy.redact import mask
from realtime.values import BACK, LOST, WAITING, Frame, Result, Track

READINGS = 50  # latest readings that are kept
EVENTS = 20
UPDATE = 1.0  # seconds of the source's time between two updates of a reading that stands
STALLED = 3.0  # seconds without a result after which the source counts as stalled
CROP = (320, 160)  # largest width and height of a kept crop


@dataclass(frozen=True, eq=False)
class Entry:
    """One line of the list of readings: the track's record, its crop and the wall clock's time."""

    id: int
    row: dict[str, Any]
    crop: np.ndarray | None
    at: float  # seconds since 1970
    gone: bool = False

    def shown(self) -> dict[str, Any]:
        """As the page and the API get it."""
        crop = f"/api/readings/{self.id}/crop.jpg" if self.crop is not None else ""
        return self.row | {"id": self.id, "at": round(self.at, 3), "gone": self.gone, "crop": crop}


class Board:
    """The newest result, the latest readings and events; put by the loop, read by the server, bounded."""

    def __init__(self, mode: str, clock: Callable[[], float], now: Callable[[], float]) -> None:
        self._mode, self._clock, self._now = mode, clock, now
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, int, int], Entry] = OrderedDict()
        self._occasions, self._output_events = Occasions(UPDATE), OutputEvents()
        self._arrived = clock()
        self.events: deque[dict[str, Any]] = deque(maxlen=EVENTS)
        self.result: Result | None = None
        self.serial = 0  # of the result
        self.version = 0  # of the list of readings

    def put(self, result: Result) -> None:
        """Make this the newest result."""
        frame = result.frame
        with self._lock:
            self.result, self.serial, self._arrived = result, self.serial + 1, self._clock()
            if frame.event in (LOST, BACK):
                self._tell(frame.event, frame)
            for event in self._output_events(result):
                self._tell(event, frame)
            for event, track in self._occasions(result):
                if event != DOUBTFUL:
                    self._note(track, frame, event)

    def _tell(self, event: str, frame: Frame) -> None:
        row = event_record(event, frame.source, frame.index, frame.time)
        self.events.append(row | {"at": round(self._now(), 3)})

    def _note(self, track: Track, frame: Frame, event: str) -> None:
        source, gone = frame.source, event == END
        old = self._entries.pop((source, *track.key), None)
        self.version += 1
        row = record(track, self._mode, frame, event)
        crop = small_crop(track.best_crop) if track.best_crop is not None else old.crop if old else None
        number, at = (old.id, old.at) if old else (self.version, self._now())
        key = ("", number, 0) if gone else (source, *track.key)  # a source may use the number of an ended track again
        self._entries[key] = Entry(number, row, crop, at, gone)
        if len(self._entries) > READINGS:
            self._entries.popitem(last=False)

    def newest(self) -> tuple[int, Result | None]:
        """Serial number and result."""
        with self._lock:
            return self.serial, self.result

    def readings(self) -> list[dict[str, Any]]:
        """Latest readings, the newest first."""
        with self._lock:
            entries = list(self._entries.values())
        return [e.shown() for e in sorted(entries, key=lambda e: -e.id)]

    def crop(self, number: int) -> np.ndarray | None:
        """Picture of a reading that is still in the list."""
        with self._lock:
            return next((e.crop for e in self._entries.values() if e.id == number), None)

    def state(self) -> dict[str, Any]:
        """What is going on, JSON-ready; times in seconds, timings in milliseconds."""
        with self._lock:
            result, age, version, events = self.result, self._clock() - self._arrived, self.version, list(self.events)
        state = {"mode": self._mode, "age": round(age, 2), "version": version, "events": events}
        if result is None:
            return state | {"status": "waiting"}
        frame = result.frame
        return state | {
            "status": "lost" if frame.event in (LOST, WAITING) else "stalled" if age > STALLED else "live",
            "source": mask(frame.source),
            "frame": frame.index,
            "time": round(frame.time, 3),
            "size": [frame.image.shape[1], frame.image.shape[0]],
            "fps": round(result.fps, 2),
            "dropped": result.dropped,
            "failures": list(result.failures),
            "timings": {name: round(float(value), 3) for name, value in result.timings.items()},
            "tracks": len(result.tracks),
        }


def small_crop(image: np.ndarray) -> np.ndarray:
    """A copy no larger than CROP, so that a kept crop holds no frame in memory."""
    scale = min(1.0, CROP[0] / image.shape[1], CROP[1] / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image.copy()
