"""One pipeline for every mode: gray, locate, read, track and vote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from realtime import contracts
from realtime.areas.closer import Closer
from realtime.areas.roi import Roi, Within
from realtime.areas.tiles import Tiles
from realtime.contracts import Net
from realtime.decode.expect import Expectation, expectations
from realtime.decode.letters import Letters, load_letters
from realtime.locate.locator import INSIDE, LONGEST, Locator, nms, pyramid
from realtime.locate.refine import Refiner
from realtime.locate.text_locator import STILL, FollowingTextLocator, TextLocator, ThoroughTextLocator
from realtime.model import Model, open_model
from realtime.modes import MODES, Mode, modes_of
from realtime.preprocess import around_ink, contrast_raised, frame_quad, to_gray
from realtime.recognise import NOTHING, Recogniser
from realtime.review.completeness import Completeness, longer
from realtime.review.reading_order import beside_words, in_reading_order
from realtime.review.second_opinion import SecondOpinion
from realtime.rules import containers
from realtime.rules.known import KnownText
from realtime.rules.reported import Reporting, Rules, rules_of
from realtime.spec import ModelSpec
from realtime.stats import Stopwatch
from realtime.tracking.change import AGREE
from realtime.tracking.crossings import Line
from realtime.tracking.track import Tracker, follow
from realtime.tracking.visits import followed
from realtime.values import Detection, Frame, Reading, Result, Sighting, Track, intersection

T = TypeVar("T")
Pyramid = Callable[[np.ndarray, int], Iterable[tuple[np.ndarray, float]]]
Instrument = Callable[[Model, str], Net]  # puts something around a network, given its name, such as a stopwatch
HERE = Path(__file__).resolve().parent
SHIPPED = next((f for f in (HERE / "models", HERE.parent / "models") if f.is_dir()), HERE / "models")  # wheel, checkout
CAUTIOUS = 0.6, 0.8  # of the thresholds of locator and corner network, where what is located is hidden
WIDE = 1.3  # widths per height from which a whole picture rather shows several characters than one
CROP = 320  # pixels of the longer side: a single picture that is no larger may be an object that was cut out


class Pipeline(Reporting):
    """Reads pictures (`read`, `read_whole`: no memory) and frames in turn (calling it: with tracking).

    `rules` say which readings count. `thorough`, a locator that may take more time, searches single pictures where it
    is given. `reviews` look again at what was read, one after the other.
    """

    def __init__(
        self,
        mode: Mode,
        locator: contracts.Locator,
        recogniser: contracts.Reader,
        *,
        thorough: contracts.Locator | None = None,
        refiner: contracts.Refiner | None = None,
        classifier: contracts.Reader | None = None,
        reviews: Sequence[contracts.Review] = (),
        rules: Rules,
        agree: int = AGREE,
        gray: Callable[[np.ndarray], np.ndarray] = to_gray,
        ids: Iterator[int] | None = None,
        min_height: float = 0.0,
        line: Line | None = None,
        again_after: float | None = None,
    ) -> None:
        self._mode, self.locator, self.recogniser = mode, locator, recogniser
        self.thorough = thorough or locator
        self.refiner, self.classifier, self.reviews, self._gray = refiner, classifier, reviews, gray
        super().__init__(rules)
        self._min_height = min_height
        self._tracker = followed(Tracker(agree, rules=lambda: self._rules, ids=ids), line, again_after)

    @property
    def mode(self) -> str:
        """The mode's name."""
        return self._mode.name

    def read(self, image: np.ndarray) -> list[Sighting]:
        """Every object of a uint8 BGR (H, W, 3) or gray (H, W) picture, best first."""
        found = self._sightings(self._gray(image), Stopwatch(), self._rules, again=True)
        return sorted(found, key=lambda s: -s.reading.confidence)

    def detections(self, image: np.ndarray) -> list[Detection]:
        """Where objects are, unread: what `read` would look at."""
        return self._detections(to_gray(image), Stopwatch(), self.thorough)

    def read_whole(self, image: np.ndarray) -> Reading:
        """The picture is the object: its reading, empty where it says nothing of this mode."""
        gray = to_gray(image)
        reading = self.recogniser.whole(gray)
        if self.classifier:
            reading = single_or_string(self.classifier.whole(gray), reading, gray.shape)
        if self.refiner:
            reading = max(reading, self._straightened(gray, self.refiner), key=lambda r: r.confidence)
        return self._rules.applied(reading)

    def classify(self, image: np.ndarray, most: int = 5) -> list[tuple[str, float]]:
        """The likeliest single characters of a drawing with their probabilities; "" stands for none of them."""
        return (self.classifier or self.recogniser).likeliest(self.network_input(image), most)

    def network_input(self, image: np.ndarray) -> np.ndarray:
        """Exactly what the network receives for a drawing, which may stand anywhere on its sheet: uint8 (h, w)."""
        return (self.classifier or self.recogniser).input(around_ink(to_gray(image)))

    def __call__(self, frame: Frame) -> Result:
        """One frame of a recording or a camera, in the order of time; a still picture is a recording of its own."""
        watch = Stopwatch()
        return self.follow(frame, self.see(frame, watch), watch)

    def follow(self, frame: Frame, sightings: Sequence[Sighting], watch: Stopwatch) -> Result:
        """What the sightings of a frame change; `watch` has the time that it took to see them."""
        with watch("track"):
            step = follow(self._tracker, frame, sightings)
        shown = tuple(s for s in sightings if self._rules.accepts(s.reading, s.beside))
        changes = step.tracks, step.confirmed, step.ended
        return Result(frame, shown, *changes, watch.take(), doubtful=step.doubtful, crossed=step.crossed)

    def see(self, frame: Frame, watch: Stopwatch) -> list[Sighting]:
        """What a frame shows before it is followed; a still picture deserves a second look at what is unsure."""
        with watch("gray"):
            gray = self._gray(frame.image)
        return self._sightings(gray, watch, self._loosest, again=frame.still, small=frame.small)

    def flush(self) -> tuple[Track, ...]:
        """End every track: nothing more will come from this source."""
        return self._tracker.flush()

    def _sightings(
        self, gray: np.ndarray, watch: Stopwatch, rules: Rules, again: bool = False, small: np.ndarray | None = None
    ) -> list[Sighting]:
        """Sightings that the rules accept, in reading order; a single picture that shows none gets another look."""
        accepted = self._accepted(gray, watch, rules, again, small)
        if again and not accepted:
            accepted = self._accepted(contrast_raised(gray), watch, rules, again)
        if again and not accepted and max(gray.shape) <= CROP:
            accepted = self._as_crop(gray, rules)
        found = in_reading_order(suppress_overlaps(accepted))
        return self._as_words(found, rules) if self._mode.words else found

    def _accepted(
        self, gray: np.ndarray, watch: Stopwatch, rules: Rules, again: bool, small: np.ndarray | None = None
    ) -> list[Sighting]:
        """What is found and read in a gray picture (H, W), as far as the rules accept it."""
        detections = self._detections(gray, watch, self.thorough if again else self.locator, small)
        with watch("read"):
            read = self.recogniser(gray, detections, again=again)
            for review in self.reviews:
                read = review(gray, read, again)
            if self._mode.words:
                read = self._with_codes(gray, read, rules, again)
            sightings = [replace(s, reading=rules.applied(s.reading)) for s in read]
        return [s for s in sightings if rules.accepts(s.reading, beside=self._mode.words)]

    @staticmethod
    def _as_words(ordered: Sequence[Sighting], rules: Rules) -> list[Sighting]:
        """Texts in reading order: without signs that stand alone and are not sure."""
        return [s for s in beside_words(ordered) if rules.accepts(s.reading, s.beside)]

    def _with_codes(self, gray: np.ndarray, read: Sequence[Sighting], rules: Rules, again: bool) -> list[Sighting]:
        """Sightings with the parts of container codes as one; with `again` there is time to look for check digits."""

        def beyond(sighting: Sighting) -> Sighting:
            wider = longer(sighting.quad, containers.FRAMED, right=True)
            return self.recogniser(gray, [Detection(wider, sighting.score)], again=True)[0]

        if sum(c.isdigit() for s in read for c in s.reading.text) < containers.DIGITAL:
            return list(read)
        said = in_reading_order([s for s in read if s.reading.text])
        return containers.joined(said, rules.threshold, beyond if again else None)

    def _detections(
        self, gray: np.ndarray, watch: Stopwatch, locate: contracts.Locator, small: np.ndarray | None = None
    ) -> list[Detection]:
        """Detections of a gray picture (H, W); found in the small one (h, w) of the same moment, where there is one."""
        with watch("locate"):
            found = locate(gray) if small is None else enlarged(locate(small), small.shape, gray.shape)
            detections = [s for s in found if inside(s, gray.shape)]
        if self.refiner:
            with watch("refine"):
                detections = nms(self.refiner(gray, detections))
        return [s for s in detections if s.quad.size[1] >= self._min_height]

    def _as_crop(self, gray: np.ndarray, rules: Rules) -> list[Sighting]:
        """What a small single picture says that may be no scene but the object itself, cut out by somebody."""
        reading = self.read_whole(gray)
        return [Sighting(frame_quad(gray), reading, 1.0, self.mode)] if rules.accepts(reading) else []

    def _straightened(self, gray: np.ndarray, refiner: contracts.Refiner) -> Reading:
        """The reading of the object after its corners were looked for in a picture cropped around it."""
        detections = refiner(gray, [Detection(frame_quad(gray), 1.0)])
        return next((s.reading for s in self.recogniser(gray, detections, again=True)), NOTHING)


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
    return [detection.mapped(lambda points: points * scale) for detection in detections]


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

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._asked: tuple[Any, ...] = ()
        self._answer: Any = None

    def __call__(self, image: np.ndarray, *rest: object) -> Any:
        if not self._asked or image is not self._asked[0] or rest != self._asked[1:]:
            self._asked, self._answer = (image, *rest), self._function(image, *rest)
        return self._answer

    def forget(self) -> None:
        """Work it out anew at the next call."""
        self._asked, self._answer = (), None


