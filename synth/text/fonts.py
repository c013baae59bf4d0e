"""Every usable font of this machine: which characters it has, what kind of writing it is, whether training may see it.

Fonts are searched in the system's folders, in those named by the caller and in those of synth.sources. `fonts.txt`
beside this file lists the Debian packages that make more than 300 families. What was found is kept in the user's cache,
because looking at two thousand files takes half a minute.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageFont

from synth.sources import current

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = "abcdefghijklmnopqrstuvwxyz"
ALPHABET = DIGITS + UPPER + LOWER

SYSTEM_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
SUFFIXES = {".ttf", ".otf"}
LOOK_SIZE = 40  # pixels per em at which glyphs are compared
FORMAT = 4  # of the cache

KIND_WORDS = (
    ("segment", r"dseg|segment|\bdigital\b|\bled\b"),
    ("dots", r"\bdot|matrix|5x7|creep|terminus|atari|pixel|bitmap|wargames|\blynx"),
    ("plate", r"roadgeek|highway|din\b|plate|national ?park|routed|fe-?schrift|mandatory|\bocr|b612|road ua"),
    (
        "hand",
        r"hand|script|brush|breip|kristi|purisa|rufscript|tomson|ecolier|dancing|humor|comic|femke|domestic|amatic|"
        r"isabella|rampart|leckerli|lobster|apropal|dkg|delphine|steve|havana|\bseto|chancery|scrawl|komatuna|"
        r"italianno|allura|pacifico|satisfy|caveat|kalam|marker|\bpen\b|chalk|cursive|caliban|abogado|junkyard",
    ),
)


@dataclass(frozen=True)
class Font:
    """One font file and face; `alphabet`: those of the 62 characters that it draws as one expects."""

    path: str
    family: str
    style: str
    kind: str  # print, hand, segment, dots, plate
    alphabet: str
    face: int = 0

    @property
    def split(self) -> str:
        return split_of(self.family)


BUILT_IN = Font("", "Aileron", "Regular", "print", ALPHABET)  # travels inside Pillow: for a machine without fonts


def split_of(family: str) -> str:
    """ "val" for about one in ten families, by a hash of the name's first word, so that relatives stay together."""
    word = re.split(r"[\s_\-0-9]", family.strip().lower())[0] or family.lower()
    return "val" if hashlib.sha256(("punch" + word).encode()).digest()[0] < 26 else "train"


@dataclass(frozen=True, eq=False)
class Shelf:
    """Fonts by family name, and how far up a ladder from 0 to 1 each family reaches."""

    families: Mapping[str, tuple[Font, ...]]
    rungs: np.ndarray

    def sample(self, rng: np.random.Generator) -> Font:
        """A family first, then one of its styles, so that large families do not rule."""
        fonts = self._rows[bisect_right(self._bounds, rng.random())]
        return fonts[int(rng.integers(len(fonts)))]

    @cached_property
    def _rows(self) -> tuple[tuple[Font, ...], ...]:
        return tuple(self.families.values())

    @cached_property
    def _bounds(self) -> list[float]:
        return self.rungs[:-1].tolist()


def font_families(
    split: str | None = None, kinds: Sequence[str] = (), alphabet: str = "", folders: Sequence[str] = ()
) -> Mapping[str, tuple[Font, ...]]:
    """Fonts by family name: of one split and some kinds where given, with all of `alphabet`."""
    return shelf(split, tuple(kinds), alphabet, tuple(folders)).families


def shelf(
    split: str | None = None, kinds: tuple[str, ...] = (), alphabet: str = "", folders: tuple[str, ...] = ()
) -> Shelf:
    """What `font_families` gives, ready to draw from; fonts of every kind where there is none of those asked for."""
    return _shelf(split, kinds, alphabet, searched(folders, current().fonts))


@lru_cache(256)
def _shelf(split: str | None, kinds: tuple[str, ...], alphabet: str, folders: tuple[str, ...]) -> Shelf:
    families: Mapping[str, list[Font]] = defaultdict(list)
    for font in discover(folders):
        fits = split in (None, font.split) and (not kinds or font.kind in kinds)
        if fits and set(alphabet) <= set(font.alphabet):
            families[font.family].append(font)
    if not families and kinds:
        return _shelf(split, (), alphabet, folders)
    families = families or {BUILT_IN.family: [BUILT_IN]}
    rows = {name: tuple(fonts) for name, fonts in sorted(families.items())}
    return Shelf(rows, _rungs(rows))


def _rungs(families: Mapping[str, tuple[Font, ...]]) -> np.ndarray:
    """Sums of weights: the families of one folder together weigh the square root of their number."""
    folders = [os.path.dirname(fonts[0].path) for fonts in families.values()]
    counts = Counter(folders)
    weights = np.array([counts[folder] ** -0.5 for folder in folders])
    return np.cumsum(weights / weights.sum())


# --- discovery


