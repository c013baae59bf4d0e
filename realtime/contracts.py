"""What the parts of the program ask of each other; any object with these members fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from realtime.values import Detection, Frame, Reading, Result, Sighting, Track


class Net(Protocol):
    """A network: uint8 (n, h, w, 1) -> float32, one array or a tuple of arrays in the order of the outputs' names."""

    def __call__(self, batch: np.ndarray, /) -> Any: ...


class Locator(Protocol):
    """Finds objects in a uint8 gray (H, W) picture: best first, in its pixels."""

    def __call__(self, gray: np.ndarray, /) -> list[Detection]: ...


class Reader(Protocol):
    """Reads what was found in a uint8 gray (H, W) picture, in the same order; `again` allows time for the unsure."""

    def __call__(self, gray: np.ndarray, detections: Sequence[Detection], again: bool = False, /) -> list[Sighting]: ...


class Pipeline(Protocol):
    """Frames in the order of time -> what they say; `threshold` is the least confidence of a reading."""

    @property
    def mode(self) -> str: ...

    @property
    def threshold(self) -> float: ...

    def set_threshold(self, value: float, /) -> None: ...

    def __call__(self, frame: Frame, /) -> Result: ...

    def flush(self) -> tuple[Track, ...]: ...


class ImageReader(Protocol):
    """Reads single pictures, uint8 BGR (H, W, 3) or gray (H, W), without memory."""

    def read(self, image: np.ndarray, /) -> list[Sighting]: ...

    def read_whole(self, image: np.ndarray, /) -> Reading: ...


class Source(Protocol):
    """A context manager and an iterator of frames; what nobody knows of it is None."""

    name: str
    live: bool
    still: bool
    dropped: int
    fps: float | None
    size: tuple[int, int] | None
    frame_count: int | None

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def __iter__(self) -> Iterator[Frame]: ...


class Sink(Protocol):
    """Takes every result, between enter and exit. Raises SinkError."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def write(self, result: Result, /) -> None: ...
