"""One line of text: set in glyphs, then painted as print, sign, display, handwriting or the drums of a meter.

`sample_line` throws all dice; `set_line` gives masks and boxes; `paint` puts ink on a surface. Gray values throughout.
Boxes and corners are the ink's: left and right at the first and last character, top and bottom those of the whole line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from synth.effects import STEPS, Effects, apply_effects, noise
from synth.faces import (
    Face,
    Glyph,
    SegmentFace,
    sample_dot_face,
    sample_font_face,
    sample_segment_face,
    sample_written_face,
)
from synth.fonts import ALPHABET, DIGITS
from synth.grounds import Ground, lay, sample_ground
from synth.text import digits, legible, sample_text

Rng = np.random.Generator

EM = 56  # pixels per em at which lines are set unless asked otherwise: capitals about 40 pixels high


@dataclass(frozen=True)
class Style:
    """How ink lies on its surface; lengths in shares of an em."""

    ink: float = 20.0
    paper: float = 230.0
    fade: float = 0.0  # gray values by which the ink changes from top to bottom
    outline: tuple[float, float] | None = None  # gray value, width
    shadow: tuple[float, float, float, float] | None = None  # right, down, gray value, opacity
    relief: float = 0.0  # gray values of lit and shaded edges
    worn: float = 0.0  # share of the ink that is gone, in patches
    hollow: float = 0.0  # width of the stroke where only the letter's edge is inked
    ghost: float = 0.0  # how visible unlit segments are
    glow: float = 0.0  # gray values around lit segments
    glass: tuple | None = None  # what is mirrored before the text: parameters of the effect "reflection"


@dataclass(frozen=True)
class Drum:
    """Digits on rolling wheels behind windows; lengths in shares of a digit's height or width."""

    offsets: tuple[float, ...]  # how far each wheel has rolled, in digits
    pitch: float = 1.4
    window: float = 1.3
    cell: float = 1.4
    squeeze: float = 1.0  # on the digits' width
    bar: float = 0.1  # width of the bars between windows
    frame: float = 30.0  # gray value of the bars and the frame
    shade: float = 0.3  # how much darker a wheel is at the window's edges
    last: int = 0  # so many last wheels look different:
    last_ink: float = 230.0
    last_paper: float = 90.0
    upward: bool = True
    ticks: bool = False  # a scale beside the last wheel


@dataclass(frozen=True)
class Line:
    """A text with all that decides its picture; `text` as drawn, with separators."""

    text: str
    face: Face
    style: Style
    ground: Ground
    spacing: float = 0.0  # share of an em between characters
    wobble: float = 0.0  # unevenness of the base line and size, as by hand
    weight: int = 0  # pixels of an EM em by which strokes are widened
    bend: float = 0.0  # share of an em by which the middle is lower than the ends
    drum: Drum | None = None
    place: tuple[int, int] = (0, 0)  # of the wear and the wobble in the noise


@dataclass(frozen=True, eq=False)
class Setting:
    """A line's ink: mask uint8 (h, w), the characters really drawn and their boxes (n, 4) as x0, y0, x1, y1.

    `ghost`: unlit segments. `ink`, `paper`: gray values per pixel where one of each is not enough (drums).
    """

    text: str
    mask: np.ndarray
    boxes: np.ndarray
    ghost: np.ndarray | None = None
    ink: np.ndarray | None = None
    paper: np.ndarray | None = None

    @property
    def box(self) -> np.ndarray:
        """The ink's box, float32 (4,)."""
        rows = self.boxes.tolist()
        edges = [pick(column) for pick, column in zip((min, min, max, max), zip(*rows, strict=True), strict=True)]
        return np.array(edges, np.float32)

    @property
    def quad(self) -> np.ndarray:
        """The ink's corners, float32 (4, 2), from the top left clockwise."""
        x0, y0, x1, y1 = self.box
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


# --- dice

KINDS = {
    "digits": (("print", 0.44), ("plate", 0.1), ("hand", 0.12), ("segment", 0.15), ("drum", 0.14), ("dots", 0.04)),
    "characters": (("print", 0.8), ("hand", 0.11), ("plate", 0.05), ("dots", 0.04)),
}


