"""The data at a glance: how many of what, what it looks like, what is there twice, what is probably labelled wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from realtime.errors import SourceError
from realtime.modes import MODES
from realtime.preprocess import fit_square, to_gray
from realtime.recognise import softmax
from realtime.spec import ModelSpec
from train.datasets import SETS, Example, cut_out, load_there
from train.datasets.example import read_picture
from train.datasets.place import data_option
from train.reports import html, plots

PICTURES_OF = {
    "digits": ("digits/meters", "digits/fuel_pumps"),
    "characters": (
        "characters/chars74k",
        "characters/iiit5k_words",
        "characters/iiit5k_words/chars",
        "characters/handwriting",
    ),
    "plates": tuple(n for n in SETS if n.startswith("plates/")),
}
SAMPLES, SUSPECTS, TWINS = 60, 60, 40  # shown per set
FOLDS = 5
NOTHING = "nothing"  # what is there where the text is empty
SURE = 0.5  # a disagreement less sure than this says nothing
ALIKE = str.maketrans("OolI", "0011")  # one shape in many fonts
FEATURES = 1200  # of the cross-validated model: more gain little


@dataclass(frozen=True, eq=False)
class Seen:
    """An example with what is kept of its picture: a small gray copy of the object, its size, its fingerprint."""

    example: Example
    gray: np.ndarray  # uint8 (32, 32), contrast normalised
    size: tuple[int, int]  # width, height of the object in pixels
    print: bytes


@dataclass(frozen=True, eq=False)
class Suspect:
    """A label that a model which never saw it contradicts."""

    seen: Seen
    answer: str
    confidence: float


SQUARE = ModelSpec("glance", "characters", "classifier", 32, 32)


def look(example: Example) -> Seen:
    """Read a picture, keep what the page needs."""
    gray = object_of(example)
    return Seen(example, fit_square(gray, SQUARE), (gray.shape[1], gray.shape[0]), fingerprint(gray))


def look_all(examples: Sequence[Example], name: str, broken: list[str]) -> list[Seen]:
    """Look at a whole set; the paths of pictures that cannot be read are added to `broken`."""
    seen = []
    for example in tqdm(examples, desc=name, unit=" pictures") if examples else ():
        try:
            seen.append(look(example))
        except SourceError:
            broken.append(str(example.path))
    return seen


def object_of(example: Example) -> np.ndarray:
    """The object of an example, upright: uint8 gray (h, w)."""
    return to_gray(cut_out(example))


def fingerprint(gray: np.ndarray) -> bytes:
    """Whether each pixel of a 17x16 copy is darker than its right neighbour: 32 bytes (a difference hash).

    Nearly the same picture, rescaled or compressed again, mostly has the same; a flat picture has none of its own.
    """
    small = cv2.resize(gray, (17, 16), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1] + 1).tobytes()


def twins(seen: Sequence[Seen]) -> list[list[Seen]]:
    """Groups of examples with one fingerprint, those that stand on both sides of the split first."""
    groups: dict[bytes, list[Seen]] = defaultdict(list)
    for s in seen:
        if any(s.print):
            groups[s.print].append(s)
    found = [g for g in groups.values() if len(g) > 1]
    return sorted(found, key=lambda g: (-len({s.example.split for s in g}), -len({s.example.text for s in g}), -len(g)))


# --- labels that are probably wrong


def features(grays: np.ndarray) -> np.ndarray:
    """Histograms of gradient directions (Dalal and Triggs 2005): uint8 (n, 32, 32) -> float32 (n, 8 * 8 * 8), length 1.

    Eight directions, light-on-dark and dark-on-light alike, in cells of four pixels; the square root evens strong
    edges out.
    """
    x = grays.astype(np.float32)
    dy, dx = np.gradient(x, axis=1), np.gradient(x, axis=2)
    slot = (np.floor(np.arctan2(dy, dx) / np.pi * 8) % 8).astype(int)
    strength = np.hypot(dx, dy)[..., None] * (slot[..., None] == np.arange(8))
    cells = strength.reshape(len(x), 8, 4, 8, 4, 8).sum(axis=(2, 4)).reshape(len(x), -1)
    return np.sqrt(cells / np.maximum(cells.sum(1, keepdims=True), 1e-9))


def random_features(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rectified random projections, a network whose first layer is never trained: float32 (n, FEATURES)."""
    return np.maximum(x @ rng.normal(size=(x.shape[1], FEATURES)).astype(np.float32), 0)


