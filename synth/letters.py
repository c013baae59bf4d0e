"""The table of letters that follow each other, counted in the words that synth knows (see realtime.decode.letters)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from realtime.decode.letters import CODES, CONTEXT, EDGE, LETTERS, STEP

POWER = 0.55  # a word's frequency falls with its rank to this power: flatter than in running text, as on signs


def letter_table(words: Sequence[str], least: float = 25.0) -> tuple[np.ndarray, np.ndarray]:
    """-log P of a letter after four others in STEPs, uint8 (n, 27), and the row of each context, uint16 (27,) * 4.

    The last of n words, which stand by rank, counts once, the one of rank r (n / r) ** POWER times. Each order is
    interpolated with the next lower by the number of different letters seen (Witten and Bell 1991). A context that
    counts at most `least` shares the row of the one that is a letter shorter.
    """
    shares, index = np.full(LETTERS, 1 / LETTERS), np.zeros(1, int)
    rows: list[np.ndarray] = []
    for size in range(1, CONTEXT + 2):
        counts = counted(words, size)
        kinds, total = (counts > 0).sum(-1, keepdims=True), counts.sum(-1, keepdims=True)
        shares = np.where(total > 0, (counts + kinds * shares) / np.maximum(total + kinds, 1), shares)
        own = total.reshape(-1) > least
        index = np.tile(index, LETTERS) if size > 1 else index
        index[own] = sum(len(row) for row in rows) + np.arange(own.sum())
        rows.append(shares.reshape(-1, LETTERS)[own])
    return quantised(np.concatenate(rows)), index.astype(np.uint16).reshape((LETTERS,) * CONTEXT)


def quantised(shares: np.ndarray) -> np.ndarray:
    """-log of probabilities in STEPs."""
    return np.clip(np.round(-np.log(shares) / STEP), 0, 255).astype(np.uint8)


def counted(words: Sequence[str], size: int) -> np.ndarray:
    """How often each run of `size` letters and edges occurs, float64 (27,) * size."""
    counts = np.zeros((LETTERS,) * size)
    for rank, word in enumerate(words, 1):
        codes = [EDGE] * (size - 1) + [CODES[char] for char in word] + [EDGE]
        for k in range(len(word) + 1):
            counts[tuple(codes[k : k + size])] += (len(words) / rank) ** POWER
    return counts
