"""Samples for readers of lines: what is to be said, batches of one width, halves that say nothing."""

import numpy as np
import pytest

from realtime.preprocess import PADDING
from train.sampling.batches import packs, used_widths
from train.sampling.lines import halved, spoken
from train.sampling.load import Labelled
from train.sampling.recipes import SPECS
from train.sampling.samplers import reader_target
from train.sampling.words import evened, lies


@pytest.mark.parametrize(
    ("text", "numbers", "words"),
    [("27.95", "27.95", "2795"), ("20:09", "20:09", "2009"), ("B2-4", "", "B24"), ("kg", "", "kg")],
)
def test_a_reader_of_numbers_says_nothing_to_words_and_codes(text, numbers, words):
    assert spoken(text, SPECS["digits-reader"]) == numbers
    assert spoken(text, SPECS["characters-reader"]) == words


def test_half_a_line_says_nothing():
    gray, text = halved(np.random.default_rng(1), np.zeros((40, 90), np.uint8), "8")
    assert text == "" and 10 <= gray.shape[0] <= 20 and gray.shape[1] == 90


def picture(width):
    image = np.full((32, 160), PADDING, np.uint8)
    image[:, :width] = 7
    return image


def test_batches_are_alike_in_width_and_lose_no_ink():
    samples = [(picture(width), reader_target("1", "1")) for width in (10, 150, 20, 140, 60, 70, 30, 130)]
    made = list(packs(samples, 2, np.random.default_rng(3)))
    assert sorted(len(images) for images, _ in made) == [2, 2, 2, 2]
    assert sum(int((images == 7).any((1, 3)).sum()) for images, _ in made) == 10 + 150 + 20 + 140 + 60 + 70 + 30 + 130
    assert min(images.shape[2] for images, _ in made) == 32


def test_a_narrow_picture_of_a_long_text_keeps_a_step_for_each_character_and_blank():
    widths = used_widths(np.stack([picture(20)] * 2), np.stack([reader_target("1" * 7, "1"), reader_target("", "1")]))
    assert widths.tolist() == [80, 32]


def test_texts_that_repeat_are_drawn_less_often_each():
    items = evened([Labelled(np.zeros((1, 1), np.uint8), text) for text in ("SALE", "SALE", "SALE", "SALE", "EXIT")])
    assert [item.weight for item in items] == [0.5] * 4 + [1.0]


def test_a_word_that_stands_on_its_end_does_not_lie():
    assert lies("STREET", (90, 30)) and lies("1", (10, 40)) and not lies("STREET", (30, 90))
