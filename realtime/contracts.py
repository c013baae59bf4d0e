"""What the parts of the program ask of each other; any object with these members fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from realtime.stats import Stopwatch
from realtime.values import Detection, Frame, Reading, Result, Sighting, Track


class Net(Protocol):
    """A network: uint8 (n, h, w, 1) -> float32, one array or a tuple of arrays in the order of the outputs' names."""

    def __call__(self, batch: np.ndarray, /) -> Any: ...


class Locator(Protocol):
    """Finds objects in a uint8 gray (H, W) picture: best first, in its pixels."""

    def __call__(self, gray: np.ndarray, /) -> list[Detection]: ...


class Reader(Protocol):
    """Reads what was found in a uint8 gray (H, W) picture, in the same order; `again` allows time for the unsure."""

    def __call__(self, gray: np.ndarray, detections: Sequence[Detection], /, again: bool = False) -> list[Sighting]: ...

    def whole(self, gray: np.ndarray, /) -> Reading:
        """The picture is the object."""

    def input(self, gray: np.ndarray, /) -> np.ndarray:
        """What the network receives for a whole picture: uint8 (h, w)."""

    def likeliest(self, image: np.ndarray, most: int, /) -> list[tuple[str, float]]:
        """The single characters that a network input shows, with probabilities; "" stands for none of them."""


class Review(Protocol):
    """Looks again at sightings of a uint8 gray (H, W) picture: the same in order, less sure or longer."""

    def __call__(self, gray: np.ndarray, sightings: Sequence[Sighting], again: bool, /) -> list[Sighting]: ...


class Refiner(Protocol):
    """Looks again at detections in a uint8 gray (H, W) picture: those that hold, with new corners, in order."""

    def __call__(self, gray: np.ndarray, detections: Sequence[Detection], /) -> list[Detection]: ...


class Pipeline(Protocol):
    """Frames in the order of time -> what they say; `threshold` is the minimum confidence of a reading."""

    @property
    def mode(self) -> str: ...

    @property
    def threshold(self) -> float: ...

    def set_threshold(self, value: float, /) -> None: ...

    def __call__(self, frame: Frame, /) -> Result: ...

    def flush(self) -> tuple[Track, ...]: ...


class Seeing(Pipeline, Protocol):
    """A pipeline in two steps: what a frame shows, and what that changes in what was followed."""

    def see(self, frame: Frame, watch: Stopwatch, /) -> list[Sighting]: ...

    def follow(self, frame: Frame, sightings: Sequence[Sighting], watch: Stopwatch, /) -> Result:
        """The result; pictures of objects are cut out of this frame, which may differ from the one that was seen."""


@runtime_checkable
class Discreet(Protocol):
    """A pipeline that shows less than there is: `unread` is what may be shown of a frame that it did not read."""

    def unread(self, frame: Frame, /) -> Frame: ...


class Frames(Protocol):
    """Frames in the order of time; a live source skips those that come too fast, and counts them as dropped."""

    @property
    def live(self) -> bool: ...

    @property
    def dropped(self) -> int: ...

    def __iter__(self) -> Iterator[Frame]: ...


class Source(Frames, Protocol):
    """Frames, and a context manager; `size` is (width, height); what nobody knows of a source is None."""

    @property
    def name(self) -> str: ...

    @property
    def still(self) -> bool: ...

    @property
    def fps(self) -> float | None: ...

    @property
    def size(self) -> tuple[int, int] | None: ...

    @property
    def frame_count(self) -> int | None: ...

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Sink(Protocol):
    """Takes every result, between enter and exit. Raises SinkError."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def write(self, result: Result, /) -> None: ...


@runtime_checkable
class Patient(Protocol):
    """A sink that keeps what it cannot write for the moment, and says why in `trouble`; "" where all is well."""

    @property
    def trouble(self) -> str: ...
