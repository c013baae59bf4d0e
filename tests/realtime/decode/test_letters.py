"""How letters follow each other: a table, asked for the last character of a text."""

import numpy as np
import pytest

from realtime.decode.letters import CONTEXT, LETTERS, STEP, Letters, load_letters
from realtime.errors import ModelError
from synth.letters import letter_table


@pytest.fixture(scope="module")
def letters():
    return Letters(*letter_table(["the", "then", "they", "queen"], least=0.0), weight=1.0, bonus=0.0)


def test_what_was_seen_is_likelier_than_what_was_not(letters):
    assert letters("the") > letters("thq") and letters("qu") > letters("qe") and letters("THE") == letters("the")


def test_the_end_of_a_word_counts(letters):
    assert letters("the\n") > letters("th\n")


def test_digits_weigh_the_same_wherever_they_stand(letters):
    assert letters("7") == letters("the7") == letters("12") and letters("12\n") == 1.0


def test_every_row_sums_to_one_and_rare_contexts_share_one():
    words = ["abandon", "abbey", "able", "about"]
    (all_rows, _), (rows, index) = letter_table(words, least=0.0), letter_table(words, least=2.0)
    assert len(rows) < len(all_rows) and rows.dtype == np.uint8
    assert index.shape == (LETTERS,) * CONTEXT and index.max() == len(rows) - 1
    assert np.exp(-STEP * rows.astype(float)).sum(-1) == pytest.approx(1, abs=0.1)


def test_a_table_that_is_none_is_one_sentence(tmp_path):
    path = tmp_path / "letters.npz"
    path.write_text("nothing")
    with pytest.raises(ModelError, match="not a table of letters"):
        load_letters(path)
