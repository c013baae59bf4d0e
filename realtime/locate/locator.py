"""Find objects: a sliding window as one convolutional pass per pyramid level, cells linked into quadrilaterals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from realtime.contracts import Net
from realtime.locate.hints import Level, Maps, finest_maps
from realtime.spec import ModelSpec
from realtime.values import Curve, Detection, Quad, intersection

REACH = 24.0  # pixels per unit of a corner offset, as trained
CLIP = 44.0  # pixels: ends of a line further from a cell than this are not seen by it
STEP = 0.5  # between pyramid levels: the locator is trained on sizes a factor of four apart
LONGEST = 640  # pixels of the longer side of the finest level
SMALLEST = 40  # pixels of the longer side of the coarsest
EDGE = 32  # pixels of repeated border, so that cells reach to 16 pixels from the edge of the picture
MOST = 32  # detections per picture, the surest first
APART = 1000.0  # pixels between levels that are linked together
BLOCK = 64  # cells that are compared with others at once
OUTWARDS = np.array([-1, 1, 1, -1], np.float32)  # which way along the text each corner lies
OVERLAP = 0.3  # boxes that overlap more are one object
INSIDE = 0.7  # so much of a box in another of about its height, ALIKE, is a part of it
ALIKE = 0.6
log = logging.getLogger(__name__)


def pyramid(gray: np.ndarray, longest: int = LONGEST) -> Iterator[tuple[np.ndarray, float]]:
    """The pyramid: pictures and their scale to the given one, finest first."""
    scale, level = min(1.0, longest / max(gray.shape)), halved(gray, 2 * longest)
    while max(gray.shape) * scale >= SMALLEST:
        size = max(8, round(gray.shape[1] * scale)), max(8, round(gray.shape[0] * scale))
        level = level if size == level.shape[::-1] else cv2.resize(level, size, interpolation=cv2.INTER_AREA)
        yield level, size[0] / gray.shape[1]
        scale *= STEP


def halved(gray: np.ndarray, least: int) -> np.ndarray:
    """The picture halved as often as its longer side has so many pixels left: what OpenCV shrinks by fastest."""
    while max(gray.shape) >= 2 * least:
        gray = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return gray


def pad_edges(gray: np.ndarray, scale: float, window: int, stride: int) -> Level:
    """A level of the pyramid with its border repeated, so that whole cells reach close to every edge."""
    edge = max(EDGE, -(-(window - min(gray.shape)) // 2))
    bottom, right = (-(side + 2 * edge - window) % stride for side in gray.shape)
    padded = cv2.copyMakeBorder(gray, edge, edge + bottom, edge, edge + right, cv2.BORDER_REPLICATE)
    return Level(padded, edge, scale)


class Found(NamedTuple):
    """What is found on some levels of a pyramid: corners float32 (n, 4, 2) in pixels of the picture, scores (n,), the
    number of the level (n,) on which each was found, and the curves of those that are bent, by their number."""

    quads: np.ndarray
    scores: np.ndarray
    levels: np.ndarray
    curves: Mapping[int, Curve]


def nothing() -> Found:
    """Where nothing is found."""
    return Found(np.zeros((0, 4, 2), np.float32), np.zeros(0, np.float32), np.zeros(0, np.intp), {})


def both(fine: Found, coarse: Found) -> Found:
    """What is found on the finest level and on the others."""
    curves = {**fine.curves, **{len(fine.scores) + k: curve for k, curve in coarse.curves.items()}}
    quads, scores = (np.concatenate(parts) for parts in ((fine.quads, coarse.quads), (fine.scores, coarse.scores)))
    return Found(quads, scores, np.concatenate([fine.levels, coarse.levels + 1]), curves)


class PyramidLocator:
    """What looks for objects in a pyramid of pictures; `threshold` on its scores, 0 to 1, the spec's if None.

    With `sparing` the finest level is searched only where the next coarser one hints at an object, and does not show it
    so surely and so large, by the class's `settled` score and height in pixels of the level, that no finer look helps.
    """

    settled: tuple[float, float]

    def __init__(
        self,
        net: Net,
        spec: ModelSpec,
        threshold: float | None = None,
        longest: int = LONGEST,
        pyramid: Callable[[np.ndarray, int], Iterable[tuple[np.ndarray, float]]] = pyramid,
        sparing: bool = False,
    ) -> None:
        self.net, self.spec, self.longest, self.pyramid, self.sparing = net, spec, longest, pyramid, sparing
        self.threshold = spec.threshold if threshold is None else threshold

    @property
    def window(self) -> int:
        """Pixels a side that a place of the network's maps stands for."""
        return self.spec.height

    def search(self, levels: Sequence[Level]) -> Found:
        """What is found on all levels, which come finest first."""
        if not levels:
            return nothing()
        if not self.sparing or len(levels) < 2:
            return self.objects(levels, [self.told(level) for level in levels])
        finest, *rest = levels
        maps = [self.told(level) for level in rest]
        coarse = self.objects(rest, maps)
        fine = self._finest(finest, rest[0], maps[0], coarse)
        return both(self.objects([finest], [fine]) if fine else nothing(), coarse)

    def _finest(self, finest: Level, coarser: Level, told: Maps, found: Found) -> Maps | None:
        heights = coarser.scale * lengths(found.quads[:, 3] - found.quads[:, 0])
        score, tall = self.settled
        settled = found.quads[(found.levels == 0) & (found.scores > score) & (heights > tall)]
        return finest_maps(self.net, self.window, finest, coarser, told, settled)

    def told(self, level: Level) -> Maps:
        """What the network tells of a level."""
        maps: Maps = self.net(level.picture[None, ..., None])
        return maps

    def objects(self, levels: Sequence[Level], maps: Sequence[Maps]) -> Found:
        """What some levels show, from what the network tells of them, level by level."""
        raise NotImplementedError


