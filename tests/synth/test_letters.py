"""Counting letters that follow each other, and the command that writes them."""

import numpy as np
from click.testing import CliRunner

from realtime.decode.letters import CODES, load_letters
from synth import __main__ as synth
from synth.letters import counted


def test_frequent_words_count_more_than_rare_ones():
    counts = counted(["ab", "cd"], 2)
    assert counts[CODES["a"], CODES["b"]] == 2**0.55 and counts[CODES["c"], CODES["d"]] == 1.0
    assert counts.sum() == 3 * (2**0.55 + 1)


def test_the_command_writes_what_realtime_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(synth, "vocabulary", lambda: ("street", "stream", "strand"))
    done = CliRunner().invoke(synth.main, ["letters", str(tmp_path / "letters.npz")])
    assert done.exit_code == 0 and "3 words" in done.output
    letters = load_letters(tmp_path / "letters.npz")
    assert letters("str") > letters("stz") and letters.rows.dtype == np.uint8


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    done = CliRunner().invoke(synth.main, ["letters", str(tmp_path / "no" / "letters.npz")])
    assert done.exit_code == 1 and "cannot be written" in done.output
