"""From pictures to network input: the only owner of colour order and size, for training and running alike."""

from __future__ import annotations

from math import ceil, floor

import cv2
import numpy as np

from realtime.spec import ModelSpec
from realtime.values import Box, Curve, Quad

STRIP = 64  # rows of a bent text that was laid straight
AROUND = STRIP // 2  # rows and columns around it
PADDING = 128  # the normalised mean, with which what is not wide enough is filled up
GRAYS = np.arange(256.0)


def to_gray(image: np.ndarray) -> np.ndarray:
    """uint8 or uint16, gray (H, W[, 1]), BGR (H, W, 3) or BGRA (H, W, 4) -> uint8 gray (H, W)."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        return image
    channels = image.shape[2]
    if channels == 1:
        return image[:, :, 0]
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY)


def rectify(gray: np.ndarray, quad: Quad, height: int, width: int, margin: float = 0.0) -> np.ndarray:
    """The quadrilateral as an upright uint8 (height, width) picture.

    `margin` widens it on each side by that share of its height and of its width; what lies outside the picture repeats
    its edge. Strong shrinking is done on a shrunken picture, so that strokes do not alias.
    """
    corners = expand(quad.array(), margin) if margin else quad.array()
    shrink = int(max(quad.size[1] / height, quad.size[0] / width))
    if shrink >= 2:
        gray, corners = shrunken(gray, corners, shrink)
    right, bottom = width - 0.5, height - 0.5
    target = np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners - np.float32(0.5), target)
    return cv2.warpPerspective(gray, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def straightened(gray: np.ndarray, curve: Curve) -> tuple[np.ndarray, Quad]:
    """A bent text laid straight, uint8 (2 * STRIP, columns), and its corners in it; half its height is around it."""
    edges, (long, tall) = curve.array(), curve.size
    shrink = int(tall / STRIP)
    if shrink >= 2:
        gray, points = shrunken(gray, edges.reshape(-1, 2), shrink)
        edges = points.reshape(edges.shape)
    middle = edges.mean(0)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(middle, axis=0).T))])
    width = max(1, round(STRIP * long / max(tall, 1.0)))
    places = (np.arange(-AROUND, width + AROUND) + 0.5) / width * length[-1]
    columns = np.array([[extended(places, length, axis) for axis in edge.T] for edge in edges])  # (edge, axis, column)
    rows = (np.arange(-AROUND, STRIP + AROUND)[:, None] + 0.5) / STRIP
    x, y = ((upper + rows * (lower - upper)).astype(np.float32) for upper, lower in zip(*columns, strict=True))
    strip = cv2.remap(gray, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return strip, Quad.from_box(Box(AROUND, AROUND, AROUND + width, AROUND + STRIP))


def extended(places: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (n,) at places, between those known and straight on beyond them."""
    slopes = np.diff(values[[0, 1, -2, -1]])[[0, 2]] / np.maximum(np.diff(known[[0, 1, -2, -1]])[[0, 2]], 1e-6)
    beyond = slopes[0] * np.minimum(places - known[0], 0) + slopes[1] * np.maximum(places - known[-1], 0)
    found: np.ndarray = np.interp(places, known, values) + beyond
    return found


def expand(corners: np.ndarray, across: float, along: float | None = None) -> np.ndarray:
    """Corners (4, 2) moved outwards by shares of the quadrilateral's height and width: `along`, `across` if None."""
    wide = across if along is None else along
    return np.array([moved_out(axis, wide, across) for axis in corners.T], np.float32).T.copy()


def moved_out(axis: np.ndarray, along: float, across: float) -> tuple[float, ...]:
    """One coordinate of the four corners (4,); numbers one by one, as NumPy takes longer to begin than to add four."""
    a, b, c, d = axis
    right, down = along * ((b - a) + (c - d)) / 2, across * ((d - a) + (c - b)) / 2
    return a - right - down, b + right - down, c + right + down, d - right + down


