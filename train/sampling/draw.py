"""Drawing by chance: items by weight, one of several samplers, what was rendered before once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
Draw = Callable[[np.random.Generator], T]


class Weighted(Generic[T]):
    """Draws items in proportion to their weights, which need not sum to 1."""

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items, self._edges = list(items), np.cumsum(np.array(weights, float) / sum(weights))

    def __call__(self, rng: np.random.Generator) -> T:
        return self.items[min(int(np.searchsorted(self._edges, rng.random())), len(self.items) - 1)]


class Mixture(Generic[T]):
    """One of several samplers, by weight."""

    def __init__(self, samplers: Sequence[Draw[T]], weights: Sequence[float]) -> None:
        self._chosen = Weighted(samplers, weights)

    def __call__(self, rng: np.random.Generator) -> T:
        return self._chosen(rng)(rng)


class ReplayBuffer(Generic[T]):
    """Keeps the last `size` things that were rendered, and draws each about `reuse` times before it is replaced.

    Rendering costs milliseconds, changing what is there a tenth of one: `reuse` trades variety for time.
    """

    def __init__(self, render: Draw[T], size: int, reuse: int) -> None:
        self.render, self.size, self.reuse = render, size, reuse
        self.items: list[T] = []

    def __call__(self, rng: np.random.Generator) -> T:
        return self.draw(rng)[0]

    def draw(self, rng: np.random.Generator) -> tuple[T, bool]:
        """Something rendered, and whether it may have been drawn before."""
        if len(self.items) < self.size:
            self.items.append(self.render(rng))
            return self.items[-1], False
        slot, fresh = int(rng.integers(self.size)), rng.random() < 1 / self.reuse
        if fresh:
            self.items[slot] = self.render(rng)
        return self.items[slot], not fresh
