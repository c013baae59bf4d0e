"""Scores of texts and confidences, in plain numpy; whether 0.9 is right nine times in ten, and what corrects it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

FOLD_PLATES = str.maketrans("OI", "01")


def edit_distance(a: str, b: str) -> int:
    """Levenshtein: fewest insertions, deletions and replacements that turn a into b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def folded(text: str, mode: str) -> str:
    """The text with what a mode forgives folded away: O = 0 and I = 1 on plates, upper and lower case elsewhere."""
    return text.translate(FOLD_PLATES) if mode == "plates" else text.lower()


def text_scores(truths: Sequence[str], answers: Sequence[str], mode: str) -> dict[str, float]:
    """Shares of exact, folded and nearly right (one edit after folding) answers, 0 to 1, and how many there were."""
    pairs = list(zip(truths, answers, strict=True))
    near = [edit_distance(folded(t, mode), folded(a, mode)) for t, a in pairs]
    return {
        "n": len(pairs),
        "exact": float(np.mean([t == a for t, a in pairs])) if pairs else 0.0,
        "folded": float(np.mean([d == 0 for d in near])) if pairs else 0.0,
        "within_one": float(np.mean([d <= 1 for d in near])) if pairs else 0.0,
    }


@dataclass(frozen=True, eq=False)
class Reliability:
    """Per confidence bin of equal width: mean confidence, share right (both nan where empty), how many."""

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def error(self) -> float:
        """Expected calibration error (Guo et al. 2017): mean gap of the two, weighted by how many."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float(np.nansum(gaps * self.count) / max(self.count.sum(), 1))


def reliability(confidences: ArrayLike, right: ArrayLike, bins: int = 10) -> Reliability:
    """Bin confidences (n,) in 0..1 and compare each bin with how often `right` (n,), boolean, is true there."""
    sure, hits = np.asarray(confidences, float), np.asarray(right, float)
    slots = np.clip((sure * bins).astype(int), 0, bins - 1)
    count = np.bincount(slots, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean, accuracy = (np.bincount(slots, weights=v, minlength=bins) / count for v in (sure, hits))
    return Reliability(mean, accuracy, count)


def log_loss(confidences: np.ndarray, right: np.ndarray) -> float:
    """Mean negative log likelihood of being right as often as one says."""
    p = np.clip(confidences, 1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(right, np.log(p), np.log(1 - p))))


def fit_temperature(
    confidences_at: Callable[[float], np.ndarray], right: np.ndarray, low: float = 0.2, high: float = 8.0
) -> float:
    """The temperature whose confidences (n,) have the least log loss against `right` (n,), boolean.

    Golden-section search over its logarithm. `confidences_at(t)` may be a class's, a character's or a whole text's
    confidence: a network's temperature never changes what it answers, so `right` stays. 1.0 where nothing is given.
    """
    right = np.asarray(right, bool)
    if not len(right):
        return 1.0
    ratio = (5**0.5 - 1) / 2
    a, b = np.log(low), np.log(high)
    for _ in range(40):
        c, d = b - ratio * (b - a), a + ratio * (b - a)
        losses = [log_loss(confidences_at(float(np.exp(t))), right) for t in (c, d)]
        a, b = (a, d) if losses[0] <= losses[1] else (c, b)
    return float(np.exp((a + b) / 2))
