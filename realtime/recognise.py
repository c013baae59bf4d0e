"""Read what was found: rectified crops through a reader or a classifier, decoded into texts with confidences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from realtime.preprocess import crop, fit, fit_square
from realtime.spec import ModelSpec
from realtime.values import Reading, Sighting, Spot

Net = Callable[[np.ndarray], np.ndarray]
NOTHING = Reading("", ())


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities along the last axis, after division by the temperature."""
    scaled = (logits - logits.max(-1, keepdims=True)) / temperature
    raised = np.exp(scaled)
    return raised / raised.sum(-1, keepdims=True)


def decode(probabilities: np.ndarray, spec: ModelSpec) -> Reading:
    """The most probable CTC path (steps, classes), blank last, as a text.

    A character's confidence is the highest probability in its run of steps; the text's confidence is the product of
    every character's and of every gap's surest doubt: what the best path leaves to other texts.
    """
    best = probabilities.argmax(-1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    peaks = np.maximum.reduceat(probabilities.max(-1), starts)
    blank = len(spec.alphabet)
    runs = [(spec.alphabet[best[s]], float(p)) for s, p in zip(starts, peaks, strict=True) if best[s] != blank]
    text = "".join(c for c, _ in runs)
    return Reading(text, tuple(p for _, p in runs), whole_confidence(probabilities, best, starts, blank))


def whole_confidence(probabilities: np.ndarray, best: np.ndarray, starts: np.ndarray, blank: int) -> float:
    """Product over characters of their peak, and over blank stretches of their weakest step, 0 to 1; 0 for no text."""
    if (best == blank).all():
        return 0.0
    peaks = probabilities.max(-1)
    per_run = [
        peaks[a:b].min() if best[a] == blank else peaks[a:b].max()
        for a, b in zip(starts, [*starts[1:], len(best)], strict=True)
    ]
    return float(np.prod(per_run))


def classify(probabilities: np.ndarray, spec: ModelSpec) -> Reading:
    """One distribution over the alphabet and "none" as a reading of one character, or none."""
    index = int(probabilities.argmax())
    if index == len(spec.alphabet):
        return NOTHING
    confidence = float(probabilities[index])
    return Reading(spec.alphabet[index], (confidence,), confidence)


class Recogniser:
    """Reads spots of a gray picture in one batch."""

    def __init__(self, net: Net, spec: ModelSpec, mode: str = "") -> None:
        self.net, self.spec, self.mode = net, spec, mode or spec.mode

    def __call__(self, gray: np.ndarray, spots: Sequence[Spot]) -> list[Sighting]:
        """One sighting per spot, in order; a spot that says nothing has an empty reading."""
        crops = [crop(gray, spot.quad, self.spec) for spot in spots]
        readings = self.read(crops)
        return [Sighting(s.quad, r, s.score, self.mode) for s, r in zip(spots, readings, strict=True)]

    def read(self, crops: Sequence[np.ndarray]) -> list[Reading]:
        """Readings of network inputs, uint8 (height, width) each."""
        return [self.meaning(self.net(c[None, ..., None])[0]) for c in crops]

    def meaning(self, logits: np.ndarray) -> Reading:
        """What one crop's logits say."""
        interpret = decode if self.spec.kind == "reader" else classify
        return interpret(softmax(logits, self.spec.temperature), self.spec)

    def whole(self, gray: np.ndarray) -> Reading:
        """The picture is the object."""
        return self.meaning(self.net(self.input(gray)[None, ..., None])[0])

    def input(self, gray: np.ndarray) -> np.ndarray:
        """What the network receives for a whole picture: uint8 (height, width)."""
        return fit_square(gray, self.spec) if self.spec.kind == "classifier" else fit(gray, self.spec)
