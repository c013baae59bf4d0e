"""UNIPEN train_r01_v07: pen strokes of isolated characters, drawn as pictures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SourceError
from realtime.modes import CHARACTERS
from train.datasets.example import Example, held_out

CATEGORIES = ("1a", "1b", "1c")  # isolated digits, upper case, lower case
DEEPEST = 8  # includes within includes, more are a circle


@dataclass(frozen=True)
class Ink:
    """What one file and its includes hold: strokes (n, 2) with y upwards, labelled segments, and who wrote it."""

    strokes: tuple[np.ndarray, ...]
    segments: tuple[tuple[str, str], ...]  # delineation, label
    writer: str


def read_unipen(root: Path, name: str = "unipen", size: int = 40) -> Iterator[Example]:
    """White characters on black, uint8 (size, size); one writer in eight validates.

    `root` holds data/CATEGORY/CONTRIBUTOR/... and include/CONTRIBUTOR/..., at any depth.
    """
    base = folder(root)
    for category in CATEGORIES:
        for path in sorted((base / "data" / category).rglob("*.dat")):
            ink = read_ink(path, base / "include")
            group = writer_of(ink, path.relative_to(base / "data" / category))
            split = "val" if held_out(group, 1 / 8) else "train"
            for label, strokes in characters(ink):
                yield Example(name, label, split, pixels=draw(strokes, size), group=group, tags={"category": category})


def folder(root: Path) -> Path:
    """The folder that holds data/ and include/."""
    for include in sorted(Path(root).rglob("include")):
        if (include.parent / "data").is_dir():
            return include.parent
    raise SourceError(f"{root} has no data and include folders.", "Run: python -m train prepare unipen")


def read_ink(path: Path, include: Path) -> Ink:
    """Parse a file, with what it includes put in its place."""
    text = "\n".join(lines_of(path, include))
    writer = re.search(r"^\.WRITER_ID\s+(.+)$", text, re.M)
    segments = re.findall(r"^\.SEGMENT\s+CHARACTER\s+(\S+)\s+\S+\s+\"(.*)\"", text, re.M)
    return Ink(
        tuple(strokes_of(text)), tuple((d, t.replace("\\", "")) for d, t in segments), writer[1] if writer else ""
    )


def strokes_of(text: str) -> Iterator[np.ndarray]:
    """The points (n, 2) of each .PEN_DOWN; .COORD says which columns are X and Y, at first the first two."""
    named = re.search(r"^\.COORD\s+(.+)$", text, re.M)
    order = named[1].split() if named else ["X", "Y"]
    columns = [order.index("X"), order.index("Y")]
    for block in re.findall(r"^\.PEN_DOWN[^\n]*((?:\n[-+\d][^\n]*)*)", text, re.M):
        rows = [line.split() for line in block.splitlines() if line]
        yield np.array([[float(row[c]) for c in columns] for row in rows], np.float32).reshape(-1, 2)


def lines_of(path: Path, include: Path, depth: int = 0) -> Iterator[str]:
    """The lines of a file without blanks; `.INCLUDE x` gives the lines of include/x, where it exists."""
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith(".INCLUDE") and depth < DEEPEST:
            part = include / line.split()[1]
            if part.is_file() and part.suffix == ".dat":
                yield from lines_of(part, include, depth + 1)
        elif line.strip():
            yield line.strip()


def writer_of(ink: Ink, path: Path) -> str:
    """Contributor and writer; a writer's name is a person's and is kept only as a hash."""
    writer = hashlib.sha256(ink.writer.encode()).hexdigest()[:8] if ink.writer else path.with_suffix("").as_posix()
    return f"{path.parts[0]}/{writer}"


def characters(ink: Ink) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Label and strokes of each segment that is one of the 62 characters and lies within the ink."""
    for delineation, label in ink.segments:
        if label in CHARACTERS and len(label) == 1:
            strokes = list(delineated(ink.strokes, delineation))
            if sum(map(len, strokes)):
                yield label, strokes


def delineated(strokes: tuple[np.ndarray, ...], delineation: str) -> Iterator[np.ndarray]:
    """The strokes that "3", "3-5", "3:10-5:2" (from the 10th point of 3 to the 2nd of 5) or "0,2-3" names."""
    for part in delineation.split(","):
        first, _, last = part.partition("-")
        start, _, point = first.partition(":")
        stop, _, end = (last or start).partition(":")
        for i in range(int(start), min(int(stop) + 1, len(strokes))):
            stroke = strokes[i][: int(end) + 1] if end and i == int(stop) else strokes[i]
            yield stroke[int(point) :] if point and i == int(start) else stroke


def draw(strokes: list[np.ndarray], size: int, margin: float = 0.12, pen: float = 0.06) -> np.ndarray:
    """Strokes (x right, y up) as white ink on black, proportions kept, centred: uint8 (size, size)."""
    points = np.concatenate(strokes) * [1, -1]
    low, high = points.min(0), points.max(0)
    scale = size * (1 - 2 * margin) / max(float((high - low).max()), 1e-6)
    image = np.zeros((size * 4, size * 4), np.uint8)
    for stroke in strokes:
        line = ((stroke * [1, -1] - (low + high) / 2) * scale + size / 2) * 4
        line = np.concatenate([line, line[-1:]])  # a single point, the dot of an i, is drawn as a line onto itself
        cv2.polylines(image, [np.round(line).astype(np.int32)], False, 255, max(1, round(pen * size * 4)))
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
