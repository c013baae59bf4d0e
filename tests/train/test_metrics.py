"""Scores of texts and of confidences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.metrics import edit_distance, folded, reliability, text_scores

TEXT = st.text("ABC01", max_size=6)


# --- texts


@given(TEXT, TEXT, TEXT)
def test_edit_distance_is_a_distance(a, b, c):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@pytest.mark.parametrize(("a", "b", "edits"), [("4217", "427", 1), ("42", "24", 2), ("", "abc", 3), ("AB1", "A81", 1)])
def test_edits_are_counted(a, b, edits):
    assert edit_distance(a, b) == edits


def test_only_what_a_mode_forgives_is_folded():
    assert folded("OI0B8", "plates") == "010B8"
    assert folded("aOb0", "characters") == "aob0"


def test_scores_are_shares_of_all_answers():
    scores = text_scores(["AB10", "XY", "Q7", "Z"], ["ABIO", "XY", "Q", "AA"], "plates")
    assert scores == {"n": 4, "exact": 0.25, "folded": 0.5, "within_one": 0.75}
    assert text_scores([], [], "digits") == {"n": 0, "exact": 0.0, "folded": 0.0, "within_one": 0.0}


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6), st.sampled_from(["plates", "characters"]))
def test_each_score_forgives_more_than_the_one_before(pairs, mode):
    scores = text_scores(*zip(*pairs, strict=True), mode)
    assert 0 <= scores["exact"] <= scores["folded"] <= scores["within_one"] <= 1


# --- confidence


def test_who_is_right_as_often_as_sure_has_no_calibration_error():
    sure = np.repeat([0.25, 0.75], 100)
    right = np.concatenate([np.arange(100) < 25, np.arange(100) < 75])
    assert reliability(sure, right).error == pytest.approx(0)


def test_the_gap_is_the_error():
    assert reliability([0.95] * 10, [True] * 5 + [False] * 5).error == pytest.approx(0.45)
    assert reliability([1.0] * 4, [True] * 4).error == 0 and reliability([], []).error == 0