def cross_validated(x: np.ndarray, labels: np.ndarray, folds: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities (n, classes) for each row by a model that saw no row of its fold.

    Ridge regression onto the classes; the scores' temperature is the one that fits the labels best.
    """
    scores = np.zeros((len(x), classes))
    wanted = np.eye(classes)[labels]
    for fold in tqdm(np.unique(folds), desc="cross-validation", unit="fold"):
        kept = folds != fold
        a = x[kept]
        gram = a.T @ a
        gram[np.diag_indices_from(gram)] += 1e-3 * np.trace(gram) / len(gram)
        scores[~kept] = x[~kept] @ np.linalg.solve(gram, a.T @ wanted[kept])
    losses = {
        t: -np.log(softmax(scores, t)[np.arange(len(x)), labels] + 1e-9).mean() for t in np.geomspace(0.02, 1, 12)
    }
    return softmax(scores, min(losses, key=lambda t: losses[t]))


def folds_of(seen: Sequence[Seen]) -> np.ndarray:
    """A fold for each example; a group (writer, device, word) and twins stay together."""
    keys = [s.example.group or s.print for s in seen]
    order = {k: i for i, k in enumerate(np.random.default_rng(0).permutation(len(set(keys))))}
    index = {k: order[i] % FOLDS for i, k in enumerate(dict.fromkeys(keys))}
    return np.array([index[k] for k in keys])


def suspects(seen: Sequence[Seen], alphabet: str) -> list[Suspect]:
    """Single characters whose label the cross-validated model contradicts, surest first.

    Another case, or 0 for O and 1 for l, is no contradiction: only a neighbour could tell.
    """
    known = [
        s for s in seen if s.example.text is not None and (s.example.text == "" or s.example.text in set(alphabet))
    ]
    names = sorted({s.example.text or "" for s in known})
    if len(known) < 10 * FOLDS or len(names) < 2:
        return []
    labels = np.array([names.index(s.example.text or "") for s in known])
    x = random_features(features(np.stack([s.gray for s in known])), np.random.default_rng(0))
    p = cross_validated(x, labels, folds_of(known), len(names))
    answers, sureness = p.argmax(1), p.max(1)
    found = [Suspect(s, names[a], float(c)) for s, a, c in zip(known, answers, sureness, strict=True)]
    return contradictions(found)


def contradictions(found: Sequence[Suspect]) -> list[Suspect]:
    """Those whose answer is sure and looks unlike the label."""
    sure = [f for f in found if f.confidence >= SURE]
    apart = [f for f in sure if shape_of(f.answer) != shape_of(f.seen.example.text or "")]
    return sorted(apart, key=lambda f: -f.confidence)


def shape_of(text: str) -> str:
    """The text with what looks alike in many fonts written alike."""
    return text.translate(ALIKE).lower()


def read_by(model: Path, seen: Sequence[Seen]) -> list[Suspect]:
    """Texts that a trained reader contradicts, surest first: for sets of whole texts, which are too few to hold out.

    A reader that learned from these very labels has learned many of their errors too; what it still contradicts is
    worth a look.
    """
    from realtime.model import Model
    from realtime.recognise import Recogniser

    net = Model(model)
    recogniser = Recogniser(net, net.spec)
    known = [s for s in seen if s.example.text and set(s.example.text) <= set(net.spec.alphabet)]
    readings = [recogniser.whole(object_of(s.example)) for s in tqdm(known, desc=Path(model).stem)]
    return contradictions([Suspect(s, r.text, r.confidence) for s, r in zip(known, readings, strict=True)])


# --- the page


def set_parts(name: str, seen: Sequence[Seen], alphabet: str, model: Path | None) -> Iterator[str]:
    """The part of the page that is about one set."""
    examples = [s.example for s in seen]
    sizes = np.array([s.size for s in seen])
    yield html.heading(name)
    header = ("pictures", "train", "val", "groups", "mean width", "mean height", "widths", "heights")
    splits = Counter(e.split for e in examples)
    groups = len({e.group for e in examples if e.group})
    mean, low, high = sizes.mean(0).round(1), sizes.min(0), sizes.max(0)
    ranges = [f"{low[k]} to {high[k]}" for k in (0, 1)]
    yield html.table(header, [(len(seen), splits["train"], splits["val"], groups, *map(float, mean), *ranges)])
    yield html.figure(sample_sheet(seen), f"{min(SAMPLES, len(seen))} of {len(seen)}, at random")
    yield from twin_parts(twins(seen))
    single = all(len(e.text or "") <= 1 for e in examples)
    found = suspects(seen, alphabet) if single else read_by(model, seen) if model else []
    yield from suspect_parts(found, "a cross-validated model" if single else f"{model and model.name}")


def sample_sheet(seen: Sequence[Seen]) -> np.ndarray:
    """A random few, with their texts."""
    chosen = np.random.default_rng(0).permutation(len(seen))[:SAMPLES]
    texts = ["?" if seen[i].example.text is None else seen[i].example.text or "-" for i in chosen]
    return plots.sheet([object_of(seen[i].example) for i in chosen], texts, columns=12)


def twin_parts(groups: Sequence[Sequence[Seen]]) -> Iterator[str]:
    """What is there more than once."""
    across = sum(len({s.example.split for s in g}) > 1 for g in groups)
    otherwise = sum(len({s.example.text for s in g}) > 1 for g in groups)
    copies = sum(len(g) - 1 for g in groups)
    yield html.paragraph(
        f"Nearly the same picture: {copies} copies in {len(groups)} groups, "
        f"{across} of them on both sides of the split, {otherwise} with different texts."
    )
    for group in groups[:TWINS]:
        texts = [f"{s.example.text or '-'} {s.example.split}" for s in group[:4]]
        names = ", ".join(s.example.name for s in group[:4])
        grays = [s.gray for s in group[:4]]
        yield html.figure(plots.sheet(grays, texts, columns=len(grays), height=48, width=64), names)


def suspect_parts(found: Sequence[Suspect], judge: str) -> Iterator[str]:
    """What is probably labelled wrong."""
    if found:
        yield html.paragraph(f"Probably labelled wrong: {len(found)} that {judge} contradicts with {SURE:.0%} or more.")
    for f in found[:SUSPECTS]:
        text = f"{f.seen.example.text or NOTHING}, rather {f.answer or NOTHING} ({f.confidence:.2f}). "
        yield html.figure(plots.fitted(object_of(f.seen.example), 112, 144), text + f.seen.example.name, width=144)


def class_parts(seen: Sequence[Seen], alphabet: str, folder: Path) -> Iterator[str]:
    """How often each character is there, over all sets."""
    counts = Counter(c for s in seen for c in s.example.text or "")
    path = plots.save_bars(list(alphabet), [counts[c] for c in alphabet], folder / "classes.png", "characters")
    yield html.heading("Classes")
    yield html.figure(read_picture(path), f"{sum(counts.values())} characters, rarest {rarest(counts, alphabet)}")


def rarest(counts: Counter, alphabet: str, most: int = 5) -> str:
    """The least frequent characters with their counts."""
    return ", ".join(f"{c} {counts[c]}" for c in sorted(alphabet, key=lambda c: counts[c])[:most])


def glance(mode: str, data: Path, out: Path, model: Path | None = None) -> Path:
    """Write the page of a mode's sets that lie in `data`; SourceError where none does."""
    broken: list[str] = []
    sets = {name: look_all(list(load_there(data, [name])), name, broken) for name in PICTURES_OF[mode]}
    sets = {name: seen for name, seen in sets.items() if seen}
    if not sets:
        raise SourceError(f"{data} holds no data for {mode}.", "Name the folder of the real data with --data.")
    alphabet = MODES[mode].alphabet
    parts = list(class_parts([s for seen in sets.values() for s in seen], alphabet, Path(out).parent))
    parts += [html.paragraph(f"Cannot be read: {', '.join(broken)}.")] if broken else []
    for name, seen in sets.items():
        parts += set_parts(name, seen, alphabet, model)
    return html.save_page(out, f"Data for {mode}", parts)


@click.command("data")
@click.argument("mode", type=click.Choice(list(PICTURES_OF)))
@data_option
@click.option("--model", type=click.Path(path_type=Path), help="A reader (.tflite) that checks sets of whole texts.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/data.html"), show_default=True)
def command(mode: str, data: str, model: Path | None, out: Path) -> None:
    """Look at the data of a MODE: classes, samples, sizes, duplicates, labels that are probably wrong."""
    click.echo(glance(mode, Path(data), out, model))
