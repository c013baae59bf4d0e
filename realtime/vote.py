"""Several readings of one object make one: pure, whatever their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from realtime.values import Reading

NOTHING = Reading("", ())


def vote(readings: Sequence[Reading]) -> Reading:
    """The text most of the evidence is for, character by character among readings of the winning length.

    A reading counts by its confidence, each of its characters by their own: a blurred first look is outvoted by a sharp
    one. A character's confidence is its share of the votes at its place times that of its surest supporter; the whole
    text's is the share of the evidence that reads exactly so, times that of the surest such reading.
    """
    said = [r for r in readings if r.text]
    if not said:
        return NOTHING
    if len({r.text for r in said}) == 1:  # as all of the below would find
        surest = tuple(map(max, zip(*(r.confidences for r in said), strict=True)))
        return Reading(said[0].text, surest, max(map(weight, said)))
    weights: dict[int, float] = defaultdict(float)
    for reading in said:
        weights[len(reading.text)] += weight(reading)
    length = heaviest(weights)
    same_length = [r for r in said if len(r.text) == length]
    places = [_place(same_length, k) for k in range(length)]
    text = "".join(c for c, _ in places)
    return Reading(text, tuple(p for _, p in places), agreement(text, said))


def weight(reading: Reading) -> float:
    """How much a reading counts: its confidence, never quite nothing."""
    return max(reading.confidence, 1e-3)


def heaviest(weights: dict[str, Any]) -> object:
    """The key with the most weight; among equals the greatest, so that order does not matter."""
    return max(weights, key=lambda key: (round(weights[key], 9), key))


def _place(readings: Sequence[Reading], k: int) -> tuple[str, float]:
    """The winning character at place k and its confidence."""
    votes: dict[str, float] = defaultdict(float)
    surest: dict[str, float] = defaultdict(float)
    for reading in readings:
        character, sure = reading.text[k], reading.confidences[k]
        votes[character] += sure * weight(reading)
        if sure > surest[character]:
            surest[character] = sure
    winner = heaviest(votes)
    return winner, surest[winner] * votes[winner] / max(sum(votes.values()), 1e-9)


def agreement(text: str, readings: Sequence[Reading]) -> float:
    """Confidence in the voted text: its share of the evidence, times its surest reading; low where none reads so."""
    support = [weight(r) for r in readings if r.text == text]
    total = sum(weight(r) for r in readings)
    return max(support) * sum(support) / total if support else min(weight(r) for r in readings) / 2
