"""Rendered number plates of many countries, whole and as the crops that a reader gets.

`sample_plate` throws the dice, `render_plate` does the work: the same Plate always gives the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from realtime.values import Quad
from synth.effects import apply_effects, sample_effects
from synth.plates import light as lights
from synth.plates import paint
from synth.plates.clutter import Clutter, paint_mark, paint_spots, sample_clutter
from synth.plates.decoys import ground, put, sample_decoy
from synth.plates.faces import CAP, PlateFace, mask, sample_face, usual_width
from synth.plates.layouts import Layout, Lines, load_layouts, plain, rows_of, sample_lines

MASKS = {"-": (0.32, 0.13), ".": (0.14, 0.14)}  # separators: width and height, of the characters' height
ROOM = {" ": 0.3, ",": 0.1, "^": -0.1}
LEAST_CONTRAST = 7.0  # gray levels, deviation over a crop
SMALL = 0.68  # of the characters after "^"
DEALERS = (
    "AUTOHAUS MEYER",
    "www.bilpedia.se",
    "TOYOTA",
    "Motors Ltd",
    "CONCESSIONARIA",
    "GARAGE DU LAC",
    "Honda of Ames",
)
ANY_FACE = ("din", "highway", "narrow", "sans", "dies", "dies", "slab", "glyphs", "glyphs", "light")


@dataclass(frozen=True)
class Plate:
    """One plate, all choices made; `text` is what a reader should say, `seed` decides art, wear and small print."""

    layout: Layout
    lines: Lines
    text: str
    face: PlateFace
    paper: tuple[int, int, int]  # BGR
    ink: tuple[int, int, int]
    seed: int
    gap: float  # between characters, of their height
    squeeze: float  # of the face's widths
    pitch: bool  # every character in a cell of one width
    grow: float  # characters against the layout's height
    emboss: float  # gray levels; 0: flat print
    wear: float  # 0 to 1
    dirt: float  # 0 to 1
    bolts: bool
    stickers: int
    frame: bool
    dash: float  # width of a dash against the usual
    bold: int  # -1, 0 or 1: strokes thinner or thicker than the face's
    uneven: float  # how far characters stand out of line, of their height
    light: tuple[float, float]  # pixels: from where the embossing is lit
    clutter: Clutter


def sample_plate(rng: np.random.Generator, layouts: tuple[Layout, ...] | None = None) -> Plate:
    """A plate of one of the layouts (all of layouts.json by default), drawn by their weights."""
    layouts = layouts or load_layouts()
    weights = np.cumsum([layout.weight for layout in layouts])
    layout = layouts[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]
    lines = sample_lines(rng, layout)
    faces = layout.faces if rng.random() < 0.75 else ANY_FACE
    face = sample_face(rng, faces, layout.glyphs)
    paper, ink = layout.colours[rng.integers(len(layout.colours))].split("/")
    raised = rng.random() < layout.emboss
    painted = rng.random() < layout.painted
    return Plate(
        layout=layout,
        lines=lines,
        text=plain(lines),
        face=face,
        paper=(ground := _near(rng, paint.colour(paper))),
        ink=_faded(rng, _near(rng, paint.colour(ink)), ground),
        seed=int(rng.integers(2**31)),
        gap=layout.gap * rng.uniform(0.7, 1.4),
        squeeze=float(np.clip(layout.aspect * rng.uniform(0.85, 1.15) / usual_width(face), 0.6, 1.6)),
        pitch=bool(rng.random() < 0.4),
        grow=rng.uniform(0.94, 1.06),
        emboss=rng.uniform(20, 110) if raised else 0.0,
        wear=rng.uniform(0.2, 0.8) if rng.random() < 0.15 else 0.0,
        dirt=rng.uniform(0.1, 0.6) if rng.random() < 0.25 else 0.0,
        bolts=bool(rng.random() < 0.7),
        stickers=int(rng.integers(4)),
        frame=bool(rng.random() < layout.frame),
        dash=rng.uniform(0.45, 1.15),
        bold=int(rng.choice((-1, 0, 1), p=(0.12, 0.7, 0.18))),
        uneven=rng.uniform(0.01, 0.04) if rng.random() < 0.12 else painted * 0.06,
        light=(rng.choice((-1.0, 0.0, 1.0)), rng.choice((1.0, 1.5, -1.0))),
        clutter=sample_clutter(rng),
    )


def _near(rng, colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """A colour as the maker mixed it and the sun left it."""
    values = np.clip(np.array(colour) + rng.normal(0, 5) + rng.normal(0, 4, 3), 0, 255)
    return int(values[0]), int(values[1]), int(values[2])


def _faded(rng, ink: tuple[int, int, int], paper: tuple[int, int, int]) -> tuple[int, int, int]:
    """Ink that has lost some of its contrast to the paper, as old paint does."""
    share = rng.uniform(0.1, 0.65) if rng.random() < 0.15 else 0.0
    blue, green, red = (int(a * (1 - share) + b * share) for a, b in zip(ink, paper, strict=True))
    return blue, green, red


def render_plate(plate: Plate, line: float = 72) -> tuple[np.ndarray, Quad]:
    """The plate seen flat on, edge to edge: uint8 BGR (h, w, 3), and its corners.

    `line` is the height of its (first) line of text in pixels.
    """
    rng = np.random.default_rng(plate.seed)
    layout = plate.layout
    scale = line / layout.height[0]
    width, height = (max(8, round(side * scale)) for side in layout.size)
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = plate.paper
    canvas = _ground(canvas, plate, scale, rng)
    left, right = _free(layout, width, scale)
    canvas = _characters(canvas, plate, scale, left, right, rng)
    canvas = _fittings(canvas, plate, scale, rng)
    return _weathered(canvas, plate, rng), Quad(((0, 0), (width, 0), (width, height), (0, height)))


def _ground(canvas, plate: Plate, scale: float, rng) -> np.ndarray:
    layout = plate.layout
    if layout.art:
        count = 1 + int(rng.integers(2))
        canvas = paint.paint_art(canvas, tuple(rng.choice(layout.art, count)), rng)
    if layout.border[0]:
        paint.paint_border(canvas, layout.border, plate.ink, scale)
    for band in layout.bands:
        if rng.random() < band.chance:
            paint.paint_band(canvas, band, scale, rng)
    for caption in layout.captions:
        if rng.random() < caption.chance:
            paint.paint_caption(canvas, caption, plate.ink, scale, rng)
    return canvas


def _free(layout: Layout, width: int, scale: float) -> tuple[float, float]:
    """The room for characters between the bands: left and right, in pixels."""
    taken = {band.side: band.size * scale for band in layout.bands}
    margin = 0.02 * width + layout.border[0] * scale
    return taken.get("left", 0) + margin, width - taken.get("right", 0) - margin


def _characters(canvas, plate: Plate, scale: float, left: float, right: float, rng) -> np.ndarray:
    """All lines of characters with separators and emblems."""
    layout, height = plate.layout, canvas.shape[0]
    ink = np.zeros(canvas.shape[:2], np.uint8)
    count = len(plate.lines)
    centres = layout.lines or ((0.5,) if count == 1 else tuple((i + 0.55) / (count + 0.1) for i in range(count)))
    line = int(rng.integers(len(plate.lines)))  # the marks stand at its ends
    for i, tokens in enumerate(plate.lines):
        size = layout.height[min(i, len(layout.height) - 1)] * scale * plate.grow
        centre = centres[min(i, len(centres) - 1)] * height
        if i == line:
            left, right = _marked(canvas, plate, size, centre, left, right, rng)
        _line(canvas, ink, plate, tokens, size, centre, left, right, rng)
    if plate.bold and size > 30:
        ink = (cv2.dilate if plate.bold > 0 else cv2.erode)(ink, np.ones((2, 2), np.uint8))
    return paint.paint_ink(canvas, ink, plate.ink, plate.emboss, plate.light, plate.wear, rng)


def _marked(canvas, plate: Plate, size: float, centre: float, left: float, right: float, rng) -> tuple[float, float]:
    """The room that the marks at the ends leave, after they are painted."""
    for mark in plate.clutter.marks:
        width = mark.width * size
        if right - left > 6 * width:
            paint_mark(canvas, mark, left if mark.left else right - width, centre, size, plate.ink, rng)
            left, right = (left + width * 1.2, right) if mark.left else (left, right - width * 1.2)
    return left, right


def _line(canvas, ink, plate: Plate, tokens, size: float, centre: float, left: float, right: float, rng) -> None:
    """One line: widths first, squeezed to the room if need be, then every token in its place."""
    sizes = size * np.where(np.cumsum([token == "^" for token in tokens]), SMALL, 1.0)
    widths = np.array([_advance(plate, token) for token in tokens]) * sizes
    gap = plate.gap * size
    total = widths.sum() + gap * (len(tokens) - 1)
    fit = min(1.0, (right - left) / total)
    x = left + (right - left - total * fit) * np.clip(plate.layout.centre + rng.normal(0, 0.08), 0, 1)
    for token, width, own in zip(tokens, widths * fit, sizes, strict=True):
        _token(canvas, ink, plate, token, x, centre - (size - own) / 2, width, own, rng)
        x += width + gap * fit


def _advance(plate: Plate, token: str) -> float:
    """The width of a token, of the characters' height."""
    if token == "@":
        return plate.layout.emblem
    if token in ROOM:
        return ROOM[token]
    if token in MASKS:
        return MASKS[token][0] * (plate.dash if token == "-" else 1.0)
    if token == "#":
        return 0.55
    if token.startswith("("):
        return 0.25
    if token.startswith("{"):
        return 0.3 * max(map(len, rows_of(token)))
    natural = mask(plate.face, token).shape[1] / CAP * plate.squeeze
    return max(natural, plate.layout.aspect) if plate.pitch else natural


