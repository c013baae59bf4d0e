"""One labelled picture, whatever set it comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SourceError
from realtime.preprocess import rectify, to_gray
from realtime.values import Quad

LEAST = 4  # pixels a side of an object that is cut out


@dataclass(frozen=True, eq=False)
class Example:
    """A picture, or the part of it inside `quad`, and what it says.

    `text` is None where nobody wrote the truth down and "" where the truth is "nothing legible". `group` is what must
    not stand on both sides of a split: a writer, a device, a recording. `tags` holds every other column of the set.
    """

    source: str  # the set's name
    text: str | None
    split: str = "train"
    path: Path | None = None
    pixels: np.ndarray | None = None  # uint8 (H, W) or BGR (H, W, 3), where the set is not made of picture files
    quad: Quad | None = None
    group: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def image(self) -> np.ndarray:
        """The whole picture: uint8 gray (H, W) or BGR (H, W, 3); SourceError where its file cannot be read."""
        if self.pixels is not None:
            return self.pixels
        if self.path is None:
            raise SourceError(f"An example of {self.source} has neither pixels nor a file.")
        return read_picture(self.path)

    @property
    def readable(self) -> bool:
        """Whether its text can be read: not where the column `care`, as ICDAR's tables have it, says 0."""
        return self.tags.get("care", "1") == "1"

    @property
    def stem(self) -> str:
        """The name of its file without the ending; "" where there is none."""
        return self.path.stem if self.path else ""

    @property
    def name(self) -> str:
        """What to call it in a report: the file's name, or the group."""
        return self.path.name if self.path else self.group


def cut_out(example: Example) -> np.ndarray:
    """The object alone, straightened, uint8 gray (h, w); the whole picture, as it is, where no corners are known."""
    image = example.image()
    return image if example.quad is None else straightened(to_gray(image), example.quad)


def straightened(gray: np.ndarray, quad: Quad) -> np.ndarray:
    """What lies inside the quadrilateral, at its natural size but no side under LEAST pixels: uint8 (h, w)."""
    width, height = (max(LEAST, round(side)) for side in quad.size)
    return rectify(gray, quad, height, width)


def read_picture(path: Path) -> np.ndarray:
    """A picture file as uint8 BGR (H, W, 3); SourceError where it is missing or damaged."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SourceError(f"{path} is not a picture that can be read.", "Remove its row or fetch the file again.")
    return image


def held_out(key: str, share: float) -> bool:
    """Whether `key` belongs to validation: the same answer on every machine, true for `share` of all keys."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) < share * 2**32
