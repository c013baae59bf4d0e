"""Sheets: strings that do not touch, prices as one string, every kind drawn, the same picture from the same dice."""

import re
from itertools import pairwise

import numpy as np
import pytest

from synth.text.fonts import ALPHABET
from synth.text.layouts import SHEETS, apart, display, panel_of, price, sample_layout, shifted
from synth.text.scene import render_scene, strings_of, touch

SIZE = (240, 320)


@pytest.mark.parametrize("kind", dict.fromkeys(SHEETS))
def test_every_kind_of_sheet_has_strings_apart(kind):
    strings = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        sheet = kind(rng, "train")
        if not sheet.items:
            continue
        panel = panel_of(rng, sheet, SIZE, dark=False)
        boxes = [box for box, _ in strings_of(panel.items, [item.line.text for item in panel.items])]
        assert all(0 <= x0 < x1 <= panel.size[1] and 0 <= y0 < y1 <= panel.size[0] for x0, y0, x1, y1 in boxes)
        strings += len(boxes)
    assert strings >= 12


def test_a_layout_replays_and_its_strings_lie_in_the_picture():
    texts = []
    for seed in range(8):
        image, quads, said = render_scene(sample_layout(np.random.default_rng(seed), "train", SIZE))
        again = render_scene(sample_layout(np.random.default_rng(seed), "train", SIZE))
        assert image.shape == SIZE and image.dtype == np.uint8 and np.array_equal(image, again[0])
        assert len(quads) == len(said) and all(set(text) <= set(ALPHABET) for text in said)
        assert (quads > -1).all() and (quads < np.array(SIZE[::-1]) + 1).all()
        texts += said
    assert len(texts) > 10


def test_the_cents_of_a_price_belong_to_it():
    sheet = price(np.random.default_rng(2), "train")
    whole, cents = sheet.items[:2]
    (box, text), *_ = strings_of(sheet.items, [item.line.text for item in sheet.items])
    assert text.replace(",", ".") == f"{whole.line.text}.{cents.line.text.strip('.,')}"
    assert box[0] == whole.box[0] and box[2] == max(whole.box[2], cents.box[2])


def test_what_touches_an_earlier_string_is_left_out():
    whole, cents, *_ = price(np.random.default_rng(2), "train").items
    assert apart((whole, cents)) == [whole, cents]
    assert apart((whole, shifted(whole, 3, 3))) == [whole]
    far = shifted(whole, 500, 0)
    assert apart((whole, far)) == [whole, far] and not touch(np.array(whole.box), np.array(far.box))


def test_small_decimals_stand_behind_a_point():
    numbers = []
    for seed in range(60):
        sheet = display(np.random.default_rng(seed), "train")
        for whole, small in pairwise(sheet.items):
            if small.continues:
                (_, text), *_ = strings_of([whole, small], [whole.line.text, small.line.text])
                numbers.append(text)
                assert small.box[0] > whole.box[2] - 1 and small.em < whole.em
    assert numbers and all(re.fullmatch(r"\d+\.\d{1,3}", text) for text in numbers)