@lru_cache(16)
def searched(folders: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The system's folders and those that are named."""
    return tuple(str(Path(folder).expanduser()) for folder in (*SYSTEM_FOLDERS, *folders, *more))


@lru_cache(8)
def discover(folders: tuple[str, ...]) -> tuple[Font, ...]:
    """All usable fonts below the folders, in order of their paths; no two of the same shapes."""
    paths = sorted(path for folder in folders for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES)
    stamp = [[str(path), path.stat().st_size] for path in paths]
    name = hashlib.sha256(json.dumps([FORMAT, stamp]).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "glyphcam" / f"fonts-{name}.json"
    if cache.is_file():
        return tuple(Font(**row) for row in json.loads(cache.read_text()))
    fonts = _unlike(filter(None, map(inspect, paths)))
    _keep(cache, json.dumps([asdict(font) for font in fonts]))
    return fonts


def _keep(cache: Path, text: str) -> None:
    """Write through a file of this process alone, because several workers may discover at once."""
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(f".{os.getpid()}")
        part.write_text(text)
        part.replace(cache)
    except OSError:
        return  # without a writable home the next start looks again


def _unlike(found: Iterable[tuple[Font, bytes]]) -> tuple[Font, ...]:
    fonts, seen = [], set()
    for font, shapes in found:
        if shapes not in seen:
            seen.add(shapes)
            fonts.append(font)
    return tuple(fonts)


def inspect(path: Path) -> tuple[Font, bytes] | None:
    """The font of a file and a fingerprint of its shapes; None where it is broken or draws no Latin characters."""
    try:
        face = ImageFont.truetype(str(path), LOOK_SIZE, layout_engine=ImageFont.Layout.BASIC)
        looks = {char: ink_of(face, char)[0] for char in ALPHABET}
        missing = ink_of(face, "\uffff")[0]
    except (OSError, ValueError):
        return None
    family, style = (str(part or "") for part in face.getname())
    kind = _kind(f"{family} {path.stem}".lower())
    alphabet = drawn_characters(looks, missing, kind)
    if not alphabet or UNWANTED.search(f"{family} {style} {path.stem}"):
        return None
    fingerprint = hashlib.sha256(b"".join(looks[char].tobytes() for char in alphabet)).digest()
    return Font(str(path), family or path.stem, style, kind, alphabet), fingerprint


UNWANTED = re.compile(r"symbol|dingbat|ornament|initials|barcode|redacted|emoji|icon|weather|keyboard", re.IGNORECASE)


def _kind(name: str) -> str:
    return next((kind for kind, words in KIND_WORDS if re.search(words, name)), "print")


def ink_of(face: ImageFont.FreeTypeFont, char: str) -> tuple[np.ndarray, tuple[int, int]]:
    """The inked part of a character, uint8 (h, w), empty where nothing is drawn; its left and top from the pen."""
    core, (left, top) = face.getmask2(char, mode="L", anchor="ls")
    width, height = core.size
    if not width or not height:
        return np.zeros((0, 0), np.uint8), (0, 0)
    pixels = Image.Image()._new(core).tobytes()  # ten times as fast as reading the core as an array
    mask = np.frombuffer(pixels, np.uint8).reshape(height, width)
    x, y, width, height = cv2.boundingRect(mask)  # Pillow's mask reaches from the pen to where the pen goes next
    return mask[y : y + height, x : x + width], (left + x, top + y)


def drawn_characters(looks: Mapping[str, np.ndarray], missing: np.ndarray, kind: str = "print") -> str:
    """Those groups of the 62 characters (digits, capitals, small letters) that are complete and look like Latin."""
    there = {char for char in ALPHABET if looks[char].size and not np.array_equal(looks[char], missing)}
    groups = [group for group in (DIGITS, UPPER, LOWER) if set(group) <= there and _distinct(looks, group)]
    if kind == "segment":  # seven bars make digits, but few letters
        return DIGITS if DIGITS in groups else ""
    groups = [group for group in groups if likeness(looks, group) > LEAST_LIKENESS[kind]]
    if LOWER in groups and UPPER in groups and _capitals_again(looks):
        groups.remove(LOWER)
    return "".join(groups)


def _distinct(looks: Mapping[str, np.ndarray], group: str) -> bool:
    return len({(looks[char].shape, looks[char].tobytes()) for char in group}) == len(group)


def shape_of(look: np.ndarray) -> np.ndarray:
    """The look stretched to 16 x 16, of mean 0 and length 1: float32 (256,)."""
    small = cv2.resize(look, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.GaussianBlur(small, (0, 0), 1.2).ravel()
    soft -= soft.mean()
    return soft / max(float(np.linalg.norm(soft)), 1e-6)


def _capitals_again(looks: Mapping[str, np.ndarray]) -> bool:
    """Whether the small letters are capitals, large or small."""
    return float(np.mean([shape_of(looks[c]) @ shape_of(looks[c.upper()]) for c in "abdeghnqrt"])) > 0.9


# Below these, fonts of the packages in fonts.txt are dingbats, puzzles or unreadable ornament.
LEAST_LIKENESS = {"print": 0.47, "dots": 0.35, "plate": 0.35, "hand": 0.35}


def likeness(looks: Mapping[str, np.ndarray], group: str) -> float:
    """Mean over the group's characters of the correlation with the Hershey strokes that OpenCV draws, 0 to 1."""
    return float(np.mean([max(shape_of(looks[char]) @ plain for plain in plain_shapes(char)) for char in group]))


@lru_cache(62)
def plain_shapes(char: str) -> tuple[np.ndarray, ...]:
    """Shapes of a character in OpenCV's stroke faces, thin and bold."""
    return tuple(_stroked(char, face, pen) for face in PLAIN_FACES for pen in (3, 8))


PLAIN_FACES = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX | cv2.FONT_ITALIC,
)


def _stroked(char: str, face: int, pen: int) -> np.ndarray:
    canvas = np.zeros((160, 160), np.uint8)
    cv2.putText(canvas, char, (40, 110), face, 2.6, 255, pen, cv2.LINE_AA)
    x, y, width, height = cv2.boundingRect(canvas)
    return shape_of(canvas[y : y + height, x : x + width])
