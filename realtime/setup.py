"""How to read: everything that a pipeline is opened with, for a live run and for every segment of an archive."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from realtime import contracts
from realtime.areas.cut_outs import CutOuts
from realtime.areas.roi import Roi
from realtime.areas.whole_frame import WholeFrame
from realtime.capture.gate import FrameFilter, frame_filter
from realtime.capture.turn import Turn
from realtime.decode.expect import expectations
from realtime.errors import UserError
from realtime.locate.locator import LONGEST
from realtime.modes import Mode, modes_of
from realtime.pipeline import SHIPPED, Instrument, MultiMode, Pipeline, load, plate_locator, second_of
from realtime.privacy.anonymise import Anonymised
from realtime.rules.known import KnownText
from realtime.rules.reported import Rules, rules_of
from realtime.spec import load_spec
from realtime.tracking.change import AGREE
from realtime.tracking.crossings import Line


@dataclass(frozen=True)
class Setup:
    """How to read; sent along with every job, so that any worker can open the pipeline."""

    mode: str
    models: str | None = None
    threads: int = 1
    threshold: float | None = None
    regions: tuple[str, ...] = ()
    rois: tuple[Roi, ...] = ()
    search_size: int | None = None
    turn: Turn = field(default_factory=Turn)
    whole_frame: bool = False
    every: int = 1
    max_fps: float | None = None
    skip_still: bool = False
    skip_blurred: bool = False
    crops: bool = False  # whether pictures of what was seen are wanted
    agree: int = AGREE
    anonymise: bool = False  # whether plates are made unreadable in pictures
    rising: bool = False
    max_rate: float | None = None
    patterns: tuple[str, ...] = ()  # what is expected, beside regions
    known: tuple[KnownText, ...] = ()
    words: tuple[str, ...] = ()
    min_length: int | None = None
    min_height: float = 0.0  # pixels
    line: Line | None = None  # to count those that cross it
    again_after: float | None = None  # minutes

    @property
    def gated(self) -> bool:
        """Whether which frames are read depends on the frames before."""
        return self.every > 1 or bool(self.max_fps) or self.skip_still or self.skip_blurred

    @property
    def shrinks(self) -> bool:
        """Whether objects may be found in a smaller picture of the same moment: not where a finer search is wanted."""
        return not (self.rois or self.whole_frame or self.search_size)

    def gate(self) -> FrameFilter:
        """Which frames to read."""
        return frame_filter(self.every, self.max_fps, self.skip_still, self.skip_blurred)

    def open(self) -> contracts.Pipeline:
        """The pipeline for frames. Raises UserError, of which ModelError is one."""
        if self.anonymise:
            locate = plate_locator(self.models, self.threads, self.search_size or LONGEST)
            return Anonymised(self.reader(), locate)
        if not self.whole_frame:
            return self.reader()
        reader = self.reader()
        if isinstance(reader, MultiMode):
            raise UserError("--whole-frame reads one kind of text.", "Name one --mode.")
        rules = replace(reader.rules, alone=0.0)
        parts = [WholeFrame(self.mode, reader.read_whole, rules) for _ in range(max(1, len(self.rois)))]
        return CutOuts(list(zip(self.rois, parts, strict=True))) if self.rois else parts[0]

    def reader(self, instrument: Instrument = lambda net, network: net) -> Pipeline | MultiMode:
        """The pipeline for single pictures and for frames; `instrument` as `pipeline.load` takes it."""
        return load(
            self.mode,
            self.models,
            self.threads,
            threshold=self.threshold,
            regions=self.regions,
            patterns=self.patterns,
            known=self.known,
            words=self.words,
            min_length=self.min_length,
            min_height=self.min_height,
            line=self.line,
            again_after=self.again_after,
            rois=self.rois,
            search_size=self.search_size or LONGEST,
            agree=self.agree,
            rising=self.rising,
            max_rate=self.max_rate,
            instrument=instrument,
        )

    def check(self) -> None:
        """Raises UserError for what the pipeline would refuse, without opening it."""
        expectations(modes_of(self.mode), self.regions, self.patterns, self.known, self.words)
        self.digest()

    def rules(self, mode: Mode) -> Rules:
        """What texts of a mode must be to be reported, as its pipeline has it."""
        folder = Path(self.models) if self.models else SHIPPED
        return rules_of(
            mode,
            load_spec(folder / f"{mode.name}-reader.json").threshold,
            threshold=self.threshold,
            regions=self.regions,
            known=self.known,
            min_length=self.min_length,
            rising=self.rising,
            max_rate=self.max_rate,
        )

    def digest(self) -> str:
        """What decides over the records, models included, as 16 hex digits."""
        folder = Path(self.models) if self.models else SHIPPED
        modes = modes_of(self.mode)
        names = [f"{mode.name}-{network}" for mode in modes for network in mode.networks]
        names += [f"{second.name}-reader" for mode in modes if (second := second_of(mode, folder))]
        specs = [load_spec(folder / f"{name}.json") for name in names]
        means = [asdict(replace(spec, training={}, scores={})) for spec in specs]
        own = {name: value for name, value in asdict(self).items() if name != "anonymise"}  # no text depends on it
        text = json.dumps([own | {"models": None, "threads": 1}, means])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
