"""Score the shipped int8 models through realtime's own code on real pictures that were held out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from itertools import groupby, starmap
from pathlib import Path
from typing import cast

import click
import numpy as np
from tqdm import tqdm

from realtime.modes import CHARACTERS, MODES
from realtime.pipeline import SHIPPED, Pipeline, load
from realtime.values import Box, Detection, Frame, Quad, Sighting, iou
from synth.text.strings import legible
from train.datasets import Example, cut_out, load_shared, there
from train.datasets.place import added_option, data_option
from train.evaluation.found import hits_and_others
from train.metrics import folded, reliability, text_scores
from train.reports.plots import save_picture
from train.resume import Kept, digest, stamp
from train.sampling.load import draw_from
from train.sampling.words import WORDS, lies
from train.text_places import place_scores, text_scenes, turned

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, on how many, the figure, and what it must reach (a least or a most)."""

    what: str
    n: int
    figure: float
    floor: str = ""


@dataclass(frozen=True, eq=False)
class Mistake:
    """A picture that went wrong, for the page of the worst."""

    name: str
    image: np.ndarray
    truth: str
    answer: str


class Bench:
    """A pipeline, the data, folders of one's own beside it, and the mistakes found so far.

    `most`: pictures of each set, for a quick look. `regions`: whose plates are expected.
    """

    def __init__(
        self,
        mode: str,
        data: str,
        models: str | None = None,
        added: Sequence[str] = (),
        most: int | None = None,
        regions: Sequence[str] = (),
    ) -> None:
        self.mode, self.data, self.models, self.added, self.most = mode, data, models, added, most
        draw_from(data)
        self.pipeline = cast(Pipeline, load(mode, models, regions=regions))  # of one mode
        self.mistakes: list[Mistake] = []
        self.trust: list[tuple[float, bool]] = []  # how sure each reading was and whether it was right

    def examples(self, *names: str, split: str = "val") -> list[Example]:
        """Held-out examples of those of some sets that are there."""
        sets = ([e for e in load_shared(self.data, [name]) if e.split == split] for name in there(self.data, names))
        return [e for found in sets for e in found[: self.most]]

    def note(self, example: Example, image: np.ndarray, answer: str) -> None:
        """Remember a mistake."""
        self.mistakes.append(Mistake(example.name, image, example.text or "", answer))

    def whole(self, examples: Sequence[Example]) -> tuple[list[str], list[str], list[float]]:
        """Truths, answers and confidences of pictures that are the object."""
        truths, answers, sure = [], [], []
        for e in tqdm(examples, desc=examples[0].source if examples else "", leave=False):
            image = cut_out(e)
            reading = self.pipeline.read_whole(image)
            truths.append(e.text or "")
            answers.append(reading.text)
            sure.append(reading.confidence)
            if reading.text:
                self.trust.append((reading.confidence, reading.text == e.text))
            if folded(reading.text, self.mode) != folded(e.text or "", self.mode):
                self.note(e, image, reading.text)
        return truths, answers, sure

    def whole_rows(self, name: str, examples: Sequence[Example], *floors: str) -> list[Row]:
        """Exact and folded rows of one set."""
        scores = text_scores(*self.whole(examples)[:2], self.mode)
        kinds = zip(("exact", "folded"), (*floors, "", ""), strict=False)
        return [Row(f"{name}, {kind}", len(examples), scores[kind], floor) for kind, floor in kinds]

    def calibration(self, what: str) -> Row:
        """How far the confidences of all readings of a section, exact, are from how often they are right."""
        sure, right = [c for c, _ in self.trust], [r for _, r in self.trust]
        return Row(f"expected calibration error, {what}", len(right), reliability(sure, right).error, "< 3 %")


def mean(figures: Sequence | np.ndarray) -> float:
    """The mean of some figures, 0 of none."""
    return float(np.mean(figures)) if len(figures) else 0.0


def by_picture(examples: Sequence[Example]) -> Iterator[tuple[np.ndarray, list[Example]]]:
    """Pictures with all examples in them."""
    for _, group in groupby(examples, key=lambda e: e.path):
        rows = list(group)
        yield rows[0].image(), rows


def found(examples: Sequence[Example], sightings: Sequence[Sighting], mode: str) -> list[bool]:
    """For each example whether its text, folded, was read anywhere in the picture."""
    said = {folded(s.reading.text, mode) for s in sightings}
    return [folded(e.text or "", mode) in said for e in examples]


