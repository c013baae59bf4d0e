"""Texts, fonts, and lines: what is drawn is what the truth says, where the truth says."""

import dataclasses
from itertools import pairwise

import cv2
import numpy as np
import pytest

from realtime.values import Box, iou
from synth.grounds import Ground
from synth.text.crops import (
    character_view,
    render_crop,
    sample_character,
    sample_crop,
    sample_line_crop,
    sample_not_character,
)
from synth.text.fonts import ALPHABET, BUILT_IN, DIGITS, LOWER, UPPER, drawn_characters, font_families, ink_of, split_of
from synth.text.glyphs import DotFace, FontFace, SegmentFace, StrokeFace
from synth.text.line import Drum, Line, Style
from synth.text.sampling import render_line, sample_drum, sample_line
from synth.text.strings import legible, sample_digits, sample_word, words
from synth.text.typeset import set_line, truth_of
from synth.warp import Warp

PLAIN = Line("0", FontFace(BUILT_IN), Style(20.0, 230.0), Ground())


def seeds(count):
    return map(np.random.default_rng, range(count))


# --- texts


def test_digit_strings_hold_1_to_10_digits_of_every_kind():
    texts = [sample_digits(rng) for rng in seeds(2000)]
    lengths = {len(legible(text, DIGITS)) for text in texts}
    assert lengths == set(range(1, 11))
    counts = np.array([sum(text.count(digit) for text in texts) for digit in DIGITS])
    assert counts.min() > 0.6 * counts.mean()
    assert {mark for text in texts for mark in text} >= set(".:,-/")


def test_words_have_all_62_characters_and_none_is_rare():
    letters = "".join(sample_word(rng) for rng in seeds(4000))
    counts = {char: letters.count(char) for char in ALPHABET}
    assert min(counts.values()) > 0.0015 * sum(counts.values())
    cases = [sample_word(rng) for rng in seeds(400)]
    assert any(w.isupper() for w in cases) and any(w.islower() for w in cases) and any(w.istitle() for w in cases)


def test_the_word_list_is_plain_and_without_repeats_in_a_word():
    assert len(words()) > 900 and all(word.isalpha() and word.islower() for word in words())


# --- fonts


def test_relatives_stay_in_one_split_and_one_family_in_ten_is_unseen():
    assert split_of("Example Sans") == split_of("Example Serif") == split_of("example-mono")
    names = [f"{a}{b}{c}" for a in UPPER for b in LOWER for c in LOWER[:4]]
    assert 0.06 < np.mean([split_of(name) == "val" for name in names]) < 0.14


def looks(face, alphabet=ALPHABET):
    return {char: ink_of(face, char)[0] for char in alphabet}


@pytest.fixture(scope="module")
def face():
    from PIL import ImageFont

    return ImageFont.load_default(40)


def test_a_plain_font_has_all_characters(face):
    assert drawn_characters(looks(face), ink_of(face, "\uffff")[0]) == ALPHABET


def test_missing_repeated_and_foreign_glyphs_are_refused(face):
    seen, missing = looks(face), ink_of(face, "\uffff")[0]
    assert drawn_characters({**seen, "7": missing}, missing) == UPPER + LOWER
    assert drawn_characters({**seen, "A": seen["B"]}, missing) == DIGITS + LOWER
    capitals_twice = {**seen, **{char: seen[char.upper()] for char in LOWER}}
    assert drawn_characters(capitals_twice, missing) == DIGITS + UPPER
    shuffled = {char: seen[DIGITS[(i * 3 + 1) % 10]] for i, char in enumerate(DIGITS)}
    assert DIGITS not in drawn_characters({**seen, **shuffled}, missing)


def test_every_font_of_this_machine_can_draw_what_it_claims():
    for fonts in list(font_families(split="val").values())[:40]:
        for char in (fonts[0].alphabet[0], fonts[0].alphabet[-1]):
            assert FontFace(fonts[0]).glyph(char, 28).mask.max() > 60


# --- setting


FACES = FontFace(BUILT_IN), SegmentFace(), SegmentFace(slant=0.2, bevel=1.0), DotFace(round=True), StrokeFace(7)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("text", ["1", "0271", "4.5:6"])
@pytest.mark.parametrize("weight", [0, 2])
def test_the_box_is_the_ink_s_box(face, text, weight):
    setting = set_line(dataclasses.replace(PLAIN, text=text, face=face, weight=weight), pad=20)
    x, y, w, h = cv2.boundingRect((setting.mask > 40).astype(np.uint8))
    assert np.allclose(setting.box, [x, y, x + w, y + h], atol=2)
    assert len(setting.boxes) == len(setting.text)


def test_the_box_follows_a_bent_line():
    setting = set_line(dataclasses.replace(PLAIN, text="WATER", bend=0.4), pad=20)
    x, y, w, h = cv2.boundingRect((setting.mask > 40).astype(np.uint8))
    assert np.allclose(setting.box, [x, y, x + w, y + h], atol=2)
    for x0, y0, x1, y1 in setting.boxes.astype(int):
        assert setting.mask[y0:y1, x0:x1].max() > 200


