"""The pictures of found/: which texts each requires, and how many others were read."""

from __future__ import annotations

from collections.abc import Sequence

from train.metrics import folded


def required(text: str) -> list[tuple[str, ...]]:
    """The texts that a picture requires, each as its alternatives: "12/13;7" requires 12 or 13, and 7."""
    return [tuple(part.split("/")) for part in text.split(";") if part]


def fits(said: str, wanted: str, mode: str) -> bool:
    """Whether a text is what was wanted: the same, after "^" with digits behind, after "*" with anything behind."""
    said, wanted = folded(said, mode), folded(wanted, mode)
    if wanted[0] in "^*":
        rest = said.removeprefix(wanted[1:])
        return said.startswith(wanted[1:]) and (wanted[0] == "*" or not rest or rest.isdigit())
    return said == wanted


def hits_and_others(text: str, said: Sequence[str], mode: str) -> tuple[list[bool], int]:
    """For each required text whether it was read, and how many texts were read that nothing requires."""
    wanted = required(text)
    hits = [any(fits(s, one, mode) for s in said for one in alternatives) for alternatives in wanted]
    everything = [one for alternatives in wanted for one in alternatives]
    return hits, sum(not any(fits(s, one, mode) for one in everything) for s in said)