# plates -----------------------------------------------------------------------------------------------------------


def plate_crops(bench: Bench) -> list[Row]:
    """Reading crops: each set, all pooled, calibration, and what the default threshold lets through."""
    rows, truths, answers, sure = list[Row](), list[str](), list[str](), list[float]()
    floors = {"argentina": "88 %", "sweden": "95 %", "europe_two_line": "88 %"}
    for name in ("taiwan", "europe", "europe_two_line", "brazil", "us", "china", "argentina", "sweden"):
        t, a, c = bench.whole(bench.examples(f"plates/crops/{name}"))
        scores = text_scores(t, a, "plates")
        rows.append(Row(f"crops/{name}, exact", len(t), scores["exact"]))
        rows.append(Row(f"crops/{name}, folded", len(t), scores["folded"], floors.get(name, "")))
        truths, answers, sure = truths + t, answers + a, sure + c
    rows += bench.whole_rows("crops/india_mixed", bench.examples("plates/crops/india_mixed"), "", "92 %")
    pooled = text_scores(truths, answers, "plates")
    right = np.array([folded(t, "plates") == folded(a, "plates") for t, a in zip(truths, answers, strict=True)], bool)
    over = np.array(sure) >= bench.pipeline.threshold
    return [
        *rows,
        Row("crops pooled, exact", len(truths), pooled["exact"], "94 %"),
        Row("crops pooled, folded", len(truths), pooled["folded"], "96 %"),
        Row("expected calibration error", len(right), reliability(sure, right).error, "< 3 %"),
        Row("right among those over the threshold", int(over.sum()), mean(right[over]), "98 %"),
        Row("share over the threshold", len(right), mean(over)),
    ]


EUROPE = "AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FR GB GE GR HR HU IE IS IT LT LU LV MD ME MK MT NL NO PL PT RO RS \
RU SE SI SK TR UA"
REGIONS = {
    "taiwan": "TW", "europe": EUROPE, "europe_two_line": EUROPE, "brazil": "BR", "us": "US", "china": "CN",
    "argentina": "AR", "sweden": "SE", "india_mixed": "IN GB US",
}  # fmt: skip


def plate_regions(bench: Bench) -> list[Row]:
    """Reading crops with the formats of their region expected: no set may be read worse than without."""
    rows = []
    for name, codes in REGIONS.items():
        asked = Bench(bench.mode, bench.data, bench.models, most=bench.most, regions=codes.split())
        truths, answers, _ = asked.whole(bench.examples(f"plates/crops/{name}"))
        scores = text_scores(truths, answers, "plates")
        rows += [Row(f"crops/{name}, its region expected, {kind}", len(truths), scores[kind]) for kind in KINDS]
    return rows


KINDS = ("exact", "folded")


def rendered_plates(bench: Bench, count: int = 200) -> list[Row]:
    """Rendered plates, cut out: the only measure where no real picture is there."""
    from synth.plates.plate import sample_plate_crop

    drawn = (sample_plate_crop(np.random.default_rng((32, k))) for k in range(min(count, bench.most or count)))
    examples = [Example("rendered", text, "val", pixels=gray, group=str(k)) for k, (gray, text) in enumerate(drawn)]
    return bench.whole_rows("rendered plates, cut out", examples)


SCENES = (
    ("scenes/china + argentina", ("plates/scenes/china", "plates/scenes/argentina"), "92 %"),
    ("dashcam clear", ("plates/scenes/dashcam",), "92 %"),
    ("brazil_gate", ("plates/scenes/brazil_gate",), "98 %"),
)


def plate_scenes(bench: Bench) -> list[Row]:
    """Picture in, right text out; and what reading at the true box gives."""
    rows = []
    for name, parts, floor in SCENES:
        examples = [e for e in bench.examples(*parts) if e.tags.get("quality", "clear") == "clear" and e.text]
        hits, at_box = [], []
        for image, group in by_picture(examples):
            sightings = bench.pipeline.read(image)
            hits += found(group, sightings, "plates")
            at_box += [read_right(bench.pipeline, e) for e in group if e.quad]
            if not all(hits[-len(group) :]):
                bench.note(group[0], image, " ".join(s.reading.text for s in sightings))
        rows.append(Row(f"{name}, picture in, text out, folded", len(hits), mean(hits), floor))
        rows.append(Row(f"{name}, read at the true box, folded", len(at_box), mean(at_box)))
    return rows