class Shared:
    """What the modes of one pass over a frame share: the gray picture, the pyramid, the numbers of tracks."""

    def __init__(self) -> None:
        self.gray = Once(to_gray)
        self.pyramid = Once(lambda gray, longest: tuple(pyramid(gray, longest)))
        self.ids = count(1)

    def forget(self) -> None:
        """The next frame is another one, even if its picture lies in the same place in memory."""
        self.gray.forget()
        self.pyramid.forget()


class MultiMode:
    """Pipelines as one; every sighting says its mode, every track of a recording has a number of its own."""

    def __init__(self, pipelines: Sequence[Pipeline], shared: Shared) -> None:
        self.pipelines, self._shared = tuple(pipelines), shared

    @property
    def mode(self) -> str:
        """The modes' names with commas between."""
        return ",".join(pipeline.mode for pipeline in self.pipelines)

    @property
    def threshold(self) -> float:
        """That of the first mode."""
        return self.pipelines[0].threshold

    def set_threshold(self, value: float) -> None:
        """Set that of the first mode and move those of the others by as much."""
        step = value - self.threshold
        for pipeline in self.pipelines:
            pipeline.set_threshold(pipeline.threshold + step)

    def read(self, image: np.ndarray) -> list[Sighting]:
        """Every object of every mode, mode by mode."""
        self._shared.forget()
        return [sighting for pipeline in self.pipelines for sighting in pipeline.read(image)]

    def see(self, frame: Frame, watch: Stopwatch) -> list[Sighting]:
        """What a frame shows before it is followed, mode by mode."""
        self._shared.forget()
        return [sighting for pipeline in self.pipelines for sighting in pipeline.see(frame, watch)]

    def __call__(self, frame: Frame) -> Result:
        """One frame through all modes; a stage's time is that of all modes together."""
        self._shared.forget()
        return combined(frame, [pipeline(frame) for pipeline in self.pipelines])

    def follow(self, frame: Frame, sightings: Sequence[Sighting], watch: Stopwatch) -> Result:
        """What the sightings of a frame change, each of them in its own mode."""
        parts = [[s for s in sightings if s.mode == pipeline.mode] for pipeline in self.pipelines]
        results = [p.follow(frame, part, Stopwatch()) for p, part in zip(self.pipelines, parts, strict=True)]
        seen = Result(frame, timings=watch.take())
        return combined(frame, [seen, *results])

    def flush(self) -> tuple[Track, ...]:
        """End every track of every mode."""
        return joined(pipeline.flush() for pipeline in self.pipelines)


