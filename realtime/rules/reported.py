"""What a text must be to be reported: long and sure enough, of a known format, and on a meter no less than before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from realtime.modes import Mode
from realtime.rules.known import KnownText, KnownTexts
from realtime.rules.regions import match
from realtime.values import Reading

ALONE = 0.75  # least confidence of a single character that was found: textures look like an I or a 0, not like a word
NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Rules:
    """The rules of a mode and of the user; `threshold` and `alone` are calibrated confidences, 0 to 1."""

    threshold: float = 0.5
    alone: float = 0.0  # least confidence of a text of one character
    least: int = 1  # characters of the shortest text
    regions: tuple[str, ...] = ()  # plate formats that are named
    known: KnownTexts | None = None  # texts that are named
    rising: bool = False  # a meter: its number never falls
    max_rate: float | None = None  # and grows by at most this in a minute
    lasting: bool = False  # what resembles the text of an object was misread: only another object says another text

    def applied(self, reading: Reading) -> Reading:
        """The reading with the region whose format it has, and the known text that it is; empty if it is too short."""
        if len(reading.text) < self.least:
            return replace(reading, text="", confidences=())
        if self.known:
            reading = replace(reading, known=self.known(reading.text))
        return replace(reading, region=match(reading.text, self.regions)) if self.regions else reading

    def accepts(self, reading: Reading, beside: bool = False) -> bool:
        """Whether a reading says something and is sure enough; `beside`: a text stands next to it in its line."""
        least = max(self.threshold, self.alone) if len(reading.text) == 1 and not beside else self.threshold
        return bool(reading.text) and reading.confidence >= least

    def follows(self, text: str, before: str, seconds: float) -> bool:
        """Whether a meter that began to say `before` so many seconds ago may say `text` now."""
        old, new = number(before), number(text)
        if not self.rising or old is None or new is None:
            return True
        unit = 10.0 ** -len(text.partition(".")[2])  # it may be about to turn when it is first seen
        most = inf if self.max_rate is None else self.max_rate * seconds / 60 + unit
        return 0 <= new - old <= most


class Reporting:
    """Reports what keeps rules, whose threshold may move while it runs.

    What was sure enough once is followed on even after the threshold rose, so that moving it to and fro makes no second
    record of the same object.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = self._loosest = rules

    @property
    def rules(self) -> Rules:
        """What a text must be to be reported."""
        return self._rules

    @property
    def threshold(self) -> float:
        """The minimum confidence of a reading, 0 to 1."""
        return self._rules.threshold

    def set_threshold(self, value: float) -> None:
        """Report readings from this confidence on, 0 to 1; values that were confirmed before stay so."""
        self._rules = replace(self._rules, threshold=min(1.0, max(0.0, value)))
        self._loosest = min(self._loosest, self._rules, key=lambda rules: rules.threshold)


def rules_of(
    mode: Mode,
    usual: float,
    *,
    threshold: float | None = None,
    regions: Sequence[str] = (),
    rising: bool = False,
    max_rate: float | None = None,
    known: Sequence[KnownText] = (),
    min_length: int | None = None,
) -> Rules:
    """The rules of a mode whose reader counts from the confidence `usual` on, with what the user asks for."""
    return Rules(
        threshold=usual if threshold is None else threshold,
        alone=ALONE,
        least=mode.shortest if min_length is None else min_length,
        regions=tuple(regions),
        known=KnownTexts(known, mode.alphabet) if known else None,
        rising=rising,
        max_rate=max_rate,
        lasting=mode.lasting,
    )


def number(text: str) -> float | None:
    """What a text says as a number; None where it is none."""
    return float(text) if NUMBER.fullmatch(text) else None
