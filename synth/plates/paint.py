"""Painting a plate: paper, art, bands, captions, characters, stickers, bolts, wear. All pictures uint8 BGR (h, w, 3).

Each step paints into the canvas that it is given and takes its dice from the plate's own seed, so that a plate always
looks the same.
"""

from __future__ import annotations

import cv2
import numpy as np

from synth.plates.faces import CAP, PlateFace, font_mask, fonts_of, mask
from synth.plates.layouts import Band, Caption

CJK = "皖京沪粤苏浙川豫冀鄂湘桂赣云辽吉黑晋蒙津渝琼甘宁青新藏台湾省臺灣北市長野品川練馬大阪"


def colour(text: str) -> tuple[int, int, int]:
    """RRGGBB as (B, G, R)."""
    return int(text[4:6], 16), int(text[2:4], 16), int(text[0:2], 16)


def field(rng, shape: tuple[int, int], cells: tuple[int, int], low: float, high: float) -> np.ndarray:
    """A smooth random field, float32 (h, w): uniform values on a grid of cells (columns, rows), enlarged."""
    small = rng.uniform(low, high, (cells[1], cells[0])).astype(np.float32)
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)


def scaled(canvas: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The canvas times a field (h, w) of factors."""
    return cv2.multiply(canvas, cv2.merge([values] * 3), dtype=cv2.CV_8U)


def blend(canvas: np.ndarray, alpha: np.ndarray, ink: tuple[int, int, int], x: int = 0, y: int = 0) -> None:
    """Paint `ink` through alpha (uint8 (h, w)) with its corner at (x, y), in place; what lies outside is cut off."""
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(canvas.shape[1], x + alpha.shape[1]), min(canvas.shape[0], y + alpha.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = alpha[y0 - y : y1 - y, x0 - x : x1 - x, None].astype(np.float32) / 255
    region = canvas[y0:y1, x0:x1]
    region[:] = (region + part * (np.array(ink, np.float32) - region)).astype(np.uint8)


def text_mask(text: str, style: str, seed: int, height: int) -> np.ndarray:
    """A line of small print: uint8 (height, w)."""
    if text.startswith("#"):
        glyphs = [cjk_mask(seed + i) for i in range(len(text))]
        whole = np.hstack([np.pad(glyph, ((0, 0), (4, 4))) for glyph in glyphs])
    elif fonts := fonts_of(style) or fonts_of("caption"):
        whole = font_mask(fonts[seed % len(fonts)], text)
    else:
        whole = np.hstack(
            [
                np.pad(mask(PlateFace("dies", seed=seed), c), ((0, 0), (6, 6)))
                if c.isalnum()
                else np.zeros((CAP, 40), np.uint8)
                for c in text.upper()
            ]
        )
    return cv2.resize(
        whole, (max(2, round(whole.shape[1] * height / CAP)), max(2, height)), interpolation=cv2.INTER_AREA
    )


def cjk_mask(seed: int) -> np.ndarray:
    """A Chinese character where the machine has a font for it, else strokes that look like one: uint8 (CAP, w)."""
    if fonts := fonts_of("cjk"):
        return font_mask(fonts[seed % len(fonts)], CJK[seed % len(CJK)])
    rng = np.random.default_rng(seed)
    image = np.zeros((CAP, CAP * 2 // 3), np.uint8)
    for _ in range(9):
        at, length = rng.integers(6, 50, 2), int(rng.integers(16, 60))
        end = (at[0] + length, at[1]) if rng.random() < 0.5 else (at[0], at[1] + length)
        cv2.line(image, tuple(map(int, at)), tuple(map(int, end)), 255, 6)
    return image


# --- the ground


def paint_art(canvas: np.ndarray, kinds: tuple[str, ...], rng) -> np.ndarray:
    """Pictures behind the characters, as on American plates: each kind named, faded into the paper."""
    art = canvas.copy()
    for kind in kinds:
        ART[kind](art, rng)
    blurred = cv2.blur(art, (3, 3))
    strength = rng.uniform(0.25, 0.9)
    return cv2.addWeighted(blurred, strength, canvas, 1 - strength, 0)


def _tint(rng) -> tuple[int, int, int]:
    """Any colour, more often a saturated one."""
    hsv = np.array([[[rng.integers(180), rng.integers(60, 255), rng.integers(90, 255)]]], np.uint8)
    blue, green, red = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0]
    return int(blue), int(green), int(red)


def _gradient(art, rng) -> None:
    height = art.shape[0]
    ramp = np.clip(np.linspace(rng.uniform(0.2, 1.2), -0.4, height), 0, 1)
    ramp = ramp if rng.random() < 0.5 else ramp[::-1]
    blend(art, np.repeat((ramp * 255).astype(np.uint8)[:, None], art.shape[1], 1), _tint(rng))


def _mountains(art, rng) -> None:
    height, width = art.shape[:2]
    for base in (0.45, 0.65):
        tops = height * (base + rng.uniform(-0.25, 0.15, 9))
        points = [(int(width * i / 8), int(y)) for i, y in enumerate(tops)]
        cv2.fillPoly(art, [np.array([*points, (width, height), (0, height)])], _tint(rng), cv2.LINE_AA)


def _blob(art, rng) -> None:
    """A fruit, a flower, an animal: some overlapping ellipses near the middle or at a side."""
    height, width = art.shape[:2]
    cx, cy = width * rng.choice((0.15, 0.5, 0.5, 0.85)), height * rng.uniform(0.4, 0.6)
    for _ in range(rng.integers(2, 7)):
        at = int(cx + rng.normal(0, 0.12) * height), int(cy + rng.normal(0, 0.12) * height)
        axes = int(height * rng.uniform(0.05, 0.2)), int(height * rng.uniform(0.05, 0.2))
        cv2.ellipse(art, at, axes, 180 * rng.random(), 0, 360, _tint(rng), -1, cv2.LINE_AA)


def _stripes(art, rng) -> None:
    height, width = art.shape[:2]
    depth = int(height * rng.uniform(0.1, 0.24))
    cv2.rectangle(art, (0, 0), (width, depth), _tint(rng), -1)
    if rng.random() < 0.6:
        cv2.rectangle(art, (0, height - depth), (width, height), _tint(rng), -1)


def _picture(art, rng) -> None:
    height, width = art.shape[:2]
    coarse = rng.integers(90, 255, (int(rng.integers(3, 8)), int(rng.integers(4, 12)), 3)).astype(np.uint8)
    art[:] = cv2.addWeighted(art, 0.4, cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0.6, 0)


def _sun(art, rng) -> None:
    height, width = art.shape[:2]
    at = int(width * rng.uniform(0.1, 0.9)), int(height * rng.uniform(0.2, 0.9))
    for radius in (0.5, 0.3):
        cv2.circle(art, at, int(height * radius * rng.uniform(0.7, 1.3)), _tint(rng), -1, cv2.LINE_AA)


def _waves(art, rng) -> None:
    """Fine slanted lines, a hologram or a guilloche."""
    height, width = art.shape[:2]
    step = int(rng.integers(6, 24))
    for x in range(-height, width, step):
        cv2.line(art, (x, height), (x + height, 0), _tint(rng), 1, cv2.LINE_AA)


ART = {
    "gradient": _gradient,
    "mountains": _mountains,
    "blob": _blob,
    "stripes": _stripes,
    "picture": _picture,
    "sun": _sun,
    "waves": _waves,
}


# --- bands and small print


def paint_band(canvas: np.ndarray, band: Band, scale: float, rng) -> None:
    """A coloured strip at a side with a ring of stars, a country code, or both."""
    height, width = canvas.shape[:2]
    size = max(2, round(band.size * scale))
    x0, y0, x1, y1 = {
        "left": (0, 0, size, height),
        "right": (width - size, 0, width, height),
        "top": (0, 0, width, size),
        "bottom": (0, height - size, width, height),
    }[band.side]
    ground = colour(band.colours[rng.integers(len(band.colours))])
    canvas[y0:y1, x0:x1] = ground
    ink = (245, 245, 245) if sum(ground) < 380 else (20, 20, 20)
    if band.stars:
        _ring(canvas, ((x0 + x1) // 2, round(height * 0.32)), size * 0.3, rng)
    if band.code:
        code = band.code[rng.integers(len(band.code))]
        upright = band.side in ("left", "right")
        print_small(
            canvas,
            code,
            "caption",
            ((x0 + x1) / 2, height * 0.78 if upright else (y0 + y1) / 2),
            height * 0.2 if upright else size * 0.6,
            ink,
            rng,
            (x1 - x0) * 0.85,
        )


def _ring(canvas, centre, radius: float, rng) -> None:
    ink = (40, 200, 240) if rng.random() < 0.8 else (240, 240, 240)
    for angle in np.arange(12) * np.pi / 6:
        at = round(centre[0] + radius * np.cos(angle)), round(centre[1] + radius * np.sin(angle))
        cv2.circle(canvas, at, max(1, round(radius * 0.14)), ink, -1, cv2.LINE_AA)


def print_small(canvas, text: str, style: str, centre, height: float, ink, rng, room: float) -> None:
    """Small print about a centre, squeezed into its room."""
    alpha = text_mask(text, style, int(rng.integers(1 << 16)), max(3, round(height)))
    if alpha.shape[1] > room:
        alpha = cv2.resize(
            alpha,
            (max(2, round(room)), max(2, round(alpha.shape[0] * max(0.7, room / alpha.shape[1])))),
            interpolation=cv2.INTER_AREA,
        )
    blend(canvas, alpha, ink, round(centre[0] - alpha.shape[1] / 2), round(centre[1] - alpha.shape[0] / 2))


def paint_caption(canvas: np.ndarray, caption: Caption, ink, scale: float, rng) -> None:
    """The name of a state, a slogan, a dealer: along an edge, no part of the text."""
    height, width = canvas.shape[:2]
    size = caption.height * scale * rng.uniform(0.85, 1.2)
    margin = caption.margin * scale + size / 2
    centre = {
        "top": (width / 2, margin),
        "bottom": (width / 2, height - margin),
        "left": (margin, height / 2),
        "right": (width - margin, height / 2),
    }[caption.at]
    text = caption.texts[rng.integers(len(caption.texts))]
    chosen = colour(caption.colours[rng.integers(len(caption.colours))]) if caption.colours else ink
    print_small(canvas, text, caption.style, centre, size, chosen, rng, width * caption.room)


def paint_slogan(canvas: np.ndarray, at: str, text: str, style: str, ink, rng) -> None:
    """Words along the top or bottom edge, over what is there, small enough to leave most characters whole."""
    height, width = canvas.shape[:2]
    size = height * rng.uniform(0.07, 0.14)
    centre = width * rng.uniform(0.4, 0.6), size * 0.7 if at == "top" else height - size * 0.7
    print_small(canvas, text, style, centre, size, ink if rng.random() < 0.6 else _tint(rng), rng, width * 0.9)


def paint_border(canvas: np.ndarray, border: tuple[float, float, float], ink, scale: float) -> None:
    """A line around the plate: width, inset and corner radius in millimetres."""
    thick, inset, radius = (value * scale for value in border)
    if thick <= 0:
        return
    height, width = canvas.shape[:2]
    a, r = inset + thick / 2, max(0.1, radius)
    corners = [
        (a + r, a + r, 180),
        (width - a - r, a + r, 270),
        (width - a - r, height - a - r, 0),
        (a + r, height - a - r, 90),
    ]
    turns = np.radians([[start + step for step in (0, 30, 60, 90)] for *_, start in corners])
    points = [(x + r * np.cos(t), y + r * np.sin(t)) for (x, y, _), ts in zip(corners, turns, strict=True) for t in ts]
    cv2.polylines(
        canvas, [np.round(np.array(points) * 16).astype(np.int32)], True, ink, max(1, round(thick)), cv2.LINE_AA, 4
    )


def paint_sticker(canvas: np.ndarray, place: tuple[float, float], size: float, rng) -> None:
    """A year or month sticker: a small coloured square or disc with a digit or two that are no part of the text."""
    height, width = canvas.shape[:2]
    x, y = round(place[0] * width), round(place[1] * height)
    w, h = round(size * rng.uniform(0.8, 1.5)), round(size * rng.uniform(0.7, 1.1))
    ground = _tint(rng)
    if rng.random() < 0.8:
        cv2.rectangle(canvas, (x - w // 2, y - h // 2), (x + w // 2, y + h // 2), ground, -1)
    else:
        cv2.circle(canvas, (x, y), max(2, h // 2), ground, -1, cv2.LINE_AA)
    ink = (20, 20, 20) if sum(ground) > 380 else (245, 245, 245)
    text = str(rng.choice(["07", "10", "12", "MAR", "DEC", "19", "22", "JUL", "5", "2016", "11"]))
    print_small(canvas, text, "caption", (x, y), h * 0.55, ink, rng, w * 0.8)


def paint_bolt(canvas: np.ndarray, place: tuple[float, float], radius: float, rng) -> None:
    """A screw or cap: a disc lit from above, sometimes with a slot, sometimes a hole."""
    height, width = canvas.shape[:2]
    at = round(place[0] * width + rng.normal(0, radius / 4)), round(place[1] * height + rng.normal(0, radius / 4))
    value = int(rng.choice((25, 70, 130, 190, 230)))
    r = max(1, round(radius * rng.uniform(0.7, 1.3)))
    cv2.circle(canvas, (at[0], at[1] + max(1, r // 4)), r, (value // 3,) * 3, -1, cv2.LINE_AA)
    cv2.circle(canvas, at, r, (value,) * 3, -1, cv2.LINE_AA)
    cv2.circle(canvas, (at[0] - r // 3, at[1] - r // 3), max(1, r // 3), (min(255, value + 60),) * 3, -1, cv2.LINE_AA)


def paint_strip(canvas: np.ndarray, rng) -> None:
    """A hologram or security strip across the plate, through which the characters are still seen."""
    height, width = canvas.shape[:2]
    place, size = rng.uniform(0.05, 0.9), rng.uniform(0.02, 0.08)
    part = canvas[:, int(place * width) : int((place + size) * width) + 1]
    if rng.random() < 0.3:
        part = canvas[int(place * height) : int((place + size) * height) + 1]
    share = rng.uniform(0.15, 0.45)
    part[:] = (part * (1 - share) + share * rng.uniform(60, 255, 3)).astype(np.uint8)


def paint_frame(canvas: np.ndarray, names: tuple[str, ...], rng) -> None:
    """A dealer's frame over the plate's edges, often with his name above or below; it hides part of the small print."""
    height, width = canvas.shape[:2]
    side, top, bottom = (
        max(1, round(height * rng.uniform(low, high))) for low, high in ((0.02, 0.06), (0.04, 0.15), (0.04, 0.15))
    )
    tone = (int(rng.choice((15, 40, 190, 225))),) * 3
    canvas[:top], canvas[-bottom:], canvas[:, :side], canvas[:, -side:] = tone, tone, tone, tone
    ink = (240, 240, 240) if tone[0] < 128 else (20, 20, 20)
    for centre, room in ((top / 2, top), (height - bottom / 2, bottom)):
        if rng.random() < 0.6:
            print_small(
                canvas, str(rng.choice(names)), "caption", (width / 2, centre), room * 0.7, ink, rng, width * 0.8
            )


# --- the characters


def paint_ink(
    canvas: np.ndarray, ink: np.ndarray, tone, emboss: float, light: tuple[float, float], wear: float, rng
) -> np.ndarray:
    """Lay the characters' mask (uint8 (h, w)) on in their colour, raised and worn as the plate is."""
    alpha = ink
    if wear > 0:
        worn = field(rng, ink.shape, (24, 8), -0.6, 1.0) + field(rng, ink.shape, (90, 30), -0.5, 0.5)
        alpha = cv2.multiply(ink, np.clip(1.5 - wear * 1.9 * np.clip(worn, 0, 1), 0.15, 1), dtype=cv2.CV_8U)
    blend(canvas, alpha, tone)
    if emboss <= 0:
        return canvas
    soft = cv2.blur(ink, (3, 3)).astype(np.float32)
    move = np.array([[1, 0, light[0]], [0, 1, light[1]]], np.float32)
    edge = (soft - cv2.warpAffine(soft, move, soft.shape[::-1])) * (emboss / 255)
    return cv2.add(canvas, cv2.merge([edge] * 3), dtype=cv2.CV_8U)


def paint_emblem(canvas: np.ndarray, x: float, y: float, size: float, ink, rng) -> None:
    """A seal, shield, flag or map between the groups: coloured shapes that are no character."""
    kind, cx, cy = rng.integers(6), round(x), round(y)
    r = max(2, round(size / 2))
    tone = ink if rng.random() < 0.3 else _tint(rng)
    if kind == 0:
        cv2.circle(canvas, (cx, cy), r, tone, -1, cv2.LINE_AA)
        cv2.circle(canvas, (cx, cy), max(1, r // 2), _tint(rng), -1, cv2.LINE_AA)
    elif kind == 1:
        for up in (-1, 1):
            cv2.circle(
                canvas, (cx, cy + up * r), max(1, round(r * 0.75)), tone if up > 0 else _tint(rng), -1, cv2.LINE_AA
            )
    elif kind == 2:
        shape = np.array([(-1, -1), (1, -1), (1, 0.2), (0, 1.3), (-1, 0.2)]) * r * 0.8 + (cx, cy)
        cv2.fillPoly(canvas, [shape.astype(np.int32)], tone, cv2.LINE_AA)
        cv2.rectangle(canvas, (cx - r // 3, cy - r // 2), (cx + r // 3, cy + r // 4), _tint(rng), -1)
    elif kind == 3:
        cv2.rectangle(canvas, (cx - r, cy - r), (cx + r, cy + r), tone, -1)
        cv2.circle(canvas, (cx, cy), max(1, r // 2), _tint(rng), -1, cv2.LINE_AA)
    elif kind == 4:
        for _ in range(5):
            at = round(cx + rng.normal(0, r / 2)), round(cy + rng.normal(0, r / 2))
            cv2.circle(canvas, at, max(1, round(r * rng.uniform(0.2, 0.5))), tone, -1, cv2.LINE_AA)
    else:
        points = np.column_stack([np.cos(np.arange(8) * 0.785), np.sin(np.arange(8) * 0.785)]) * r * rng.uniform(
            0.4, 1.1, (8, 1)
        ) + (cx, cy)
        cv2.fillPoly(canvas, [points.astype(np.int32)], tone, cv2.LINE_AA)