def combined(frame: Frame, results: Sequence[Result]) -> Result:
    """The results of several modes for one frame as one."""
    stages = dict.fromkeys(stage for result in results for stage in result.timings)
    return Result(
        frame,
        joined(r.sightings for r in results),
        joined(r.tracks for r in results),
        joined(r.confirmed for r in results),
        joined(r.ended for r in results),
        {stage: sum(r.timings.get(stage, 0.0) for r in results) for stage in stages},
        doubtful=joined(r.doubtful for r in results),
        crossed=joined(r.crossed for r in results),
    )


def joined(parts: Iterable[Sequence[T]]) -> tuple[T, ...]:
    """The items of all parts, in order."""
    return tuple(item for part in parts for item in part)


def load(
    modes: str,
    models: str | Path | None = None,
    threads: int = 1,
    *,
    threshold: float | None = None,
    regions: Sequence[str] = (),
    patterns: Sequence[str] = (),
    known: Sequence[KnownText] = (),
    words: Sequence[str] = (),
    min_length: int | None = None,
    min_height: float = 0.0,
    line: Line | None = None,
    again_after: float | None = None,
    rois: Sequence[Roi] = (),
    search_size: int = LONGEST,
    agree: int = AGREE,
    rising: bool = False,
    max_rate: float | None = None,
    instrument: Instrument = lambda net, network: net,
) -> Pipeline | MultiMode:
    """The pipeline of a mode, or of several as one ("plates", "plates,digits"), with the shipped models or a folder's.

    Objects are looked for in `rois` alone, where there are any, and in pictures whose longer side is shrunk to
    `search_size` pixels; text in single pictures in STILL of them at least, and plates a second time in CLOSER times as
    many. `instrument(net, network)` may put something around each network, such as a stopwatch around the "locator".
    `regions` (plate formats), `patterns`, `known` texts and `words` are what is expected; see docs/running.md. Raises
    ModelError for an unknown mode and for missing or damaged models, UserError for an unknown region and for an
    expectation that no mode can read.
    """
    found = modes_of(modes)
    shared = Shared() if len(found) > 1 else None
    expected = expectations(found, regions, patterns, known, words)
    folder = Path(models) if models else SHIPPED
    rules = partial(
        rules_of, threshold=threshold, regions=regions, rising=rising, max_rate=max_rate, known=known,
        min_length=min_length,
    )  # fmt: skip
    make = partial(Pipeline, agree=agree, min_height=min_height, line=line, again_after=again_after)
    assemble = partial(assembled, make, instrument=instrument, rules=rules, rois=rois, search_size=search_size)
    pipelines = [
        assemble(mode, nets_of(mode, folder, threads), expected=expected[mode.name], shared=shared) for mode in found
    ]
    return MultiMode(pipelines, shared) if shared else pipelines[0]


