"""What readers and classifiers are shown in training: crops of rendered lines and characters, as a locator cuts them.

`sample_crop`, `sample_character` and `sample_not_character` throw the dice and do the work in one call. All pictures
are uint8 gray of natural proportions; sizes are the caller's to fit.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from synth.effects import Effects, apply_effects, sample_effects
from synth.grounds import lay, photo_window, sample_ground
from synth.text.fonts import ALPHABET, DIGITS, LOWER, UPPER
from synth.text.glyphs import Face, sample_font_face
from synth.text.ink import paint
from synth.text.line import EM, Line
from synth.text.sampling import needed, render_line, sample_drum, sample_line
from synth.text.strings import MARKS, sample_single, sample_word
from synth.text.typeset import Setting, set_line, stamp, truth_of
from synth.warp import Warp, apply_warp, sample_warp, warp_image, warp_points

__all__ = [
    "Crop", "render_crop", "render_line", "sample_character", "sample_crop", "sample_line", "sample_line_crop",
    "sample_not_character",
]  # fmt: skip

Rng = np.random.Generator
SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class Neighbour:
    """Other text beside the line; `gap` and `shift` in shares of the line's height.

    `face` and `size`: where its letters are not those of the line, and how large against them.
    """

    text: str
    side: str
    gap: float
    shift: float
    face: Face | None = None
    size: float = 1.0


@dataclass(frozen=True)
class Border:
    """Where the line's surface ends (`width` 0) or a rule runs; `distance` from the ink in shares of its height."""

    side: str
    distance: float
    value: float
    width: float = 0.0


@dataclass(frozen=True)
class Crop:
    """One cut-out: a line, what is around it, how it is seen and how badly it was cut; lengths in line heights."""

    line: Line
    neighbours: tuple[Neighbour, ...]
    borders: tuple[Border, ...]
    warp: Warp
    upright: bool  # cut by the upright box around it, else by its own four corners
    grow: tuple[float, ...]  # on the left, top, right and bottom
    corners: tuple[float, ...]  # eight errors of the corners
    height: int  # pixels of the picture
    effects: Effects


MODES = {"digits": DIGITS + ".-:", "characters": ALPHABET + ".-:"}


def sample_crop(
    rng: Rng, mode: str, split: str, backgrounds: Sequence[np.ndarray] = (), strength: float = 1.0
) -> tuple[np.ndarray, str]:
    """A line as a reader is given it, 40 to 64 pixels high, and its text in the alphabet of the mode (see MODES)."""
    crop = sample_line_crop(rng, mode, split, strength)
    gray, setting = render_crop(crop, backgrounds)
    return gray, truth_of(setting, MODES[mode])


def sample_line_crop(rng: Rng, mode: str, split: str, strength: float = 1.0) -> Crop:
    """Draws the parameters of `sample_crop`."""
    line = sample_line(rng, mode, split)
    height = int(rng.integers(40, 65))
    grow = rng.uniform((0.02, -0.02, 0.02, -0.02), (0.26, 0.3, 0.26, 0.3))  # a reader's margin and a locator's errors
    neighbours = sample_neighbours(rng, line, grow)
    if mode == "digits" and rng.random() < 0.25:
        neighbours.append(sample_unit(rng, split))
        grow[2] += rng.choice([0.0, rng.uniform(0, 1.2)])  # a locator may take it for a part of the number
    upright = bool(rng.random() < 0.4)
    return Crop(
        line,
        tuple(neighbours),
        tuple(sample_borders(rng, line)),
        tilted(rng, sample_warp(rng, 0.45 * strength)) if upright else sample_warp(rng, 0.8 * strength),
        upright,
        tuple(grow.tolist()),
        tuple((rng.normal(0, 0.025, 8) * (rng.random() < 0.7)).tolist()),
        height,
        sample_effects(rng, strength, height=height),
    )


def tilted(rng: Rng, warp: Warp) -> Warp:
    """Sometimes far more oblique: labels of photographs often are upright boxes, however a text runs."""
    return replace(warp, rotation=warp.rotation + float(rng.normal(0, 15))) if rng.random() < 0.3 else warp


def sample_neighbours(rng: Rng, line: Line, grow: np.ndarray) -> list[Neighbour]:
    """Words above, below and beside; beside, at most a sliver of them is in the crop, or they would be read."""
    found = []
    for side, room in zip(SIDES, grow.tolist(), strict=True):
        level = side in ("left", "right")
        if rng.random() < (0.2 if level else 0.16):
            gap = max(0.25, room + rng.uniform(-0.12, 0.3)) if level else rng.uniform(0.08, 0.5)
            found.append(Neighbour(_caption(rng, line), side, float(gap), float(rng.normal(0, 0.04 if level else 0.8))))
    return found


