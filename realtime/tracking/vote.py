"""Several readings of one object become one: aligned, then voted on character by character (ROVER; Fiscus, 1997)."""

from __future__ import annotations

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

Slot = tuple[int, int]  # a column of the alignment: a place of the pivot and 0, or 1, 2, ... for what follows it


class Vote(NamedTuple):
    """What readings agree on: the text, and how many of them support the character that fewest support."""

    reading: Reading
    support: int


NO_VOTE = Vote(NOTHING, 0)


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
        self._gain = 1.0  # of new readings: the same as reducing the old ones

    def fade(self, share: float) -> None:
        """Let every reading so far count only this share, 0 to 1, of what it did."""
        self._gain /= max(share, 1 / GREATEST_GAIN)
        if self._gain > GREATEST_GAIN:
            self._tallies = {text: tally.scaled(1 / self._gain) for text, tally in self._tallies.items()}
            self._gain = 1.0

    def add(self, reading: Reading) -> None:
        """Count a reading; an empty one is ignored."""
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
        """The share of the evidence, 0 to 1, for exactly this text."""
        total = sum(tally.weight for tally in self._tallies.values())
        return self._tallies[text].weight / total if text in self._tallies else 0.0

    def surest(self) -> Reading:
        """The most confident reading of the text with the most evidence."""
        return self._tallies[heaviest(self._tallies)].surest if self._tallies else NOTHING

    def at(self, text: str, place: int) -> dict[str, float]:
        """The characters that the aligned readings have in one place of a text, with their weights."""
        weights: dict[str, float] = {}
        for read, tally in self._tallies.items():
            k = aligned(text, read).get((place, 0))
            if k is not None:
                weights[read[k]] = weights.get(read[k], 0.0) + tally.weight / self._gain
        return weights

    def vote(self) -> Vote:
        """What the readings agree on."""
        if not self._tallies:
            return NO_VOTE
        if len(self._tallies) == 1:  # as all of the below would find
            (tally,) = self._tallies.values()
            means = tuple([min(1.0, c / tally.weight) for c in tally.characters])
            return Vote(replace(tally.surest, confidences=means), tally.count)
        return rover(self._tallies)


def vote(readings: Iterable[Reading]) -> Reading:
    """The text that most of the evidence supports, in whatever order; each reading counts by its confidence."""
    ballot = Ballot()
    for reading in readings:
        ballot.add(reading)
    return ballot.vote().reading


def heaviest(tallies: Mapping[str, Tally]) -> str:
    """The text with the most weight; among equals the greatest, so that order does not matter."""
    return max(tallies, key=lambda text: (round(tallies[text].weight, 9), text))


def unity(text: str, other: str, readings: Ballot, others: Ballot) -> float:
    """How far a text's readings agree, 0 to 1, on the characters that the other text lacks.

    What the other text has in such a place is no disagreement if its own readings say so.
    """
    return min((_unity(text, other, k, readings, others) for k in differing(text, other)), default=1.0)


def _unity(text: str, other: str, place: int, readings: Ballot, others: Ballot) -> float:
    against, k = others.at(text, place), aligned(text, other).get((place, 0))
    against.pop(text[place], None)
    against.pop("" if k is None else other[k], None)
    votes = readings.at(text, place)
    own = votes.pop(text[place], 0.0)
    return contrast(own, [sum(votes.values()) + sum(against.values())])


def weight(reading: Reading) -> float:
    """How much a reading counts: its confidence, but never quite 0."""
    return max(reading.confidence, 1e-3)


@dataclass
class Support:
    """What supports one character in one place, or that there is none."""

    votes: float  # weights times the character's confidences
    weight: float
    readings: int

    def plus(self, votes: float, tally: Tally) -> Support:
        """With the readings of one more text."""
        return Support(self.votes + votes, self.weight + tally.weight, self.readings + tally.count)


NOBODY = Support(0.0, 0.0, 0)


class Winner(NamedTuple):
    """The outcome in one place: the character ("" for none), how likely it is right, and its support."""

    character: str
    odds: float  # 0 to 1
    support: Support


def rover(tallies: Mapping[str, Tally]) -> Vote:
    """Align every text with the heaviest one and vote on each place in which they differ.

    A character that most of the evidence lacks is dropped if some readings have nothing there, or if it is at either
    end, where what stands beside the text is read as anything. The confidence of the text is the product of the places'
    odds, times that of the heaviest text's most confident reading without the characters that were outvoted.
    """
    pivot = heaviest(tallies)
    winners = _winners(pivot, tallies)
    kept = [winners[slot] for slot in sorted(winners) if winners[slot].character]
    surest = tallies[pivot].surest
    if not kept:
        return Vote(replace(surest, confidence=0.0), 1)
    outvoted = [p for k, p in enumerate(surest.confidences) if winners[k, 0].character != pivot[k]]
    rest = min(1.0, surest.confidence / max(prod(outvoted), 1e-9))
    reading = replace(
        surest,
        text="".join([winner.character for winner in kept]),
        confidences=tuple([w.odds * min(1.0, w.support.votes / w.support.weight) for w in kept]),
        confidence=rest * prod([winner.odds for winner in winners.values()]),
    )
    return Vote(reading, min([winner.support.readings for winner in kept]))