def nets_of(mode: Mode, folder: Path, threads: int) -> dict[str, Model]:
    """A mode's networks by their name. Raises ModelError."""
    nets = {network: open_model(folder, mode, network, threads) for network in mode.networks}
    if second := second_of(mode, folder):
        nets["second"] = open_model(folder, second, "reader", threads)
    return nets


def second_of(mode: Mode, folder: Path) -> Mode | None:
    """The mode whose reader gives a second opinion, where the folder has it."""
    return MODES[mode.second] if mode.second and (folder / f"{mode.second}-reader.json").is_file() else None


def letters_of(model: Model) -> Letters | None:
    """How letters follow each other, where a reader's sidecar names a file for that. Raises ModelError."""
    return load_letters(model.path.with_name(model.spec.letters)) if model.spec.letters else None


def assembled(
    make: Callable[..., Pipeline],
    mode: Mode,
    nets: Mapping[str, Model],
    *,
    instrument: Instrument,
    rules: Callable[[Mode, float], Rules],
    expected: Expectation | None,
    rois: Sequence[Roi],
    search_size: int,
    shared: Shared | None,
) -> Pipeline:
    """A mode's networks as its pipeline."""
    net = {name: instrument(model, name) for name, model in nets.items()}
    spec = {name: model.spec for name, model in nets.items()}
    single = partial(Recogniser, expected=expected)
    levels = shared.pyramid if shared else pyramid
    reader = Recogniser(net["reader"], spec["reader"], mode.name, letters_of(nets["reader"]), expected)
    locator, thorough = locators(net["locator"], spec["locator"], search_size, levels, not rois, reader.said)
    return make(
        mode,
        Within(locator, rois) if rois else locator,
        reader,
        thorough=Within(thorough, rois) if rois else thorough,
        refiner=Refiner(net["corners"], spec["corners"]) if "corners" in nets else None,
        classifier=single(net["classifier"], spec["classifier"], mode.name) if "classifier" in nets else None,
        reviews=reviews_of(mode, reader, net, nets),
        rules=rules(mode, spec["reader"].threshold),
        gray=shared.gray if shared else to_gray,
        ids=shared.ids if shared else None,
    )