def sample_line(rng: Rng, mode: str, split: str, kind: str | None = None, text: str | None = None) -> Line:
    """A line of digits or of characters, in fonts of the split ("train" or "val")."""
    kind = kind or _weighted(rng, KINDS[mode])
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
        bend=float(rng.normal(0, 0.25)) if rng.random() < 0.06 and kind != "segment" else 0.0,
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
        last=int(rng.integers(0, 4)) if rng.random() < 0.4 else 0,
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


def _weighted(rng: Rng, pairs: Sequence[tuple[str, float]]) -> str:
    mark = rng.random() * sum(weight for _, weight in pairs)
    for name, weight in pairs:
        mark -= weight
        if mark < 0:
            return name
    return pairs[-1][0]


def _place(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(512)), int(rng.integers(1024))


# --- setting


def set_line(line: Line, pad: int, em: int = EM) -> Setting:
    """The line's ink with `pad` pixels around it; ValueError where the face can draw none of its characters."""
    if line.drum is not None:
        return _set_drum(line, line.drum, pad, em)
    placed = _placed(line, em)
    if not placed:
        raise ValueError(f"nothing of {line.text!r} can be drawn")
    setting = _stamped(placed, pad, em, _ghost(line, em))
    if line.weight:
        setting = _widened(setting, max(1, round(line.weight * em / EM)))
    return _bent(setting, line.bend * em) if line.bend else setting


def _placed(line: Line, em: int) -> list[tuple[str, Glyph, float, float]]:
    """Character, glyph, and where its pen stands: x, y."""
    shake = (noise((3, len(line.text)), line.place) * line.wobble).tolist()
    pen, placed = 0.0, []
    for i, char in enumerate(line.text):
        glyph = line.face.glyph(char, em, line.place[0] * 31 + i * 7 + ord(char))
        if glyph is None:
            continue
        if line.wobble:
            glyph = _resized(glyph, float(np.exp(min(max(shake[1][i], -0.25), 0.25))))
        placed.append((char, glyph, pen, shake[0][i] * em))
        pen += glyph.advance + (line.spacing + abs(shake[2][i])) * em
    return placed


