"""How number plates are laid out, from layouts.json: sizes, colours, bands, captions, and the grammar of the texts.

A form is written as it stands on the plate. "L" is one of the layout's letters, "D" one of its digits, "X" either, "C"
one of its codes, as of counties, "V" a word as on a vanity plate; "[AB]" is one of those characters, "[KA|MH]" one of
those strings. Drawn, but no part of the text: "-" dash, "." dot, " " gap, "," thin gap, "@" emblem or seal, "#" a
Chinese character, "(LL)" small stacked letters. "^" makes the rest of the line smaller, "/" begins the next line.
"{[KA|MH]DD~LL}" is part of the text: two short lines of small characters, one above the other.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TOKENS = re.compile(r"\{[^}]+\}|\[[^\]]+\]|\([^)]*\)|.")
Lines = tuple[tuple[str, ...], ...]


# What readers confuse most on real plates, the worst several times.
HARD = "IIIIIBBDDQJ11480"


@dataclass(frozen=True)
class Band:
    """A coloured strip along a side: "left", "right", "top" or "bottom"; `size` in millimetres."""

    side: str
    size: float
    colours: tuple[str, ...]
    code: tuple[str, ...] = ()
    stars: bool = False
    chance: float = 1.0


@dataclass(frozen=True)
class Caption:
    """Small print along an edge; `height` and `margin` in millimetres, `room` a share of the plate's width."""

    at: str
    height: float
    texts: tuple[str, ...]
    colours: tuple[str, ...] = ()  # none: the characters' own
    style: str = "caption"
    chance: float = 1.0
    margin: float = 5
    room: float = 0.7


@dataclass(frozen=True)
class Layout:
    """One kind of plate; lengths in millimetres, places as shares of the plate's width and height."""

    name: str
    region: str
    size: tuple[float, float]  # width, height
    forms: tuple[str, ...]
    height: tuple[float, ...]  # of the characters of each line
    colours: tuple[str, ...]  # "paper/ink", RRGGBB each; repeated ones are drawn more often
    weight: float = 1.0
    lines: tuple[float, ...] = ()  # centre of each line
    centre: float = 0.5  # of the text across the free width
    aspect: float = 0.52  # usual width over height of a character
    gap: float = 0.14  # between characters, of their height
    letters: str = LETTERS
    digits: str = "0123456789"
    faces: tuple[str, ...] = ("din", "highway", "narrow", "dies", "glyphs")
    glyphs: tuple[str, ...] = ()  # countries whose real glyphs fit
    border: tuple[float, float, float] = (0, 0, 0)  # width, inset, corner radius
    bands: tuple[Band, ...] = ()
    captions: tuple[Caption, ...] = ()
    art: tuple[str, ...] = ()
    stickers: tuple[tuple[float, float], ...] = ()
    bolts: tuple[tuple[float, float], ...] = ()
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()  # repeated ones are drawn more often
    emboss: float = 0.6  # chance
    emblem: float = 0.45  # size of "@", of the characters' height
    frame: float = 0.0  # chance of a dealer's frame over the edges
    painted: float = 0.0  # chance that the characters stand as unevenly as those painted by hand


def _frozen(key: str, value):
    """JSON's lists as tuples, its objects as bands and captions."""
    if isinstance(value, dict):
        kind = {"bands": Band, "captions": Caption}[key]
        return kind(**{name: _frozen(key, inner) for name, inner in value.items()})
    return tuple(_frozen(key, inner) for inner in value) if isinstance(value, list) else value


@cache
def load_layouts() -> tuple[Layout, ...]:
    """Every layout of layouts.json, its own entries over those of the layout that it says it is `like`."""
    entries = json.loads(Path(__file__).with_name("layouts.json").read_text())
    known = {field.name for field in fields(Layout)}
    whole: dict[str, dict] = {}
    for entry in entries:
        base = whole.get(entry.pop("like", ""), {})
        whole[entry["name"]] = {**base, **entry}
    for entry in whole.values():
        if unknown := set(entry) - known:
            raise ValueError(f"layout {entry['name']} has unknown entries {sorted(unknown)}")
    return tuple(Layout(**{key: _frozen(key, value) for key, value in entry.items()}) for entry in whole.values())


def sample_lines(rng: np.random.Generator, layout: Layout, free: bool = False) -> Lines:
    """A text in one of the layout's forms: lines of tokens; `free` ignores which class stands where."""
    form = layout.forms[rng.integers(len(layout.forms))]
    return tuple(tuple(_tokens(rng, line, layout, free)) for line in form.split("/"))


def _tokens(rng, line: str, layout: Layout, free: bool):
    classes = {"L": layout.letters, "D": layout.digits, "X": layout.letters + layout.digits}
    for token in TOKENS.findall(line):
        if token.startswith("("):
            yield "(" + "".join(_pick(rng, classes[c]) if c in classes else c for c in token[1:-1])
        elif token.startswith("{"):
            yield "{" + "/".join(
                "".join(filter(str.isalnum, _tokens(rng, row, layout, free))) for row in token[1:-1].split("~")
            )
        elif token.startswith("["):
            inside = token[1:-1]
            yield from _pick(rng, inside.split("|") if "|" in inside else inside)
        elif token == "C":
            yield from _pick(rng, layout.codes)
        elif token == "V":
            yield from _word(rng, layout)
        else:
            yield _character(rng, classes["X" if free else token]) if token in classes else token


def _character(rng, allowed: str) -> str:
    """One of the characters; a hard one, such as an I that looks like an edge, more often than its share."""
    hard = [c for c in HARD if c in allowed] if rng.random() < 0.18 else []
    return _pick(rng, hard or allowed)


def _pick(rng, choices):
    return choices[rng.integers(len(choices))]


def _word(rng, layout: Layout) -> str:
    """A vanity text: a word of the layout, or letters and digits at random."""
    if layout.words and rng.random() < 0.6:
        return _pick(rng, layout.words)
    letters = "".join(_pick(rng, LETTERS) for _ in range(rng.integers(3, 8)))
    word = letters[:5] + str(rng.integers(100)) if rng.random() < 0.3 else letters
    cut = int(rng.integers(1, len(word)))
    return word[:cut] + " " + word[cut:] if rng.random() < 0.25 else word


def plain(lines: Lines) -> str:
    """The plate's text: upper-case letters and digits alone, lines joined."""
    told = (token for line in lines for token in line if len(token) == 1 or token.startswith("{"))
    return "".join(c for token in told for c in token if c.isascii() and c.isalnum())


def rows_of(token: str) -> list[str]:
    """The short lines of a token of two."""
    return token[1:].split("/")


def pattern(layout: Layout) -> re.Pattern:
    """What the layout's texts match, as a regular expression over `plain` texts."""
    expression = _expression(layout)
    forms = ("".join(map(expression, TOKENS.findall(form))) for form in layout.forms)
    return re.compile("|".join(f"(?:{form})" for form in forms))


def _expression(layout: Layout):
    classes = {"L": f"[{layout.letters}]", "D": f"[{layout.digits}]", "V": "[A-Z0-9]{3,8}"}
    classes["X"] = f"[{layout.letters}{layout.digits}]"
    classes["C"] = f"(?:{'|'.join(layout.codes)})"

    def one(token: str) -> str:
        if token.startswith("{"):
            return "".join(one(part) for part in TOKENS.findall(token[1:-1]))
        if token.startswith("["):
            return f"(?:{'|'.join(token[1:-1].split('|') if '|' in token else token[1:-1])})"
        return classes.get(token, token if token.isalnum() else "")

    return one
