"""What a reader of words makes of numbers: what it reads as a word, or not at all, was a number less often.

Letters, dials and foliage look like some number to a reader that knows nothing but numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log

import numpy as np

from realtime.modes import MARKS
from realtime.recognise import Recogniser
from realtime.values import Detection, Reading, Sighting

CLEAR, LONG = 0.9, 3  # a number so sure and of so many characters needs no second opinion
ALIKE = str.maketrans("OoDQIl", "000011")  # letters that are the same strokes as a digit
# Log odds that a number is one: constant, by its own log odds, by the logarithm of what the other reader gives it (for
# texts of 1, 2 and more characters). Fitted on displays and street photographs.
CONSTANT, OWN, OTHER = 1.5, 0.37, (1.5, 0.9, 0.5)
LEAST = 0.01  # probability of a text that a reader does not name


class SecondOpinion:
    """A review of sightings: numbers are as sure as two readers together are."""

    def __init__(self, reader: Recogniser) -> None:
        self._reader = reader

    def __call__(self, gray: np.ndarray, sightings: Sequence[Sighting], again: bool) -> list[Sighting]:
        """The sightings of a uint8 (H, W) picture, in order."""
        asked = [k for k, sighting in enumerate(sightings) if in_doubt(sighting.reading)]
        places = [Detection(s.quad, s.score, s.curve) for s in (sightings[k] for k in asked)]
        opinions = {k: s.reading for k, s in zip(asked, self._reader(gray, places), strict=True)}
        return [
            replace(s, reading=agreed(s.reading, opinions[k])) if k in opinions else s for k, s in enumerate(sightings)
        ]


def in_doubt(reading: Reading) -> bool:
    """Whether a reading says something, but not a long number and surely."""
    return bool(reading.text) and (reading.confidence < CLEAR or len(reading.text) < LONG)


def agreed(reading: Reading, opinion: Reading) -> Reading:
    """The reading, as sure as its own reader and the other one are together; never surer than before."""
    same = sum(p for text, p in opinion.candidates if text.translate(ALIKE) == without_marks(reading.text))
    own = min(max(reading.confidence, LEAST), 1 - LEAST)
    weight = OTHER[min(len(reading.text), len(OTHER)) - 1]
    odds = CONSTANT + OWN * log(own / (1 - own)) + weight * log(same + LEAST)
    return reading.believed(min(1.0, 1 / (1 + exp(-odds)) / own))


def without_marks(text: str) -> str:
    """The digits of a number: the other reader knows no point."""
    return "".join(char for char in text if char not in MARKS)
