"""In which order texts are read: which of them make a line, lines from top to bottom, a line from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, inf
from typing import NamedTuple

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
    a, b, c, d = (x * along[0] + y * along[1] for x, y in quad.corners)
    return (a + d) / 2, (b + c) / 2


def beginning(quad: Quad) -> float:
    """How far along its own direction a text begins, in pixels."""
    return extent(quad, direction(quad))[0]


def direction(quad: Quad) -> tuple[float, float]:
    """Cosine and sine of the angle at which a text is read, clockwise from the right."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.corners
    x, y = bx - ax + cx - dx, by - ay + cy - dy
    length = max(hypot(x, y), 1e-6)
    return x / length, y / length


def line_numbers(quads: Sequence[Quad]) -> list[int]:
    """The line of each text, from 1 for the topmost as most of the texts stand.

    Texts of a line stand at about one height, are about as high and run in one direction. Each is linked to its next
    neighbour alone, so that a tall text does not join the two lines beside it.
    """
    if len(quads) < 2:
        return [1] * len(quads)
    group = list(range(len(quads)))
    for k, other in enumerate(neighbours(quads)):
        if other is not None:
            old, new = group[other], group[k]
            group = [new if g == old else g for g in group]
    members: dict[int, list[float]] = {}
    for g, depth in zip(group, depths(quads), strict=True):
        members.setdefault(g, []).append(depth)
    order = {g: n for n, g in enumerate(sorted(members, key=lambda g: sum(members[g]) / len(members[g])), 1)}
    return [order[g] for g in group]


def depths(quads: Sequence[Quad]) -> list[float]:
    """How far down the middle of each text lies, in pixels, seen in the direction in which most text is read."""
    directions = [(*direction(quad), quad.size[0]) for quad in quads]
    cosine, sine = sum(c * width for c, _, width in directions), sum(s * width for _, s, width in directions)
    length = max(hypot(cosine, sine), 1e-6)
    return [sum(y * cosine - x * sine for x, y in quad.corners) / (4 * length) for quad in quads]


def neighbours(quads: Sequence[Quad]) -> list[int | None]:
    """For each text the number of the next one in its line, if there is one."""
    places = [Place(*middle(quad), *direction(quad), quad.size[1]) for quad in quads]
    return [following(place, places, quads) for place in places]


class Place(NamedTuple):
    """Where a text stands: its middle, the direction in which it is read, its height."""

    x: float
    y: float
    cosine: float
    sine: float
    height: float


def middle(quad: Quad) -> tuple[float, float]:
    """The mean of the corners."""
    x, y = zip(*quad.corners, strict=True)
    return sum(x) / 4, sum(y) / 4


def following(place: Place, places: Sequence[Place], quads: Sequence[Quad]) -> int | None:
    """The number of the nearest text that goes on the line of a place, if there is one.

    Few texts are compared, and most of them differ at once: NumPy takes longer to begin.
    """
    x, y, cosine, sine, height = place
    nearest, found = inf, None
    for k, other in enumerate(places):
        ahead = (other.x - x) * cosine + (other.y - y) * sine
        lower, higher = (height, other.height) if height < other.height else (other.height, height)
        if not 0 < ahead < nearest or lower < ALIKE * higher:
            continue
        if abs(cosine * other.sine - sine * other.cosine) > ASLANT:
            continue
        across = [(v - y) * cosine - (u - x) * sine for u, v in quads[k].corners]
        if min(max(across), height / 2) - max(min(across), -height / 2) >= LEVEL * lower:
            nearest, found = ahead, k
    return found
