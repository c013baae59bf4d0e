"""SVHN, street view house numbers: whole numbers with boxes (format 1) and 32x32 digits (format 2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from realtime.errors import SourceError
from realtime.values import Box, Quad
from train.datasets.example import Example

SPLITS = {"train": "train", "extra": "train", "test": "val"}
FIELDS = ("label", "left", "top", "width", "height")


def read_svhn_digits(root: Path, name: str = "svhn") -> Iterator[Example]:
    """Format 2: {train,extra,test}_32x32.mat; the test part validates. Label 10 means 0; pixels come as BGR."""
    for part, path in parts(root, "{}_32x32.mat"):
        stored = load_mat(path)
        images, labels = stored["X"], stored["y"].ravel() % 10
        for i, label in enumerate(labels):
            yield Example(name, str(label), SPLITS[part], pixels=images[:, :, ::-1, i], group=f"{part}-{i}")


def read_svhn_numbers(root: Path, name: str = "svhn-full") -> Iterator[Example]:
    """Format 1: {train,extra,test}/digitStruct.mat beside the pictures; one example per number.

    `quad` spans the boxes of its digits, which run from left to right.
    """
    for part, path in parts(root, "{}/digitStruct.mat"):
        for file, rows in digit_struct(path):
            left, top = rows[:, 1].min(), rows[:, 2].min()
            right, bottom = (rows[:, 1] + rows[:, 3]).max(), (rows[:, 2] + rows[:, 4]).max()
            text = "".join(str(int(label) % 10) for label in rows[:, 0])
            quad = Quad.from_box(Box(*map(float, (left, top, right, bottom))))
            yield Example(name, text, SPLITS[part], path=path.parent / file, quad=quad, group=f"{part}-{file}")


def parts(root: Path, pattern: str) -> list[tuple[str, Path]]:
    """The parts of the set that are there, with their label files."""
    found = [(part, Path(root) / pattern.format(part)) for part in SPLITS]
    found = [(part, path) for part, path in found if path.is_file()]
    if not found:
        raise SourceError(f"{root} has no {pattern.format('train')}.", "Run: python -m train prepare svhn")
    return found


def load_mat(path: Path) -> dict:
    """A MATLAB file up to version 7 as arrays."""
    from scipy.io import loadmat

    try:
        return loadmat(str(path))
    except Exception as error:  # scipy raises its own, ValueError, TypeError, zlib.error, depending on where it is cut
        raise SourceError(f"{path} is not a whole MATLAB file ({error}).", "Prepare the set again.") from None


def digit_struct(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """File name and one row (label, left, top, width, height) per digit for each picture of a digitStruct.mat.

    The file is HDF5: `name` and `bbox` hold references; a field of a bbox is one number where the picture has one
    digit, else references to numbers.
    """
    import h5py

    try:
        with h5py.File(path) as stored:
            struct = stored["digitStruct"]
            for name, box in zip(struct["name"][:, 0], struct["bbox"][:, 0], strict=True):
                file = "".join(map(chr, stored[name][:, 0]))
                yield file, np.stack([numbers(stored, stored[box][f]) for f in FIELDS], 1)
    except (OSError, KeyError) as error:
        raise SourceError(f"{path} is not a digitStruct file ({error}).", "Prepare the set again.") from None


def numbers(stored, field) -> np.ndarray:
    """The numbers of a field, whether stored in place or by reference."""
    values = field[:, 0]
    return np.array([stored[v][0, 0] for v in values] if values.dtype == object else values, float)
