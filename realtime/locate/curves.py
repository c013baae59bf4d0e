"""The middle line of a bent text, fitted to the points that a locator found."""

from __future__ import annotations

import numpy as np

DEGREE = 4  # of the polynomial: on an arc of 120 degrees it is off by a tenth of the text's height
STEP = 0.5  # heights of the text between two points of a curve


def edges(points: np.ndarray, weight: np.ndarray, height: float, more: float) -> np.ndarray:
    """Upper and lower edge (2, n, 2) of a text whose middle line runs through points (m, 2), along and across it.

    The line continues straight for `more` pixels at both ends; `weight` (m,) is how much each point counts.
    """
    along, across = points.T
    begin, end = float(along.min()), float(along.max())
    degree = int(np.clip(len(np.unique(np.round(along / max(STEP * height, 1.0)))) - 1, 1, DEGREE))
    line = np.polynomial.Polynomial.fit(along, across, degree, domain=[begin, end + 1e-6], w=np.sqrt(weight))
    places = np.linspace(begin, end, max(3, round((end - begin) / (STEP * height)) + 1))
    middle = np.stack([places, line(places)], 1)
    right = np.stack([np.ones_like(places), line.deriv()(places)], 1)
    right /= np.hypot(*right.T)[:, None]
    middle = np.concatenate([middle[:1] - more * right[:1], middle, middle[-1:] + more * right[-1:]])
    right = np.concatenate([right[:1], right, right[-1:]])
    down = height / 2 * np.stack([-right[:, 1], right[:, 0]], 1)
    return np.stack([middle - down, middle + down])