UNITS = (
    "kg", "g", "lb", "°C", "°F", "V", "A", "W", "kW", "kWh", "L", "l", "cm", "mm", "mmHg", "bpm", "%", "min", "km/h",
    "RPM", "Hz", "bar", "psi", "kPa", "EUR", "ct", "Wh", "pH", "SpO2", "m3",
)  # fmt: skip


def sample_unit(rng: Rng, split: str) -> Neighbour:
    """A unit behind a number, small as on a display: it is no part of what is to be read."""
    unit, size = UNITS[int(rng.integers(len(UNITS)))], float(rng.uniform(0.25, 0.75))
    lift = float(rng.choice([0.0, 0.0, size - 1.0]))  # at the number's foot or at its head
    face = sample_font_face(rng, split, ("print",), needed(unit))
    return Neighbour(unit, "right", float(rng.uniform(0.06, 0.4)), lift + float(rng.normal(0, 0.03)), face, size)


def _caption(rng: Rng, line: Line) -> str:
    """A word that the line's font can draw, if in capitals."""
    word = sample_word(rng)
    return word if any(char.islower() for char in line.text) else word.upper()


def sample_borders(rng: Rng, line: Line) -> list[Border]:
    """Edges of the sign or the display, frames and underlines."""
    if rng.random() < 0.62:
        return []
    value = float(rng.uniform(0, 255) if rng.random() < 0.6 else line.style.ink)
    width = float(rng.uniform(0.02, 0.12)) if rng.random() < 0.45 else 0.0
    distance = rng.uniform(0.06, 0.5)
    sides = SIDES if rng.random() < 0.35 else [side for side in SIDES if rng.random() < 0.4]
    return [Border(side, float(distance * rng.uniform(0.8, 1.3)), value, width) for side in sides]


# --- the work


def render_crop(crop: Crop, backgrounds: Sequence[np.ndarray] = ()) -> tuple[np.ndarray, Setting]:
    """The cut-out as uint8 gray, and the line as it was set."""
    setting = set_line(crop.line, pad=round(0.75 * EM))
    height = float(setting.box[3] - setting.box[1])
    for neighbour in crop.neighbours:
        setting = beside(setting, neighbour, crop.line, height)
    gray = paint(setting, crop.line, backgrounds)
    for border in crop.borders:
        draw_border(gray, border, setting.box, height)
    matrix, size = _view(crop, setting)
    return apply_effects(warp_image(gray, matrix, size), crop.effects), setting


def beside(setting: Setting, neighbour: Neighbour, line: Line, height: float) -> Setting:
    """The setting with the neighbour's ink added as far as it is on the mask; boxes stay those of the line."""
    try:
        face = neighbour.face or line.face
        written = replace(line, text=neighbour.text, face=face, drum=None, bend=0.0)
        other = set_line(written, pad=0, em=round(EM * neighbour.size))
    except ValueError:
        return setting
    tall, wide = other.mask.shape
    x0, y0, x1, y1 = setting.box
    gap, shift = neighbour.gap * height, neighbour.shift * height
    x, y = {
        "left": (x0 - gap - wide, y1 - tall + shift),
        "right": (x1 + gap, y1 - tall + shift),
        "top": (x0 + shift, y0 - gap - tall),
        "bottom": (x0 + shift, y1 + gap),
    }[neighbour.side]
    mask = setting.mask.copy()
    stamp(mask, other.mask, round(float(x)), round(float(y)))
    return replace(setting, mask=mask)


def draw_border(gray: np.ndarray, border: Border, box: np.ndarray, height: float) -> None:
    """Another surface from the border on, or a rule along it."""
    axis, far = (0 if border.side in ("left", "right") else 1), border.side in ("right", "bottom")
    edge = box[axis + 2 * far] + (1 if far else -1) * border.distance * height
    end = edge + (1 if far else -1) * (border.width * height if border.width else 4096)
    low, high = (max(0, round(float(value))) for value in sorted((edge, end)))
    if border.width:
        high = max(high, low + 1)
    strip = gray[:, low:high] if axis == 0 else gray[low:high]
    strip[...] = border.value