def reviews_of(
    mode: Mode, reader: Recogniser, net: Mapping[str, Net], nets: Mapping[str, Model]
) -> list[contracts.Review]:
    """What looks again at the texts of a mode: whether they are whole, and whether numbers are numbers."""
    if mode.lasting:  # a plate is found by its frame, not by its text
        return []
    found: list[contracts.Review] = [Completeness(reader)]
    if "second" in nets:
        second = nets["second"]
        found.append(SecondOpinion(Recogniser(net["second"], second.spec, mode.second, letters_of(second))))
    return found


def locators(
    net: Net,
    spec: ModelSpec,
    search_size: int,
    levels: Pyramid,
    whole: bool,
    said: Callable[[np.ndarray, Sequence[Detection]], float],
) -> tuple[contracts.Locator, contracts.Locator]:
    """What searches frames, and what searches single pictures; only `whole` frames are searched from the side too.

    `said` tells how much is read at detections of a picture, by which a single one is taken for turned.
    """
    sparing = Tiles(LOCATORS[spec.kind](net, spec, longest=search_size, pyramid=levels, sparing=True))
    if spec.kind != "text-locator":
        return sparing, Tiles(Closer(Locator(net, spec, longest=search_size, pyramid=levels)))
    longest = max(search_size, STILL)
    frames = FollowingTextLocator(sparing) if whole else sparing
    return frames, Tiles(ThoroughTextLocator(TextLocator(net, spec, longest=longest, pyramid=levels), longest, said))


LOCATORS: dict[str, type[Locator] | type[TextLocator]] = {"locator": Locator, "text-locator": TextLocator}  # by kind


def plate_locator(models: str | Path | None, threads: int = 1, search_size: int = LONGEST) -> contracts.Locator:
    """What finds plates in a whole picture, rather one too many than one too few. Raises ModelError."""
    mode = modes_of("plates")[0]
    nets = nets_of(replace(mode, networks=("locator", "corners")), Path(models) if models else SHIPPED, threads)
    net, corners = nets["locator"], nets["corners"]
    locate = Tiles(LOCATORS[net.spec.kind](net, net.spec, CAUTIOUS[0] * net.spec.threshold, longest=search_size))
    refine = Refiner(corners, replace(corners.spec, threshold=CAUTIOUS[1] * corners.spec.threshold))
    return lambda gray: nms(refine(gray, locate(gray)))
