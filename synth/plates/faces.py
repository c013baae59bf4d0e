"""Typefaces of number plates: installed fonts, real plate glyphs, and dies drawn from strokes.

A face turns one of A-Z0-9 into a mask of its ink: uint8 (CAP, w), 255 where ink is, trimmed to the ink's box. Plates
set each character to the height that their layout asks for, so a face only decides shape and relative width.

synth.sources adds fonts and binarised glyphs to what the machine has. Both may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synth.sources import current

CAP = 96  # pixels: the height of every mask

FILES = {  # kind of typeface -> file names that look like it, from Debian's font packages and from synth.sources
    "din": (
        "OSP-DIN.ttf",
        "RoadUA-Medium.otf",
        "RoadUA-Bold.otf",
        "LicensePlate.ttf",
        "licenseplate.ttf",
        "RG2014C.ttf",
        "RG2014D.ttf",
        "routed-gothic-narrow.ttf",
    ),
    "highway": (
        "RG2014B.ttf",
        "RG2014C.ttf",
        "RG2014D.ttf",
        "RG2014E.ttf",
        "RG2014EM.ttf",
        "NationalPark-Heavy.otf",
        "NationalPark-Regular.otf",
        "Eu_ua_custom_np-Regular.otf",
        "RoadUA-Bold.otf",
        "RoadUA-Medium.otf",
    ),
    "narrow": (
        "LiberationSansNarrow-Bold.ttf",
        "NimbusSansNarrow-Bold.otf",
        "RobotoCondensed-Bold.ttf",
        "RobotoCondensed-Medium.ttf",
        "PTN77F.ttf",
        "OpenSans-CondBold.ttf",
        "SwitzeraADF-BoldCond.otf",
        "SwitzeraADF-DmBdCond.otf",
        "UniversalisADFStd-BoldCond.otf",
        "BEBAS___.ttf",
        "BebasNeue-Regular.otf",
        "LicensePlate.ttf",
        "licenseplate.ttf",
    ),
    "sans": (
        "LiberationSans-Bold.ttf",
        "DejaVuSansCondensed-Bold.ttf",
        "FreeSansBold.ttf",
        "DroidSans-Bold.ttf",
        "NimbusSans-Bold.otf",
        "tuffy_bold.ttf",
        "PTC75F.ttf",
        "Play-Bold.ttf",
        "UKNumberPlate.ttf",
        "Loma-Bold.ttf",
        "tiresias_infofont_bold.ttf",
        "tiresias_signfont_bold.ttf",
        "Eu_ua_custom_np-Regular.otf",
    ),
    "uk": ("UKNumberPlate.ttf", "Eu_ua_custom_np-Regular.otf", "LiberationSansNarrow-Bold.ttf", "RG2014E.ttf"),
    "light": (
        "RobotoCondensed-Regular.ttf",
        "routed-gothic.ttf",
        "routed-gothic-narrow.ttf",
        "NationalPark-Regular.otf",
        "RoadUA-Regular.otf",
        "LiberationSansNarrow-Regular.ttf",
        "Tuffy.ttf",
        "RG2014B.ttf",
    ),
    "caption": (
        "LiberationSans-Bold.ttf",
        "LiberationSansNarrow-Bold.ttf",
        "RobotoCondensed-Regular.ttf",
        "DejaVuSans.ttf",
        "RG2014D.ttf",
        "NationalPark-Regular.otf",
    ),
    "serif": ("C059-Bold.otf", "LiberationSerif-Bold.ttf", "P052-Bold.otf", "DejaVuSerif-Bold.ttf"),
    "script": ("Lobster.otf", "LobsterTwo-Bold.otf", "DancingScript-Bold.otf", "Z003-MediumItalic.otf", "Pacifico.ttf"),
    "cjk": ("DroidSansFallbackFull.ttf", "wqy-zenhei.ttc", "wqy-microhei.ttc", "setofont.ttf", "NotoSansCJK-Bold.ttc"),
}

STROKES = {  # unit square, y down; "r" rounds a corner, "z" closes the line, "|" lifts the pen
    "A": "0,1 .5,0 1,1|.17,.68 .83,.68",
    "B": "0,.47 .9,.47r .9,0r 0,0 0,1 1,1r 1,.47r 0,.47",
    "C": "1,.27 1,0r 0,0r 0,1r 1,1r 1,.73",
    "D": "0,0 1,0r 1,1r 0,1 z",
    "E": "1,0 0,0 0,1 1,1|0,.48 .8,.48",
    "F": "1,0 0,0 0,1|0,.48 .8,.48",
    "G": "1,.27 1,0r 0,0r 0,1r 1,1r 1,.54 .55,.54",
    "H": "0,0 0,1|1,0 1,1|0,.5 1,.5",
    "I": ".5,0 .5,1",
    "J": "1,0 1,1r 0,1r 0,.68",
    "K": "0,0 0,1|1,0 0,.62|.36,.4 1,1",
    "L": "0,0 0,1 1,1",
    "M": "0,1 0,0 .5,.6 1,0 1,1",
    "N": "0,1 0,0 1,1 1,0",
    "O": "0,0r 1,0r 1,1r 0,1r z",
    "P": "0,1 0,0 1,0r 1,.52r 0,.52",
    "Q": "0,0r 1,0r 1,1r 0,1r z|.58,.72 1,1.04",
    "R": "0,1 0,0 1,0r 1,.5r 0,.5|.5,.5 1,1",
    "S": "1,.25 1,0r 0,0r 0,.48r 1,.48r 1,1r 0,1r 0,.75",
    "T": "0,0 1,0|.5,0 .5,1",
    "U": "0,0 0,1r 1,1r 1,0",
    "V": "0,0 .5,1 1,0",
    "W": "0,0 .24,1 .5,.35 .76,1 1,0",
    "X": "0,0 1,1|1,0 0,1",
    "Y": "0,0 .5,.5 1,0|.5,.5 .5,1",
    "Z": "0,0 1,0 0,1 1,1",
    "0": "0,0r 1,0r 1,1r 0,1r z",
    "1": ".15,.22 .6,0 .6,1",
    "2": "0,.27 0,0r 1,0r 1,.44r 0,1 1,1",
    "3": "0,.24 0,0r 1,0r 1,.47r .35,.47|.35,.47 1,.47r 1,1r 0,1r 0,.76",
    "4": ".76,1 .76,0 0,.72 1,.72",
    "5": ".95,0 .06,0 0,.46 1,.4r 1,1r 0,1r 0,.76",
    "6": ".96,.23 .96,0r 0,0r 0,1r 1,1r 1,.44r 0,.44r 0,.6",
    "7": "0,0 1,0 .35,1",
    "8": ".06,0r .94,0r .94,.47r .06,.47r z|0,.47r 1,.47r 1,1r 0,1r z",
    "9": ".04,.77 .04,1r 1,1r 1,0r 0,0r 0,.56r 1,.56r 1,.4",
}
OTHERS = {  # other ways to write a character, each taken by a part of the dies
    "1": "0,.2 .5,0 .5,1|0,1 1,1",
    "3": "0,0 1,0 .45,.42 1,.44r 1,1r 0,1r 0,.76",
    "4": ".62,0 0,.7 1,.7|.74,.42 .74,1",
    "6": ".75,0 0,.55r 0,1r 1,1r 1,.46r .15,.46",
    "9": ".25,1 1,.45r 1,0r 0,0r 0,.54r .85,.54",
    "I": "0,0 1,0|.5,0 .5,1|0,1 1,1",
    "7": "0,.2 0,0 1,0 .4,1",
    "M": "0,1 .1,0 .5,.75 .9,0 1,1",
    "J": ".3,0 1,0 1,1r 0,1r 0,.7",
    "0": "0,0r 1,0r 1,1r 0,1r z|.12,.86 .88,.14",
    "Y": "0,0 0,.45r 1,.45r 1,0|.5,.45 .5,1",
    "G": "1,.2 1,0r 0,0r 0,1r 1,1r 1,.54 .45,.54 .45,.64",
    "A": "0,1 0,.3r .5,0r 1,.3r 1,1|0,.6 1,.6",
    "Q": "0,0r 1,0r 1,1r 0,1r z|.5,.6 .5,.8 1.05,1.05",
}
NARROW = {"I": 0.0, "1": 0.5, "J": 0.85, "L": 0.9, "M": 1.15, "W": 1.3}  # widths of dies against the others


@dataclass(frozen=True)
class PlateFace:
    """One plate's typeface: `kind` "font" (name is a file), "glyphs" (name is a country) or "dies" (drawn strokes).

    `seed` picks the glyphs of a country or the other ways of a die; weight and roundness (0 to 1) shape dies only, as
    `slab` does, an I with bars above and below.
    """

    kind: str
    name: str = ""
    seed: int = 0
    weight: float = 0.16
    roundness: float = 1.0
    aspect: float = 0.5
    slab: bool = False


@cache
def font_files(more: tuple[str, ...]) -> dict[str, str]:
    """File name -> path of every font found; those in the folders `more` win over the system's."""
    roots = ["/usr/share/fonts", "/usr/local/share/fonts", *more]
    paths = (path for root in roots for path in sorted(Path(root).rglob("*.[ot]t[fc]")))
    return {path.name: str(path) for path in paths}