def _view(crop: Crop, setting: Setting) -> tuple[np.ndarray, tuple[int, int]]:
    """The homography from the painted line to the cut-out, and the cut-out's (height, width)."""
    warp = apply_warp(crop.warp, setting.mask.shape)
    quad = warp_points(setting.quad, warp)
    if crop.upright:
        (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
        quad = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    across, down = ((quad[1] - quad[0]) + (quad[2] - quad[3])) / 2, ((quad[3] - quad[0]) + (quad[2] - quad[1])) / 2
    tall = np.linalg.norm(down)
    right, below = across / np.linalg.norm(across) * tall, down
    left, top, wide, deep = crop.grow
    steps = ((-left, -top), (wide, -top), (wide, deep), (-left, deep))
    quad = quad + np.array([x * right + y * below for x, y in steps]) + np.reshape(crop.corners, (4, 2)) * tall
    ratio = (np.linalg.norm(across) + (left + wide) * tall) / ((1 + top + deep) * tall)
    return cut_matrix(quad, crop.height, float(ratio)) @ warp, (crop.height, max(8, round(crop.height * ratio)))


def cut_matrix(quad: np.ndarray, height: int, ratio: float) -> np.ndarray:
    """The homography of four corners (4, 2) to a picture `height` high and `ratio` times as wide."""
    width = max(8, round(height * ratio))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.getPerspectiveTransform(quad.astype(np.float32), target)


# --- single characters


def sample_character(
    rng: Rng, split: str, alphabet: str = ALPHABET, backgrounds: Sequence[np.ndarray] = (), strength: float = 1.0
) -> tuple[np.ndarray, str]:
    """One character as it is cut out of a word, 32 to 48 pixels high, and which it is."""
    char = sample_single(rng, alphabet)
    line, index = _company(rng, char, split, alphabet)
    height = int(rng.integers(32, 49))
    gray = _cut_character(rng, line, index, height, backgrounds, strength)
    return apply_effects(gray, sample_effects(rng, strength, height=height)), char


def _company(rng: Rng, char: str, split: str, alphabet: str) -> tuple[Line, int]:
    """A line in which the character stands alone or between others, and its index there."""
    alike = next((group for group in (DIGITS, UPPER, LOWER) if char in group), alphabet)
    before, after = ("" if rng.random() < 0.4 else sample_single(rng, alike) for _ in range(2))
    mode = "digits" if set(alphabet) <= set(DIGITS) else "characters"
    return sample_line(rng, mode, split, text=before + char + after), len(before)


def _cut_character(rng, line: Line, index: int, height: int, backgrounds, strength: float) -> np.ndarray:
    setting = set_line(line, pad=round(0.4 * EM))
    gray = paint(setting, line, backgrounds)
    if rng.random() < 0.12:
        for border in sample_borders(rng, line):
            draw_border(gray, border, setting.box, float(setting.box[3] - setting.box[1]))
    box, bent = _margins(rng, setting.boxes[index]), 0.8 * strength
    if line.drum is not None and rng.random() < 0.7:  # as cut along the wheel's window by a camera that is fixed
        box += np.array([-1, -1, 1, 1]) * rng.uniform(0.0, (0.15, 0.4, 0.15, 0.4)) * (box[3] - box[1])
        bent *= 0.4
    matrix, size = character_view(sample_warp(rng, bent), setting.mask.shape, box, height)
    return warp_image(gray, matrix, size)


def _margins(rng: Rng, box: np.ndarray) -> np.ndarray:
    """The box with a margin on each side: mostly a little, at most 40 % of its height, sometimes cutting in."""
    tall = float(box[3] - box[1])
    room = np.clip(rng.exponential(0.08, 4) * (0.7, 1, 0.7, 1) - 0.03, -0.05, 0.4) * tall
    if rng.random() < 0.15:
        room[[0, 2]] += rng.uniform(0, 0.25) * tall
    return box + np.array([-1, -1, 1, 1]) * room


def character_view(
    warp: Warp, size: tuple[int, int], box: np.ndarray, height: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """The homography that shows the box (x0, y0, x1, y1), seen through the warp, upright and `height` pixels high."""
    x0, y0, x1, y1 = box
    matrix = apply_warp(warp, size)
    seen = warp_points(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), matrix)
    (left, top), (right, bottom) = seen.min(0), seen.max(0)
    scale = height / max(bottom - top, 1.0)
    move = np.array([[scale, 0, -left * scale], [0, scale, -top * scale], [0, 0, 1.0]])
    return move @ matrix, (height, int(np.clip(round((right - left) * scale), 8, 3 * height)))


# --- what is no character


def sample_not_character(
    rng: Rng, backgrounds: Sequence[np.ndarray] = (), split: str = "train", alphabet: str = ALPHABET
) -> np.ndarray:
    """The reject class: background, wheels between two digits, seams between letters, marks, several at once."""
    kinds = (_background, _between_digits, _seam, _mark, _several)
    bounds = (0.4, 0.65, 0.8, 0.9)  # up to where each kind but the last reaches
    kind = kinds[bisect(bounds, rng.random())]
    height = int(rng.integers(32, 49))
    return apply_effects(kind(rng, height, split, backgrounds), sample_effects(rng, 1.0, height=height))


def _background(rng: Rng, height: int, split: str, backgrounds) -> np.ndarray:
    ground = sample_ground(rng, rng.uniform(20, 255))
    size = height, round(height * rng.uniform(0.35, 1.3))
    if len(backgrounds) and rng.random() < 0.85:
        return photo_window(replace(ground, scale=float(np.exp(rng.uniform(-3.0, -0.7)))), size, backgrounds)
    return np.clip(lay(ground, size, rng.uniform(0, 255), backgrounds), 0, 255).astype(np.uint8)


def _between_digits(rng: Rng, height: int, split: str, backgrounds) -> np.ndarray:
    """A wheel that has rolled by 0.3 to 0.7 of a digit, seen through its window."""
    rolled = float(rng.uniform(0.3, 0.7)) * (1 if rng.random() < 0.5 else -1)
    line = sample_drum(rng, split, sample_single(rng, DIGITS), rolled)
    window, pitch = float(rng.uniform(0.95, 1.3)), float(rng.uniform(1.1, 1.5))
    drum = line.drum and replace(line.drum, window=window, pitch=pitch)
    setting = set_line(replace(line, drum=drum), pad=round(0.3 * EM))
    inner = np.array([0.3 * EM, 0.3 * EM, setting.mask.shape[1] - 0.3 * EM, setting.mask.shape[0] - 0.3 * EM])
    grown = inner + np.array([-1, -1, 1, 1]) * rng.uniform(-2, 6, 4)
    return _shown(rng, paint(setting, line, backgrounds), grown, height)


def _seam(rng: Rng, height: int, split: str, backgrounds) -> np.ndarray:
    """The right half of a letter and the left half of the next."""
    line = sample_line(rng, "characters", split, text="".join(sample_single(rng, UPPER + DIGITS) for _ in range(2)))
    setting = set_line(line, pad=round(0.3 * EM))
    (x0, y0, _, y1), (_, _, x3, _) = setting.boxes[0], setting.boxes[1]
    middle = (setting.boxes[0][2] + setting.boxes[1][0]) / 2
    reach = rng.uniform(0.35, 0.5)
    room = rng.uniform(0, 0.2) * (y1 - y0)
    box = np.array([middle - reach * (middle - x0), y0 - room, middle + reach * (x3 - middle), y1 + room])
    return _shown(rng, paint(setting, line, backgrounds), box, height)


def _mark(rng: Rng, height: int, split: str, backgrounds) -> np.ndarray:
    """Punctuation alone."""
    marks = [mark for mark in MARKS if mark not in "/!&$"]
    line = sample_line(rng, "characters", split, kind="print", text=marks[int(rng.integers(len(marks)))])
    try:
        setting = set_line(line, pad=round(0.6 * EM))
    except ValueError:
        return _background(rng, height, split, backgrounds)
    x, y = (setting.box[:2] + setting.box[2:]) / 2
    half = rng.uniform(0.35, 0.6) * EM
    box = np.array([x - half * rng.uniform(0.5, 1), y - half, x + half * rng.uniform(0.5, 1), y + half])
    return _shown(rng, paint(setting, line, backgrounds), box, height)


def _several(rng: Rng, height: int, split: str, backgrounds) -> np.ndarray:
    """Three letters or more in one box."""
    word = "".join(sample_single(rng, ALPHABET) for _ in range(int(rng.integers(3, 7))))
    line = sample_line(rng, "characters", split, text=word)
    setting = set_line(line, pad=round(0.4 * EM))
    return _shown(rng, paint(setting, line, backgrounds), _margins(rng, setting.box), height)


def _shown(rng: Rng, gray: np.ndarray, box: np.ndarray, height: int) -> np.ndarray:
    matrix, size = character_view(sample_warp(rng, 0.5), gray.shape, box, height)
    return warp_image(gray, matrix, size)
