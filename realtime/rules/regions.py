"""Plate formats by country and state, from regions.json.

A format says for each place of the text which characters may stand there.
In a pattern "L" is a letter (of the region's `letters`, where it names them), "D" a digit, "X" either, a small letter
that very letter, "[AB]" one of those; "{1,3}" after a class repeats it once to three times.

Regions are asked for by code: "DE", "US-CA"; "US" stands for every "US-..."; "AUTO" for all. Among AUTO almost any text
fits something, so a region is named only where the format is that of one region alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from realtime.errors import UserError

AUTO = "AUTO"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
ELEMENT = re.compile(r"(\[[A-Za-z0-9.:]+-?\]|[LDXa-z0-9.:-])(?:\{(\d)(?:,(\d))?\})?")


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
    classes = {"L": letters, "D": DIGITS, "X": letters + DIGITS}

    def allowed(element: str) -> str:
        return element[1:-1] if element.startswith("[") else classes.get(element, element.upper())

    return tuple(Format(region, places) for pattern in entry["patterns"] for places in expand(pattern, allowed))


def expand(pattern: str, allowed: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    """A pattern as the places of each of its lengths; `allowed` gives the characters that an element stands for."""
    runs = []
    for element, low, high in ELEMENT.findall(pattern):
        place = allowed(element)
        runs.append([(place,) * n for n in range(int(low or 1), int(high or low or 1) + 1)])
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
