"""Plate formats by country and state, from regions.json, and the look-alike repair that they allow.

A format says for each place of the text which characters may stand there, so that an O where only digits stand is a 0.
In a pattern "L" is a letter (of the region's `letters`, where it names them), "D" a digit, "X" either, a small letter
that very letter, "[AB]" one of those; "{1,3}" after a class repeats it once to three times.

Regions are asked for by code: "DE", "US-CA"; "US" stands for every "US-..."; "AUTO" for all. With codes, a text that
fits none of their formats is repaired towards the nearest one. With AUTO almost any text fits something, so it is
repaired only where it fits nothing and a single look-alike makes it fit, one text being possible; and a region is named
only where the format is that of one region alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import product
from math import log
from pathlib import Path
from typing import Any

from realtime.errors import UserError
from realtime.values import Reading

AUTO = "AUTO"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
MOST = 3  # repairs in one text; more is no longer the same text
ELEMENT = re.compile(r"(\[[A-Z0-9]+\]|[LDXa-z])(?:\{(\d),(\d)\})?")

ALIKE = {  # how readily one is read for the other, 0 to 1; both ways
    "O0": 1.0, "Q0": 0.5, "D0": 0.6, "U0": 0.1, "G0": 0.1, "I1": 1.0, "L1": 0.3, "T1": 0.3, "J1": 0.1, "Z2": 0.8,
    "B3": 0.2, "J3": 0.1, "A4": 0.4, "S5": 0.9, "G6": 0.8, "B6": 0.1, "T7": 0.5, "Y7": 0.2, "B8": 0.9, "S8": 0.2,
    "Q9": 0.1, "P9": 0.1,
    "OD": 0.6, "OQ": 0.8, "IL": 0.3, "IT": 0.3, "IJ": 0.2, "VY": 0.2, "UV": 0.2, "MN": 0.1, "EF": 0.2, "CG": 0.3,
}  # fmt: skip


@dataclass(frozen=True)
class Format:
    """One way to write a plate: for each place the characters that may stand there."""

    region: str
    places: tuple[str, ...]

    def fits(self, text: str) -> bool:
        """Whether the text is as long and each of its characters may stand where it stands."""
        return len(text) == len(self.places) and all(c in place for c, place in zip(text, self.places, strict=True))


@cache
def known_regions() -> dict[str, dict[str, Any]]:
    """Code -> name, patterns, letters: regions.json as it stands."""
    known: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("regions.json").read_text())
    return known


def names() -> dict[str, str]:
    """Code -> name of every region known."""
    return {code: entry["name"] for code, entry in known_regions().items()}


def formats(codes: Iterable[str]) -> tuple[Format, ...]:
    """All formats of the regions asked for, in that order; UserError on a code that is not known."""
    return _formats(_plain(codes))


def _plain(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in codes)


@lru_cache(64)
def _formats(codes: tuple[str, ...]) -> tuple[Format, ...]:
    return tuple(dict.fromkeys(one for code in codes for region in _regions(code) for one in _of_region(region)))


@lru_cache(512)
def _of_length(codes: tuple[str, ...], length: int) -> tuple[Format, ...]:
    return tuple(one for one in _formats(codes) if len(one.places) == length)


def _regions(code: str) -> list[str]:
    """The regions that a code stands for."""
    found = [region for region in known_regions() if code in (region, AUTO, region.partition("-")[0])]
    if not found:
        known = ", ".join(known_regions())
        raise UserError(f'There is no plate region "{code}".', f"Use {AUTO}, US, AU, CA or some of: {known}.")
    return found


@cache
def _of_region(region: str) -> tuple[Format, ...]:
    entry = known_regions()[region]
    letters = entry.get("letters", LETTERS)
    return tuple(Format(region, places) for pattern in entry["patterns"] for places in _expand(pattern, letters))


def _expand(pattern: str, letters: str) -> Iterable[tuple[str, ...]]:
    """A pattern as the places of each of its lengths."""
    classes = {"L": letters, "D": DIGITS, "X": letters + DIGITS}
    runs = []
    for element, low, high in ELEMENT.findall(pattern):
        allowed = element[1:-1] if element.startswith("[") else classes.get(element, element.upper())
        runs.append([(allowed,) * n for n in range(int(low or 1), int(high or 1) + 1)])
    for choice in product(*runs):
        yield tuple(place for run in choice for place in run)


def match(text: str, codes: Sequence[str]) -> str:
    """The code of the first region asked for whose format the text has, else the empty text.

    Among AUTO, a region is named only where no other has that format.
    """
    codes = _plain(codes)
    fitting = list(dict.fromkeys(one.region for one in _of_length(codes, len(text)) if one.fits(text)))
    if not fitting or (AUTO in codes and len(fitting) > 1):
        return ""
    return fitting[0]


def repair(reading: Reading, codes: Sequence[str]) -> Reading:
    """The reading with look-alikes put right where a format asked for then fits; else the reading itself.

    A text that fits a format stays as it is. Of several repairs the likeliest is taken: where the reader was unsure,
    and where one character is easily read for the other. Confidences stay those of what was read.
    """
    codes, text = _plain(codes), reading.text
    asked = _of_length(codes, len(text))
    if any(one.fits(text) for one in asked):
        return reading
    most = 1 if AUTO in codes else MOST
    found = list(dict.fromkeys(fixed for one in asked if (fixed := _fixed(text, one, most))))
    if not found or (AUTO in codes and len(found) > 1):
        return reading
    return replace(reading, text=min(found, key=lambda fixed: _cost(reading, fixed)))


def _fixed(text: str, one: Format, most: int) -> str:
    """The text with every character out of place replaced by its nearest look-alike; empty where that cannot be."""
    wrong = [i for i, place in enumerate(one.places) if text[i] not in place]
    if len(wrong) > most:
        return ""
    fixed = list(text)
    for i in wrong:
        fixed[i] = max(one.places[i], key=partial(alike, text[i]))
        if not alike(text[i], fixed[i]):
            return ""
    return "".join(fixed)


def _cost(reading: Reading, fixed: str) -> float:
    """Minus the logarithm of how likely the reader is to have taken `fixed` for what it read."""
    cost = 0.0
    for seen, meant, confidence in zip(reading.text, fixed, reading.confidences, strict=True):
        if seen != meant:
            cost -= log(max(1 - confidence, 0.01) * alike(seen, meant))
    return cost


def alike(a: str, b: str) -> float:
    """How readily a character is read for another: 0 (never) to 1; 1 for itself."""
    return 1.0 if a == b else ALIKE.get(a + b, ALIKE.get(b + a, 0.0))