def test_painted_ink_is_dark_on_light_inside_its_box_only():
    gray, quad, boxes = render_line(dataclasses.replace(PLAIN, text="Ag.7"))
    (x0, y0), (x1, y1) = quad[0].astype(int), quad[2].astype(int)
    outside = gray.copy()
    outside[y0:y1, x0:x1] = 255
    assert gray[y0:y1, x0:x1].min() < 40 and outside.min() > 220
    assert len(boxes) == 3, "a box for each legible character, none for the point"


def test_segments_tell_all_digits_apart():
    masks = {SegmentFace().glyph(digit, 56).mask.tobytes() + bytes([int(digit) == 1]) for digit in DIGITS}
    assert len(masks) == 10


def test_a_hand_keeps_its_habits_and_never_writes_twice_the_same():
    hand, other = StrokeFace(1), StrokeFace(2)
    first, again, later = (hand.glyph("a", 56, variant).mask for variant in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, later)
    assert not np.array_equal(first, other.glyph("a", 56, 0).mask)
    assert all(hand.glyph(char, 56) is not None for char in ALPHABET)


def test_a_wheel_shows_its_neighbours_and_its_box_its_own_digit():
    drum = Drum(offsets=(0.0,), pitch=1.2, window=1.9)
    setting = set_line(dataclasses.replace(PLAIN, text="5", drum=drum), pad=10)
    x0, y0, x1, y1 = setting.boxes[0].astype(int)
    assert setting.mask[y0:y1, x0:x1].max() > 200
    assert setting.mask[: y0 - 4].max() > 200 and setting.mask[y1 + 4 :].max() > 200


def test_a_wheel_between_two_digits_is_half_each():
    line = sample_drum(np.random.default_rng(0), "train", "4", rolled=0.5)
    assert line.drum.offsets == (0.5,)


@pytest.mark.parametrize("mode", ["digits", "characters"])
def test_lines_are_drawn_whole_and_replay(mode):
    alphabet = {"digits": DIGITS, "characters": ALPHABET}[mode]
    for seed in range(60):
        line = sample_line(np.random.default_rng(seed), mode, "train")
        assert line == sample_line(np.random.default_rng(seed), mode, "train")
        assert truth_of(set_line(line, 20), alphabet) == legible(line.text, alphabet)


# --- crops


@pytest.mark.parametrize("mode", ["digits", "characters"])
def test_crops_have_natural_proportions_and_replay(mode):
    for seed in range(40):
        gray, text = sample_crop(np.random.default_rng(seed), mode, "train")
        again, _ = sample_crop(np.random.default_rng(seed), mode, "train")
        assert gray.dtype == np.uint8 and gray.ndim == 2 and 40 <= gray.shape[0] <= 64
        assert text and set(text) <= set({"digits": DIGITS, "characters": ALPHABET}[mode] + ".-:")
        assert np.array_equal(gray, again)
        assert 0.15 * len(text) < gray.shape[1] / gray.shape[0] < 3.5 * len(text) + 3


def test_an_undisturbed_crop_holds_the_ink_tightly():
    crop = sample_line_crop(np.random.default_rng(1), "digits", "train")
    line = dataclasses.replace(PLAIN, text="4821")
    calm = dataclasses.replace(
        crop, line=line, neighbours=(), borders=(), warp=Warp(8.0), upright=False, grow=(0,) * 4, corners=(0,) * 8,
        height=60, effects=dataclasses.replace(crop.effects, steps=()),
    )  # fmt: skip
    gray, _ = render_crop(calm)
    dark = gray < 120
    assert dark[:3].any() and dark[-3:].any() and dark[:, :3].any() and dark[:, -3:].any()


def test_the_view_of_a_character_keeps_proportions():
    _, (height, width) = character_view(Warp(), (100, 200), np.array([50, 20, 70, 60]), 40)
    assert (height, width) == (40, 20)


def test_single_characters_come_equally_often_and_fill_the_picture():
    seen = [sample_character(rng, "train", DIGITS) for rng in seeds(200)]
    assert {char for _, char in seen} == set(DIGITS)
    assert all(32 <= gray.shape[0] <= 48 and gray.dtype == np.uint8 for gray, _ in seen)


def test_rejects_need_no_photographs_and_use_them():
    photo = np.random.default_rng(0).integers(0, 255, (80, 120), np.uint8)
    for backgrounds in ((), [photo]):
        for rng in seeds(40):
            gray = sample_not_character(rng, backgrounds)
            assert gray.dtype == np.uint8 and gray.ndim == 2 and min(gray.shape) >= 8


def test_characters_boxes_lie_side_by_side():
    _, _, boxes = render_line(dataclasses.replace(PLAIN, text="HAND"))
    assert all(iou(Box(*a), Box(*b)) < 0.1 for a, b in pairwise(boxes))
