"""Several readings of one object make one: aligned, then voted on character by character (ROVER; Fiscus, 1997)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import prod
from typing import NamedTuple

from realtime.values import Reading

NOTHING = Reading("", ())
SHARPNESS = 2.0  # how much faster than its share of the votes the odds of a character grow; fitted on rendered films
TEXTS = 12  # different texts that are remembered; the lightest goes first
GREATEST_GAIN = 1e6  # of the newest reading over the oldest, before all weights are scaled back

Slot = tuple[int, int]  # a column of the alignment: a place of the pivot and 0, or 1, 2, ... for what stands behind it


class Vote(NamedTuple):
    """What readings agree on: the text, and how many of them support the character that fewest support."""

    reading: Reading
    support: int


@dataclass
class Tally:
    """The readings of one text, summed up."""

    surest: Reading
    count: int = 0
    weight: float = 0.0
    characters: list[float] = field(default_factory=list)  # weight times confidence, summed per character

    def add(self, reading: Reading, weight: float) -> None:
        """One more reading of the same text."""
        if reading.confidence > self.surest.confidence:
            self.surest = reading
        self.count += 1
        self.weight += weight
        before = self.characters or [0.0] * len(reading.text)
        self.characters = [a + weight * p for a, p in zip(before, reading.confidences, strict=True)]

    def joined(self, other: Tally) -> Tally:
        """The readings of both, which are of one text."""
        surest = max(self.surest, other.surest, key=lambda reading: reading.confidence)
        characters = [a + b for a, b in zip(self.characters, other.characters, strict=True)]
        return Tally(surest, self.count + other.count, self.weight + other.weight, characters)

    def scaled(self, factor: float) -> Tally:
        """The same readings with other weights."""
        return replace(self, weight=factor * self.weight, characters=[factor * c for c in self.characters])


class Ballot:
    """Readings that vote. Older ones count less after each `fade`, and memory holds at most TEXTS different texts."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = {}
        self._gain = 1.0  # of new readings: as good as taking from the old ones

    def fade(self, share: float) -> None:
        """Let every reading so far count only this share, 0 to 1, of what it did."""
        self._gain /= max(share, 1 / GREATEST_GAIN)
        if self._gain > GREATEST_GAIN:
            self._tallies = {text: tally.scaled(1 / self._gain) for text, tally in self._tallies.items()}
            self._gain = 1.0

    def add(self, reading: Reading) -> None:
        """Count a reading; the empty one says nothing."""
        if not reading.text:
            return
        if reading.text not in self._tallies:
            self._tallies[reading.text] = Tally(reading)
        self._tallies[reading.text].add(reading, self._gain * weight(reading))
        self._bound()

    def merge(self, other: Ballot) -> None:
        """Count the readings of another ballot as if they had been added just now."""
        for text, tally in other._tallies.items():
            mine, theirs = self._tallies.get(text), tally.scaled(self._gain / other._gain)
            self._tallies[text] = mine.joined(theirs) if mine else theirs
        self._bound()

    def _bound(self) -> None:
        while len(self._tallies) > TEXTS:
            del self._tallies[min(self._tallies, key=lambda text: (self._tallies[text].weight, text))]

    def share(self, text: str) -> float:
        """The share of the evidence, 0 to 1, that reads exactly so."""
        total = sum(tally.weight for tally in self._tallies.values())
        return self._tallies[text].weight / total if text in self._tallies else 0.0

    def vote(self) -> Vote:
        """What all of it agrees on."""
        if not self._tallies:
            return Vote(NOTHING, 0)
        if len(self._tallies) == 1:  # as all of the below would find
            (tally,) = self._tallies.values()
            means = tuple(min(1.0, c / tally.weight) for c in tally.characters)
            return Vote(replace(tally.surest, confidences=means), tally.count)
        return rover(self._tallies)


def vote(readings: Iterable[Reading]) -> Reading:
    """The text most of the evidence is for, whatever the order of the readings, each counted by its confidence."""
    ballot = Ballot()
    for reading in readings:
        ballot.add(reading)
    return ballot.vote().reading


def weight(reading: Reading) -> float:
    """How much a reading counts: its confidence, never quite nothing."""
    return max(reading.confidence, 1e-3)


