"""Find text: one convolutional pass per pyramid level marks the middle of every string and tells where its edges are.

The network gives two maps with one cell per CELL pixels. The kernel map is high in the middle of a string and low
between strings, so that cells that touch are one string. The geometry map tells each of these cells how far the
string's top line, bottom line and two ends are, and in which direction it is read: strings may stand at any angle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from realtime.locate.components import components
from realtime.locate.curves import edges
from realtime.locate.hints import Level, Maps
from realtime.locate.locator import LONGEST, Found, PyramidLocator, nothing
from realtime.values import Curve, Detection, Quad

STILL = 3 * LONGEST  # pixels of the longer side of a single picture's finest level: small text in large photographs
COARSEST = 120  # pixels of the longer side of the coarsest level: text half as high as a picture is found there
CELL = 4  # pixels from one cell to the next
GROUP = 2  # cells a side that the network gives as channels of one place
MULTIPLE = 32  # pixels: the stride of the coarsest layer, by which the sides of the network's input can be divided
EDGE = 16  # pixels of repeated border
UNIT = 16.0  # pixels per unit of a distance, as trained
CLIP = 64.0  # pixels: an end further away is not seen by a cell
INSET = 0.25  # heights by which a kernel is shorter than its string at either end, as trained
ENLARGED = 2.0  # most that a single picture is enlarged
ASKED = 0.5  # times what is found upright, that found from the side raises the question which way text is read
TURNED = 1.2  # times what is read upright must be read from the side in a picture that was turned
SURELY, CLEAR = 2.0, 1.0  # times what is found upright, and above, must be found in frames from the side
RARELY = 10  # frames from one that is searched both ways to the next
SURER = 0.75  # score from which a string is believed that is found the less likely way
CROSSED = 0.1  # of a string's area: one found the other way that shares as much with it is none
BENT, STOUT = 0.25, 1.2  # heights: a middle line that leaves the straight one by more, in a string twice so long
EXPLAINED = 0.5  # of what a straight line leaves over, that a bend explains
COVERED = 0.5  # of the smaller string: two that share more are one


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of strings, arrays (n,) each, in pixels of the picture.

    `component` counts the strings of a level; `pixel` is the size of a level's pixel; the others are what the network
    tells of a cell: its kernel value, the distances from its centre (x, y) to the string's lines, and the sine and
    cosine of the direction in which the string is read, clockwise from the right. (The distances to the ends, which it
    tells too, make it a better network; `Axes.corners` says why they are not used.)
    """

    component: np.ndarray
    kernel: np.ndarray
    x: np.ndarray
    y: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    sine: np.ndarray
    cosine: np.ndarray
    pixel: np.ndarray


class Components:
    """Cells by the string they belong to: `of` (n,) names each cell's string, `weight` (n,) is what it counts."""

    def __init__(self, of: np.ndarray, weight: np.ndarray) -> None:
        self.of, self.weight = of, weight
        self.counts, self.mass = np.bincount(of), np.bincount(of, weight)
        self.first = np.cumsum(self.counts) - self.counts
        self.order = np.argsort(of, kind="stable")

    def members(self, k: int) -> np.ndarray:
        """The numbers of the k-th string's cells."""
        found: np.ndarray = self.order[self.first[k] : self.first[k] + self.counts[k]]
        return found

    def mean(self, values: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
        """Weighted mean of values (n,) in each string."""
        if weight is None:
            return np.bincount(self.of, self.weight * values) / self.mass
        return np.bincount(self.of, weight * values) / np.bincount(self.of, weight)

    def most(self, values: np.ndarray) -> np.ndarray:
        """Maximum of values (n,) in each string."""
        return np.maximum.reduceat(values[self.order], self.first)

    def ranks(self, values: np.ndarray) -> np.ndarray:
        """How many cells of its string have a higher value, for each cell (n,)."""
        order, ranks = np.lexsort((-values, self.of)), np.empty(len(values), np.intp)
        ranks[order] = np.arange(len(values)) - np.repeat(self.first, self.counts)
        return ranks


class TextLocator(PyramidLocator):
    """Finds strings in gray pictures; `threshold` on the mean kernel value of a string's surest third, 0 to 1."""

    settled = 0.85, 10.0

    @property
    def window(self) -> int:
        """Pixels a side that a place of the network's maps stands for."""
        return GROUP * CELL

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 (H, W) picture, surest first, one per string; corners as the string is read."""
        pictures = [p for k, p in enumerate(self.pyramid(gray, self.longest)) if k == 0 or max(p[0].shape) >= COARSEST]
        levels = [Level(bordered(picture), EDGE, scale) for picture, scale in pictures]
        quads, scores, _, curves = self.search(levels)
        sure = np.flatnonzero(scores >= self.threshold)
        kept = sure[list(suppress(quads[sure], scores[sure]))].tolist()
        found = curves_of(kept, quads, scores, curves)
        return [Detection(Quad.of(quads[k]), float(scores[k]), found.get(k)) for k in kept]

    def objects(self, levels: Sequence[Level], maps: Sequence[Maps]) -> Found:
        """What some levels show, from what the network tells of them, level by level."""
        cells, of = cells_of([level.scale for level in levels], maps)
        if not len(of):
            return nothing()
        strings = Components(cells.component, cells.kernel)
        scores, axes = surest_third(cells, strings), Axes(cells, strings)
        quads, curves = axes.corners(), dict[int, Curve]()
        for k in axes.bent().tolist():
            if scores[k] >= self.threshold:
                quads[k], curves[k] = axes.curve(k)
        return Found(quads, scores, of, curves)


class ThoroughTextLocator:
    """A text locator for single pictures: small ones are searched enlarged, and all from the side as well.

    Most pictures are upright, and letters look like others from the side: what is found the one way gives way where the
    other way, in which more was read, found something. What is found alone does not tell: the digits of a display that
    stand above each other are strings from the side too. `said(gray, detections)` is how much is read there.
    """

    def __init__(
        self,
        locate: Callable[[np.ndarray], list[Detection]],
        longest: int,
        said: Callable[[np.ndarray, Sequence[Detection]], float],
    ) -> None:
        self._locate, self._longest, self._said = locate, longest, said

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 (H, W) picture, surest first, one per string; corners as the string is read."""
        scale = min(ENLARGED, max(1.0, self._longest / max(gray.shape)))
        large = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR) if scale > 1 else gray
        upright = self._locate(large)
        sideways = from_the_side(self._locate, large)
        asked = evidence(sideways) > ASKED * evidence(upright)
        turned = asked and self._said(large, sideways) > TURNED * self._said(large, upright)
        found = preferred(sideways, upright) if turned else preferred(upright, sideways)
        return [d.mapped(lambda points: (points + 0.5) / scale - 0.5) for d in found]