def fonts_of(kind: str) -> tuple[str, ...]:
    """The installed font files of one kind of FILES."""
    return _fonts_of(kind, current().fonts)


@cache
def _fonts_of(kind: str, more: tuple[str, ...]) -> tuple[str, ...]:
    found = font_files(more)
    return tuple(found[name] for name in FILES[kind] if name in found)


def glyph_sets() -> dict[str, dict[str, list[np.ndarray]]]:
    """Country -> character -> cleaned glyph pictures, each (32, 32); empty where synth.sources names no glyphs."""
    return _glyph_sets(current().glyphs)


@cache
def _glyph_sets(path: str) -> dict[str, dict[str, list[np.ndarray]]]:
    if not path or not Path(path).exists():
        return {}
    with np.load(path) as data:
        images, labels, countries = data["images"], data["labels"], data["country"]
    sets: dict[str, dict[str, list]] = {}
    for image, label, country in zip(images, labels, countries, strict=True):
        glyph = _clean(image)
        if glyph is not None:
            sets.setdefault(str(country), {}).setdefault(str(label), []).append(glyph)
    return {country: {label: _alike(glyphs) for label, glyphs in chars.items()} for country, chars in sets.items()}


def _alike(glyphs: list[np.ndarray]) -> list[np.ndarray]:
    """Those that look like most of the others: binarising spoils some, and some are labelled wrongly."""
    flat = np.array(
        [cv2.resize(_trimmed(glyph), (16, 24), interpolation=cv2.INTER_AREA).ravel() for glyph in glyphs], np.float32
    )
    flat = flat / 127.5 - 1
    alike = (flat * np.median(flat, 0)).mean(1)
    return [glyph for glyph, score in zip(glyphs, alike, strict=True) if score > 0.4]


