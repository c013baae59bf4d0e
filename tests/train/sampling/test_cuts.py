"""Strings cut out of rendered sheets: what is in the picture is what is to be said, and small strings are left out."""

import numpy as np

from realtime.values import Quad
from synth.text.layouts import SHEETS
from train.sampling.cuts import LEAST, RAISED, Cuts, rendered
from train.sampling.lines import spoken
from train.sampling.recipes import SPECS

PLAIN = [np.full((60, 80), 128, np.uint8)]


def said(target: np.ndarray, alphabet: str) -> str:
    return "".join(alphabet[k] for k in target[2 : 2 + target[1]])


def test_rendered_strings_are_large_enough_and_have_texts():
    for seed in range(4):
        scene = rendered(np.random.default_rng(seed), PLAIN, SHEETS)
        assert len(scene.quads) == len(scene.texts) > 0 and all(scene.texts)
        assert all(Quad.of(quad).size[1] >= LEAST for quad in scene.quads)


def test_a_cut_says_what_the_reader_is_to_say():
    spec, heard = SPECS["digits-reader"], []

    def listening(text: str) -> str:
        heard.append(spoken(text, spec))
        return heard[-1]

    cuts, rng = Cuts(spec, PLAIN, listening, size=3), np.random.default_rng(5)
    samples = [cuts(rng) for _ in range(12)]
    assert all(picture.shape == (spec.height, spec.width) and picture.dtype == np.uint8 for picture, _ in samples)
    assert [said(target, spec.alphabet) for _, target in samples] == heard and any(heard)
    assert len(cuts.sheets.items) == 3


def test_a_price_is_cut_out_with_its_cents_on_a_line_that_rises_towards_them():
    cuts, rng = Cuts(SPECS["digits-reader"], PLAIN, str, size=5), np.random.default_rng(5)
    rises = []
    for _ in range(30):
        quad, text, _ = cuts.price(rng)
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad.array()
        assert text[-3] == "." and text[:-3].isdigit() and text[-2:].isdigit()
        rises.append(1 - np.hypot(x2 - x1, y2 - y1) / np.hypot(x3 - x0, y3 - y0))
    assert max(rises) > RAISED / 2 and sum(rise < 0.1 for rise in rises) > 5
