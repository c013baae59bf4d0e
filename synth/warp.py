"""Views of a flat thing from the side: rotation, shear, aspect and perspective as one homography."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Warp:
    """How a flat picture is seen: turned by `rotation` degrees (clockwise), slanted, stretched, and tilted in depth.

    `shear`: horizontal shift per unit of height; `aspect`: factor on the width; `yaw`, `pitch`: by how much one side
    is nearer than its opposite, as a share of its length (0: flat on).
    """

    rotation: float = 0.0
    shear: float = 0.0
    aspect: float = 1.0
    yaw: float = 0.0
    pitch: float = 0.0


def sample_warp(rng: np.random.Generator, strength: float = 1.0) -> Warp:
    """Mostly small angles with a heavy tail; at strength 1 at most 25 degrees of rotation."""
    rotation, shear, aspect, yaw, pitch = np.clip(rng.laplace(0.0, 1.0, 5) * strength, -5, 5).tolist()
    return Warp(5.0 * rotation, 0.08 * shear, math.exp(0.08 * aspect), 0.07 * yaw, 0.05 * pitch)


def apply_warp(warp: Warp, size: tuple[int, int]) -> np.ndarray:
    """The homography, float64 (3, 3), of a picture of `size` (height, width) about its own centre."""
    height, width = size
    x, y = width / 2, height / 2
    angle = math.radians(warp.rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    plane = np.array(
        [
            [cos * warp.aspect, cos * warp.shear - sin, 0.0],
            [sin * warp.aspect, sin * warp.shear + cos, 0.0],
            [2 * warp.yaw / max(width, height), 2 * warp.pitch / height, 1.0],
        ]
    )
    return moved(x, y) @ plane @ moved(-x, -y)


def moved(x: float, y: float) -> np.ndarray:
    """The homography that moves by (x, y) pixels."""
    return np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]])


def fitted(matrix: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
    """The matrix moved so that the whole warped picture of `size` is visible, and the (height, width) that it needs."""
    height, width = size
    corners = warp_points(np.array([[0, 0], [width, 0], [width, height], [0, height]]), matrix)
    left, top = np.floor(corners.min(0))
    right, bottom = np.ceil(corners.max(0))
    return moved(-left, -top) @ matrix, (int(max(bottom - top, 1)), int(max(right - left, 1)))


def warp_points(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (n, 2), as (x, y) pixels, after the homography: float64 (n, 2)."""
    x, y, w = matrix @ np.vstack([np.asarray(points, np.float64).T, np.ones(len(points))])
    return np.stack([x / w, y / w], 1)


def warp_image(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], border: int | None = None) -> np.ndarray:
    """The picture seen through the homography, of `size` (height, width).

    Points are pixel edges (0 to width), so the pixel centres are half a pixel in. `border` is the value outside the
    picture; None repeats the picture's edge.
    """
    matrix = moved(-0.5, -0.5) @ matrix @ moved(0.5, 0.5)
    mode = cv2.BORDER_REPLICATE if border is None else cv2.BORDER_CONSTANT
    value = (border or 0,) * 3
    return cv2.warpPerspective(image, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderMode=mode, borderValue=value)