def read_right(pipeline: Pipeline, example: Example) -> bool:
    """Whether the object, cut out at its true corners, is read right, folded."""
    return folded(pipeline.read_whole(cut_out(example)).text, "plates") == folded(example.text or "", "plates")


def plate_rides(bench: Bench) -> list[Row]:
    """The dash-cam rides at one picture per second: distinct plates read, as pictures and as recordings.

    As a recording a plate must be read twice alike; a third of these plates are seen in one picture only.
    """
    examples = [e for e in bench.examples("plates/scenes/dashcam") if e.text]
    order = sorted(examples, key=lambda e: (e.group, int(e.tags["second"])))
    rides = [(name, list(rows)) for name, rows in groupby(order, key=lambda e: e.group)]
    known = {(ride, folded(e.text or "", "plates")): e.tags["quality"] for ride, group in rides for e in group}
    wanted = {plate for plate, quality in known.items() if quality == "clear"}
    rows = []
    for name, still, floor in (("pictures", True, "95 %"), ("recordings", False, "")):
        said = {(r, folded(t, "plates")) for r, group in rides for t in ride_texts(bench.pipeline, group, still)}
        right, other = len(said & wanted) / max(len(wanted), 1), len(said - set(known)) / max(len(wanted), 1)
        rows.append(Row(f"dashcam rides as {name}, distinct plates", len(wanted), right, floor))
        rows.append(Row(f"dashcam rides as {name}, other texts per plate", len(wanted), other))
    return rows


def ride_texts(pipeline: Pipeline, examples: Sequence[Example], still: bool) -> set[str]:
    """What is reported of one ride."""
    texts = set()
    for k, (image, group) in enumerate(by_picture(examples)):
        result = pipeline(Frame(k, float(group[0].tags["second"]), image, still=still))
        texts |= {t.reading.text for t in (*result.confirmed, *result.ended)}
    return texts | {t.reading.text for t in pipeline.flush()}


def iou_with(truth: Box, detection: Detection) -> float:
    """Intersection over union of a detection with the true box, 0 to 1."""
    return iou(detection.box, truth)


def plate_places(bench: Bench) -> list[Row]:
    """Locating: recall at IoU 0.5, and the corners' error as a share of the plate's width."""
    rows, pooled = [], []
    for name in ("plates/scenes/china", "plates/scenes/world_boxes", "plates/scenes/dashcam"):
        hits, errors = [], []
        for image, group in by_picture(bench.examples(name)):
            detections = bench.pipeline.detections(image)
            for e in group:
                if e.quad is None or e.tags.get("quality", "clear") in ("ignore", "unread"):
                    continue
                best = max(detections, key=partial(iou_with, e.quad.box), default=None)
                hits.append(best is not None and iou_with(e.quad.box, best) >= 0.5)
                if best and hits[-1]:
                    errors.append(corner_error(best.quad, e.quad))
        pooled += hits
        rows.append(Row(f"{name.split('/')[-1]}, located (IoU 0.5)", len(hits), mean(hits)))
        if name.endswith("china"):
            rows.append(Row("china, mean corner error / width", len(errors), mean(errors), "< 4 %"))
    return [*rows, Row("scenes pooled, located (IoU 0.5)", len(pooled), mean(pooled), "97 %")]


def corner_error(found_quad: Quad, true_quad: Quad) -> float:
    """Mean distance of the four corners as a share of the true width."""
    distance = np.linalg.norm(found_quad.array() - true_quad.array(), axis=1).mean()
    return float(distance / true_quad.size[0])


def false_texts(names: Sequence[str], floor: str) -> Callable[[Bench], list[Row]]:
    """Texts reported on pictures without any, per picture."""

    def rows(bench: Bench) -> list[Row]:
        examples, count = bench.examples(*names), 0
        for e in tqdm(examples, desc="no object", leave=False):
            image = e.image()
            sightings = bench.pipeline.read(image)
            count += len(sightings)
            if sightings:
                bench.note(e, image, " ".join(s.reading.text for s in sightings))
        return [Row("false texts per picture without any", len(examples), count / max(len(examples), 1), floor)]

    return rows


# digits and characters --------------------------------------------------------------------------------------------


