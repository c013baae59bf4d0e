"""One pipeline for every mode: gray, locate, read, track and vote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from realtime.errors import ModelError
from realtime.locate import INSIDE, Locator, nms, pyramid
from realtime.model import Model
from realtime.preprocess import around_ink, to_gray, whole
from realtime.recognise import NOTHING, Recogniser, softmax
from realtime.refine import Refiner
from realtime.regions import formats, match, repair
from realtime.spec import ALPHABETS
from realtime.stats import Stopwatch
from realtime.track import AGREE, Step, Tracker
from realtime.values import Detection, Frame, Quad, Reading, Result, Sighting, Track, intersection

HERE = Path(__file__).resolve().parent
SHIPPED = next((f for f in (HERE / "models", HERE.parent / "models") if f.is_dir()), HERE / "models")  # wheel, checkout
ALONE = 0.75  # least confidence of a single character that was found: textures look like an I or a 0, not like a word
WIDE = 1.3  # widths per height from which a whole picture rather shows several characters than one
LEAST = {"digits": 1, "characters": 1, "plates": 3}  # characters of the shortest text that is reported


class Pipeline:
    """Reads pictures (`read`, `read_whole`: no memory) and frames in turn (calling it: with tracking).

    `threshold` decides which readings count, on the calibrated confidence of the whole text, 0 to 1.
    """

    def __init__(
        self, mode, locator, recogniser, refiner=None, classifier=None, *, threshold=None, regions=(), agree=AGREE
    ) -> None:
        self.mode, self.locator, self.recogniser = mode, locator, recogniser
        self.refiner, self.classifier, self.regions, self.agree = refiner, classifier, tuple(regions), agree
        self.threshold = recogniser.spec.threshold if threshold is None else threshold
        self.tracker, self.gray = Tracker(agree), to_gray

    def read(self, image: np.ndarray) -> list[Sighting]:
        """Every object of a uint8 BGR (H, W, 3) or gray (H, W) picture, best first."""
        return self._sightings(self.gray(image), Stopwatch(), again=True)

    def detections(self, image: np.ndarray) -> list[Detection]:
        """Where objects are, unread: what `read` would look at."""
        return self._detections(to_gray(image), Stopwatch())

    def read_whole(self, image: np.ndarray) -> Reading:
        """The picture is the object: its reading, empty where it says nothing of this mode."""
        gray = to_gray(image)
        reading = self.recogniser.whole(gray)
        if self.classifier:
            reading = single_or_string(self.classifier.whole(gray), reading, gray.shape)
        if self.refiner:
            reading = max(reading, self._straightened(gray), key=lambda r: r.confidence)
        return self._ruled(reading)

    def classify(self, image: np.ndarray, most: int = 5) -> list[tuple[str, float]]:
        """The likeliest single characters of a drawing with their probabilities; "" stands for none of them."""
        reader = self.classifier or self.recogniser
        p = softmax(reader.net(self.network_input(image)[None, ..., None])[0], reader.spec.temperature)
        names = [*reader.spec.alphabet, ""]
        p = p if p.ndim == 1 else p.max(0)
        return [(names[i], float(p[i])) for i in np.argsort(-p)[:most]]

    def network_input(self, image: np.ndarray) -> np.ndarray:
        """Exactly what the network receives for a drawing, which may stand anywhere on its sheet: uint8 (h, w)."""
        return (self.classifier or self.recogniser).input(around_ink(to_gray(image)))

    def __call__(self, frame: Frame) -> Result:
        """One frame of a recording or a camera, in the order of time; a still picture is a recording of its own."""
        watch = Stopwatch()
        sightings = self.see(frame, watch)
        with watch("track"):
            step = follow(self.tracker, frame, sightings)
        return Result(frame, tuple(sightings), step.tracks, step.confirmed, step.ended, watch.take())

    def see(self, frame: Frame, watch: Stopwatch) -> list[Sighting]:
        """What a frame shows before it is followed; a still picture deserves a second look at what is unsure."""
        with watch("gray"):
            gray = self.gray(frame.image)
        return self._sightings(gray, watch, again=frame.still, small=frame.small)

    def needed(self, reading: Reading) -> float:
        """How sure a reading must be."""
        return max(self.threshold, ALONE) if len(reading.text) == 1 else self.threshold

    def flush(self) -> tuple[Track, ...]:
        """End every track: nothing more will come from this source."""
        return self.tracker.flush()

    def _sightings(self, gray: np.ndarray, watch: Stopwatch, again: bool = False, small=None) -> list[Sighting]:
        """Sightings as sure as they must be, best first."""
        detections = self._detections(gray, watch, small)
        with watch("read"):
            sightings = [replace(s, reading=self._ruled(s.reading)) for s in self.recogniser(gray, detections, again)]
        sure = [s for s in sightings if s.reading.text and s.reading.confidence >= self.needed(s.reading)]
        return suppress_overlaps(sure)

    def _detections(self, gray: np.ndarray, watch: Stopwatch, small: np.ndarray | None = None) -> list[Detection]:
        """Detections of a gray picture (H, W); found in the small one (h, w) of the same moment, where there is one."""
        with watch("locate"):
            found = self.locator(gray) if small is None else enlarged(self.locator(small), small.shape, gray.shape)
            detections = [s for s in found if inside(s, gray.shape)]
        if not self.refiner:
            return detections
        with watch("refine"):
            return nms(self.refiner(gray, detections))

    def _straightened(self, gray: np.ndarray) -> Reading:
        """The reading of the object after its corners were looked for in a picture cropped around it."""
        detections = self.refiner(gray, [Detection(whole(gray), 1.0)])
        return next((s.reading for s in self.recogniser(gray, detections, again=True)), NOTHING)

    def _ruled(self, reading: Reading) -> Reading:
        """The reading under the mode's rules: long enough, and with the region whose format it has."""
        if len(reading.text) < LEAST[self.mode]:
            return NOTHING
        if not self.regions:
            return reading
        reading = repair(reading, self.regions)
        return replace(reading, region=match(reading.text, self.regions))


