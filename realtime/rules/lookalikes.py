"""Characters that are read for each other: how readily, and how far two texts are apart by that measure."""

from __future__ import annotations

from math import inf

ALIKE = {  # how readily one is read for the other, 0 to 1; both ways
    "O0": 1.0, "Q0": 0.5, "D0": 0.6, "U0": 0.1, "G0": 0.1, "I1": 1.0, "L1": 0.3, "T1": 0.3, "J1": 0.1, "Z2": 0.8,
    "B3": 0.2, "J3": 0.1, "A4": 0.4, "S5": 0.9, "G6": 0.8, "B6": 0.1, "T7": 0.5, "Y7": 0.2, "B8": 0.9, "S8": 0.2,
    "Q9": 0.1, "P9": 0.1,
    "OD": 0.6, "OQ": 0.8, "IL": 0.3, "IT": 0.3, "IJ": 0.2, "VY": 0.2, "UV": 0.2, "MN": 0.1, "EF": 0.2, "CG": 0.3,
}  # fmt: skip


def alike(a: str, b: str) -> float:
    """How readily a character is read for another, whatever their case: 0 (never) to 1; 1 for itself."""
    a, b = a.upper(), b.upper()
    return 1.0 if a == b else ALIKE.get(a + b, ALIKE.get(b + a, 0.0))


def apart(a: str, b: str) -> float:
    """How many characters differ, look-alikes counting less, 0 to the length; infinite for texts of other lengths."""
    if len(a) != len(b):
        return inf
    return sum(1 - alike(x, y) for x, y in zip(a, b, strict=True))
