"""How to read: everything that a pipeline is opened with, for a live run and for every part of an archive."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from realtime.gate import FrameFilter, frame_filter
from realtime.pipeline import KINDS_OF, SHIPPED, load
from realtime.roi import Roi, Within
from realtime.spec import load_spec
from realtime.track import AGREE


@dataclass(frozen=True)
class Setup:
    """How to read: sent along with every job, so that any worker can make the pipeline."""

    mode: str
    models: str | None = None
    threads: int = 1
    threshold: float | None = None
    regions: tuple[str, ...] = ()
    roi: Roi | None = None
    every: int = 1
    max_fps: float | None = None
    skip_still: bool = False
    skip_blurred: bool = False
    crops: bool = False  # whether pictures of what was seen are wanted
    agree: int = AGREE

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes, in order."""
        return tuple(self.mode.split(","))

    @property
    def gated(self) -> bool:
        """Whether which frames are read depends on the frames before."""
        return self.every > 1 or bool(self.max_fps) or self.skip_still or self.skip_blurred

    def gate(self) -> FrameFilter:
        """Which frames to read."""
        return frame_filter(self.every, self.max_fps, self.skip_still, self.skip_blurred)

    def open(self):
        """The pipeline. Raises ModelError."""
        regions = {"threshold": self.threshold, "regions": self.regions, "agree": self.agree}
        pipeline = load(self.mode, self.models, self.threads, **regions)
        for one in getattr(pipeline, "pipelines", (pipeline,)) if self.roi else ():
            one.locator = Within(one.locator, self.roi)
        return pipeline

    def digest(self) -> str:
        """What decides over the records, models included, as 16 hex digits."""
        folder = Path(self.models) if self.models else SHIPPED
        specs = [load_spec(folder / f"{mode}-{kind}.json") for mode in self.modes for kind in KINDS_OF[mode]]
        text = json.dumps([asdict(self) | {"models": None, "threads": 1}, [spec.sha256 for spec in specs]])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
