"""In which order texts are read: which of them make a line, lines from top to bottom, a line from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from realtime.values import Quad, Sighting

ALIKE = 0.4  # of the higher text's height: what is lower stands in no line with it
LEVEL = 0.5  # of the lower text's height, that two texts of a line share at least
NEXT = 1.5  # heights between two texts that stand next to each other
ASLANT = 0.35  # sine of the greatest angle between two texts of a line (20 degrees)


def in_reading_order(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The sightings line by line, each with the number of its line, from 1."""
    numbered = [replace(s, line=n) for s, n in zip(sightings, line_numbers([s.quad for s in sightings]), strict=True)]
    along = {id(s): beginning(s.quad) for s in numbered}
    return sorted(numbered, key=lambda s: (s.line, along[id(s)]))


def beside_words(ordered: Sequence[Sighting]) -> list[Sighting]:
    """Sightings in reading order that know of the word beside them: a sign there is rather a word of one sign."""
    around = [ordered[max(k - 1, 0) : k + 2] for k in range(len(ordered))]
    return [
        replace(s, beside=any(word_beside(s, other) for other in others))
        for s, others in zip(ordered, around, strict=True)
    ]


def word_beside(sighting: Sighting, other: Sighting) -> bool:
    """Whether the other one is a text of several characters that stands next to this one in its line."""
    near = NEXT * max(sighting.quad.size[1], other.quad.size[1])
    (begin, end), (first, last) = (extent(s.quad, direction(other.quad)) for s in (sighting, other))
    word = len(other.reading.text) > 1 and other is not sighting
    return word and other.line == sighting.line and max(begin - last, first - end) <= near


def extent(quad: Quad, along: tuple[float, float]) -> tuple[float, float]:
    """Where a text begins and ends along a direction, in pixels."""
    places = quad.array() @ along
    return float(places[[0, 3]].mean()), float(places[[1, 2]].mean())


def beginning(quad: Quad) -> float:
    """How far along its own direction a text begins, in pixels."""
    return extent(quad, direction(quad))[0]


def direction(quad: Quad) -> tuple[float, float]:
    """Cosine and sine of the angle at which a text is read, clockwise from the right."""
    a, b, c, d = quad.array()
    x, y = b - a + c - d
    length = max(float(np.hypot(x, y)), 1e-6)
    return float(x) / length, float(y) / length


def line_numbers(quads: Sequence[Quad]) -> list[int]:
    """The line of each text, from 1 for the topmost as most of the texts stand.

    Texts of a line stand at about one height, are about as high and run in one direction. Each is linked to its next
    neighbour alone, so that a tall text does not join the two lines beside it.
    """
    if not quads:
        return []
    group = list(range(len(quads)))
    for k, other in enumerate(neighbours(quads)):
        if other is not None:
            old, new = group[other], group[k]
            group = [new if g == old else g for g in group]
    depth = depths(quads)
    tops = {g: np.mean([d for d, own in zip(depth, group, strict=True) if own == g]) for g in group}
    order = {g: n for n, g in enumerate(sorted(tops, key=lambda g: tops[g]), 1)}
    return [order[g] for g in group]


def depths(quads: Sequence[Quad]) -> np.ndarray:
    """How far down the middle of each text lies, (n,) in pixels, seen in the direction in which most text is read."""
    cosine, sine = np.sum([np.multiply(direction(q), q.size[0]) for q in quads], axis=0)
    centres = np.array([q.array().mean(0) for q in quads])
    return np.asarray((centres[:, 1] * cosine - centres[:, 0] * sine) / max(np.hypot(cosine, sine), 1e-6))


def neighbours(quads: Sequence[Quad]) -> list[int | None]:
    """For each text the number of the next one in its line, if there is one."""
    corners = np.array([q.array() for q in quads])
    heights = np.array([q.size[1] for q in quads])
    directions = np.array([direction(q) for q in quads])
    found: list[int | None] = []
    for k, (cosine, sine) in enumerate(directions):
        seen = corners - corners[k].mean(0)
        along, across = seen @ [cosine, sine], seen @ [-sine, cosine]
        lower = np.minimum(heights, heights[k])
        level = np.minimum(across.max(1), heights[k] / 2) - np.maximum(across.min(1), -heights[k] / 2) >= LEVEL * lower
        turned = np.abs(directions @ [-sine, cosine]) <= ASLANT
        ahead = along.mean(1)
        fits = level & turned & (lower >= ALIKE * np.maximum(heights, heights[k])) & (ahead > 0)
        fits[k] = False
        found.append(int(np.where(fits, ahead, np.inf).argmin()) if fits.any() else None)
    return found
