"""From a line to its ink: glyphs side by side, bent or widened, or on the drums of a meter; masks and boxes, no tones.

Boxes and corners are the ink's: left and right at the first and last character, top and bottom those of the whole line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from synth.effects import noise
from synth.text.fonts import DIGITS
from synth.text.glyphs import Glyph, SegmentFace
from synth.text.line import EM, Drum, Line, Style
from synth.text.strings import legible


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
    detections = [(round(x + glyph.left), round(y + glyph.top)) for _, glyph, x, y in placed]
    sizes = [glyph.mask.shape for _, glyph, _, _ in placed]
    left, top = min(x for x, _ in detections) - pad, min(y for _, y in detections) - pad
    boxes = [(x - left, y - top, x - left + w, y - top + h) for (x, y), (h, w) in zip(detections, sizes, strict=True)]
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
    drawn = ((char, line.face.glyph(char, em)) for char in DIGITS)
    glyphs = {char: _narrowed(glyph, drum.squeeze) for char, glyph in drawn if glyph}
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


def truth_of(setting: Setting, alphabet: str) -> str:
    """What is to be read of a set line."""
    return legible(setting.text, alphabet)
