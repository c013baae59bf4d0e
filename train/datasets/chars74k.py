"""Chars74K, English: photographed, hand-drawn and computer-font characters, 62 classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from realtime.errors import SourceError
from realtime.modes import CHARACTERS
from train.datasets.example import Example, held_out

# Archive -> the folders of its pictures below the archive's root.
FOLDERS = {
    "EnglishImg": ("English/Img/GoodImg/Bmp", "English/Img/BadImag/Bmp"),
    "EnglishHnd": ("English/Hnd/Img",),
    "EnglishFnt": ("English/Fnt",),
}


def read_chars74k(
    root: Path, name: str = "chars74k", part: str = "EnglishImg", trial: int | None = None
) -> Iterator[Example]:
    """The characters of one archive, unpacked below `root`.

    Class and sample number stand in the path: Sample011/img011-00003.png is the third picture of class 11 ("A"). By
    default one in ten validates: of the pictures, of the writers (Hnd: the sample number is the writer's), of the
    typefaces in one style (Fnt: likewise). With `trial` (1 to 30) the publisher's own list file decides which of them
    train and which validate, and the rest is left out.
    """
    splits = published_splits(root, part, trial) if trial else None
    for path in pictures(root, part):
        example = example_of(path, name, part)
        if splits is None:
            yield example
        elif key(path) in splits:
            yield Example(name, example.text, splits[key(path)], path=path, group=example.group, tags=example.tags)


def pictures(root: Path, part: str) -> list[Path]:
    """Every picture of an archive, in order."""
    found = [p for folder in FOLDERS[part] for p in sorted((Path(root) / folder).glob("Sample*/*.png"))]
    if not found:
        raise SourceError(f"{root} has no pictures of {part}.", "Run: python -m train prepare")
    return found


def example_of(path: Path, name: str, part: str) -> Example:
    """A picture's path as an example."""
    label, sample = (int(number) for number in path.stem.removeprefix("img").split("-"))
    group = path.stem if part == "EnglishImg" else f"{part}-{sample}"
    quality = {"GoodImg": "good", "BadImag": "bad"}.get(path.parent.parent.parent.name, "")
    split = "val" if held_out(f"{quality}{group}", 0.1) else "train"
    return Example(name, CHARACTERS[label - 1], split, path=path, group=group, tags={"quality": quality})


def key(path: Path) -> str:
    """What a picture is called in the list files, from the folder of the two qualities on."""
    parts = [p for p in path.with_suffix("").parts if p in ("GoodImg", "BadImag") or p.startswith(("Sample", "img"))]
    return "/".join(parts[-3:] if parts[-3:][0] in ("GoodImg", "BadImag") else parts[-2:])


def published_splits(root: Path, part: str, trial: int) -> dict[str, str]:
    """Picture -> split of one of the publisher's trials, from list_English_*.m (column `trial`, 1-based; 0 pads)."""
    lists = list_file(root, part)
    names = [key(Path(n)) for n in re.findall(r"'([^']+)'", section(lists, "ALLnames"))]
    chosen = {}
    for kind, split in (("TRNind", "train"), ("TSTind", "val")):
        for row in section(lists, kind).replace("];", "").split(";"):
            columns = [int(n) for n in row.split()]
            if len(columns) >= trial and columns[trial - 1]:
                chosen[names[columns[trial - 1] - 1]] = split
    return chosen


def list_file(root: Path, part: str) -> str:
    """The text of the list file of an archive."""
    wanted = f"list_English_{part[-3:]}.m"
    found = sorted(Path(root).rglob(wanted))
    if not found:
        raise SourceError(f"{root} has no {wanted}.", "It is in ListsTXT.tgz: run python -m train prepare chars74k")
    return found[0].read_text()


def section(text: str, field: str) -> str:
    """What stands between `list.FIELD = [` and `];` in a list file."""
    found = re.search(rf"list\.{field}\s*=\s*\[(.*?)\]\s*;", text, re.S)
    if not found:
        raise SourceError(f"The list file has no {field}.", "Prepare the set again.")
    return found[1]
