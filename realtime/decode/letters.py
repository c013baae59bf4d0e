"""How letters follow each other in words: a small table that helps a reader decide between texts alike in picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from realtime.errors import ModelError

EDGE = 0  # the code of a word's beginning and end
CODES = {**{chr(ord("a") + k): k + 1 for k in range(26)}, **{chr(ord("A") + k): k + 1 for k in range(26)}, "\n": EDGE}
LETTERS = 27
CONTEXT = 4  # letters that decide about the next
STEP = 1 / 4  # natural logarithms are kept in so many steps, a byte each
CODE = 2.8  # -log P of each sign of a code, where letters and digits are mixed
MIXED = 0.1  # share of texts that are codes


@dataclass(frozen=True, eq=False)
class Letters:
    """P(next letter | letters before) of words, whatever their case; in a text with a digit all signs are alike.

    `rows`: -log P of the next letter in STEPs, uint8 (n, 27). `index`: the row for four letters before, uint16
    (27, 27, 27, 27). `weight` is the power to which the probabilities count; `bonus` the logarithm of what one
    character more is worth, for a text's probability falls with its length.
    """

    rows: np.ndarray
    index: np.ndarray
    weight: float = 0.35
    bonus: float = 0.75
    factors: np.ndarray = field(init=False, repr=False)  # what each byte of a row weighs, float64 (256,)

    def __post_init__(self) -> None:
        chances = (1 - MIXED) * np.exp(-STEP * np.arange(256, dtype=np.float32)) + MIXED * np.exp(-CODE)
        object.__setattr__(self, "factors", chances**self.weight)

    def __call__(self, text: str) -> float:
        """What the last character of a text, or its end ("\\n"), weighs after those before it."""
        code, before = CODES.get(text[-1]), [CODES.get(char) for char in text[:-1]]
        if code is None or None in before:
            return 1.0 if code == EDGE else float(np.exp(self.bonus - self.weight * CODE))
        context = ((EDGE,) * CONTEXT + tuple(before))[-CONTEXT:]
        factor = self.factors[self.rows[self.index[context], code]]
        return float(factor if code == EDGE else factor * np.exp(self.bonus))


def load_letters(path: Path) -> Letters:
    """The table of a file that `python -m synth letters` wrote; ModelError where it is none."""
    try:
        with np.load(path) as stored:
            return Letters(stored["rows"], stored["index"])
    except (OSError, ValueError, KeyError) as error:
        told = f"{path} is not a table of letters ({error})."
        raise ModelError(told, "Write it with python -m synth letters.") from None
