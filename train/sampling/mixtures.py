"""What each network learns from: the parts of its mixture in the order in which they are drawn, and their shares.

A part that has nothing to draw from leaves its share to the others. A run's settings.json holds the mixture it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from realtime.errors import UserError
from train.sampling.draw import Draw, Mixture

T = TypeVar("T")

ADDED = "added"  # pictures of one's own: --add
OWN = 0.25  # their share against all others

SCENES = {"rendered": 0.42, "exact": 0.13, "boxed": 0.25, "nothing": 0.2}
PATCHES = {"lines": 0.18, "small": 0.09, "layouts": 0.36, "words": 0.25, "displays": 0.2, "nothing": 0.12}

MIXTURES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "plates-reader": {"crops": 0.52, "cars": 0.03, "rendered": 0.39, "unreadable": 0.04, "backgrounds": 0.02},
        "plates-locator": SCENES,
        "plates-corners": SCENES,
        "digits-locator": PATCHES,
        "characters-locator": PATCHES,
        "digits-classifier": {
            "photos": 0.17, "handwriting": 0.18, "paper": 0.05, "meters": 0.23, "wheels": 0.1, "rendered": 0.19,
            "nothing": 0.04, "letters": 0.04,
        },
        "characters-classifier": {
            "photos": 0.34, "handwriting": 0.2, "paper": 0.12, "meters": 0.05, "rendered": 0.25, "nothing": 0.04
        },
        "digits-reader": {
            "numbers": 0.3, "cuts": 0.24, "displays": 0.18, "strips": 0.08, "halves": 0.02, "words": 0.04,
            "photos": 0.09, "nothing": 0.05,
        },
        "characters-reader": {
            "words": 0.41, "numbers": 0.07, "cuts": 0.09, "photos": 0.36, "displays": 0.02, "strips": 0.01,
            "nothing": 0.04,
        },
        "lines-reader": {
            "words": 0.38, "numbers": 0.13, "cuts": 0.12, "photos": 0.26, "displays": 0.05, "strips": 0.03,
            "nothing": 0.03,
        },
    }
)  # fmt: skip


def mixture_of(task: str, added: bool) -> dict[str, float]:
    """The shares of a task's parts, with one's own pictures beside them where there are some."""
    return {**MIXTURES[task], **({ADDED: OWN} if added else {})}


def mixed(shares: Mapping[str, float], samplers: Mapping[str, Draw[T] | None]) -> Mixture[T]:
    """The samplers, each drawn by its share; one that is None has nothing to draw from. UserError for a wrong name."""
    for name in shares:
        if name not in samplers:
            raise UserError(f"{name!r} is not a part of this mixture.", f"Its parts are: {', '.join(samplers)}.")
    there = {name: sampler for name in shares if (sampler := samplers[name])}
    return Mixture([*there.values()], [shares[name] for name in there])