def shrunken(gray: np.ndarray, corners: np.ndarray, times: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of the picture around the corners, so many times smaller, and the corners in it.

    Means of whole pixels take a fifth of the time of those of parts of pixels.
    """
    height, width = gray.shape
    x, y = zip(*corners.tolist(), strict=True)
    x0, y0 = max(floor(min(x)) - times, 0), max(floor(min(y)) - times, 0)
    x1, y1 = min(ceil(max(x)) + 2 * times, width), min(ceil(max(y)) + 2 * times, height)
    x1, y1 = x1 - (x1 - x0) % times, y1 - (y1 - y0) % times
    if x1 - x0 < 2 * times or y1 - y0 < 2 * times:
        return gray, corners
    size = (x1 - x0) // times, (y1 - y0) // times
    small = cv2.resize(gray[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    return small, (corners - np.array([x0, y0], np.float32)) / np.float32(times)


def natural_width(quad: Quad, spec: ModelSpec) -> int:
    """Columns that the object fills at the network's height, at most the network's width."""
    width, height = quad.size
    return min(max(round(spec.height * width / max(height, 1e-6)), spec.height // 4), spec.width)


def crop(gray: np.ndarray, quad: Quad, spec: ModelSpec, margin: float = 0.0) -> np.ndarray:
    """What the network is fed for the object in `quad`: uint8 (spec.height, spec.width), contrast normalised."""
    width = natural_width(quad, spec) if spec.keep_aspect else spec.width
    return padded(normalise_contrast(rectify(gray, quad, spec.height, width, margin)), spec)


def frame_quad(gray: np.ndarray) -> Quad:
    """The corners of a picture (H, W)."""
    height, width = gray.shape
    return Quad(((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height))))


def fit(gray: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """A whole picture (H, W) as the network is fed it: uint8 (spec.height, spec.width)."""
    return crop(gray, frame_quad(gray), spec)


def fit_square(gray: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """A whole picture, proportions kept, centred on its own edge colours: uint8 (spec.height, spec.width)."""
    height, width = gray.shape
    scale = min(spec.height / height, spec.width / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top, left = (spec.height - size[1]) // 2, (spec.width - size[0]) // 2
    bottom, right = spec.height - size[1] - top, spec.width - size[0] - left
    return normalise_contrast(cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_REPLICATE))


def around_ink(gray: np.ndarray, margin: float = 0.15) -> np.ndarray:
    """The part of a plain picture (H, W) that was drawn on, with `margin` around; all of it where nothing was."""
    drawn = cv2.absdiff(gray, np.full_like(gray, int(np.median(gray)))) > 48
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    if not len(rows):
        return gray
    edge = round(margin * max(rows[-1] - rows[0], columns[-1] - columns[0])) + 2
    top, left = max(0, rows[0] - edge), max(0, columns[0] - edge)
    return gray[top : rows[-1] + edge + 1, left : columns[-1] + edge + 1]


def contrast_raised(gray: np.ndarray) -> np.ndarray:
    """The picture with the contrast of each sixteenth of it raised, so that dark displays and shadows show their text.

    Of 23 photographs of displays, pumps and plates in which nothing was read, 8 are read right so, and 3 wrong.
    """
    return cv2.createCLAHE(clipLimit=3.0, tileGridSize=(4, 4)).apply(gray)


def normalise_contrast(gray: np.ndarray) -> np.ndarray:
    """Mean moved to 128 and deviation to 48, clipped to uint8; a flat picture stays flat."""
    mean, deviation = cv2.meanStdDev(gray)
    scale = 48.0 / max(float(deviation[0, 0]), 4.0)
    table = (GRAYS - float(mean[0, 0])) * scale + 128.5
    return cv2.LUT(gray, np.minimum(np.maximum(table, 0), 255).astype(np.uint8))


def filled(gray: np.ndarray) -> int:
    """Columns of a network's input (height, width) up to the last that is not padding."""
    left, _, width, _ = cv2.boundingRect(gray ^ PADDING)
    return int(left + width)


def padded(gray: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """Filled up to the network's width on the right with the normalised mean."""
    missing = spec.width - gray.shape[1]
    return cv2.copyMakeBorder(gray, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=PADDING) if missing else gray
