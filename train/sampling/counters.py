"""Training samples from photographed digits of meters: rows as a display shows them, and wheels that roll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from realtime.preprocess import crop, frame_quad
from realtime.spec import ModelSpec
from synth.effects import apply_effects, sample_effects
from train.sampling.augment import jittered, seen
from train.sampling.batches import Sample
from train.sampling.draw import Weighted
from train.sampling.load import Labelled
from train.sampling.samplers import class_of, reader_target

SAID, SILENT = 0.17, 0.3  # of a turn: a wheel that has rolled less shows a digit, one that has rolled more shows none
DOUBT = 0.5  # how often what lies between two digits is drawn against a digit: silence costs more than a doubt


def levelled(items: Sequence[Labelled]) -> list[Labelled]:
    """The items, those of a device that has many drawn less often each: a device's share grows with its root."""
    count = Counter(item.group for item in items)
    weights = [item.weight * count[item.group] ** -0.5 * (1.0 if item.text else DOUBT) for item in items]
    return [replace(item, weight=weight) for item, weight in zip(items, weights, strict=True)]


def by_device(items: Sequence[Labelled], least: int) -> Weighted[list[Labelled]]:
    """Draws all items of a device, from those with at least `least`; its share grows with the root of their number."""
    rows: dict[str, list[Labelled]] = {}
    for item in items:
        rows.setdefault(item.group, []).append(item)
    enough = [row for row in rows.values() if len(row) >= least]
    return Weighted(enough, [len(row) ** 0.5 for row in enough])


class MeterStrips:
    """Rows of real meter digits of one device side by side, as a display shows them. Target as for readers.

    What stands between two digits has its place in a row and says nothing.
    """

    LEAST = 20  # pictures of a device

    @classmethod
    def enough(cls, items: Sequence[Labelled]) -> bool:
        """Whether any device has enough pictures."""
        return any(count >= cls.LEAST for count in Counter(item.group for item in items).values())

    def __init__(self, items: Sequence[Labelled], spec: ModelSpec) -> None:
        self.spec, self.devices = spec, by_device(items, self.LEAST)

    def __call__(self, rng: np.random.Generator) -> Sample:
        rows = self.devices(rng)
        picks = [rows[int(k)] for k in rng.integers(len(rows), size=int(rng.integers(1, 8)))]
        gap = int(rng.integers(0, 6)) if rng.random() < 0.5 else 0
        strip = np.hstack([_at_height(p.gray, 40, gap) for p in picks])
        quad = jittered(frame_quad(strip), rng, loose=0.1, corner=0.02, turn=1.0)
        strip = apply_effects(strip, sample_effects(rng, strength=0.4, height=40))
        return crop(strip, quad, self.spec), reader_target("".join(p.text for p in picks), self.spec.alphabet)


def turning(items: Sequence[Labelled]) -> list[Labelled]:
    """Those that are digits of a wheel."""
    return [item for item in items if item.text and not item.group.startswith("lcd")]


class Wheels:
    """Real digits of one device above each other as on a wheel, seen through a window that it rolls behind.

    Target: int32 class of the digit in the window, or of none where it stands between two.
    """

    LEAST = 40  # pictures of digits of a device

    @classmethod
    def enough(cls, items: Sequence[Labelled]) -> bool:
        """Whether any wheel has enough pictures."""
        return any(count >= cls.LEAST for count in Counter(item.group for item in turning(items)).values())

    def __init__(self, items: Sequence[Labelled], spec: ModelSpec) -> None:
        self.spec, self.devices = spec, by_device(turning(items), self.LEAST)

    def __call__(self, rng: np.random.Generator) -> Sample:
        first, second, third = self._neighbours(rng)
        gray, text = rolled([p.gray for p in (first, second, third)], rng), second.text
        turn = rng.uniform(0, SAID) if rng.random() < 0.75 else rng.uniform(SILENT, 0.5)
        gray = window(gray, turn if rng.random() < 0.5 else -turn)
        return seen(gray, rng, self.spec), np.int32(class_of(text if turn <= SAID else "", self.spec.alphabet))

    def _neighbours(self, rng: np.random.Generator) -> list[Labelled]:
        """Three digits of one device in a wheel's order; where it has no picture of one, any of it."""
        rows, middle = self.devices(rng), int(rng.integers(10))
        found = []
        for digit in (middle - 1, middle, middle + 1):
            alike = [item for item in rows if item.text == str(digit % 10)] or rows
            found.append(alike[int(rng.integers(len(alike)))])
        return found


def rolled(digits: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Three pictures above each other, alike in tone, what is above and below each digit cut away by one share."""
    height, width = digits[1].shape
    trim = round(rng.uniform(0, 0.14) * height)
    mean, deviation = digits[1].mean(), max(digits[1].std(), 1.0)
    parts = []
    for gray in digits:
        alike = (gray.astype(np.float32) - gray.mean()) * (deviation / max(gray.std(), 1.0)) + mean
        part = cv2.resize(np.clip(alike, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_AREA)
        parts.append(part[trim : height - trim])
    return np.vstack(parts)


def window(strip: np.ndarray, turn: float) -> np.ndarray:
    """The middle third of three digits above each other, moved by a share of a digit."""
    pitch = strip.shape[0] / 3
    top = round(pitch * (1 + turn))
    return strip[top : top + round(pitch)]


def _at_height(gray: np.ndarray, height: int, gap: int) -> np.ndarray:
    """The picture at another height, with `gap` columns of its edge at its right."""
    width = max(4, round(gray.shape[1] * height / gray.shape[0]))
    resized = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(resized, 0, 0, 0, gap, cv2.BORDER_REPLICATE)
