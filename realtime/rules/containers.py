"""Codes of freight containers (ISO 6346): their parts stand apart, but are one text with a check digit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, product
from math import prod

import numpy as np

from realtime.rules.lookalikes import alike
from realtime.rules.regions import DIGITS, LETTERS
from realtime.values import Quad, Reading, Sighting

PLACES = (LETTERS,) * 3 + ("UJZ",) + (DIGITS,) * 7
PARTS = 5  # most parts of a code: owner and category, the number in one to three, the check digit in its frame
APART = 3.0  # heights between two parts at most
VALUES = {char: value for value, char in enumerate("0123456789A?BCDEFGHIJK?LMNOPQRSTU?VWXYZ") if char != "?"}
CHANCE = 1 / 11  # of a misread code to have a check digit that fits
FRAMED = 1.1  # heights of a text from its end to that of the framed check digit behind it
TRIED = 150  # combinations of what the parts may say
DIGITAL = 5  # least digits behind the letters of a text that may be a code
REPAIRED = 0.5  # least likeness of two characters, one of which may be read for the other


Look = Callable[[Sighting], Sighting]  # reads a text again, together with what stands beyond its end


def joined(sightings: Sequence[Sighting], least: float = 0.0, look: Look | None = None) -> list[Sighting]:
    """Sightings in reading order, with those that make up a container's code as one.

    They need not be sure, for the check digit tells which of the texts that they may say are a code; the code must be
    as sure as `least`. Where the check digit alone is missing, `look` may find it: the frame around it hides it from a
    locator.
    """
    found, k = [], 0
    while k < len(sightings):
        spans = range(min(PARTS, len(sightings) - k), 0, -1)
        codes = [c for n in spans if (c := joined_code(sightings[k : k + n], look))]
        code = max(codes, key=lambda c: c[0].reading.confidence, default=None)
        code = code if code and code[0].reading.confidence >= least else None
        found.append(code[0] if code else sightings[k])
        k += code[1] if code else 1
    return found


def joined_code(parts: Sequence[Sighting], look: Look | None = None) -> tuple[Sighting, int] | None:
    """The parts as one sighting, and how many they are; None where they are no code."""
    text = "".join(part.reading.text for part in parts)
    if abs(len(text) - len(PLACES)) > 1 or not near(parts) or not shaped(text):
        return None
    reading = code_of([part.reading for part in parts])
    if look and not reading and len(text) == len(PLACES) - 1:
        parts = [*parts[:-1], look(parts[-1])]
        reading = code_of([part.reading for part in parts])
    if not reading:
        return None
    corners = np.concatenate([part.quad.array() for part in parts])
    quad = parts[0].quad if len(parts) == 1 else around(corners, parts[0].quad)
    return replace(parts[0], quad=quad, reading=reading), len(parts)


def shaped(text: str) -> bool:
    """Whether a text may be a misread code: mostly letters first, then mostly digits."""
    return sum(c.isalpha() for c in text[:4]) >= 3 and sum(c.isdigit() for c in text[4:]) >= DIGITAL


def code_of(readings: Sequence[Reading]) -> Reading | None:
    """The likeliest code that the parts may say, one after the other; None where they say none.

    A text that is no code may be one that was misread, whose check digit then fits by chance (Bayes).
    """
    each = max(1, int(TRIED ** (1 / len(readings))))
    told = [[c for c in r.candidates or ((r.text, r.confidence),) if c[0]][:each] for r in readings]
    chances: dict[str, float] = {}
    likeliest: dict[str, Sequence[tuple[str, float]]] = {}
    for texts in product(*told):
        said = "".join(text for text, _ in texts).upper()
        code = repaired(said) if len(said) == len(PLACES) else ""
        if valid(code):
            chances[code] = chances.get(code, 0.0) + prod(p for _, p in texts)
            likeliest.setdefault(code, texts)
    if not chances:
        return None
    code = max(chances, key=lambda code: chances[code])
    total = sum(chances.values())
    confidences = (
        part.confidences if text == part.text else (p,) * len(text)
        for part, (text, p) in zip(readings, likeliest[code], strict=True)
    )
    sure = chances[code] / max(total + CHANCE * (1 - total), 1e-9)
    return Reading(code, tuple(min(1.0, p) for part in confidences for p in part), sure)


def near(parts: Sequence[Sighting]) -> bool:
    """Whether each part is close to the one before."""
    gaps = (gap(a.quad, b.quad) for a, b in pairwise(parts))
    return all(g <= APART * max(parts[0].quad.size[1], 1.0) for g in gaps)


def gap(a: Quad, b: Quad) -> float:
    """Pixels between the boxes of two texts."""
    right = max(a.box.x0 - b.box.x1, b.box.x0 - a.box.x1, 0.0)
    down = max(a.box.y0 - b.box.y1, b.box.y0 - a.box.y1, 0.0)
    return float(np.hypot(right, down))


def repaired(text: str) -> str:
    """The text with look-alikes of what may stand in each place, such as a 0 for an O; "" where there is none."""
    fixed = [max(place, key=lambda c: alike(seen, c)) for seen, place in zip(text, PLACES, strict=True)]
    fits = all(alike(seen, meant) >= REPAIRED for seen, meant in zip(text, fixed, strict=True))
    return "".join(fixed) if fits else ""


def valid(text: str) -> bool:
    """Whether the check digit of a code is right."""
    return bool(text) and check_digit(text[:-1]) == int(text[-1])


def check_digit(text: str) -> int:
    """The digit that belongs behind owner, category and number: a sum weighted by powers of two, by ISO 6346."""
    return sum(VALUES[char] << place for place, char in enumerate(text)) % 11 % 10


def around(corners: np.ndarray, first: Quad) -> Quad:
    """The quadrilateral around points (n, 2) whose sides are parallel to the first text."""
    a, b, c, d = first.array()
    right = (b - a + c - d) / max(float(np.hypot(*(b - a + c - d))), 1e-6)
    down = np.array([-right[1], right[0]])
    along, across = corners @ right, corners @ down
    ends = [(along.min(), across.min()), (along.max(), across.min()), (along.max(), across.max())]
    ends.append((along.min(), across.max()))
    return Quad.of([x * right + y * down for x, y in ends])
