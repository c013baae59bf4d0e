"""Search the finest level of a pyramid only where the next coarser one, a quarter of its size, hints at an object.

The finest level costs three quarters of a search, and many pictures are mostly wall, road or sky. What is worth a look
is cut out in rectangles, which are laid side by side on a sheet: the network runs once, on only the pixels that matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

import cv2
import numpy as np

from realtime.contracts import Net
from realtime.preprocess import expand

PLACE = 8  # pixels from one place of a network's maps to the next
BLOCK = 4  # places a side of a block, which is searched or skipped as a whole
SIDE = PLACE * BLOCK  # pixels: 32, by which the sides of some networks' inputs can be divided
HINT = 0.1  # likelihood on the coarser level above which the finer one is worth a look
SHEETS = ((1 / 3, 0.5), (0.5, 0.5), (1.0, 0.5), (0.5, 1.0))  # of a level's width and height; else it is searched whole
AROUND = np.ones((3, 3), np.uint8)  # blocks that are searched around one with a hint
BESIDE = 0.25  # of its width and height: what lies so close to a settled object is part of it
FREE = 128  # gray of the free space on a sheet
Maps = tuple[np.ndarray, np.ndarray]  # what a network outputs for each place, and how likely an object is there
Rectangle = tuple[int, int, int, int]  # left, top, width, height, in blocks


class Level(NamedTuple):
    """A level of the pyramid: its picture with the border repeated, uint8 (H, W), the border's width and the scale."""

    picture: np.ndarray
    edge: int
    scale: float


def finest_maps(net: Net, window: int, finest: Level, coarser: Level, told: Maps, settled: np.ndarray) -> Maps | None:
    """The network's maps of the finest level, empty where `told`, those of the coarser level, hint at nothing.

    None where they hint at nothing at all. A place of the maps stands for `window` pixels a side; what the network sees
    beyond them is context. Objects whose corners are `settled`, (n, 4, 2) in pixels of the picture, need no finer
    search.
    """
    rows, columns = ((side - window) // PLACE + 1 for side in finest.picture.shape)
    hints = (told[1][0].max(-1) > HINT).astype(np.uint8)
    for quad in settled:
        places = (quad * coarser.scale + coarser.edge - window / 2) / PLACE
        cv2.fillConvexPoly(hints, np.round(expand(places, BESIDE)).astype(np.int32), 0)
    if not hints.any():
        return None
    blocks = np.zeros((ceil(rows / BLOCK), ceil(columns / BLOCK)), np.uint8)
    middles = np.argwhere(hints) * PLACE + window / 2 - coarser.edge
    places = ((middles * (finest.scale / coarser.scale) + finest.edge - window / 2) / SIDE).astype(int)
    row, column = np.maximum(np.minimum(places, np.array(blocks.shape) - 1), 0).T
    blocks[row, column] = 1
    sheet = sheet_of(rectangles(cv2.dilate(blocks, AROUND)), blocks.shape, ceil((window - PLACE) / SIDE))
    if sheet is None:
        whole: Maps = net(finest.picture[None, ..., None])
        return whole
    empty, unlikely = (np.zeros((1, rows, columns, part.shape[3]), np.float32) for part in told)
    maps = empty, unlikely
    sheet.spread(net(sheet.drawn(finest.picture)[None, ..., None]), maps)
    return maps


def rectangles(blocks: np.ndarray) -> list[Rectangle]:
    """Rectangles that do not touch each other and together cover all non-zero blocks (rows, columns)."""
    while True:
        _, _, boxes, _ = cv2.connectedComponentsWithStats(blocks, connectivity=8)
        filled = blocks.copy()
        for left, top, width, height, _ in boxes[1:]:
            filled[top : top + height, left : left + width] = 1
        if (filled == blocks).all():
            return [tuple(box[:4].tolist()) for box in boxes[1:]]
        blocks = filled


class Sheet:
    """Rectangles of a picture, each enlarged by `more` blocks, side by side on a sheet of (width, height) blocks."""

    def __init__(
        self, boxes: Sequence[Rectangle], places: Sequence[tuple[int, int]], size: tuple[int, int], more: int
    ) -> None:
        self.boxes, self.places, self.size, self.more = boxes, places, size, more

    def drawn(self, picture: np.ndarray) -> np.ndarray:
        """The sheet, uint8 (H, W), with what the picture (H, W) shows in the rectangles."""
        width, height = self.size
        sheet = np.full((height * SIDE, width * SIDE), FREE, np.uint8)
        for (left, top, width, height), (x, y) in self._each(SIDE):
            more = self.more * SIDE
            part = picture[top : top + height + more, left : left + width + more]
            sheet[y : y + part.shape[0], x : x + part.shape[1]] = part
        return sheet

    def spread(self, found: Maps, maps: Maps) -> None:
        """Copy what was found on the sheet to its place in the maps (1, rows, columns, channels) of the picture."""
        for (left, top, width, height), (x, y) in self._each(BLOCK):
            for source, target in zip(found, maps, strict=True):
                part = target[:, top : top + height, left : left + width]
                part[:] = source[:, y : y + part.shape[1], x : x + part.shape[2]]

    def _each(self, unit: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Each rectangle and its place on the sheet, in `unit` parts of a block."""
        yield from zip(unit * np.array(self.boxes), unit * np.array(self.places), strict=True)


def sheet_of(boxes: Sequence[Rectangle], shape: tuple[int, int], more: int) -> Sheet | None:
    """The smallest sheet for rectangles of a picture of (rows, columns) blocks; None if it would not be smaller."""
    sizes = [(width + more, height + more) for _, _, width, height in boxes]
    for wide, high in SHEETS:
        size = ceil(wide * (shape[1] + more)), ceil(high * (shape[0] + more))
        if (places := laid_out(sizes, size)) is not None:
            return Sheet(boxes, places, size, more)
    return None


def laid_out(sizes: Sequence[tuple[int, int]], size: tuple[int, int]) -> list[tuple[int, int]] | None:
    """Left and top of each rectangle (width, height) on shelves of a sheet, tallest first; None if there is no room."""
    places, left, top, shelf = [(0, 0)] * len(sizes), 0, 0, 0
    for k in sorted(range(len(sizes)), key=lambda k: -sizes[k][1]):
        wide, high = sizes[k]
        if left + wide > size[0]:
            left, top, shelf = 0, top + shelf, 0
        if wide > size[0] or top + high > size[1]:
            return None
        places[k], left, shelf = (left, top), left + wide, max(shelf, high)
    return places
