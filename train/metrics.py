"""Scores of texts and confidences, in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FOLD_PLATES = str.maketrans("OI", "01")
# Characters that differ in size only, or not at all in many fonts; one name for each group.
FOLD_ALIKE = str.maketrans("OolI5s8Bz2Z", "00115S88222")


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


def calibration_error(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): gap of confidence and accuracy over equal bins, by size."""
    confidences, right = np.asarray(confidences, float), np.asarray(right, float)
    slots = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [abs(confidences[slots == b].sum() - right[slots == b].sum()) for b in range(bins)]
    return float(sum(gaps) / max(len(right), 1))