def _clean(image: np.ndarray) -> np.ndarray | None:
    """The largest stroke alone, white on black; None where a border or a neighbour is joined to it."""
    ink = (image < 128).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    if count < 2:
        return None
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, _, w, h, area = stats[best]
    if h < 24 or area > 0.62 * 1024 or (w > 27 and x <= 1):
        return None
    return (labels == best).astype(np.uint8) * 255


def sample_face(rng: np.random.Generator, kinds: tuple[str, ...], countries: tuple[str, ...] = ()) -> PlateFace:
    """One of the kinds of faces; falls back on dies where the machine has no font of that kind."""
    kind = kinds[rng.integers(len(kinds))]
    seed = int(rng.integers(2**31))
    if kind == "glyphs" and glyph_sets():
        names = [name for name in countries if name in glyph_sets()] or sorted(glyph_sets())
        return PlateFace("glyphs", names[rng.integers(len(names))], seed)
    if kind in FILES and fonts_of(kind):
        return PlateFace("font", fonts_of(kind)[rng.integers(len(fonts_of(kind)))])
    return PlateFace(
        "dies",
        "",
        seed,
        float(rng.uniform(0.1, 0.2)),
        float(rng.choice((0.35, 0.6, 1.0))),
        float(rng.uniform(0.42, 0.62)),
        kind == "slab",
    )


@lru_cache(maxsize=4096)
def font_mask(path: str, text: str) -> np.ndarray:
    """The ink of a text in a font file, trimmed and scaled to CAP: uint8 (CAP, w)."""
    font = ImageFont.truetype(path, 2 * CAP)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(max(1, right - left)) + 8, int(max(1, bottom - top)) + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, font=font, fill=255)
    return _trimmed(np.asarray(image))