def digit_wholes(bench: Bench) -> list[Row]:
    """Whole pictures of one digit."""
    digits = [e for e in bench.examples("digits/meters") if e.text]
    between = [e for e in bench.examples("digits/meters") if not e.text]
    hands = [e for e in bench.examples("characters/handwriting") if (e.text or "").isdigit()]
    photos = [e for e in bench.examples("characters/chars74k") if (e.text or "").isdigit()]
    return [
        *bench.whole_rows("meters, whole frame", digits, "98.5 %")[:1],
        Row("meters, between two digits: nothing said", len(between), nothing_said(bench, between)),
        *bench.whole_rows("handwriting, digits, whole frame", hands, "98 %")[:1],
        *bench.whole_rows("chars74k, digits, whole frame", photos, "97 %")[:1],
        *(row for name in PUBLIC_DIGITS for row in bench.whole_rows(name, bench.examples(name)[:PUBLIC])[:1]),
        bench.calibration("digits"),
    ]


PUBLIC_DIGITS = "public/mnist", "public/svhn"
PUBLIC = 2000  # of their pictures


def nothing_said(bench: Bench, examples: Sequence[Example]) -> float:
    """Share of the pictures without text in which none is read."""
    return mean([bench.pipeline.read_whole(cut_out(e)).text == "" for e in examples])


def rendered_wholes(floor: str, which: int, count: int = 2000) -> Callable[[Bench], list[Row]]:
    """Rendered characters in fonts that no training sample used, hardly damaged; `which`: 0 exact, 1 folded."""

    def rows(bench: Bench) -> list[Row]:
        from synth.text.crops import sample_character

        alphabet, examples = MODES[bench.mode].signs, []
        for k in range(min(count, bench.most or count)):
            gray, text = sample_character(np.random.default_rng((31, k)), "val", alphabet, strength=0.2)
            examples.append(Example("rendered", text, "val", pixels=gray, group=str(k)))
        return [bench.whole_rows("rendered, unseen fonts, whole frame", examples, floor, floor)[which]]

    return rows


def clips(bench: Bench, count: int = 24) -> list[Row]:
    """Rendered films of digit strings: one confirmed record each with the right text, and no other record."""
    from synth.text.clip import render_clip, sample_clip

    right, wanted, other = 0, 0, 0
    for k in tqdm(range(min(count, bench.most or count)), desc="clips", leave=False):
        clip = sample_clip(np.random.default_rng((41, k)), "val")
        frames = list(render_clip(clip))
        truths = Counter({text for _, seen in frames for _, text in seen if 2 <= len(text) <= 8})
        said = Counter(reported(bench.pipeline, [image for image, _ in frames], clip.fps))
        right += sum(said[text] == 1 for text in truths)
        wanted += len(truths)
        other += sum((said - truths).values())
    return [
        Row("films: strings with one right record", wanted, right / max(wanted, 1), "97 %"),
        Row("films: other records per string", wanted, other / max(wanted, 1)),
    ]


def reported(pipeline: Pipeline, images: Sequence[np.ndarray], fps: float) -> list[str]:
    """The texts of the tracks that ended in a film, the last ones at its end."""
    results = [pipeline(Frame(k, k / fps, image)) for k, image in enumerate(images)]
    return [t.reading.text for tracks in (*(r.ended for r in results), pipeline.flush()) for t in tracks]


def pans(bench: Bench, count: int = 40, length: int = 25) -> list[Row]:
    """A window moved over photographs without text: confirmed tracks."""
    total, examples = 0, bench.examples(*BACKGROUNDS)[:count]
    for e in tqdm(examples, desc="pans", leave=False):
        image = e.image()
        height, width = 3 * image.shape[0] // 4, 3 * image.shape[1] // 4
        path = np.linspace((0, 0), (image.shape[0] - height, image.shape[1] - width), length).astype(int)
        total += len(reported(bench.pipeline, [image[y : y + height, x : x + width] for y, x in path], 25))
    return [Row("confirmed tracks per pan over a photograph", len(examples), total / max(len(examples), 1), "none")]


def litres(said: str, truth: str) -> bool:
    """Whether a text has the litres before its point, or is rounded to them, as one label in ten is."""
    try:
        return truth in said or round(float(said)) == int(truth)
    except ValueError:
        return False