def rover(tallies: Mapping[str, Tally]) -> Vote:
    """Align every text with the heaviest one and let each column vote.

    A character that most of the evidence lacks is dropped: where some readings have nothing there, and at either end,
    where what stands beside the text flickers as anything. The confidence of the text is the product of the columns'
    odds, times that of the heaviest text's surest reading without its characters that were outvoted.
    """
    pivot = max(tallies, key=lambda text: (round(tallies[text].weight, 9), text))
    slots = {text: aligned(pivot, text) for text in tallies}
    places = sorted({slot for of in slots.values() for slot in of})
    columns = [_column(slot, slots, tallies, slot in (places[0], places[-1])) for slot in places]
    kept = [column for column in columns if column.winner]
    if not kept:
        return Vote(replace(tallies[pivot].surest, confidence=0.0), 1)
    winners = {column.slot: column.winner for column in columns}
    reading = replace(
        tallies[pivot].surest,
        text="".join(column.winner for column in kept),
        confidences=tuple(column.odds * column.confidence for column in kept),
        confidence=_rest(tallies[pivot], slots[pivot], winners) * prod(column.odds for column in columns),
    )
    return Vote(reading, min(column.supporters for column in kept))


class Column(NamedTuple):
    """The outcome in one place: the character ("" where none stands), how likely it won rightly, and its supporters."""

    slot: Slot
    winner: str
    odds: float  # 0 to 1
    confidence: float  # mean confidence of those that read it
    supporters: int


def _column(
    slot: Slot, slots: Mapping[str, Mapping[Slot, int]], tallies: Mapping[str, Tally], end: bool
) -> Column:
    """The vote in one place; `end` where nothing stands before it, or behind."""
    votes: dict[str, float] = defaultdict(float)
    weights: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for text, tally in tallies.items():
        k = slots[text].get(slot)
        character = "" if k is None else text[k]
        votes[character] += tally.weight if k is None else tally.characters[k]
        weights[character] += tally.weight
        counts[character] += tally.count
    winner = max((c for c in votes if c), key=lambda c: (round(votes[c], 9), c))
    others = sum(weights.values()) - weights[winner]
    if weights[winner] < others and (end or votes[""]):
        return Column(slot, "", contrast(others, [weights[winner]]), 1.0, 0)
    odds = contrast(votes[winner], [votes[c] for c in votes if c != winner])
    return Column(slot, winner, odds, min(1.0, votes[winner] / max(weights[winner], 1e-9)), counts[winner])


def contrast(winner: float, others: Sequence[float]) -> float:
    """How likely the winner of a column is right, 0 to 1: votes grow into odds faster than in proportion."""
    raised = [max(v, 0.0) ** SHARPNESS for v in (winner, *others)]
    return float(raised[0] / max(sum(raised), 1e-12))


def _rest(tally: Tally, slots: Mapping[Slot, int], winners: Mapping[Slot, str]) -> float:
    """Confidence of a text's surest reading without its characters that were outvoted."""
    text, surest = tally.surest.text, tally.surest
    lost = prod(max(surest.confidences[k], 1e-3) for slot, k in slots.items() if text[k] != winners[slot])
    return min(1.0, surest.confidence / lost)


@lru_cache(4096)
def aligned(pivot: str, text: str) -> dict[Slot, int]:
    """For each character of `text`, by number, the column of the pivot's alignment in which it stands (least edits)."""
    cost = edits(pivot, text)
    i, k = len(pivot), len(text)
    pairs: list[tuple[int | None, int]] = []
    while i or k:
        if i and k and cost[i][k] == cost[i - 1][k - 1] + (pivot[i - 1] != text[k - 1]):
            i, k = i - 1, k - 1
            pairs.append((i, k))
        elif k and cost[i][k] == cost[i][k - 1] + 1:
            k -= 1
            pairs.append((None, k))
        else:
            i -= 1
    return _slots(reversed(pairs))


def _slots(pairs: Iterable[tuple[int | None, int]]) -> dict[Slot, int]:
    """Columns of pairs (place of the pivot or None, character) in the order of the text."""
    slots: dict[Slot, int] = {}
    place = (-1, 0)
    for i, k in pairs:
        place = (place[0], place[1] + 1) if i is None else (i, 0)
        slots[place] = k
    return slots


def edits(a: str, b: str) -> list[list[int]]:
    """Levenshtein distances of all beginnings: row i, column k for the first i of `a` and the first k of `b`."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for k, y in enumerate(b, 1):
            row.append(min(rows[-1][k - 1] + (x != y), rows[-1][k] + 1, row[-1] + 1))
        rows.append(row)
    return rows


@lru_cache(4096)
def alike(a: str, b: str) -> float:
    """Share of characters, 0 to 1, on which two texts agree once aligned; 0 where either is empty."""
    return 1 - edits(a, b)[-1][-1] / max(len(a), len(b)) if a and b else 0.0


def differing(text: str, other: str) -> list[int]:
    """The characters of `text`, by number, that do not stand so in `other`."""
    return [k for (i, on), k in aligned(other, text).items() if on or other[i] != text[k]]