def _token(canvas, ink, plate: Plate, token: str, x: float, centre: float, width: float, size: float, rng) -> None:
    """Draw one token from x on, about the line's centre."""
    if token in (" ", ",", "^"):
        return
    if token == "@":
        paint.paint_emblem(
            canvas, x + width / 2, centre, size * plate.layout.emblem * rng.uniform(0.6, 1.1), plate.ink, rng
        )
    elif token in MASKS:
        thick = MASKS[token][1] * size
        _stamp(ink, np.full((8, 8), 255, np.uint8), x, centre + rng.normal(0, 0.02) * size - thick / 2, width, thick)
    elif token == "#":
        _stamp(ink, paint.cjk_mask(int(rng.integers(1 << 16))), x, centre - size / 2, width, size)
    elif token.startswith("("):
        _stacked(ink, plate, token[1:], x, centre, width, size)
    elif token.startswith("{"):
        _halves(ink, plate, rows_of(token), x, centre, width, size)
    else:
        glyph = mask(plate.face, token)
        own = min(width, glyph.shape[1] / CAP * plate.squeeze * size)
        x, centre = (x, centre) + rng.normal(0, plate.uneven, 2) * size
        _stamp(ink, glyph, x + (width - own) / 2, centre - size / 2, own, size)


def _stacked(ink, plate: Plate, letters: str, x: float, centre: float, width: float, size: float) -> None:
    """Small letters one above the other, which are no part of the text."""
    step = size * 0.8 / max(2, len(letters))
    for i, letter in enumerate(letters):
        if letter.isalnum():
            _stamp(ink, mask(plate.face, letter), x, centre + (i - len(letters) / 2) * step, width * 0.8, step * 0.85)


