"""Pictograms are drawn and say nothing."""

from dataclasses import replace

import numpy as np
import pytest

from synth.effects import Effects
from synth.text.icons import ICONS, IconFace, sample_icon_face
from synth.text.layouts import Sheet, icon_line, panel_of
from synth.text.sampling import sample_line
from synth.text.scene import Scene, put, render_scene, sample_world


@pytest.mark.parametrize("sign", ICONS)
def test_every_sign_has_ink_of_its_own(sign):
    thin, bold = (IconFace(pen).glyph(sign, 40) for pen in (0.05, 0.2))
    assert thin is not None and bold is not None and 0 < (thin.mask > 0).sum() < (bold.mask > 0).sum()
    others = [IconFace(0.05).glyph(other, 40) for other in ICONS if other != sign]
    assert not any(o.mask.shape == thin.mask.shape and (o.mask == thin.mask).all() for o in others)


def test_letters_are_not_signs():
    assert IconFace().glyph("A", 40) is None


def test_a_sign_on_a_sheet_is_seen_and_no_string():
    rng = np.random.default_rng(3)
    like = sample_line(rng, "digits", "train", kind="print", text="0")
    like = replace(like, style=replace(like.style, ink=0.0, paper=255.0))
    sign = put(replace(icon_line(rng, like), face=sample_icon_face(rng)), 40, 0, 0)
    panel = panel_of(rng, Sheet((sign,), like.ground, 255.0), (240, 320), dark=False)
    scene = Scene((240, 320), "characters", sample_world(rng), 128.0, (), (panel,), Effects())
    gray, quads, texts = render_scene(scene)
    blank, *_ = render_scene(replace(scene, panels=(replace(panel, items=()),)))
    assert len(quads) == 0 and texts == [] and (gray != blank).any()