def pumps(bench: Bench) -> list[Row]:
    """Fuel pumps: the litres before the point begin one string that was read, or all of them but the first digit."""
    examples, hits, lost = bench.examples("digits/fuel_pumps"), [], []
    for e in tqdm(examples, desc="fuel pumps", leave=False):
        image = e.image()
        said = [s.reading.text for s in bench.pipeline.read(image)]
        hits.append(any(litres(t, e.text or "") for t in said))
        lost.append(not hits[-1] and (e.text or "")[1:] in {t.partition(".")[0] for t in said} - {""})
        if not hits[-1]:
            bench.note(e, image, " ".join(said))
    return [
        Row("fuel pumps, digits before the point in one string", len(hits), mean(hits), "85 %"),
        Row("fuel pumps, first digit lost", len(lost), mean(lost), "< 1.4 %"),
    ]


def displays(bench: Bench) -> list[Row]:
    """Displays of other devices: values found in the picture, cut out of it, and of meters, all with their points."""
    examples, hits = bench.examples("displays/medical"), []
    for image, rows in by_picture(examples):
        hits += found(rows, bench.pipeline.read(image), bench.mode)
    return [
        Row("displays/medical, values read in the picture", len(hits), mean(hits), "80 %"),
        *bench.whole_rows("displays/medical, cut out", examples)[:1],
        *bench.whole_rows("displays/energy, cut out", bench.examples("displays/energy"), "95 %")[:1],
        *bench.whole_rows("public/svhn-full, cut out", bench.examples("public/svhn-full")[:PUBLIC])[:1],
        bench.calibration("displays"),
    ]


def text_places(bench: Bench) -> list[Row]:
    """How well strings are found and delimited, whatever is read, in scenes as they are and turned."""
    sets = text_scenes(bench.data, **({"count": bench.most} if bench.most else {}))
    sets = {name: scenes[: bench.most] for name, scenes in sets.items()}
    sets |= {f"layouts turned by {degrees}": [turned(s, degrees) for s in sets["layouts"]] for degrees in TURNS}
    floors = {"lines_complete": "93 %", "displays_complete": "90 %", "words_found": "75 %"}
    scores = place_scores(bench.pipeline.thorough, sets)
    return [Row(f"places: {k.replace('_', ', ')}", n, share, floors.get(k, "")) for k, (n, share) in scores.items()]


TURNS = 15, 30, 90, 180  # degrees


def found_pictures(bench: Bench) -> list[Row]:
    """Pictures of other people: required texts, and texts that nobody asked for."""
    examples = [e for e in bench.examples("found") if e.tags["mode"] == bench.mode]
    hits, others = list[bool](), 0
    for e in tqdm(examples, desc="found", leave=False):
        said = [s.reading.text for s in bench.pipeline.read(e.image())]
        right, other = hits_and_others(e.text or "", said, bench.mode)
        hits, others = hits + right, others + other
        if not all(right) or other:
            bench.note(e, e.image(), " ".join(said))
    return [
        Row("found, required texts", len(hits), mean(hits), "80 %"),
        Row("found, other texts per picture", len(examples), others / max(len(examples), 1), "< 30 %"),
    ]


def words(bench: Bench) -> list[Row]:
    """Words of other photographs, source by source, and the numbers among them."""
    rows, numbers = list[Row](), list[Example]()
    for name in WORDS:
        texts = [replace(e, text=legible(e.text or "", CHARACTERS)) for e in bench.examples(name)]
        texts = [e for e in texts if e.text and lies(e.text, cut_out(e).shape[1::-1])]
        numbers += [e for e in texts if (e.text or "").isdigit()]
        rows += bench.whole_rows(name, texts)
    calibration = bench.calibration("words")
    return [*rows, *bench.whole_rows("numbers among words", numbers, "96 %")[:1], calibration]


def character_wholes(bench: Bench) -> list[Row]:
    """Whole pictures of one character."""
    return [
        *bench.whole_rows("chars74k", bench.examples("characters/chars74k"), "89 %", "95 %"),
        *bench.whole_rows("iiit5k characters", bench.examples("characters/iiit5k_words/chars"), "85 %", "92 %"),
        *bench.whole_rows("handwriting", bench.examples("characters/handwriting"), "80 %", "90 %"),
        *bench.whole_rows("pen on paper", bench.examples("characters/handwritten_paper"), "80 %"),
        bench.calibration("characters"),
    ]


def own(bench: Bench) -> list[Row]:
    """Folders of one's own: reading each object, and where its place is known, reading it out of its picture."""
    rows = []
    for folder in bench.added:
        name, examples = Path(folder).name, [e for e in bench.examples(folder) if e.text is not None]
        rows += bench.whole_rows(f"own {name}", examples)
        placed = [e for e in examples if e.quad is not None]
        read = ((group, bench.pipeline.read(image)) for image, group in by_picture(placed))
        hits = [hit for group, sightings in read for hit in found(group, sightings, bench.mode)]
        rows.append(Row(f"own {name}, picture in, text out, folded", len(hits), mean(hits)))
    return rows