def _halves(ink, plate: Plate, rows: list[str], x: float, centre: float, width: float, size: float) -> None:
    """Two short lines of small characters before large ones, all of them text."""
    for i, row in enumerate(rows):
        step = width * 0.9 / len(row)
        for k, character in enumerate(row):
            top = centre + (i - 1) * size * 0.5 + size * 0.03
            _stamp(ink, mask(plate.face, character), x + k * step, top, step * 0.85, size * 0.42)


def _stamp(ink, glyph, x: float, y: float, width: float, height: float) -> None:
    """Put a glyph into the plate's ink, scaled to width and height."""
    w, h = max(1, round(width)), max(1, round(height))
    small = cv2.resize(glyph, (w, h), interpolation=cv2.INTER_AREA)
    x0, y0 = round(x), round(y)
    part = ink[max(0, y0) : y0 + h, max(0, x0) : x0 + w]
    cut = small[max(0, -y0) :, max(0, -x0) :][: part.shape[0], : part.shape[1]]
    np.maximum(part, cut, out=part)


def _fittings(canvas, plate: Plate, scale: float, rng) -> np.ndarray:
    layout = plate.layout
    for place in layout.stickers[: plate.stickers] if layout.stickers else ():
        paint.paint_sticker(canvas, place, 26 * scale, rng)
    for place in layout.bolts if plate.bolts else ():
        paint.paint_bolt(canvas, place, 5.5 * scale, rng)
    for place in plate.clutter.screws:
        paint.paint_bolt(canvas, place, 5.5 * scale, rng)
    if plate.clutter.slogan[0]:
        paint.paint_slogan(canvas, *plate.clutter.slogan, plate.ink, rng)
    paint_spots(canvas, plate.clutter.spots)
    if rng.random() < 0.06:
        paint.paint_strip(canvas, rng)
    if plate.frame:
        paint.paint_frame(canvas, DEALERS, rng)
    return canvas


