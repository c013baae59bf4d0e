"""MNIST and EMNIST: the IDX files, packed or not."""

from __future__ import annotations

import gzip
import string
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from realtime.errors import SourceError
from train.datasets.example import Example

UNSIGNED_BYTE = 8  # the only element type these sets use, third byte of the magic number
SPLITS = {"train": "train", "t10k": "val", "test": "val"}  # part of the file name -> split


def read_idx(path: Path) -> np.ndarray:
    """The array of one IDX file (gzip or plain), uint8; SourceError where it is damaged or of another type.

    Layout: two zero bytes, type, number of axes, one big-endian uint32 per axis, the elements.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        zero, kind, axes = struct.unpack(">HBB", content[:4])
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        if zero or kind != UNSIGNED_BYTE:
            raise ValueError("another magic number")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error) as error:
        raise SourceError(f"{path} is not a whole IDX file ({error}).", "Prepare the set again.") from None


def read_mnist(root: Path, name: str = "mnist") -> Iterator[Example]:
    """MNIST: 28x28 white digits on black; the publisher's t10k part validates."""
    for part in ("train", "t10k"):
        yield from pairs(root, part, name, dict(enumerate(string.digits)), SPLITS[part])


def read_emnist(root: Path, name: str = "emnist", part: str = "byclass") -> Iterator[Example]:
    """EMNIST: 28x28, 62 classes in part "byclass"; stored transposed, yielded upright; its test part validates."""
    classes = mapping(root, part)
    for stage in ("train", "test"):
        for example in pairs(root, f"emnist-{part}-{stage}", name, classes, SPLITS[stage]):
            yield Example(name, example.text, example.split, pixels=example.image().T)


def pairs(root: Path, stem: str, name: str, classes: dict[int, str], split: str) -> Iterator[Example]:
    """The pictures and labels of one pair of files as examples."""
    images, labels = read_idx(idx_file(root, f"{stem}-images")), read_idx(idx_file(root, f"{stem}-labels"))
    if len(images) != len(labels):
        raise SourceError(f"{root} has {len(images)} pictures and {len(labels)} labels in {stem}.", "Prepare it again.")
    for pixels, label in zip(images, labels, strict=True):
        yield Example(name, classes[int(label)], split, pixels=pixels)


def idx_file(root: Path, stem: str) -> Path:
    """The one IDX file below `root` whose name starts with `stem`, a plain one before a packed one."""
    found = sorted(Path(root).rglob(f"{stem}[-.]idx?-ubyte*"), key=lambda p: len(p.name))
    if not found:
        raise SourceError(f"{root} has no {stem}-idx file.", "Run: python -m train prepare")
    return found[0]


def mapping(root: Path, part: str) -> dict[int, str]:
    """EMNIST's label numbers as characters, from its mapping file: "label code [code of the other case]"."""
    found = sorted(Path(root).rglob(f"emnist-{part}-mapping.txt"))
    if not found:
        raise SourceError(f"{root} has no emnist-{part}-mapping.txt.", "Run: python -m train prepare emnist")
    rows = (line.split() for line in found[0].read_text().splitlines())
    return {int(row[0]): chr(int(row[1])) for row in rows if row}