class Locator(PyramidLocator):
    """Finds objects in gray pictures; `threshold` on a cell's objectness."""

    settled = 0.7, 12.0
    _said = False  # that there were too many

    def __call__(self, gray: np.ndarray) -> list[Detection]:
        """Detections of a uint8 (H, W) picture, best first, one per object."""
        return self.detections(self.search([*self.levels(gray, self.longest)]))

    def levels(self, gray: np.ndarray, longest: int) -> Iterator[Level]:
        """The pyramid of a picture, finest first, whose finest level has at most `longest` pixels along a side."""
        return (pad_edges(*level, self.spec.height, self.spec.stride) for level in self.pyramid(gray, longest))

    def detections(self, found: Found) -> list[Detection]:
        """What is found on some levels, best first, one per object."""
        each = zip(found.quads, found.scores, strict=True)
        return self._surest(nms([Detection(Quad.of(quad), float(score)) for quad, score in each]))

    def objects(self, levels: Sequence[Level], maps: Sequence[Maps]) -> Found:
        """What some levels show, from what the network tells of them, level by level."""
        sides = [level.picture.shape[0] + APART for level in levels]
        downs = np.cumsum([0.0, *sides[:-1]], dtype=np.float32)  # under each other, out of reach: grouped in one go
        quads, scores = group_cells(*self.cells([level.edge for level in levels], downs, maps))
        of = np.searchsorted(downs - APART / 2, quads[:, :, 1].mean(1), side="right") - 1
        quads[..., 1] -= downs[of, None]
        return Found(quads / np.array([level.scale for level in levels], np.float32)[of, None, None], scores, of, {})

    def _surest(self, detections: list[Detection]) -> list[Detection]:
        """The first MOST; that there were more is said once."""
        if len(detections) > MOST and not self._said:
            self._said = True
            log.warning("A picture shows %d objects: of so many only the %d surest are read", len(detections), MOST)
        return detections[:MOST]

    def cells(
        self, edges: Sequence[int], downs: np.ndarray, maps: Sequence[Maps]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells over the threshold: objectness (n,), centres (n, 2) and corners (n, 4, 2) in pixels of their level.

        Each level has a border of its own, and lies so many pixels further down than the first.
        """
        places = [np.nonzero(objectness[0, ..., 0] > self.threshold) for _, objectness in maps]
        counts = [len(rows) for rows, _ in places]
        told = [
            (objectness[0, ..., 0][at], corners[0][at]) for (corners, objectness), at in zip(maps, places, strict=True)
        ]
        objectness, corners = (np.concatenate(parts) for parts in zip(*told, strict=True))
        rows, columns = (np.concatenate(parts) for parts in zip(*places, strict=True))
        middle = np.repeat([(self.spec.height - 1) / 2 - edge for edge in edges], counts).astype(np.float32)
        centres = (np.array([columns, rows], np.float32) * self.spec.stride + middle).T
        quads = centres[:, None] + corners.reshape(-1, 4, 2) * REACH
        down = np.repeat(downs, counts)
        centres[:, 1] += down
        quads[..., 1] += down[:, None]
        return objectness, centres, quads


def group_cells(objectness: np.ndarray, centres: np.ndarray, quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells that describe one object, joined: corners (n, 4, 2) and the highest objectness of each group, (n,).

    Each end comes from the cells that see it, the nearer the more: a cell in the middle of a long line sees neither.
    """
    if not len(objectness):
        return quads, objectness
    labels = components(agreeing(centres, quads))
    order, counts = np.argsort(labels, kind="stable"), np.bincount(labels)
    counts = counts[counts > 0]
    corners = joined(objectness[order], centres[order], quads[order], counts)
    return corners, np.maximum.reduceat(objectness[order], first_of(counts))


def agreeing(centres: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Which cells (n, n) speak of one object: near each other, alike in height, and of one mind about both ends.

    They give the same end, or one is too far to see it and the other's lies beyond: along the first one's text, so that
    cells in the middle of two lines under each other stay apart.

    Cells come row by row, so that each block of them is compared with the rows around it only.
    """
    height = (lengths(quads[:, 3] - quads[:, 0]) + lengths(quads[:, 2] - quads[:, 1])) / 2
    left, right = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    axis = (right - left) / np.maximum(lengths(right - left), 1e-6)[:, None]
    points = np.array([centres, left, right])
    blind = lengths(points[1:] - centres) > 0.85 * CLIP
    links = np.zeros((len(centres), len(centres)), bool)
    for some, others in blocks(centres[:, 1], 2.5 * max(4.0, height.max(initial=0.0))):
        right_of, below = (points[:, None, others, k] - points[:, some, None, k] for k in (0, 1))
        smaller, near = alike(right_of[0], below[0], height[some], height[others])
        distance, slack = np.sqrt(right_of * right_of + below * below), 0.6 * smaller
        across = np.abs(right_of[1:] * axis[some, 1:] - below[1:] * axis[some, :1])
        unseen = blind[:, some, None] | blind[:, None, others]
        beyond = unseen & (distance[1:] < distance[0] + slack) & (across < slack)
        links[some, others] = near & ((distance[1:] < slack) | beyond).all(0)
    return links & links.T


def blocks(rows: np.ndarray, reach: float) -> Iterator[tuple[slice, slice]]:
    """Slices of so many cells, each with the slice of all that lie within reach of one of them; `rows` never falls."""
    for begin in range(0, len(rows), BLOCK):
        end = min(begin + BLOCK, len(rows))
        first, last = np.searchsorted(rows, (rows[begin] - reach, rows[end - 1] + reach))
        yield slice(begin, end), slice(int(first), int(last))


def alike(
    right_of: np.ndarray, below: np.ndarray, height: np.ndarray, heights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The smaller height of each pair of cells, and whether they are near each other and alike in height.

    `right_of` and `below` are how far apart they are, in pixels.
    """
    smaller = np.minimum.outer(height, heights)
    reach = 2.5 * np.maximum(smaller, 4.0)
    near = (np.abs(right_of) < reach) & (np.abs(below) < reach)
    return smaller, near & (np.maximum.outer(height, heights) < 1.6 * smaller)


def lengths(vectors: np.ndarray) -> np.ndarray:
    """Of vectors (..., 2)."""
    found: np.ndarray = np.hypot(vectors[..., 0], vectors[..., 1])
    return found


def components(links: np.ndarray) -> np.ndarray:
    """The component of each of n, named by its lowest member; `links` is symmetric boolean (n, n), true for itself."""
    labels, settled = np.arange(len(links)), False
    while not settled:
        before = labels
        labels = np.where(links, labels, len(links)).min(1, initial=len(links))
        labels = labels[labels]
        settled = bool((labels == before).all())
    return labels


def first_of(counts: np.ndarray) -> np.ndarray:
    """Where each of several groups begins, whose items stand one group after the other."""
    first: np.ndarray = np.cumsum(counts) - counts
    return first


def joined(objectness: np.ndarray, centres: np.ndarray, quads: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """One quadrilateral of each group of cells, float32 (groups, 4, 2): every corner from the cells nearest to its end.

    Cells stand one group after the other, `counts` of them in each.
    """
    first = first_of(counts)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.repeat((np.add.reduceat(values, first).T / counts).T, counts, axis=0)

    height = mean(lengths(quads[:, 3] - quads[:, 0]))[:, None]
    axis = mean(quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3])
    axis /= np.maximum(lengths(axis), 1e-6)[:, None]
    outwards = (quads @ axis[..., None])[..., 0] * OUTWARDS
    furthest = np.repeat(np.maximum.reduceat(outwards, first), counts, axis=0)
    distance = lengths(quads - centres[:, None])
    sees = (distance < 0.85 * CLIP) | (outwards > furthest - 0.5 * height)
    weight = np.where(sees, objectness[:, None] ** 2 * np.exp(-distance / (2 * height + 1)), 1e-9)[..., None]
    return (np.add.reduceat(quads * weight, first) / np.add.reduceat(weight, first)).astype(np.float32)


def nms(detections: list[Detection]) -> list[Detection]:
    """The surest of every set of overlapping detections, surest first."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda s: -s.score):
        if all(not is_duplicate(detection, other) for other in kept):
            kept.append(detection)
    return kept


def is_duplicate(a: Detection, b: Detection) -> bool:
    """Whether two detections are one object: they overlap much, or one is as high and lies inside the other.

    What is much lower is not: a plate below a grille would vanish in what was taken for a larger plate.
    """
    inter, area, other = intersection(a.box, b.box), a.box.area, b.box.area
    if inter > OVERLAP * (area + other - inter):
        return True
    low, high = sorted((a.quad.size[1], b.quad.size[1]))
    return low > ALIKE * high and inter > INSIDE * min(area, other)