def _winners(pivot: str, tallies: Mapping[str, Tally]) -> dict[Slot, Winner]:
    """The outcome in every place of the pivot, and wherever another text has something in between."""
    total, readings = sum([t.weight for t in tallies.values()]), sum([t.count for t in tallies.values()])
    places: dict[Slot, dict[str, Support]] = {}
    for text, tally in tallies.items():
        for slot, k in departures(pivot, text):
            character, votes = ("", tally.weight) if k is None else (text[k], tally.characters[k])
            place = places.setdefault(slot, {})
            place[character] = place.get(character, NOBODY).plus(votes, tally)
    main = tallies[pivot]
    winners = {}
    for slot in {*places, *((k, 0) for k in range(len(pivot)))}:
        own = pivot[slot[0]] if not slot[1] else ""
        sure = main.characters[slot[0]] / main.weight if own else 1.0
        others = places.get(slot, {})
        weight = max(0.0, total - sum([other.weight for other in others.values()]))
        support = Support(sure * weight, weight, readings - sum([other.readings for other in others.values()]))
        end = slot <= (0, 0) or slot >= (len(pivot) - 1, 0)
        winners[slot] = _elected({own: support, **others}, total, end) if others else Winner(own, 1.0, support)
    return winners


def _elected(characters: Mapping[str, Support], total: float, end: bool) -> Winner:
    """The winner in one place; `end`: whether it is the first or the last."""
    winner = max((c for c in characters if c), key=lambda c: (round(characters[c].votes, 9), c))
    support, lacking = characters[winner], characters.get("", NOBODY)
    if 2 * support.weight < total and (end or lacking.weight):
        return Winner("", contrast(total - support.weight, [support.weight]), lacking)
    others = [other.votes for character, other in characters.items() if character != winner]
    return Winner(winner, contrast(support.votes, others), support)


def contrast(winner: float, others: Sequence[float]) -> float:
    """How likely the winner of a place is right, 0 to 1: odds grow faster than votes."""
    raised = [max(v, 0.0) ** SHARPNESS for v in (winner, *others)]
    return float(raised[0] / max(sum(raised), 1e-12))


@lru_cache(4096)
def aligned(pivot: str, text: str) -> dict[Slot, int]:
    """The column of the pivot's alignment of each character of `text`, by its index, with the fewest edits."""
    head, tail = common(pivot, text)
    cost = edits(pivot[head : len(pivot) - tail], text[head : len(text) - tail])
    i, k = len(cost) - 1, len(cost[0]) - 1
    pairs: list[tuple[int | None, int]] = [(len(pivot) - n, len(text) - n) for n in range(1, tail + 1)]
    while i or k:
        step = cost[i][k] - 1
        if i and k and cost[i - 1][k - 1] == step + (pivot[head + i - 1] == text[head + k - 1]):
            i, k = i - 1, k - 1
            pairs.append((head + i, head + k))
        elif k and cost[i][k - 1] == step:
            k -= 1
            pairs.append((None, head + k))
        else:
            i -= 1
    pairs += [(n, n) for n in range(head - 1, -1, -1)]
    return _slots(reversed(pairs))


def common(a: str, b: str) -> tuple[int, int]:
    """How many characters two texts share at their beginning, and at the end of the rest."""
    most = min(len(a), len(b))
    head = next((n for n in range(most) if a[n] != b[n]), most)
    tail = next((n for n in range(most - head) if a[-1 - n] != b[-1 - n]), most - head)
    return head, tail


def _slots(pairs: Iterable[tuple[int | None, int]]) -> dict[Slot, int]:
    """Columns of pairs (place of the pivot or None, character) in the order of the text."""
    slots: dict[Slot, int] = {}
    place = (-1, 0)
    for i, k in pairs:
        place = (place[0], place[1] + 1) if i is None else (i, 0)
        slots[place] = k
    return slots


def edits(a: str, b: str) -> list[list[int]]:
    """Levenshtein distances of all prefixes: row i, column k for the first i of `a` and the first k of `b`."""
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
    if not a or not b:
        return 0.0
    head, tail = common(a, b)
    return 1 - edits(a[head : len(a) - tail], b[head : len(b) - tail])[-1][-1] / max(len(a), len(b))


@lru_cache(4096)
def departures(pivot: str, text: str) -> tuple[tuple[Slot, int | None], ...]:
    """Where a text differs from the pivot: the place, and the index of its character there, None if it has none."""
    slots = aligned(pivot, text)
    lacks = [((i, 0), None) for i in range(len(pivot)) if (i, 0) not in slots]
    return (*lacks, *((slot, k) for slot, k in slots.items() if slot[1] or pivot[slot[0]] != text[k]))


def differing(text: str, other: str) -> list[int]:
    """Indices of the characters of `text` that `other` does not have in the same place."""
    return [k for _, k in departures(other, text) if k is not None]