def _weathered(canvas, plate: Plate, rng) -> np.ndarray:
    """Uneven reflection, and dirt that gathers in patches."""
    shape = canvas.shape[:2]
    light = paint.field(rng, shape, (3, 2), 0.85, 1.08)
    if plate.dirt:
        light = light * (1 - plate.dirt * np.clip(paint.field(rng, shape, (12, 5), -0.5, 1.0), 0, 1))
    return paint.scaled(canvas, light)


# --- crops for a reader


def camera_gray(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gray as one camera or another sees colours: usual weights, or any other mix, as sensors and infrared have."""
    weights = np.array((0.114, 0.587, 0.299)) if rng.random() < 0.6 else rng.dirichlet((0.8, 1.5, 1.5))
    return cv2.transform(image, weights[None].astype(np.float32))


def sample_plate_crop(rng: np.random.Generator, strength: float = 1.0) -> tuple[np.ndarray, str]:
    """What a plate reader gets: a plate after rectification, roughly cut, on what is behind it, as a camera saw it.

    Gray uint8 (H, W) in the plate's own proportions, 40 to 300 pixels wide, and its text. A quarter is far away: 40 to
    110 pixels out of a coarse JPEG. `strength` scales all that makes it hard, from 0 (clean) on.
    """
    plate = sample_plate(rng)
    far = rng.random() < 0.25 * min(strength, 1.0)
    low, high = (40, 110) if far else (60, 260)
    width = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    line = width / plate.layout.size[0] * plate.layout.height[0]
    image = without_band(rng, camera_gray(render_plate(plate, min(90.0, max(line * 1.25, 14)))[0], rng), plate.layout)
    crop = _lit(rng, _cut(rng, image, width, strength), strength)
    seen = apply_effects(crop, sample_effects(rng, strength, bool(rng.random() < 0.1), height=line))
    if far:
        seen = _compressed(seen, int(rng.uniform(45, 92)))
    if seen.std() < LEAST_CONTRAST:  # nobody could read it
        seen = apply_effects(crop, sample_effects(rng, strength / 3, height=line))
    return seen, plate.text


def _lit(rng, crop: np.ndarray, strength: float) -> np.ndarray:
    """A few of the crops by an infrared lamp or beside headlights."""
    night = rng.random() / max(strength, 1e-6)
    return lights.infrared(rng, crop) if night < 0.06 else lights.headlights(rng, crop) if night < 0.1 else crop


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    _, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def without_band(rng, image: np.ndarray, layout: Layout) -> np.ndarray:
    """The plate with its left band or a part of it missing, as locators cut some of the plates that have one."""
    size = sum(band.size for band in layout.bands if band.side == "left")
    missing = round(rng.uniform(0.2, 1.05) * size / layout.size[0] * image.shape[1])
    return image[:, missing:] if rng.random() < 0.4 else image


def _cut(rng, image: np.ndarray, width: float, strength: float) -> np.ndarray:
    """The plate on its surroundings as a locator's corners cut it: margins, rotation, slight perspective."""
    h, w = image.shape
    height = width * h / w * np.exp(rng.normal(0, 0.1 * strength) if rng.random() < 0.85 else rng.uniform(-0.15, 0.4))
    size = (round(width), max(8, round(height)))
    target = _corners(rng, width, height, strength)
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), target.astype(np.float32)
    )
    behind = ground(rng, size[::-1])
    if rng.random() < 0.35:
        _holder(rng, behind, target)
    return cv2.warpPerspective(image, matrix, size, behind, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)


