"""Lines of text drawn at random: print, signs, displays, handwriting, the drums of a meter; and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from synth.effects import STEPS
from synth.grounds import sample_ground
from synth.text.fonts import ALPHABET, DIGITS
from synth.text.glyphs import Face, sample_dot_face, sample_font_face, sample_segment_face, sample_written_face
from synth.text.ink import paint
from synth.text.line import EM, Drum, Line, Style
from synth.text.strings import digits, sample_text, weighted
from synth.text.typeset import set_line

Rng = np.random.Generator

KINDS = {
    "digits": (("print", 0.32), ("plate", 0.07), ("hand", 0.1), ("segment", 0.44), ("drum", 0.12), ("dots", 0.06)),
    "characters": (("print", 0.8), ("hand", 0.11), ("plate", 0.05), ("dots", 0.04)),
}


def sample_line(rng: Rng, mode: str, split: str, kind: str | None = None, text: str | None = None) -> Line:
    """A line of digits or of characters, in fonts of the split ("train" or "val")."""
    kind = kind or weighted(rng, KINDS[mode])
    if kind == "drum":
        return sample_drum(rng, split, text)
    text = sample_text(rng, mode) if text is None else text
    face, letters = sample_face(rng, kind, split, text)
    style = STYLES.get(kind, sample_print)(rng)
    by_hand = kind == "hand"
    return Line(
        letters,
        face,
        style,
        sample_ground(rng, abs(style.ink - style.paper)),
        spacing=sample_spacing(rng) if kind != "segment" else 0.0,
        wobble=float(rng.exponential(0.03)) if by_hand else 0.0,
        weight=int(rng.random() < 0.1) + int(rng.random() < 0.05),
        bend=float(rng.normal(0, 0.3)) if rng.random() < 0.18 and kind != "segment" else 0.0,
        place=_place(rng),
    )


def sample_face(rng: Rng, kind: str, split: str, text: str) -> tuple[Face, str]:
    """A face of the kind, and the text in the case that the face can draw."""
    group = needed(text)
    if kind == "segment" and rng.random() < 0.8:
        return sample_segment_face(rng), text
    if kind == "dots" and rng.random() < 0.7:
        return sample_dot_face(rng), text
    if kind == "hand":
        return sample_written_face(rng, split, group), text
    return sample_font_face(rng, split, (kind,), group), text


def needed(text: str) -> str:
    """One character of each group (digits, capitals, small letters) that a font must have to draw the text."""
    probes = (("0", str.isdigit), ("A", str.isupper), ("a", str.islower))
    return "".join(probe for probe, has in probes if any(map(has, text)))


def sample_spacing(rng: Rng) -> float:
    """Mostly as the font has it, sometimes wide, seldom touching."""
    chance = rng.random()
    if chance < 0.55:
        return float(rng.normal(0, 0.012))
    return float(rng.uniform(-0.05, 0.04)) if chance < 0.75 else float(rng.exponential(0.1))


def sample_tones(rng: Rng, least: float = 30) -> tuple[float, float]:
    """Gray values of ink and paper, at least `least` apart; slightly more often dark on light."""
    apart = least + (235 - least) * rng.beta(1.7, 1.3)
    low = rng.uniform(0, 245 - apart) ** 1.0
    dark, light = float(low), float(low + apart)
    return (dark, light) if rng.random() < 0.56 else (light, dark)


def sample_print(rng: Rng) -> Style:
    """Print and signs: mostly plain; sometimes outlined, shaded, raised, worn or hollow."""
    ink, paper = sample_tones(rng)
    style = Style(ink, paper)
    if rng.random() < 0.15:
        style = replace(style, fade=float(rng.normal(0, 0.25)) * abs(ink - paper))
    if rng.random() < 0.12:
        style = replace(style, worn=float(rng.uniform(0.02, 0.3)))
    chance = rng.random()
    if chance < 0.1:
        value = ink + rng.uniform(60, 200) * (1 if ink < 128 else -1)
        return replace(style, outline=(float(np.clip(value, 0, 255)), float(rng.uniform(0.02, 0.08))))
    if chance < 0.22:
        right, down = rng.normal(0, 0.05, 2).tolist()
        value = min(ink, paper) * rng.uniform(0, 1) if rng.random() < 0.8 else 255.0
        return replace(style, shadow=(right, down, float(value), float(rng.uniform(0.2, 0.9))))
    if chance < 0.28:
        return _raised(rng, style)
    if chance < 0.3:
        return replace(style, hollow=float(rng.uniform(0.025, 0.05)))
    return style


def _raised(rng: Rng, style: Style) -> Style:
    """Letters cut or cast in the material itself: edges tell more than tone."""
    apart = rng.uniform(-60, 60)
    ink = float(np.clip(style.paper + apart, 0, 255))
    return replace(style, ink=ink, relief=float(rng.uniform(40, 120)) * (1 if rng.random() < 0.5 else -1))


def sample_display(rng: Rng) -> Style:
    """Lit digits in the dark, or liquid crystal: dark on gray or green, low in contrast, unlit segments shimmering."""
    if rng.random() < 0.35:
        paper = rng.uniform(0, 70)
        return Style(rng.uniform(140, 255), paper, ghost=_often(rng, 0.5, 0.01, 0.12), glow=_often(rng, 0.6, 5, 90))
    paper = rng.uniform(35, 215)
    ink = max(0.0, paper - rng.uniform(22, 60) - rng.uniform(0, 0.7) * paper)
    shadow = None
    if rng.random() < 0.4:
        right, down = rng.uniform(-0.05, 0.07, 2).tolist()
        shadow = right, down, ink, float(rng.uniform(0.05, 0.35))
    glass = STEPS["reflection"].sample(rng, float(rng.beta(1, 2)), 1.0) if rng.random() < 0.45 else None
    style = Style(ink, paper, ghost=_often(rng, 0.6, 0.02, 0.2), shadow=shadow, glass=glass)
    return style if rng.random() < 0.9 else replace(style, ink=paper, paper=ink)


def _often(rng: Rng, chance: float, low: float, high: float) -> float:
    value, dice = float(rng.uniform(low, high)), rng.random()
    return value if dice < chance else 0.0


STYLES = {"segment": sample_display, "dots": sample_display}


def sample_drum(rng: Rng, split: str, text: str | None = None, rolled: float | None = None) -> Line:
    """A meter's counter; its last wheel has rolled a little, or by `rolled` digits where that is given."""
    text = text or digits(rng, 1, 8)
    face = sample_font_face(rng, split, ("print", "plate"), DIGITS)
    ink, paper = sample_tones(rng, 45)
    last_ink, last_paper = sample_tones(rng, 45)
    drum = Drum(
        offsets=_rolls(rng, len(text), rolled),
        pitch=rng.uniform(1.12, 1.75),
        window=rng.uniform(1.02, 1.9),
        cell=rng.uniform(1.05, 1.9),
        squeeze=min(1.0, rng.uniform(0.6, 1.15)),
        bar=rng.choice([0.0, rng.uniform(0.02, 0.5)]),
        frame=float(rng.uniform(0, 255)),
        shade=rng.uniform(0, 0.7),
        last=int(rng.integers(0, 4)) if rng.random() < 0.55 else 0,
        last_ink=last_ink,
        last_paper=last_paper,
        upward=bool(rng.random() < 0.8),
        ticks=bool(rng.random() < 0.25),
    )
    relief = _often(rng, 0.1, -60, 60)
    style = Style(ink, paper, worn=_often(rng, 0.15, 0.02, 0.2), relief=relief)
    return Line(text, face, style, sample_ground(rng, abs(ink - paper)), drum=drum, place=_place(rng))


def _rolls(rng: Rng, count: int, rolled: float | None) -> tuple[float, ...]:
    """Wheels stand nearly still, all a little off; the last may be on its way, but its digit still the one to read."""
    common = rng.normal(0, 0.03)
    offsets = common + rng.normal(0, 0.03, count)
    offsets[-1] = rng.uniform(-0.17, 0.17) if rolled is None else rolled
    return tuple(offsets.tolist())


def _place(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(512)), int(rng.integers(1024))


def render_line(
    line: Line, backgrounds: Sequence[np.ndarray] = (), em: int = EM, pad: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The line's picture uint8 (h, w), the ink's corners float32 (4, 2), and a box (n, 4) per legible character."""
    setting = set_line(line, em // 2 if pad is None else pad, em)
    keep = [char in ALPHABET for char in setting.text]
    return paint(setting, line, backgrounds), setting.quad, setting.boxes[keep]