def follow(tracker: Tracker, frame: Frame, sightings: Sequence[Sighting]) -> Step:
    """What the sightings of one more frame change; those of a still picture are tracks of their own at once."""
    if not frame.still:
        return tracker(frame.time, frame.index, sightings, frame.image)
    alone = Tracker(agree=1)
    alone.cut = tracker.cut
    step = alone(frame.time, frame.index, sightings, frame.image)
    return replace(step, ended=alone.flush())


def suppress_overlaps(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The sightings best first; of those that share most of the smaller one's place only the one that says most."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda s: (-len(s.reading.text), -s.reading.confidence)):
        boxes = [(k.box, sighting.box) for k in kept]
        if all(intersection(a, b) <= INSIDE * min(a.area, b.area) for a, b in boxes):
            kept.append(sighting)
    return sorted(kept, key=lambda s: -s.reading.confidence)


def enlarged(detections: Sequence[Detection], small: tuple[int, int], large: tuple[int, int]) -> list[Detection]:
    """Detections of a picture (height, width) in the pixels of a larger one of the same moment."""
    scale = np.divide(large, small)[::-1]
    return [Detection(Quad.of(detection.quad.array() * scale), detection.score) for detection in detections]


def inside(detection: Detection, shape: tuple[int, int]) -> bool:
    """Whether the object lies within the picture: one cut by its edge would give half a text."""
    box, slack = detection.box, 0.15 * detection.box.height + 1
    return box.x0 >= -slack and box.y0 >= -slack and box.x1 <= shape[1] + slack and box.y1 <= shape[0] + slack


def single_or_string(single: Reading, string: Reading, shape: tuple[int, int]) -> Reading:
    """One character or several: the string where it is longer, and the picture wide or the string the surer."""
    wide = shape[1] > WIDE * shape[0]
    several = len(string.text) > 1 and (wide or string.confidence > max(0.5, single.confidence))
    return string if several else single


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


class MultiMode:
    """Pipelines as one; every sighting says its mode, every track of a recording has a number of its own."""

    def __init__(self, pipelines: Sequence[Pipeline]) -> None:
        self.pipelines = tuple(pipelines)
        self.mode = ",".join(p.mode for p in self.pipelines)
        self.agree = self.pipelines[0].agree
        self._gray, self._pyramid = Once(to_gray), Once(lambda gray, longest: tuple(pyramid(gray, longest)))
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


def load(modes: str, models: str | Path | None = None, threads: int = 1, **options) -> Pipeline | MultiMode:
    """The pipeline of a mode, or of several as one: "plates", "plates,digits".

    Raises ModelError for an unknown mode and for missing or damaged models, UserError for an unknown region.
    """
    names = [name for name in modes.split(",") if name]
    if len(set(names)) != len(names) or not names:
        raise ModelError(f"{modes!r} names a mode twice or none.", "Write, for example: plates,digits.")
    pipelines = [load_one(name, models, threads, **options) for name in names]
    return pipelines[0] if len(pipelines) == 1 else MultiMode(pipelines)


def load_one(
    mode: str,
    models: str | Path | None = None,
    threads: int = 1,
    *,
    threshold: float | None = None,
    regions: Sequence[str] = (),
    agree: int = AGREE,
) -> Pipeline:
    """The pipeline of a mode ("digits", "characters", "plates") with the shipped models or those in a folder.

    Raises ModelError for an unknown mode and for missing or damaged models, UserError for an unknown region.
    """
    if mode not in ALPHABETS:
        raise ModelError(f"{mode!r} is not a mode.", f"Choose one of: {', '.join(ALPHABETS)}.")
    formats(regions)  # a region that is not known is refused now, not at the first reading
    folder = Path(models) if models else SHIPPED
    nets = {kind: Model(folder / f"{mode}-{kind}.tflite", threads=threads) for kind in KINDS_OF[mode]}
    locator = Locator(nets["locator"], nets["locator"].spec)
    recogniser = Recogniser(nets["reader"], nets["reader"].spec, mode)
    refiner = Refiner(nets["corners"], nets["corners"].spec) if "corners" in nets else None
    classifier = Recogniser(nets["classifier"], nets["classifier"].spec, mode) if "classifier" in nets else None
    return Pipeline(mode, locator, recogniser, refiner, classifier, threshold=threshold, regions=regions, agree=agree)


KINDS_OF = {
    "digits": ("locator", "reader", "classifier"),
    "characters": ("locator", "reader", "classifier"),
    "plates": ("locator", "corners", "reader"),
}