class FollowingTextLocator:
    """A text locator for frames, which follow each other: text that is read from the side is found as well.

    Every RARELY frames are searched both ways, the others the way that was right last: a tenth more time. Frames are
    taken for turned only where hardly anything is found upright, for what is taken wrongly is not read at all.
    """

    def __init__(self, locate: Callable[[np.ndarray], list[Detection]]) -> None:
        self._locate = locate
        self._frames, self._turned = 0, False

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 (H, W) frame, surest first, one per string; corners as the string is read."""
        both, self._frames = self._frames % RARELY == 0, self._frames + 1
        upright = self._locate(gray) if both or not self._turned else []
        sideways = from_the_side(self._locate, gray) if both or self._turned else []
        if both:
            self._turned = evidence(sideways) > SURELY * evidence(upright) + CLEAR
        return sideways if self._turned else upright


def from_the_side(locate: Callable[[np.ndarray], list[Detection]], gray: np.ndarray) -> list[Detection]:
    """Detections of a picture (H, W) that is turned to the left for it, in the pixels of the picture as it is."""
    return [upright_again(d, gray.shape[1]) for d in locate(np.ascontiguousarray(np.rot90(gray)))]


def upright_again(detection: Detection, width: int) -> Detection:
    """A detection in a picture that was turned to the left, in the pixels of that picture, which is so wide."""
    return detection.mapped(lambda points: np.stack([width - 1 - points[:, 1], points[:, 0]], 1))


def evidence(detections: Sequence[Detection]) -> float:
    """How much was found: the heights that strings are long, as far as they are sure."""
    return sum((d.score - 0.5) * d.size[0] / max(d.size[1], 1.0) for d in detections)


def preferred(first: Sequence[Detection], second: Sequence[Detection]) -> list[Detection]:
    """The first ones, and of the second those that are surer than most and lie on none of the first; surest first."""
    second = [d for d in second if d.score >= SURER]
    quads = np.array([d.quad.array() for d in (*first, *second)], np.float32).reshape(-1, 4, 2)
    on_first = shares(quads)[len(first) :, : len(first)].max(1, initial=0.0)
    kept = [d for d, share in zip(second, on_first, strict=True) if share < CROSSED]
    return sorted((*first, *kept), key=lambda d: -d.score)


def bordered(gray: np.ndarray) -> np.ndarray:
    """The picture with its border repeated, EDGE wide and wider at the right and bottom until MULTIPLE divides it."""
    bottom, right = (-(side + 2 * EDGE) % MULTIPLE + EDGE for side in gray.shape)
    return cv2.copyMakeBorder(gray, EDGE, bottom, EDGE, right, cv2.BORDER_REPLICATE)


class Marked(NamedTuple):
    """The cells of a level's strings, (n,) each: their string, row and column; what the network tells, (n, 6) and (n,).

    `strings` is the number of strings.
    """

    strings: int
    component: np.ndarray
    row: np.ndarray
    column: np.ndarray
    geometry: np.ndarray
    kernel: np.ndarray


def cells_of(scales: Sequence[float], maps: Sequence[Maps]) -> tuple[Cells, np.ndarray]:
    """The cells of levels, from the network's maps of them, each string with a number of its own; each string's level.

    A level is so many times as large as the picture.
    """
    counts, *parts = zip(*(marked(*told) for told in maps), strict=True)
    before = np.cumsum(counts) - counts
    sizes = [len(component) for component in parts[0]]
    component, row, column, told, kernel = (np.concatenate(part) for part in parts)
    scale, level = np.repeat(scales, sizes), np.repeat(np.arange(len(counts)), counts)
    x, y = (((index + 0.5) * CELL - EDGE) / scale - 0.5 for index in (column, row))
    top, bottom = np.maximum(told[:, :2].T, 0.0) * (UNIT / scale).astype(np.float32)
    component += np.repeat(before, sizes)
    return Cells(component, kernel, x, y, top, bottom, told[:, 4], told[:, 5], 1 / scale), level


def marked(geometry: np.ndarray, kernel: np.ndarray) -> Marked:
    """The cells of strings in the network's maps of one level, row by row."""
    strings, labels = components(spread(kernel[0])[..., 0])
    row, column = np.divmod(np.flatnonzero(labels), labels.shape[1])
    place = (row // GROUP * kernel.shape[2] + column // GROUP) * GROUP**2 + row % GROUP * GROUP + column % GROUP
    told = geometry.reshape(-1, 6)[place], kernel.ravel()[place]
    return Marked(strings, labels[row, column] - 1, row, column, *told)


def spread(grouped: np.ndarray) -> np.ndarray:
    """Cells that lie in channels, (h, w, GROUP * GROUP * c), at their places: (h * GROUP, w * GROUP, c)."""
    height, width, channels = grouped.shape
    parts = grouped.reshape(height, width, GROUP**2, channels // GROUP**2)
    cells = np.empty((height * GROUP, width * GROUP, parts.shape[3]), grouped.dtype)
    for k in range(GROUP**2):
        cells[k // GROUP :: GROUP, k % GROUP :: GROUP] = parts[:, :, k]
    return cells


def surest_third(cells: Cells, strings: Components) -> np.ndarray:
    """Mean kernel value of the surest third of each string's cells: one cell at least."""
    among = strings.ranks(cells.kernel) < np.maximum(1, strings.counts // 3)[strings.of]
    return strings.mean(cells.kernel, among.astype(np.float64))


class Axes:
    """Where the cells of strings lie along and across each string's text, in pixels from the middle of its cells.

    `height` (strings,) is that of the text; `along` and `across` (n,) are the cells' own.
    """

    def __init__(self, cells: Cells, strings: Components) -> None:
        self.cells, self.strings, of = cells, strings, strings.of
        self.height = strings.mean(cells.top + cells.bottom)
        self.x, self.y = strings.mean(cells.x), strings.mean(cells.y)
        self.cosine, self.sine = unit(strings.mean(cells.cosine), strings.mean(cells.sine))
        right, down = cells.x - self.x[of], cells.y - self.y[of]
        self.along = right * self.cosine[of] + down * self.sine[of]
        self.across = down * self.cosine[of] - right * self.sine[of]
        self._middle = strings.mean(self.along)
        self._from_middle = self.along - self._middle[of]
        self._spread = strings.mean(self._from_middle**2) + (0.5 * self.height) ** 2 + 1e-6

    def line(self, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Offset and slope of the line through each string's cells, if they lie so far across (n,): least squares, and
        the shorter the string the more the slope is held to 0."""
        slope = self.strings.mean(self._from_middle * across) / self._spread
        return self.strings.mean(across) - slope * self._middle, slope

    def corners(self) -> np.ndarray:
        """Corners float32 (strings, 4, 2): a top and a bottom line through all cells, cut off at both ends.

        What cells tell of the ends is less exact, for one far from an end says too little rather than too much: the
        kernel alone gives 80 % of rendered lines completely, half of either 55 %.
        """
        cells, strings = self.cells, self.strings
        lines = [self.line(self.across + side) for side in (-cells.top, cells.bottom)]
        beyond = beyond_kernel(self.height, strings.most(cells.pixel))
        ends = -(strings.most(-self.along) + beyond), strings.most(self.along) + beyond
        along = np.array([ends[end] for end in (0, 1, 1, 0)])
        offset, slope = np.array([lines[side] for side in (0, 0, 1, 1)]).swapaxes(0, 1)
        return self.placed(slice(None), along, offset + slope * along).swapaxes(0, 1).astype(np.float32, order="C")

    def placed(self, k: slice | int, along: np.ndarray, across: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the picture from where they lie, (...) each, along and across strings, or the k-th one."""
        cosine, sine = self.cosine[k], self.sine[k]
        return np.stack([self.x[k] + along * cosine - across * sine, self.y[k] + along * sine + across * cosine], -1)

    def bent(self) -> np.ndarray:
        """The numbers of the strings whose middle line leaves the straight one by more than BENT heights.

        A parabola through the cells tells, where it leaves little over: two lines that touch are no bent one.
        """
        strings, of = self.strings, self.strings.of
        middle = self.across + (self.cells.bottom - self.cells.top) / 2
        offset, slope = self.line(middle)
        left = middle - offset[of] - slope[of] * self.along
        far = np.maximum(strings.most(np.abs(self.along)), 1e-6)
        square = (self.along / far[of]) ** 2
        square -= strings.mean(square)[of]
        size = strings.mean(square**2)
        sag = strings.mean(square * left) / np.maximum(size, 1e-6)
        most = BENT * self.height
        long = far > STOUT * self.height
        return np.flatnonzero(long & (np.abs(sag) > most) & (sag**2 * size > EXPLAINED * strings.mean(left**2)))

    def curve(self, k: int) -> tuple[np.ndarray, Curve]:
        """The k-th string along its bent middle line: the corners (4, 2) around it, and its curve."""
        cells, own = self.cells, self.strings.members(k)
        off = (cells.bottom[own] - cells.top[own]) / 2
        cosine, sine = unit(cells.cosine[own], cells.sine[own])
        turn = sine * self.cosine[k] - cosine * self.sine[k], cosine * self.cosine[k] + sine * self.sine[k]
        middle = np.stack([self.along[own] - off * turn[0], self.across[own] + off * turn[1]], 1)
        beyond = beyond_kernel(self.height[k], cells.pixel[own].max())
        along, across = edges(middle, cells.kernel[own], float(self.height[k]), float(beyond)).transpose(2, 0, 1)
        (left, right), (top, bottom) = ((float(side.min()), float(side.max())) for side in (along, across))
        around = self.placed(k, np.array([left, right, right, left]), np.array([top, top, bottom, bottom]))
        return around, Curve.of(*(self.placed(k, *edge) for edge in zip(along, across, strict=True)))


def unit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of length one in the same directions."""
    length = np.maximum(np.hypot(x, y), 1e-6)
    return x / length, y / length


def beyond_kernel(height: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Pixels by which strings go on beyond the middle of their kernel's last cell."""
    return (INSET + 0.03) * height + 1.5 * pixel


def suppress(quads: np.ndarray, scores: np.ndarray) -> Iterator[int]:
    """Indices of the strings (n, 4, 2) that share little with a surer one, surest first."""
    covered = shares(quads) > COVERED
    left = np.ones(len(scores), bool)
    for k in np.argsort(-scores, kind="stable"):
        if left[k]:
            left &= ~(covered[k] | covered[:, k])
            yield int(k)


def curves_of(
    kept: Sequence[int], quads: np.ndarray, scores: np.ndarray, curves: Mapping[int, Curve]
) -> dict[int, Curve]:
    """The curves of the strings that were kept: their own, or that of the surest bent one at their place.

    On a coarse level, a bend is seen as less than it is.
    """
    if not curves:
        return {}
    bent = sorted(curves, key=lambda k: -scores[k])
    share = shares(quads[[*kept, *bent]])
    same = np.maximum(share, share.T)[: len(kept), len(kept) :] > COVERED
    first = {k: bent[int(row.argmax())] for k, row in zip(kept, same, strict=True) if row.any()}
    return {k: curves[k if k in curves else other] for k, other in first.items()}


def shares(quads: np.ndarray) -> np.ndarray:
    """How much of the smaller of two strings lies in the other, (n, n); row by row, both seen along the row's text."""
    right = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
    cosine, sine = (part[:, None, None] for part in unit(*right.T))
    x, y = quads[..., 0], quads[..., 1]
    seen = np.array([x * cosine + y * sine, y * cosine - x * sine])  # (axis, row, string, corner)
    low, high = seen.min(3), seen.max(3)
    begin, end = (bound.diagonal(0, 1, 2)[..., None] for bound in (low, high))
    both = np.maximum(np.minimum(high, end) - np.maximum(low, begin), 0).prod(0, float)
    area = (end - begin)[..., 0].prod(0, float)
    share: np.ndarray = both / np.maximum(np.minimum(area[:, None], area), 1e-6)
    return share
