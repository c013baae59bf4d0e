"""Whether a string was read whole: what stands beside its ends, and what a look beyond them reads.

A cut string is read as surely as a whole one, so the confidence of its characters says nothing of it. Chances are those
of strings of rendered pictures, street photographs and displays whose true ends are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import exp, hypot, log
from typing import NamedTuple

import cv2
import numpy as np

from realtime.modes import MARKS
from realtime.preprocess import expand, rectify
from realtime.recognise import Recogniser
from realtime.values import Quad, Reading, Sighting

ROW = 20  # rows of a strip per height of its text
BESIDE = 1.0  # heights of the strip beyond either end
AROUND = 8  # rows of the strip above and below the text
NEAR, FAR = 0.1, 0.75  # heights from an end between which strokes are looked for
SMOOTH = 5  # columns over which strokes are averaged
FAINT = 2.0  # gray values that noise changes from column to column
INKED = 0.2  # strokes beyond an end, of those of the text, from which a wider look is worth its time
WIDER = 0.6  # heights by which it is wider
SEEN = -4.4, 3.2  # log odds of a cut end: without strokes beyond it, and added by as many strokes as in the text
# After a wider look: constant, log P(text goes on), log P(same text), another text there.
READ = -2.8, 0.22, -0.37, 0.48
LEAST = 0.01  # added to probabilities before their logarithm is taken
SURE, PLAIN = 0.9, 0.5  # confidence of a wider look and strokes from which it is taken
TAKEN = 0.8  # share of such looks that are right
OTHER = 0.1  # of the place beyond an end: another text that has more of it may be what was read there


class End(NamedTuple):
    """An end of the k-th sighting: the left or the right one; strokes beyond it, 1 for as many as in the text."""

    k: int
    right: bool
    strokes: float


class Completeness:
    """A review of sightings: texts that go on are less sure, or read again where a wider look is sure of the rest."""

    def __init__(self, reader: Recogniser) -> None:
        self._reader = reader

    def __call__(self, gray: np.ndarray, sightings: Sequence[Sighting], again: bool) -> list[Sighting]:
        """The sightings of a uint8 (H, W) picture, in order; with `again` there is time for wider looks."""
        found = list(sightings)
        ends = list(doubtful(gray, sightings))
        looked = [end for end in ends if again and end.strokes >= INKED]
        quads = [longer(found[end.k].quad, WIDER, end.right) for end in looked]
        wide = self._reader.read_quads(gray, [self._reader.loosened(quad) for quad in quads], again=False)
        looks = dict(zip(looked, zip(quads, wide, strict=True), strict=True))
        for k, sighting in enumerate(sightings):
            own = [(end, *looks.get(end, (sighting.quad, None))) for end in ends if end.k == k]
            if own:
                found[k] = reviewed(sighting, own, sightings)
        return found


def doubtful(gray: np.ndarray, sightings: Sequence[Sighting]) -> Iterator[End]:
    """Both ends of every sighting that says something; what lies beyond those of a bent one, nobody knows."""
    for k, sighting in enumerate(sightings):
        if sighting.reading.text and not sighting.curve:
            yield from (End(k, bool(right), s) for right, s in enumerate(strokes(gray, sighting.quad)))


def reviewed(
    sighting: Sighting, looks: Sequence[tuple[End, Quad, Reading | None]], others: Sequence[Sighting]
) -> Sighting:
    """The sighting as sure as it is whole, or the one that a wider look found."""
    whole, reading = 1.0, sighting.reading
    for end, quad, wide in looks:
        taken = bool(wide) and occupied(sighting.quad, end.right, others)
        if wide and not taken and goes_on(end, reading.text, wide):
            return replace(sighting, quad=quad, reading=wide.believed(TAKEN * whole))
        whole *= 1 - cut(end, reading.text, wide, taken)
    return replace(sighting, reading=reading.believed(whole))


def cut(end: End, text: str, wide: Reading | None, taken: bool) -> float:
    """How likely a text goes on beyond one of its ends, 0 to 1."""
    if wide is None:
        return odds(SEEN[0] + SEEN[1] * min(max(end.strokes, 0.0), 1.0))
    same = sum(p for other, p in wide.candidates if other == text)
    longer = sum(p for other, p in wide.candidates if rest(text, other, end.right).strip(MARKS))
    constant, more, equal, beside = READ
    return odds(constant + more * log(longer + LEAST) + equal * log(same + LEAST) + beside * taken)


def odds(logarithm: float) -> float:
    """The probability, 0 to 1, of log odds."""
    return 1 / (1 + exp(-logarithm))


def rest(text: str, longer: str, right: bool) -> str:
    """What a longer text has beyond one end of a text; "" where it is no longer one of it."""
    if right:
        return longer.removeprefix(text) if longer.startswith(text) else ""
    return longer.removesuffix(text) if longer.endswith(text) else ""


def goes_on(end: End, text: str, wide: Reading) -> bool:
    """Whether a wider look is sure of more characters where strokes are plain to see."""
    sure = wide.confidence >= SURE and end.strokes >= PLAIN
    return sure and bool(rest(text, wide.text, end.right).strip(MARKS))


def longer(quad: Quad, heights: float, right: bool) -> Quad:
    """The quadrilateral, longer by some heights at one end."""
    a, b, c, d = quad.array()
    along = (b - a + c - d) / 2
    step = heights * quad.size[1] / max(float(np.hypot(*along)), 1e-6) * along
    return Quad.of([a, b + step, c + step, d] if right else [a - step, b, c, d - step])


def occupied(quad: Quad, right: bool, others: Sequence[Sighting]) -> bool:
    """Whether another text stands beyond an end."""
    a, b, c, d = longer(quad, BESIDE, right).array()
    own = quad.array()
    place = np.array([own[1], b, c, own[2]] if right else [a, own[0], own[3], d], np.float32)
    area = OTHER * cv2.contourArea(place)
    return any(
        cv2.intersectConvexConvex(place, other.quad.array())[0] > area for other in others if other.quad is not quad
    )


def strokes(gray: np.ndarray, quad: Quad) -> tuple[float, float]:
    """Strokes beyond the left and the right end, 1 for as many as in the text; less what goes on above and below it.

    The edge of a display and the frame of a sign do, characters do not. Strokes are changes of brightness along the
    text, for light and dark on any ground.
    """
    width, height = quad.size
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.corners
    length = max(hypot(bx - ax + cx - dx, by - ay + cy - dy) / 2, 1e-6)
    strip = Quad.of(expand(quad.array(), AROUND / ROW, BESIDE * height / length))
    columns = max(3 * SMOOTH, round(ROW * (width / max(height, 1e-6) + 2 * BESIDE)))
    flat = cv2.GaussianBlur(rectify(gray, strip, ROW + 2 * AROUND, columns), (3, 3), 0)
    change = cv2.absdiff(flat[:, 1:], flat[:, :-1])
    band = column_means(change[AROUND + 1 : -AROUND - 1])
    outside = (column_means(change[: AROUND - 2]) + column_means(change[2 - AROUND :])) / 2
    inside = np.sort(band[ROW:-ROW]) if len(band) > 2 * ROW else band
    most = inside[-max(3, len(inside) // 3) :]
    usual = float(most.sum() / len(most)) + FAINT
    beyond = cv2.blur((band - outside)[None], (SMOOTH, 1))[0] / usual
    near, far = round(ROW * (BESIDE - FAR)), round(ROW * (BESIDE - NEAR))
    return max(0.0, *beyond[near:far].tolist()), max(0.0, *beyond[len(beyond) - far : len(beyond) - near].tolist())


def column_means(values: np.ndarray) -> np.ndarray:
    """Of uint8 (h, w): float32 (w,)."""
    means: np.ndarray = cv2.reduce(values, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
    return means