def _trimmed(image: np.ndarray) -> np.ndarray:
    """Cut to the ink and scaled to CAP."""
    ys, xs = np.nonzero(image > 127)
    if not len(ys):
        return np.zeros((CAP, CAP // 3), np.uint8)
    cut = image[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    width = max(6, round(cut.shape[1] * CAP / cut.shape[0]))
    return cv2.resize(cut, (width, CAP), interpolation=cv2.INTER_AREA if cut.shape[0] > CAP else cv2.INTER_LINEAR)


def mask(face: PlateFace, char: str) -> np.ndarray:
    """The ink of one of A-Z0-9 in a face: uint8 (CAP, w)."""
    if face.kind == "font":
        return font_mask(face.name, char)
    if face.kind == "glyphs":
        return _glyph_mask(face, char)
    return _die(char, _way(face, char), round(face.weight, 2), face.roundness, round(face.aspect, 2))


def _way(face: PlateFace, char: str) -> bool:
    """Whether this die writes the character the other way; the same for one plate throughout."""
    if face.slab and char == "I":
        return True
    rare = char in "0IMYAQ"
    return char in OTHERS and (face.seed >> (ord(char) % 23)) % (8 if rare else 2) == 0


def _glyph_mask(face: PlateFace, char: str) -> np.ndarray:
    """One of the country's real glyphs, enlarged smoothly; a font's where the country has none."""
    glyphs = glyph_sets().get(face.name, {}).get(char)
    if not glyphs:
        fonts = fonts_of("narrow") or fonts_of("sans")
        return font_mask(fonts[face.seed % len(fonts)], char) if fonts else _die(char, False, 0.15, 1.0, 0.5)
    return _enlarged(face.name, char, (face.seed // 7 + ord(char)) % len(glyphs))


@lru_cache(maxsize=8192)
def _enlarged(country: str, char: str, index: int) -> np.ndarray:
    large = cv2.resize(glyph_sets()[country][char][index], (3 * CAP // 2, 3 * CAP // 2), interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(large, (0, 0), 4).astype(np.float32)
    return _trimmed(np.clip((smooth - 127) * 3 + 127, 0, 255).astype(np.uint8))


@lru_cache(maxsize=4096)
def _die(char: str, other: bool, weight: float, roundness: float, aspect: float) -> np.ndarray:
    """A character drawn with one round pen, as stamping dies look."""
    pen = max(3, round(weight * CAP))
    width = max(0, round((aspect * CAP - pen) * (1.0 if other and char in "1I" else NARROW.get(char, 1.0))))
    image = np.zeros((CAP + 16, width + pen + 16), np.uint8)
    scale = np.array((width, CAP - pen), np.float32)
    for line in (OTHERS if other else STROKES)[char].split("|"):
        points = _rounded(line, scale, roundness) + pen / 2 + 8
        closed = line.endswith("z")
        cv2.polylines(image, [np.round(points * 16).astype(np.int32)], closed, 255, pen, cv2.LINE_AA, 4)
    return _trimmed(image)


def _rounded(line: str, scale: np.ndarray, roundness: float) -> np.ndarray:
    """A stroke's points in pixels, marked corners replaced by quarter turns: float32 (n, 2)."""
    words = line.replace("z", "").split()
    points = np.array([[float(v) for v in word.rstrip("r").split(",")] for word in words], np.float32) * scale
    radius = roundness * scale.min() / 2
    out = []
    for i, word in enumerate(words):
        before, here, after = points[i - 1], points[i], points[(i + 1) % len(points)]
        out.extend(_turn(before, here, after, radius) if word.endswith("r") else [here])
    return np.array(out, np.float32)


def _turn(before, here, after, radius: float) -> list:
    """Seven points of a quarter turn (a quadratic curve pulled towards the corner)."""
    into, out = before - here, after - here
    reach = min(radius, np.linalg.norm(into) / 2, np.linalg.norm(out) / 2)
    start, end = (here + v / (np.linalg.norm(v) + 1e-6) * reach for v in (into, out))
    pull = here * 0.9 + (start + end) * 0.05
    return [(1 - t) ** 2 * start + 2 * t * (1 - t) * pull + t**2 * end for t in np.linspace(0, 1, 7)]


@lru_cache(maxsize=512)
def _width(face: PlateFace) -> float:
    """Mean width over height of the face's usual characters."""
    return float(np.mean([mask(face, char).shape[1] for char in "BEHP0258"])) / CAP


def usual_width(face: PlateFace) -> float:
    """Mean width over height of a face's usual characters, so that a layout can squeeze it to its own."""
    return _width(face)
