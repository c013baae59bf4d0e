"""What the user expects to read, as prior knowledge of the search: most belief to that, a small part to all else."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from realtime.decode.search import END, Candidates, Prior
from realtime.errors import UserError
from realtime.modes import PLATES, Mode
from realtime.rules.known import KnownText, bare, legible
from realtime.rules.patterns import written
from realtime.rules.regions import Format, formats

OTHER = 0.02  # what a text weighs that is not expected; so a sure reading stays, whatever is expected


class Allowed(Protocol):
    """Texts that are expected."""

    def begins(self, text: str) -> bool:
        """Whether one of them begins so."""

    def holds(self, text: str) -> bool:
        """Whether it is one of them."""


class Formats:
    """Texts of certain formats."""

    def __init__(self, formats: Sequence[Format]) -> None:
        self._formats = tuple(formats)
        self._alive = lru_cache(4096)(self._still_alive)

    def _still_alive(self, text: str) -> tuple[Format, ...]:
        """The formats that a text may still become."""
        if not text:
            return self._formats
        k, char = len(text) - 1, text[-1]
        return tuple(f for f in self._alive(text[:-1]) if k < len(f.places) and char in f.places[k])

    def begins(self, text: str) -> bool:
        """Whether a text may go on so that it has one of the formats."""
        return bool(self._alive(text))

    def holds(self, text: str) -> bool:
        """Whether a text has one of the formats."""
        return any(len(f.places) == len(text) for f in self._alive(text))


class Texts:
    """Certain texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = frozenset(texts)
        self._sorted = sorted(self._texts)

    def begins(self, text: str) -> bool:
        """Whether one of the texts begins so."""
        place = bisect_left(self._sorted, text)
        return place < len(self._sorted) and self._sorted[place].startswith(text)

    def holds(self, text: str) -> bool:
        """Whether it is one of the texts."""
        return text in self._texts


class Expectation:
    """A prior for the search: texts weigh OTHER for everything that does not allow them, and so do their beginnings.

    That nothing is legible weighs between the two: hardly any expectation makes a text out of nothing, or hides one.
    """

    def __init__(self, *allowed: Allowed) -> None:
        self._allowed = allowed

    def __call__(self, text: str) -> float:
        """What the last character of a text, or its end, weighs after those before it."""
        before = text[:-1]
        if text[-1] == END:
            return self.weight(before) / self._begun(before) if before else self.nothing
        return self._begun(text) / self._begun(before)

    def _begun(self, text: str) -> float:
        return OTHER ** sum(not each.begins(text) for each in self._allowed)

    @property
    def nothing(self) -> float:
        """What it weighs that nothing is legible."""
        return float(OTHER ** (len(self._allowed) / 2))

    def weight(self, text: str) -> float:
        """What a whole text weighs."""
        return OTHER ** sum(not each.holds(text) for each in self._allowed)


def normalised(found: Mapping[str, float], total: float) -> Candidates:
    """Texts best first, with shares of a total that are in proportion to what was found."""
    scale = total / sum(found.values())
    return tuple(sorted(((text, p * scale) for text, p in found.items()), key=lambda row: -row[1]))


def both(one: Prior | None, other: Prior | None) -> Prior | None:
    """Two priors as one."""
    if one is None or other is None:
        return one or other
    return lambda text: one(text) * other(text)


def expectations(
    modes: Sequence[Mode],
    regions: Sequence[str] = (),
    patterns: Sequence[str] = (),
    known: Sequence[KnownText] = (),
    words: Sequence[str] = (),
) -> dict[str, Expectation | None]:
    """What to expect in each mode, by its name: plate formats in plates, all else wherever it can be read.

    Raises UserError for an unknown region, and for a pattern or a list of which no mode can read anything.
    """
    plates, texts = formats(regions), (*(text for entry in known for text in entry.spellings), *words)
    found: dict[str, Expectation | None] = {}
    refused: list[UserError] = []
    for mode in modes:
        allowed: list[Allowed] = [Formats(plates)] if plates and mode.alphabet == PLATES else []
        try:
            allowed += [Formats([f for p in patterns for f in written(p, mode.alphabet)])] if patterns else []
            allowed += [Texts(every_case(texts, mode))] if texts else []
        except UserError as error:
            refused.append(error)
        found[mode.name] = Expectation(*allowed) if allowed else None
    if len(refused) == len(modes):
        raise refused[0]
    return found


def every_case(texts: Iterable[str], mode: Mode) -> frozenset[str]:
    """Texts as a mode may read them: as they are, in capitals, in small letters, begun with a capital, unhyphenated.

    Raises UserError where it can read none.
    """
    said = {legible(text, mode.alphabet) for text in texts} - {""}
    if not said:
        sentence = f"The mode {mode.name} reads none of the texts of --known and --words."
        raise UserError(sentence, f"It reads {mode.alphabet}.")
    ways = (str, str.upper, str.lower, str.capitalize, bare)
    return frozenset(text for each in said for way in ways if set(text := way(each)) <= set(mode.alphabet))
