"""Codes of freight containers (ISO 6346): their parts stand apart, but are one text with a check digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from realtime.rules.lookalikes import alike
from realtime.rules.regions import DIGITS, LETTERS
from realtime.values import Quad, Reading, Sighting

PLACES = (LETTERS,) * 3 + ("UJZ",) + (DIGITS,) * 7
PARTS = 5  # most parts of a code: owner and category, the number in one to three, the check digit in its frame
APART = 3.0  # heights between two parts at most
VALUES = {char: value for value, char in enumerate("0123456789A?BCDEFGHIJK?LMNOPQRSTU?VWXYZ") if char != "?"}
CHANCE = 1 / 11  # of a misread code to have a check digit that fits
REPAIRED = 0.5  # least likeness of two characters, one of which may be read for the other


def joined(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Sightings in reading order, with those that make up a container's code as one."""
    found, k = [], 0
    while k < len(sightings):
        spans = range(min(PARTS, len(sightings) - k), 0, -1)
        code = next((c for n in spans if (c := joined_code(sightings[k : k + n]))), None)
        found.append(code[0] if code else sightings[k])
        k += code[1] if code else 1
    return found


def joined_code(parts: Sequence[Sighting]) -> tuple[Sighting, int] | None:
    """The parts as one sighting, and how many they are; None where they are no code."""
    if sum(len(part.reading.text) for part in parts) != len(PLACES) or not near(parts):
        return None
    text = repaired("".join(part.reading.text for part in parts).upper())
    if not valid(text):
        return None
    corners = np.concatenate([part.quad.array() for part in parts])
    quad = parts[0].quad if len(parts) == 1 else around(corners, parts[0].quad)
    return replace(parts[0], quad=quad, reading=confirmed(text, [part.reading for part in parts])), len(parts)


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


def confirmed(text: str, readings: Sequence[Reading]) -> Reading:
    """The parts' readings as one, the surer for the check digit (Bayes: a misread code has a right one by chance)."""
    confidences = [min(1.0, p) for reading in readings for p in reading.confidences]
    sure = float(np.prod([reading.confidence for reading in readings]))
    return Reading(text, tuple(confidences), sure / max(sure + CHANCE * (1 - sure), 1e-9))


def around(corners: np.ndarray, first: Quad) -> Quad:
    """The quadrilateral around points (n, 2) whose sides are parallel to the first text."""
    a, b, c, d = first.array()
    right = (b - a + c - d) / max(float(np.hypot(*(b - a + c - d))), 1e-6)
    down = np.array([-right[1], right[0]])
    along, across = corners @ right, corners @ down
    ends = [(along.min(), across.min()), (along.max(), across.min()), (along.max(), across.max())]
    ends.append((along.min(), across.max()))
    return Quad.of([x * right + y * down for x, y in ends])
