"""How to read: everything that a pipeline is opened with, for a live run and for every segment of an archive."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from realtime import contracts
from realtime.change import AGREE
from realtime.errors import UserError
from realtime.gate import FrameFilter, frame_filter
from realtime.modes import Mode, modes_of
from realtime.pipeline import SHIPPED, Instrument, MultiMode, Pipeline, load
from realtime.roi import Roi
from realtime.rules import Rules, rules_of
from realtime.spec import load_spec
from realtime.whole_frame import WholeFrame


@dataclass(frozen=True)
class Setup:
    """How to read; sent along with every job, so that any worker can open the pipeline."""

    mode: str
    models: str | None = None
    threads: int = 1
    threshold: float | None = None
    regions: tuple[str, ...] = ()
    roi: Roi | None = None
    whole_frame: bool = False
    every: int = 1
    max_fps: float | None = None
    skip_still: bool = False
    skip_blurred: bool = False
    crops: bool = False  # whether pictures of what was seen are wanted
    agree: int = AGREE
    rising: bool = False
    max_rate: float | None = None

    @property
    def gated(self) -> bool:
        """Whether which frames are read depends on the frames before."""
        return self.every > 1 or bool(self.max_fps) or self.skip_still or self.skip_blurred

    @property
    def shrinks(self) -> bool:
        """Whether objects may be found in a smaller picture of the same moment: not where a part is searched."""
        return not (self.roi or self.whole_frame)

    def gate(self) -> FrameFilter:
        """Which frames to read."""
        return frame_filter(self.every, self.max_fps, self.skip_still, self.skip_blurred)

    def open(self) -> contracts.Pipeline:
        """The pipeline for frames. Raises UserError, of which ModelError is one."""
        if not self.whole_frame:
            return self.reader()
        if self.roi:
            raise UserError("--roi and --whole-frame exclude each other.", "Leave one out.")
        reader = self.reader()
        if isinstance(reader, MultiMode):
            raise UserError("--whole-frame reads one kind of text.", "Name one --mode.")
        return WholeFrame(self.mode, reader.read_whole, replace(reader.rules, alone=0.0))

    def reader(self, instrument: Instrument = lambda net, network: net) -> Pipeline | MultiMode:
        """The pipeline for single pictures and for frames; `instrument` as `pipeline.load` takes it."""
        return load(
            self.mode,
            self.models,
            self.threads,
            threshold=self.threshold,
            regions=self.regions,
            roi=self.roi,
            agree=self.agree,
            rising=self.rising,
            max_rate=self.max_rate,
            instrument=instrument,
        )

    def rules(self, mode: Mode) -> Rules:
        """What texts of a mode must be to be reported, as its pipeline has it."""
        folder = Path(self.models) if self.models else SHIPPED
        return rules_of(
            mode,
            load_spec(folder / f"{mode.name}-reader.json").threshold,
            threshold=self.threshold,
            regions=self.regions,
            rising=self.rising,
            max_rate=self.max_rate,
        )

    def digest(self) -> str:
        """What decides over the records, models included, as 16 hex digits."""
        folder = Path(self.models) if self.models else SHIPPED
        modes = modes_of(self.mode)
        specs = [load_spec(folder / f"{mode.name}-{network}.json") for mode in modes for network in mode.networks]
        text = json.dumps([asdict(self) | {"models": None, "threads": 1}, [spec.sha256 for spec in specs]])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