def _corners(rng, width: float, height: float, strength: float) -> np.ndarray:
    """Where the plate's corners lie in a crop of this size: (4, 2).

    Each side is off by -3 to +14 % of the size, each corner by a little more, and all of it is turned: mostly by a
    degree or two, sometimes by up to 12.
    """
    left, top, right, bottom = rng.uniform(-0.03, 0.14, 4) * strength * rng.choice((0.4, 1.0))
    corners = np.array([[left, top], [1 - right, top], [1 - right, 1 - bottom], [left, 1 - bottom]]) * (width, height)
    corners += rng.normal(0, 0.04 * strength * height, (4, 2))
    angle = np.radians(rng.normal(0, 1.2) if rng.random() < 0.8 else rng.uniform(-12, 12)) * min(strength, 1.5)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    slant = np.array([[1.0, 0.0], [rng.normal(0, 0.06 * strength), 1.0]])
    return (corners - corners.mean(0)) @ slant @ turn + corners.mean(0)


def _holder(rng, behind: np.ndarray, corners: np.ndarray) -> None:
    """A holder's rim around the plate, thin or broad, with a dealer's name above, below or nowhere."""
    value = int(rng.choice((15, 30, 60, 200, 230)))
    height = np.linalg.norm(corners[3] - corners[0])
    above, below, beside = height * rng.uniform(0.03, 0.16, 3) * rng.choice((0.5, 1.0, 1.6))
    outer = corners + np.array([[-beside, -above], [beside, -above], [beside, below], [-beside, below]])
    cv2.fillConvexPoly(behind, np.round(outer).astype(np.int32), value, cv2.LINE_AA)
    for edge, room, down in ((corners[0] + corners[1], above, -0.9), (corners[3] + corners[2], below, 0.1)):
        if room >= 4 and rng.random() < 0.6:
            name = paint.text_mask(
                str(rng.choice(DEALERS)), "caption", int(rng.integers(99)), max(3, round(room * 0.8))
            )
            x, y = np.round(edge / 2 + (-name.shape[1] / 2, down * room)).astype(int)
            put(behind, name, 255 - value, x, y)


# --- crops that say nothing


def sample_unreadable(rng: np.random.Generator) -> np.ndarray:
    """A crop on which a reader must stay silent: gray uint8 (H, W).

    Other things than plates, plates too far or too blurred to read, and parts of plates.
    """
    kind = rng.random()
    if kind < 0.5:
        width = float(np.exp(rng.uniform(np.log(60), np.log(260))))
        crop = sample_decoy(rng, (max(12, round(width / rng.uniform(1.3, 5))), round(width)))
        return apply_effects(crop, sample_effects(rng, 0.8, bool(rng.random() < 0.15), height=crop.shape[0] * 0.6))
    plate, _ = sample_plate_crop(rng, 0.8)
    if kind < 0.65:
        return _part(rng, plate)
    return _illegible(rng, plate)


def _part(rng, plate: np.ndarray) -> np.ndarray:
    """Less than half of a plate, and what is beside it."""
    w = plate.shape[1]
    cut = int(w * rng.uniform(0.55, 0.9))
    image = ground(rng, plate.shape)
    if rng.random() < 0.5:
        image[:, cut:] = plate[:, : w - cut]
    else:
        image[:, : w - cut] = plate[:, cut:]
    return image


def _illegible(rng, plate: np.ndarray) -> np.ndarray:
    """Too few pixels to a character, or too much blur, for anyone to read."""
    h, w = plate.shape
    if rng.random() < 0.5:
        few = int(rng.uniform(10, 20)), max(3, int(rng.uniform(2.5, 4.5)))
        small = cv2.resize(plate, few, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (w, h), interpolation=int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC))))
    else:
        large = cv2.GaussianBlur(plate, (0, 0), w * rng.uniform(0.04, 0.1), sigmaY=h * rng.uniform(0.04, 0.2))
    return apply_effects(large, sample_effects(rng, 0.5, False, height=h * 0.5))
