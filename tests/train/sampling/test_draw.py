"""Chance: shares follow the weights, and what is rendered is drawn several times."""

import numpy as np
import pytest

from train.sampling.draw import Mixture, ReplayBuffer, Weighted


def test_items_come_as_often_as_they_weigh():
    draw, rng = Weighted("abc", [6, 3, 1]), np.random.default_rng(0)
    drawn = [draw(rng) for _ in range(2000)]
    assert [drawn.count(c) / 2000 for c in "abc"] == pytest.approx([0.6, 0.3, 0.1], abs=0.04)


def test_a_mixture_draws_by_weight():
    kinds, rng = [lambda rng, k=k: k for k in range(3)], np.random.default_rng(0)
    mixture = Mixture(kinds, [6, 3, 1])
    counts = np.bincount([mixture(rng) for _ in range(2000)])
    assert counts / 2000 == pytest.approx([0.6, 0.3, 0.1], abs=0.04)


def test_a_buffer_renders_once_for_several_draws_and_says_what_it_drew_before():
    made, rng = [], np.random.default_rng(0)
    buffer = ReplayBuffer(lambda rng: made.append(1) or len(made), size=5, reuse=4)
    drawn = [buffer.draw(rng) for _ in range(205)]
    assert len(buffer.items) == 5 and 5 + 25 < len(made) < 5 + 80
    seen = set()
    for item, known in drawn:
        assert known == (item in seen)
        seen.add(item)
