"""Ink on a surface: print, paint, relief, wear, light; gray values throughout."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from synth.effects import Effects, apply_effects, noise
from synth.grounds import lay
from synth.text.line import EM, Line, Style
from synth.text.typeset import Setting


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
