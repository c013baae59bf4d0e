"""Label photographs with the answers of a large reader, as far as it says the same of two views.

The labels are a folder of one's own for `--add`: small networks learn from what the large one is sure of.
"""

from __future__ import annotations

import csv
import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from realtime.capture.kinds import Kind, kind_of
from realtime.errors import SourceError, UserError
from realtime.values import Quad, iou
from train.datasets.example import held_out
from train.datasets.folder import CORNERS, TABLE, read_folder

SURE = 0.9  # score from which an answer is believed
SAME = 0.5  # intersection over union from which two answers are about one text
ZOOM = 1.25  # the second view is so much larger
HELD_OUT = 0.1  # of the pictures validate
COLUMNS = ("file", "text", "care", "split", *CORNERS)


@dataclass(frozen=True)
class Answer:
    """What a reader found: text, score 0 to 1, corners in pixels of the picture."""

    text: str
    score: float
    quad: Quad


Read = Callable[[np.ndarray], list[Answer]]


def rapidocr() -> Read:
    """RapidOCR with the PP-OCR weights that it ships (Apache-2.0); UserError where it is not installed."""
    try:
        module = importlib.import_module("rapidocr")
    except ImportError:
        raise UserError("RapidOCR is not installed.", "Run: pip install rapidocr onnxruntime.") from None
    engine = module.RapidOCR(params={"Global.log_level": "critical"})

    def read(image: np.ndarray) -> list[Answer]:
        found = engine(image)
        if found.txts is None:
            return []
        rows = zip(found.txts, found.scores, found.boxes, strict=True)
        return [Answer(text, float(score), Quad.of(np.asarray(box))) for text, score, box in rows]

    return read


def labels(read: Read, image: np.ndarray, sure: float = SURE) -> list[tuple[Answer, bool]]:
    """Everything that was found in a picture, and whether it is a label: one word, read twice alike and surely.

    What is none still is text: it must not teach a locator that nothing is written there.
    """
    first = read(image)
    large = cv2.resize(image, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
    second = [Answer(a.text, a.score, Quad.of(a.quad.array() / ZOOM)) for a in read(large)]
    return [(answer, believed(answer, second, sure)) for answer in first]


def believed(answer: Answer, second: Sequence[Answer], sure: float) -> bool:
    """Whether the second view says surely the same in the same place, in one word that can be spelled."""
    if answer.score < sure or not answer.text.isascii() or len(answer.text.split()) != 1:
        return False
    again = max(second, key=lambda other: iou(other.quad.box, answer.quad.box), default=None)
    if again is None or iou(again.quad.box, answer.quad.box) < SAME:
        return False
    return again.score >= sure and again.text == answer.text


def label_folder(read: Read, folder: Path, sure: float) -> Iterator[dict[str, str]]:
    """The rows of a folder's labels table; `care` is 0 for text that nobody can be sure of.

    A picture in which nothing is found has a row without text and corners: it shows a locator where nothing is.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    files = [path for path in files if kind_of(str(path)) is Kind.PICTURE]
    if not files:
        raise SourceError(f"{folder} holds no picture.", "Name a folder of photographs.")
    for path in tqdm(files, desc="pictures", unit="picture"):
        image = cv2.imread(str(path))
        if image is None:
            click.echo(f"{path} cannot be read; it is left out.", err=True)
            continue
        name = path.relative_to(folder).as_posix()
        found = labels(read, image, sure)
        yield from (row_of(name, answer, label) for answer, label in found)
        if not found:
            yield {"file": name, "text": "", "care": "1", "split": split_of(name)}


def row_of(name: str, answer: Answer, label: bool) -> dict[str, str]:
    """One line of the table."""
    corners = dict(zip(CORNERS, (f"{value:.1f}" for value in answer.quad.array().ravel()), strict=True))
    said = {
        "file": name,
        "text": answer.text,
        "care": str(int(label)),
        "split": split_of(name),
    }
    return said | corners


def split_of(name: str) -> str:
    """All texts of a picture train, or all validate."""
    return "val" if held_out(name, HELD_OUT) else "train"


def noise(folder: Path, truth: Path) -> tuple[int, int]:
    """How many labels of a folder have a text of the truth's table in their place, and how many of them differ."""
    known: dict[str, list] = {}
    for example in read_folder(truth.parent, truth.name):
        if example.quad and example.path and example.text:
            known.setdefault(example.path.name, []).append(example)
    compared = wrong = 0
    for label in read_folder(folder):
        if not label.readable or not label.quad or not label.path:
            continue
        box = label.quad.box
        true = max(known.get(label.path.name, ()), key=lambda e: iou(e.quad.box, box), default=None)
        if true is not None and iou(true.quad.box, box) >= SAME:
            compared += 1
            wrong += spelled(true.text) != spelled(label.text or "")
    return compared, wrong


def spelled(text: str) -> str:
    """Letters and digits alone: tables differ in whether they keep punctuation."""
    return "".join(char for char in text if char.isalnum())


def write_table(path: Path, rows: Iterable[dict[str, str]]) -> int:
    """The table, written beside and renamed; how many of its rows are labels."""
    beside, count = path.with_name(f"partial.{path.name}"), 0
    with beside.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += row["care"] == "1" and row["text"] != ""
    beside.replace(path)
    return count


@click.command(name="pseudo")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--sure", default=SURE, type=click.FloatRange(0, 1), show_default=True, help="Least score of both views.")
@click.option("--truth", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="LABELS.csv",
              help="Labels by people of some of the pictures: says how many of the new ones are wrong.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace FOLDER/labels.csv.")
def command(folder: Path, sure: float, truth: Path | None, overwrite: bool) -> None:
    """Label the pictures in FOLDER with a large reader (RapidOCR), as far as two views agree.

    FOLDER/labels.csv can then be used with --add. Text that is unsure is listed with `care` 0.
    """
    table = folder / TABLE
    if table.exists() and not overwrite:
        raise SourceError(f"{table} exists.", "Move it, or replace it with --overwrite.")
    count = write_table(table, label_folder(rapidocr(), folder, sure))
    click.echo(f"{count} labels in {table}.")
    if truth is not None:
        compared, wrong = noise(folder, truth)
        share = f" ({wrong / compared:.1%})" if compared else ""
        click.echo(f"{wrong} of {compared} that {truth} knows differ{share}.")