BACKGROUNDS = ("backgrounds/bsds500",)
SECTIONS: dict[str, tuple[Callable[[Bench], list[Row]], ...]] = {
    "plates": (
        rendered_plates, plate_crops, plate_regions, plate_scenes, plate_rides, plate_places,
        false_texts(("backgrounds",), "< 0.33 %"), own,
    ),
    "digits": (
        rendered_wholes("99.9 %", 0), digit_wholes, displays, pumps, text_places, found_pictures, clips,
        false_texts(BACKGROUNDS, "< 1 %"), pans, own,
    ),
    "characters": (
        rendered_wholes("97 %", 1), character_wholes, words, text_places, found_pictures,
        false_texts(BACKGROUNDS, "< 5 %"), own,
    ),
}  # fmt: skip


def evaluate(bench: Bench, kept: Kept | None = None, worst: Path | None = None) -> list[Row]:
    """Every row of a mode's table that something was measured for. Sections that `kept` holds are not measured again.

    Pictures that went wrong are written into the folder `worst`, section by section.
    """
    mode, rows = bench.mode, list[tuple]()
    sections = tqdm(SECTIONS[mode], desc=mode, unit="section")
    for number, section in enumerate(sections):
        measured = partial(measure, bench, section, worst and worst / f"{number}")
        rows += kept(f"{number}", measured) if kept else measured()
    return [row for row in starmap(Row, rows) if row.n]


def measure(bench: Bench, section: Callable[[Bench], list[Row]], worst: Path | None) -> list[tuple]:
    """The rows of one section as plain values; its mistakes go into a folder."""
    bench.mistakes.clear()
    bench.trust.clear()
    rows = [astuple(row) for row in section(bench)]
    if worst:
        write_mistakes(bench.mistakes, worst)
    return rows


def kept_for(
    mode: str,
    data: str,
    models: str | None,
    added: Sequence[str] = (),
    most: int | None = None,
    folder: Path = Path("runs"),
) -> Kept:
    """Where the sections of an evaluation are kept until it is through: for these models, this code, this data only."""
    code = [path for package in ("realtime", "synth", "train") for path in (ROOT / package).rglob("*.py")]
    folder_of_models = Path(models or SHIPPED)
    files = [*folder_of_models.glob(f"{mode}-*.*"), *folder_of_models.glob("*.npz")]
    pictures = [f"{Path(each).resolve()} {stamp(Path(each))}" for each in (data, *added)]
    return Kept(folder / f"evaluate-{mode}.json", digest([*code, *files], *pictures, str(most)))


@click.command(name="evaluate")
@click.argument("mode", type=click.Choice(list(SECTIONS)))
@data_option
@added_option
@click.option("--models", default=None, help="Folder of the models; the shipped ones if left out.")
@click.option("--most", type=click.IntRange(1), default=None, help="Pictures of each set, for a quick look.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--worst", type=click.Path(file_okay=False, path_type=Path), help="Folder for pictures that went wrong.")
def command(
    mode: str,
    data: str,
    added: tuple[str, ...],
    models: str | None,
    most: int | None,
    as_json: bool,
    worst: Path | None,
) -> None:
    """Score the int8 models of MODE on held-out pictures of the sets that are there, and of your own.

    An evaluation that was interrupted goes on where it was.
    """
    kept = kept_for(mode, data, models, added, most)
    rows = evaluate(Bench(mode, data, models, added, most), kept, worst)
    if as_json:
        click.echo(json.dumps([row.__dict__ for row in rows], indent=1))
    else:
        for row in rows:
            click.echo(f"{row.what:<56}{row.n:>6}{row.figure * 100:>9.2f} %   {row.floor}")
    kept.forget()


def write_mistakes(mistakes: Sequence[Mistake], folder: Path) -> None:
    """One picture per mistake, named by truth and answer."""
    for k, m in enumerate(mistakes):
        stem = f"{k:04d}_{m.truth or 'nothing'}_read_{m.answer or 'nothing'}"[:120].replace("/", "_").replace(" ", "+")
        save_picture(m.image, folder / f"{stem}.png")
