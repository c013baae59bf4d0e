"""Several modes in one pass over the frame: the picture is made gray and shrunk once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

from realtime.errors import ModelError
from realtime.locate import levels
from realtime.pipeline import Pipeline
from realtime.pipeline import load as load_one
from realtime.preprocess import to_gray
from realtime.stats import Stopwatch
from realtime.values import Frame, Result, Sighting, Track


class Once:
    """A function of a picture that is worked out once, however many ask in turn about the same picture."""

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._asked: tuple = ()
        self._answer = None

    def __call__(self, image: np.ndarray, *rest):
        if not self._asked or image is not self._asked[0] or rest != self._asked[1:]:
            self._asked, self._answer = (image, *rest), self._function(image, *rest)
        return self._answer

    def forget(self) -> None:
        """The next picture is another one, even if it lies in the same place."""
        self._asked, self._answer = (), None


class Several:
    """Pipelines as one; every sighting says its mode, every track of a recording has a number of its own."""

    def __init__(self, pipelines: Sequence[Pipeline]) -> None:
        self.pipelines = tuple(pipelines)
        self.mode = ",".join(p.mode for p in self.pipelines)
        self.agree = self.pipelines[0].agree
        self._gray, self._pyramid = Once(to_gray), Once(lambda gray, longest: tuple(levels(gray, longest)))
        ids = count(1)
        for pipeline in self.pipelines:
            pipeline.gray, pipeline.locator.pyramid, pipeline.tracker.ids = self._gray, self._pyramid, ids

    @property
    def threshold(self) -> float:
        """That of the first mode; set, it moves those of the others by as much."""
        return self.pipelines[0].threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        step = value - self.threshold
        for pipeline in self.pipelines:
            pipeline.threshold = min(1.0, max(0.0, pipeline.threshold + step))

    def read(self, image: np.ndarray) -> list[Sighting]:
        """Every object of every mode, mode by mode."""
        self._forget()
        return [sighting for pipeline in self.pipelines for sighting in pipeline.read(image)]

    def see(self, frame: Frame, watch: Stopwatch) -> list[Sighting]:
        """What a frame shows before it is followed, mode by mode."""
        self._forget()
        return [sighting for pipeline in self.pipelines for sighting in pipeline.see(frame, watch)]

    def __call__(self, frame: Frame) -> Result:
        """One frame through all modes; a stage's time is that of all modes together."""
        self._forget()
        results = [pipeline(frame) for pipeline in self.pipelines]
        stages = dict.fromkeys(stage for result in results for stage in result.timings)
        return Result(
            frame,
            joined(r.sightings for r in results),
            joined(r.tracks for r in results),
            joined(r.confirmed for r in results),
            joined(r.ended for r in results),
            {stage: sum(r.timings.get(stage, 0.0) for r in results) for stage in stages},
        )

    def flush(self) -> tuple[Track, ...]:
        """End every track of every mode."""
        return joined(pipeline.flush() for pipeline in self.pipelines)

    def _forget(self) -> None:
        self._gray.forget()
        self._pyramid.forget()


def joined(parts) -> tuple:
    """The items of all parts, in order."""
    return tuple(item for part in parts for item in part)


def load(modes: str, *args, **options) -> Pipeline | Several:
    """`pipeline.load` for one mode or several: "plates" or "plates,digits". Raises ModelError."""
    names = [name for name in modes.split(",") if name]
    if len(set(names)) != len(names) or not names:
        raise ModelError(f"{modes!r} names a mode twice or none.", "Write, for example: plates,digits.")
    pipelines = [load_one(name, *args, **options) for name in names]
    return pipelines[0] if len(pipelines) == 1 else Several(pipelines)
