"""A closer look: the exact corners in a loose crop around each detection; those that are no object are dropped."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from realtime.contracts import Net
from realtime.preprocess import expand, normalise_contrast, rectify
from realtime.spec import ModelSpec
from realtime.values import Detection, Quad

MARGIN = 0.3  # around the detection, as a share of its width and of its height
ROUNDS = 3  # at most
STILL = 0.03  # of the width: corners that move less have settled
SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)  # the corners of the loose crop, in shares of it
UNIT = 4.0  # the network's outputs are shares of the crop times this, so that int8 steps are fine enough


class Refiner:
    """Moves the corners of detections to those of the object."""

    def __init__(self, net: Net, spec: ModelSpec) -> None:
        self.net, self.spec = net, spec

    def __call__(self, gray: np.ndarray, detections: Sequence[Detection]) -> list[Detection]:
        """The detections that pass a closer look, in order, with the corners and the score that it found."""
        seen = [self.settled(gray, detection.quad) for detection in detections]
        return [Detection(quad, score) for quad, score in seen if score >= self.spec.threshold]

    def settled(self, gray: np.ndarray, quad: Quad) -> tuple[Quad, float]:
        """Corners and objectness, refined until they settle or no object is seen."""
        for _ in range(ROUNDS):
            before, (quad, objectness) = quad, self.predict(gray, quad)
            if objectness < self.spec.threshold or moved(before, quad) < STILL:
                break
        return quad, objectness

    def predict(self, gray: np.ndarray, quad: Quad) -> tuple[Quad, float]:
        """New corners and objectness, 0 to 1, of the object inside a quadrilateral."""
        size = self.spec.height, self.spec.width
        step = thinning(quad, self.spec)
        thin = gray[step // 2 :: step, step // 2 :: step]
        loose = rectify(thin, Quad.of(quad.array() / step), *size, margin=MARGIN)
        shares, objectness = self.net(normalise_contrast(loose)[None, ..., None])
        return mapped(shares[0].reshape(4, 2) / UNIT + 0.5, quad), float(objectness.ravel()[0])

    @staticmethod
    def shares(corners: np.ndarray, quad: Quad) -> np.ndarray:
        """Points (4, 2) of the picture as shares of the loose crop around `quad`: the network's target."""
        matrix = cv2.getPerspectiveTransform(expand(quad.array(), MARGIN), SQUARE)
        moved: np.ndarray = cv2.perspectiveTransform(np.asarray(corners, np.float32)[None], matrix)[0]
        return moved


def thinning(quad: Quad, spec: ModelSpec) -> int:
    """Step at which the picture's rows and columns are used: at least two remain for each of the network's input.

    Averaging all pixels of a detection that fills the frame would take a millisecond.
    """
    width, height = quad.size
    return max(1, int(min(width / spec.width, height / spec.height) / 2))


def moved(before: Quad, after: Quad) -> float:
    """The furthest that a corner moved along an axis, as a share of the width."""
    steps = (abs(a - b) for p, q in zip(before.corners, after.corners, strict=True) for a, b in zip(p, q, strict=True))
    return max(steps) / max(after.size[0], 1.0)


def mapped(shares: np.ndarray, quad: Quad) -> Quad:
    """Points given as shares (4, 2) of the loose crop around `quad`, in the picture's pixels."""
    matrix = cv2.getPerspectiveTransform(SQUARE, expand(quad.array(), MARGIN))
    return Quad.of(cv2.perspectiveTransform(shares[None].astype(np.float32), matrix)[0])
