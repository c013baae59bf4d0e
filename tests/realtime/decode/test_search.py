"""From CTC probabilities to texts: every path is counted where they are few enough, and the search must agree."""

from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.decode.search import agreed, likelihoods, search, support

ALPHABET = "ab"


@st.composite
def probabilities(draw, steps=5):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.dirichlet([draw(st.floats(0.2, 2))] * (len(ALPHABET) + 1), steps)


def every_text(p):
    """Text -> the sum over all paths that spell it."""
    texts = {}
    for path in product(range(len(ALPHABET) + 1), repeat=len(p)):
        text = "".join(ALPHABET[k] for k, _ in groupby(path) if k < len(ALPHABET))
        texts[text] = texts.get(text, 0.0) + float(np.prod(p[range(len(p)), path]))
    return texts


@settings(max_examples=30, deadline=None)
@given(probabilities())
def test_a_wide_search_finds_the_likeliest_text_and_its_probability(p):
    truth = every_text(p)
    (text, chance), *_ = search(p, ALPHABET, width=99)
    assert chance == pytest.approx(max(truth.values()), abs=0.02)
    assert truth[text] == pytest.approx(chance, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(probabilities())
def test_likelihoods_are_sums_over_all_paths(p):
    truth = every_text(p)
    expected = [[truth[text] for text in truth]] * 2
    assert likelihoods(np.stack([p, p]), list(truth), ALPHABET) == pytest.approx(np.array(expected), abs=1e-5)


def test_the_best_path_is_not_always_the_best_text():
    p = np.array([[0.4, 0.0, 0.6], [0.4, 0.0, 0.6]])  # blank twice: .36; "a" once or twice: .64
    assert search(p, ALPHABET)[0] == ("a", pytest.approx(0.64))


def test_a_blank_that_is_certain_still_parts_a_double_letter():
    assert search(np.eye(3)[[0, 2, 0]], ALPHABET)[0] == ("aa", 1.0)


def test_a_prior_decides_between_texts_that_look_alike_and_moves_probability_only_between_them():
    p = np.array([[0.5, 0.45, 0.05]])
    loved = search(p, ALPHABET, prior=lambda text: 3.0 if text == "b" else 1.0)
    assert loved[0][0] == "b" and sum(c for _, c in loved) == pytest.approx(1.0)


def test_views_agree_on_what_each_holds_possible():
    """One view is sure of a text that the other two exclude; all hold "ab" possible."""
    cut = np.array([[0.97, 0.02, 0.01], [0.02, 0.08, 0.9]])
    seen = np.array([[0.9, 0.05, 0.05], [0.03, 0.9, 0.07]])
    assert search(cut, ALPHABET)[0][0] == "a"
    text, chance = agreed(np.stack([cut, seen, seen]), ALPHABET)[0]
    assert text == "ab" and 0.5 < chance < 1


def test_a_character_is_supported_by_all_texts_that_agree_there():
    candidates = (("CAT", 0.5), ("CUT", 0.25), ("CA", 0.125))
    assert support("CAT", candidates) == pytest.approx((0.875, 0.625, 0.75))