def _resized(glyph: Glyph, scale: float) -> Glyph:
    mask = cv2.resize(glyph.mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return Glyph(mask, glyph.left * scale, glyph.top * scale, glyph.advance * scale)


def _ghost(line: Line, em: int) -> Glyph | None:
    return line.face.ghost(em) if isinstance(line.face, SegmentFace) and line.style.ghost else None


def _stamped(placed, pad: int, em: int, ghost: Glyph | None) -> Setting:
    """All glyphs on one mask that holds them with `pad` pixels to spare."""
    spots = [(round(x + glyph.left), round(y + glyph.top)) for _, glyph, x, y in placed]
    sizes = [glyph.mask.shape for _, glyph, _, _ in placed]
    left, top = min(x for x, _ in spots) - pad, min(y for _, y in spots) - pad
    boxes = [(x - left, y - top, x - left + w, y - top + h) for (x, y), (h, w) in zip(spots, sizes, strict=True)]
    mask = np.zeros((max(box[3] for box in boxes) + pad, max(box[2] for box in boxes) + pad), np.uint8)
    for (_, glyph, _, _), box in zip(placed, boxes, strict=True):
        stamp(mask, glyph.mask, box[0], box[1])
    unlit = None
    if ghost is not None:
        unlit = np.zeros_like(mask)
        for char, _, x, y in placed:
            if char.isdigit():
                stamp(unlit, ghost.mask, round(x + ghost.left - left), round(y + ghost.top - top))
    return Setting("".join(char for char, *_ in placed), mask, np.array(boxes, np.float32), unlit)


def stamp(mask: np.ndarray, ink: np.ndarray, x: int, y: int) -> None:
    """The greater of both where `ink` lies on `mask` with its top left at (x, y); what lies outside is lost."""
    top, left = max(0, -y), max(0, -x)
    here = mask[max(0, y) : max(0, y + ink.shape[0]), max(0, x) : max(0, x + ink.shape[1])]
    if here.size:
        np.maximum(here, ink[top : top + here.shape[0], left : left + here.shape[1]], out=here)


def _widened(setting: Setting, pixels: int) -> Setting:
    mask = cv2.dilate(setting.mask, np.ones((pixels + 1, pixels + 1), np.uint8), anchor=(0, 0))
    grown = setting.boxes - np.array([pixels, pixels, 0, 0], np.float32)
    return replace(setting, mask=mask, boxes=grown)


def _bent(setting: Setting, depth: float) -> Setting:
    """Columns moved down by a parabola that is 0 in the middle and `depth` pixels at both ends."""
    height, width = setting.mask.shape
    depth = float(np.clip(depth, -0.25 * height, 0.25 * height))
    x = np.arange(width, dtype=np.float32)
    drop = depth * (2 * x / width - 1) ** 2
    room = int(np.ceil(abs(depth)))
    rows = np.arange(height + 2 * room, dtype=np.float32)[:, None] - room - drop[None, :]
    mask = cv2.remap(setting.mask, np.broadcast_to(x, rows.shape).copy(), rows, cv2.INTER_LINEAR)
    boxes = setting.boxes.copy()
    for box in boxes:
        moved = drop[int(box[0]) : int(np.ceil(box[2]))]
        box[1] += room + moved.min()
        box[3] += room + moved.max()
    return replace(setting, mask=mask, boxes=boxes, ghost=None)


def _set_drum(line: Line, drum: Drum, pad: int, em: int) -> Setting:
    """Each digit in its window, with what its wheel shows of the digits before and after it."""
    glyphs = {char: _narrowed(line.face.glyph(char, em), drum.squeeze) for char in DIGITS}
    tall = max(-glyph.top for glyph in glyphs.values())
    cell = round(max(glyph.mask.shape[1] for glyph in glyphs.values()) * drum.cell)
    window, count = round(tall * drum.window), len(line.text)
    size = max(window, round(tall)) + 2 * pad, cell * count + 2 * pad
    top = (size[0] - window) // 2
    mask = np.zeros(size, np.uint8)
    base = size[0] / 2 + tall / 2
    boxes = []
    for i, char in enumerate(line.text):
        left = pad + i * cell
        view = mask[top : top + window, left : left + cell]
        box = _wheel(view, glyphs, int(char), drum, i, tall, base - top)
        boxes.append((box[0] + left, box[1] + top, box[2] + left, box[3] + top))
    paper, ink = _windows(line.style, drum, size, (pad, top, cell, window, count))
    return Setting(line.text, mask, np.array(boxes, np.float32), ink=ink, paper=paper)


def _narrowed(glyph: Glyph, squeeze: float) -> Glyph:
    mask = cv2.resize(glyph.mask, None, fx=squeeze, fy=1, interpolation=cv2.INTER_AREA) if squeeze != 1 else glyph.mask
    return replace(glyph, mask=mask)


def _wheel(view: np.ndarray, glyphs, digit: int, drum: Drum, index: int, tall: float, base: float) -> tuple:
    """Draw one wheel into its window; the box (x0, y0, x1, y1) in the window of what is seen of its digit."""
    height, width = view.shape
    step = drum.pitch * tall * (1 if drum.upward else -1)
    box = (0, 0, width, height)
    for turn in (-1, 1, 0):
        glyph = glyphs[str((digit + turn) % 10)]
        x = round((width - glyph.mask.shape[1]) / 2)
        y = round(base + (turn + drum.offsets[index]) * step + glyph.top)
        stamp(view, glyph.mask, x, y)
        box = (max(x, 0), max(y, 0), min(x + glyph.mask.shape[1], width), min(y + glyph.mask.shape[0], height))
    return box


def _windows(style: Style, drum: Drum, size: tuple[int, int], layout: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Gray values of wheels and frame, and of the ink, each float32 of `size`."""
    pad, top, cell, window, count = layout
    paper = np.full(size, drum.frame, np.float32)
    ink = np.full(size, style.ink, np.float32)
    bend = 1 - drum.shade * np.linspace(-1, 1, window, dtype=np.float32)[:, None] ** 2
    bar = round(drum.bar * cell / 2)
    for i in range(count):
        left, right, special = pad + i * cell, pad + (i + 1) * cell, i >= count - drum.last
        paper[top : top + window, left + bar : right - bar] = (drum.last_paper if special else style.paper) * bend
        ink[top : top + window, left:right] = (drum.last_ink if special else style.ink) * bend
    if drum.ticks:
        edge = pad + count * cell
        paper[top : top + window : 5, edge - cell // 6 : edge] = style.ink
    return paper, ink


# --- painting


def paint(setting: Setting, line: Line, backgrounds: Sequence[np.ndarray] = ()) -> np.ndarray:
    """The line's ink on its ground: uint8 (h, w) as large as the setting's mask."""
    return paint_on(lay(line.ground, setting.mask.shape, line.style.paper, backgrounds), setting, line)


def paint_on(image: np.ndarray, setting: Setting, line: Line) -> np.ndarray:
    """The line's ink on a float32 picture as large as the setting's mask: uint8."""
    style, mask = line.style, setting.mask
    if setting.paper is not None:
        image = image + setting.paper - style.paper
    unit = EM * max(0.25, (setting.box[3] - setting.box[1]) / 40)
    if style.worn:
        mask = _worn(mask, style.worn, line.place)
    if style.hollow:
        mask = cv2.subtract(mask, cv2.erode(mask, _disc(style.hollow * unit)))
    image = _around(image, mask, style, unit)
    if setting.ghost is not None:
        image = over(image, setting.ghost, style.ink, style.ghost)
    image = over(image, mask, _inks(setting, style))
    if style.relief:
        image = image + _edges(mask, style.relief)
    if style.glow:
        image = image + cv2.GaussianBlur(mask, (0, 0), 0.12 * unit) * np.float32(style.glow / 255)
    gray = np.clip(image, 0, 255).astype(np.uint8)
    return apply_effects(gray, Effects((("reflection", style.glass),))) if style.glass else gray


def over(image: np.ndarray, mask: np.ndarray, value, opacity: float = 1.0) -> np.ndarray:
    """`value` (a number or float32 (h, w)) on a float32 picture where the mask (uint8) says so."""
    return image + cv2.multiply(mask, value - image, scale=opacity / 255, dtype=cv2.CV_32F)


def _around(image: np.ndarray, mask: np.ndarray, style: Style, unit: float) -> np.ndarray:
    """Shadow and outline, which lie below the ink."""
    if style.shadow:
        right, down, value, opacity = style.shadow
        move = np.array([[1, 0, right * unit], [0, 1, down * unit]], np.float32)
        cast = cv2.warpAffine(mask, move, mask.shape[::-1])
        image = over(image, cv2.blur(cast, (3, 3)), value, opacity)
    if style.outline:
        value, width = style.outline
        image = over(image, cv2.dilate(mask, _disc(width * unit)), value)
    return image


def _disc(radius: float) -> np.ndarray:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _inks(setting: Setting, style: Style):
    if setting.ink is not None:
        return setting.ink
    if not style.fade:
        return style.ink
    height, width = setting.mask.shape
    rows = style.ink + style.fade * np.linspace(-1, 1, height, dtype=np.float32)
    return np.repeat(rows[:, None], width, 1)


def _worn(mask: np.ndarray, share: float, place: tuple[int, int]) -> np.ndarray:
    """Ink gone in patches and specks."""
    height, width = mask.shape
    coarse = noise((height // 6 + 2, width // 6 + 2), place)
    patches = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    gone = np.clip((patches + 0.4 * noise(mask.shape, place) + 2.2 * share - 1.6) * 2, 0, 1)
    return cv2.multiply(mask, 1 - gone, dtype=cv2.CV_8U)


def _edges(mask: np.ndarray, height: float) -> np.ndarray:
    """Light from the top left on raised letters (height > 0, in gray values) or into cut ones."""
    soft = cv2.blur(mask, (3, 3)).astype(np.float32)
    light = np.zeros_like(soft)
    light[1:-1, 1:-1] = soft[2:, 2:] - soft[:-2, :-2]
    return light * (height / 128)


def render_line(
    line: Line, backgrounds: Sequence[np.ndarray] = (), em: int = EM, pad: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The line's picture uint8 (h, w), the ink's corners float32 (4, 2), and a box (n, 4) per legible character."""
    setting = set_line(line, em // 2 if pad is None else pad, em)
    keep = [char in ALPHABET for char in setting.text]
    return paint(setting, line, backgrounds), setting.quad, setting.boxes[keep]


def truth_of(setting: Setting, alphabet: str) -> str:
    """What is to be read of a set line."""
    return legible(setting.text, alphabet)
