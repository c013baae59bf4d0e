"""One job: a part of a recording, read by a worker; what was seen in it comes back packed."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np

from realtime.archive.identity import reading
from realtime.capture.open import open_file
from realtime.capture.recording import Slice
from realtime.capture.source import Source, is_address
from realtime.capture.turn import Turned
from realtime.errors import SourceError
from realtime.loop import run
from realtime.pipeline import MultiMode, Pipeline
from realtime.privacy.redact import mask
from realtime.setup import Setup
from realtime.stats import Stopwatch
from realtime.tracking.track import cut
from realtime.values import Frame, Quad, Reading, Result, Sighting, Track

_held = threading.local()  # a pipeline serves one thread
NO_PICTURE = np.empty((0, 0), np.uint8)


@dataclass(frozen=True)
class Segment:
    """A recording (an absolute path or a URL), or its frames from `start` to before `end`, in seconds."""

    setup: Setup
    path: str
    number: int = 0
    start: float = 0.0
    end: float = inf

    @property
    def whole(self) -> bool:
        """Whether this is all of the recording."""
        return self.start == 0 and self.end == inf


@dataclass(frozen=True)
class PartResult:
    """What came out of a part: frames, seconds of recording, what went wrong, and every sighting, packed."""

    frames: int
    seconds: float
    failure: str
    notes: bytes


def read_segment(part: Segment, stop: threading.Event | None = None) -> PartResult:
    """Read a part in this process, with one thread; a source that cannot be read (on) is told in `failure`."""
    cv2.setNumThreads(1)
    notes, stop = Observations(pipeline_of(part.setup), part.setup.crops), stop or threading.Event()
    try:
        with fetched(part.path) as path, opened(path, part, stop) as source:
            summary = run(source, notes, [notes], stop, gate=part.setup.gate())
    except SourceError as error:
        return PartResult(0, 0.0, str(error), notes.packed())
    if summary.stopped:
        raise InterruptedError("stopped")
    return PartResult(summary.frames, spanned(summary.frames, *notes.times), " ".join(summary.failures), notes.packed())


def spanned(frames: int, first: float = 0.0, last: float = 0.0) -> float:
    """Seconds of a recording that frames cover: the last one lasts as long as the others on average."""
    return (last - first) * frames / (frames - 1) if frames > 1 else 0.0


def opened(path: str, part: Segment, stop: threading.Event) -> Source:
    """The frames of a part."""
    source = open_file(path, stop) if part.whole else Slice(path, part.start, part.end, stop)
    return Turned(source, part.setup.turn) if part.setup.turn else source


def pipeline_of(setup: Setup) -> Pipeline | MultiMode:
    """This thread's pipeline, made at the first job."""
    if getattr(_held, "setup", None) != setup:  # a thread-local begins without attributes
        _held.setup, _held.pipeline = setup, setup.reader()
    pipeline: Pipeline | MultiMode = _held.pipeline
    return pipeline


class Observations:
    """Stands where the pipeline stands and where a sink does: reads frames, remembers what was seen, tracks nothing."""

    def __init__(self, pipeline: Pipeline | MultiMode, crops: bool) -> None:
        self._pipeline, self._crops = pipeline, crops
        self.mode, self.threshold = pipeline.mode, pipeline.threshold
        self._rows: list[Any] = []
        self._best: dict[str, tuple[float, np.ndarray]] = {}
        self.times: tuple[float, float] | tuple[()] = ()  # of the first and the last frame

    def __call__(self, frame: Frame) -> Result:
        sightings = tuple(self._pipeline.see(frame, Stopwatch()))
        self._rows.append([frame.index, frame.time, frame.still, [row_of(s) for s in sightings]])
        for sighting in sightings if self._crops else ():
            self._keep(sighting, frame.image)
        return Result(frame, sightings)

    def _keep(self, sighting: Sighting, image: np.ndarray) -> None:
        """The picture of the surest sighting of each text."""
        text, confidence = sighting.reading.text, sighting.reading.confidence
        if confidence > self._best.get(text, (-1.0,))[0]:
            self._best[text] = confidence, cut(image, sighting)

    def set_threshold(self, value: float) -> None:
        """That of an archive never changes."""
        raise NotImplementedError

    def flush(self) -> tuple[Track, ...]:
        return ()

    def __enter__(self) -> Observations:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, result: Result) -> None:
        """Note the frame's time."""
        time = result.frame.time
        self.times = (self.times[0] if self.times else time), time

    def packed(self) -> bytes:
        """All of it as compressed JSON."""
        crops = {text: _png(picture) for text, (_, picture) in self._best.items()}
        return zlib.compress(json.dumps({"rows": self._rows, "crops": crops}, default=float).encode(), 6)


def row_of(s: Sighting) -> list[Any]:
    """A sighting as JSON-ready values; floats come back exactly."""
    r = s.reading
    place = [s.quad.corners, s.score, s.mode, s.line, s.beside]
    return [*place, r.text, r.confidences, r.confidence, r.region, r.candidates]


def sighting_of(row: list[Any]) -> Sighting:
    """What row_of was given."""
    corners, score, mode, line, beside, text, confidences, confidence, region, candidates = row
    quad = Quad(tuple((x, y) for x, y in corners))
    likeliest = tuple((other, p) for other, p in candidates)
    return Sighting(quad, Reading(text, tuple(confidences), confidence, region, likeliest), score, mode, line, beside)


@dataclass(frozen=True, eq=False)
class Notes:
    """What was seen in a part: frames without their pictures, each with its sightings, and a crop of each text."""

    frames: tuple[tuple[Frame, tuple[Sighting, ...]], ...]
    crops: Mapping[str, np.ndarray]


def unpacked(notes: bytes) -> Notes:
    """What Observations packed."""
    held = json.loads(zlib.decompress(notes))
    frames = (
        (Frame(index, time, NO_PICTURE, still=still), tuple(sighting_of(row) for row in rows))
        for index, time, still, rows in held["rows"]
    )
    return Notes(tuple(frames), {text: _picture(data) for text, data in held["crops"].items()})


def _png(picture: np.ndarray) -> str:
    return base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()


def _picture(data: str) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    return NO_PICTURE if picture is None else picture


@contextmanager
def fetched(path: str) -> Iterator[str]:
    """A path that can be opened here: its own, or that of a copy of what a URL names, gone afterwards."""
    if not is_address(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="glyphcam-") as folder:
        copy = Path(folder) / (PurePosixPath(urlsplit(path).path).name or "recording")
        with reading(path) as (remote, size), copy.open("wb") as local:
            shutil.copyfileobj(remote, local, 1 << 20)
        got = copy.stat().st_size
        if size is not None and got != size:
            raise SourceError(
                f"{mask(path)} was changed while it was fetched ({got} of {size} bytes).", "Read it again."
            )
        yield str(copy)
