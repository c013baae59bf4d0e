"""IIIT5K words: cropped scene words, case-sensitive, with character boxes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from realtime.errors import SourceError
from realtime.values import Box, Quad
from train.datasets.example import Example
from train.datasets.svhn import load_mat

SPLITS = {"train": "train", "test": "val"}


def read_iiit5k(root: Path, name: str = "iiit5k", characters: bool = False) -> Iterator[Example]:
    """One example per word, or with `characters` one per character; the publisher's test part validates.

    Reads {train,test}CharBound as .mat or .csv: picture, characters in their own case, one box (x, y, w, h in pixels)
    per character.
    """
    base = folder(root)
    for part, split in SPLITS.items():
        for file, text, boxes in table(base, part):
            path, word = base / file, Path(file).stem
            if not characters:
                yield Example(name, text, split, path=path, group=word)
                continue
            for char, (x, y, w, h) in zip(text, boxes, strict=True):
                quad = Quad.from_box(Box(float(x), float(y), float(x + w), float(y + h)))
                yield Example(name, char, split, path=path, quad=quad, group=word)


def folder(root: Path) -> Path:
    """The folder that the paths of the tables are relative to."""
    found = sorted(Path(root).rglob("trainCharBound.*"))
    if not found:
        raise SourceError(f"{root} has no trainCharBound.mat or .csv.", "Run: python -m train prepare iiit5k")
    return found[0].parent


def table(base: Path, part: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """File, text and boxes (n, 4) of each word of a part; words whose boxes do not match their text are left out."""
    mat = base / f"{part}CharBound.mat"
    for file, text, boxes in from_mat(mat) if mat.is_file() else from_csv(mat.with_suffix(".csv")):
        if len(text) == len(boxes):
            yield file, text, boxes


def from_mat(path: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """The rows of a MATLAB table."""
    for row in load_mat(path)[path.stem].ravel():
        yield str(row["ImgName"].item()), str(row["chars"].item()), row["charBB"].reshape(-1, 4).astype(float)


def from_csv(path: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """The rows of the same table as CSV: ImgName, chars, charBB (the numbers in any brackets)."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            for row in csv.DictReader(lines):
                numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", row["charBB"])]
                yield row["ImgName"], row["chars"], np.array(numbers).reshape(-1, 4)
    except (OSError, KeyError, ValueError) as error:
        raise SourceError(f"{path} is not a table of IIIT5K ({error}).", "It has ImgName, chars, charBB.") from None
