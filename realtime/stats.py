"""How fast, how long, how many: the figures that are drawn, printed and summed up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Clock = Callable[[], float]


class Rate:
    """True frames per second over the last seconds: n frames make n - 1 intervals."""

    def __init__(self, window: float = 2.0) -> None:
        self.window = window
        self._times: deque[float] = deque(maxlen=10_000)

    def tick(self, time: float) -> float:
        """Count one new frame that came at `time` (seconds) and return the rate."""
        self._times.append(time)
        while len(self._times) > 2 and time - self._times[1] >= self.window:
            self._times.popleft()
        return self.fps

    @property
    def fps(self) -> float:
        """Frames per second, 0 before the second frame."""
        if len(self._times) < 2 or self._times[-1] <= self._times[0]:
            return 0.0
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])


class Stopwatch:
    """Milliseconds per named stage: `with watch("locate"): ...`, then `watch.take()`."""

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self._spent: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        begin = self._clock()
        try:
            yield
        finally:
            self._spent[stage] = self._spent.get(stage, 0.0) + 1000 * (self._clock() - begin)

    def take(self) -> dict[str, float]:
        """What was spent per stage since the last call, in milliseconds."""
        spent, self._spent = self._spent, {}
        return spent


class Timings:
    """Milliseconds per stage over many frames; remembers the last `depth` of each stage, so memory stays bounded."""

    def __init__(self, depth: int = 2000) -> None:
        self._depth = depth
        self._values: dict[str, deque[float]] = {}

    def add(self, timings: Mapping[str, float]) -> None:
        """Take in one frame's milliseconds per stage."""
        for stage, spent in timings.items():
            self._values.setdefault(stage, deque(maxlen=self._depth)).append(spent)

    def percentiles(self, *shares: float) -> dict[str, tuple[float, ...]]:
        """Per stage the given percentiles (0 to 100), in milliseconds."""
        return {stage: tuple(percentile(values, share) for share in shares) for stage, values in self._values.items()}


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` per cent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share / 100 * len(ordered)))]


def peak_memory(process: int | str = "self") -> int:
    """Most bytes that a process ever held in memory, 0 where the system does not say (Linux: VmHWM)."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def counted(number: int, noun: str) -> str:
    """The number with its noun: "1 reading", "2 readings"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True)
class Summary:
    """A whole run in figures.

    `frames` came from the source, `read` of them went through the networks (gates skip the others), `dropped` were
    skipped by a live source; `stages`: (p50, p95) milliseconds per stage; `failures`: what went wrong on the way.
    """

    frames: int = 0
    read: int = 0
    dropped: int = 0
    tracks: int = 0
    seconds: float = 0.0
    stages: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    stopped: bool = False  # by the user or a signal, before the source's end

    @property
    def fps(self) -> float:
        """Frames per second over the whole run."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def skipped(self) -> float:
        """Share of the frames, 0 to 1, that gates kept from the networks."""
        return 1 - self.read / self.frames if self.frames else 0.0

    def __str__(self) -> str:
        frames, readings = counted(self.frames, "frame"), counted(self.tracks, "reading")
        parts = [f"{frames} in {self.seconds:.1f} s ({self.fps:.1f} per second)", readings]
        if self.dropped:
            parts.append(f"{self.dropped} dropped")
        if self.frames > self.read:
            parts.append(f"{100 * self.skipped:.0f} % skipped")
        return ", ".join(parts)
