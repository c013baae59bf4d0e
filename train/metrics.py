"""Scores of texts and confidences, in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
