"""What one object says over time: the value that stands, and when its readings support another.

A reading that contradicts the standing value adds to the evidence against it, one that repeats it reduces that evidence
(CUSUM; Page, 1954). Evidence is counted in nats, the log odds of the calibrated confidence of the characters that
differ. So a flickering, uncertain character changes nothing, while three confident equal readings of another text do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, inf, log
from typing import NamedTuple

import numpy as np

from realtime.rules.reported import Rules
from realtime.tracking.vote import NO_VOTE, NOTHING, Ballot, Vote, alike, differing, unity
from realtime.values import Reading, Sighting

Picture = Callable[[Sighting], "np.ndarray | None"]

AGREE = 2  # readings that must support every character of a value
SUREST = 2.7  # nats: the most that one reading is believed (94 %)
DRIFT = 1.0  # nats: what a reading must bring to count against the standing value at all (73 %)
FLICKER = 1.4  # nats: a text that was a quarter of the readings while the value stood is no evidence against it
FAINT = 0.1  # nats: what a less confident one brings, so that a value that is not repeated does not stand for ever
CHANGED = 2.65  # nats against the standing value at which another takes its place
CUT_SHORT = 0.2  # how much a reading counts that only lacks a character at one end: probably a bad crop
RESEMBLING = 0.6  # least share of characters on which two readings of one lasting text agree
FIRST_GUESS = 1.0  # seconds in which what flickers before a text may look as if it belonged to it
AT_ONCE = 0.6  # how much a reading counts right after another: it may repeat the same mistake
APART = 0.2  # seconds after which two readings are nearly independent
MEMORY = 10.0  # seconds after which a reading counts about a third in the vote


class Moment(NamedTuple):
    """When something was seen: seconds and the frame's number."""

    time: float
    frame: int


class Before(NamedTuple):
    """What an object said before, and since when: a meter goes on from there."""

    text: str
    time: float


@dataclass
class Spell:
    """Readings that speak for one text; `number` counts the values of an object from 1."""

    first: Moment
    last: Moment
    number: int = 1
    ballot: Ballot = field(default_factory=Ballot)
    voted: Vote = NO_VOTE  # as read
    reading: Reading = NOTHING  # as the rules have it
    count: int = 0
    heard: float = 0.0  # how many independent readings agree with it
    sighting: Sighting | None = None  # the last
    best: Sighting | None = None  # the surest that reads the text
    best_crop: np.ndarray | None = None

    @property
    def text(self) -> str:
        """The voted text before any rule was applied to it."""
        return self.voted.reading.text

    def hear(self, now: Moment, heard: Heard) -> None:
        """Count one more reading."""
        reading = heard.sighting.reading
        self.ballot.fade(exp(-(now.time - self.last.time) / MEMORY))
        self.ballot.add(reading)
        self.last, self.count, self.sighting = now, self.count + 1, heard.sighting
        self._vote(heard.rules)
        self.heard += heard.fresh * alike(reading.text, self.text)
        if self.best is None or self._fitness(heard.sighting) > self._fitness(self.best):
            self.best, self.best_crop = heard.sighting, heard.picture(heard.sighting)

    def absorb(self, other: Spell, rules: Rules) -> None:
        """Count the readings of another spell as well: they were only misreadings."""
        self.ballot.merge(other.ballot)
        self.last, self.count, self.sighting = other.last, self.count + other.count, other.sighting
        self._vote(rules)

    def _vote(self, rules: Rules) -> None:
        self.voted = self.ballot.vote()
        self.reading = rules.applied(self.voted.reading)

    def _fitness(self, sighting: Sighting) -> tuple[bool, float]:
        return sighting.reading.text == self.text, sighting.reading.confidence

    def strength(self, rival: Spell) -> float:
        """Nats for this text rather than the rival's: few if its own readings disagree where the two differ."""
        surest = self.ballot.surest()
        sure = unity(surest.text, rival.text, self.ballot, rival.ballot) * decisive(surest, rival.text)
        return self.heard * (min(SUREST, nats(sure)) - DRIFT)

    def settles(self, agree: int, rules: Rules) -> bool:
        """Whether enough readings agree, with enough confidence, to report it."""
        beside = bool(self.sighting and self.sighting.beside)
        return self.voted.support >= agree and rules.accepts(self.reading, beside)


class Heard(NamedTuple):
    """A sighting with what is needed to judge it; `fresh`: how independent it is of the one before, 0 to 1."""

    sighting: Sighting
    fresh: float
    rules: Rules
    picture: Callable[[Sighting], np.ndarray | None]


class Turn(NamedTuple):
    """What a reading changed: the confirmed value that ended, and one that was read but cannot follow the others."""

    ended: Spell | None = None
    doubtful: Spell | None = None


class Values:
    """The values of one object, one after the other."""

    def __init__(self, now: Moment, agree: int, before: Before | None = None) -> None:
        self._agree, self._before = agree, before
        self._rival: Spell | None = None
        self._against = 0.0  # nats
        self._doubted = ""  # the text that was last kept as doubtful
        self._issued = 1
        self._last: float | None = None
        self.standing = Spell(now, now)
        self.confirmed = False

    @property
    def before(self) -> Before | None:
        """What the object says, or said last, firmly enough to be reported."""
        return Before(self.standing.reading.text, self.standing.first.time) if self.confirmed else self._before

    def hear(self, now: Moment, sighting: Sighting, rules: Rules, picture: Picture) -> Turn:
        """Take in a sighting with a reading."""
        fresh = 1.0 if self._last is None else independence(now.time - self._last)
        heard, self._last = Heard(sighting, fresh, rules, picture), now.time
        self._against = max(0.0, self._against + fresh * self._doubt(sighting.reading, rules))
        if self._against:
            self._rival = self._rival or Spell(now, now)
            self._rival.hear(now, heard)
        else:
            self._calm(rules)
            self.standing.hear(now, heard)
        if self._rival and self._rival.text == self.standing.text:
            self._calm(rules)
        return self._turned(rules) if self._rival else self._confirm(rules)

    def _doubt(self, reading: Reading, rules: Rules) -> float:
        """Nats of evidence that a reading brings against the standing value; negative if it repeats the value."""
        standing = self.standing
        if not standing.count:
            return 0.0
        if reading.text == standing.text:
            return -min(SUREST, max(0.0, nats(decisive(reading, self._rival.text if self._rival else ""))))
        if rules.lasting and alike(reading.text, standing.text) >= RESEMBLING:
            return -DRIFT
        known = standing.ballot.share(reading.text)  # it was read before, and the value stood all the same
        surprise = -log(known) if known else inf
        doubt = min(surprise - FLICKER, max(min(SUREST, nats(decisive(reading, standing.text))) - DRIFT, FAINT))
        return CUT_SHORT * doubt if cut_short(reading.text, standing.text) else doubt

    def _calm(self, rules: Rules) -> None:
        """The standing value was right after all."""
        if self._rival:
            self.standing.absorb(self._rival, rules)
        self._rival, self._against = None, 0.0

    def _turned(self, rules: Rules) -> Turn:
        """Let the rival replace the standing value if the evidence says so."""
        rival, old = self._rival, self.standing
        if not rival or (self.confirmed and self._against < CHANGED) or not rival.settles(self._agree, rules):
            return Turn()
        firm = self.confirmed and old.strength(rival) >= CHANGED and not self._premature(rival.text)
        before = Before(old.reading.text, old.first.time) if firm else self._before
        self._rival, self._against = None, 0.0
        if self._breaks(rival, before, rules):
            return self._kept_as_doubtful(rival)
        rival.number = old.number
        if firm:
            self._issued += 1
            rival.number = self._issued
        elif self.confirmed:  # a correction: the old text was never shown
            rival.first, rival.count = old.first, old.count + rival.count
        self.standing, self.confirmed, self._before = rival, True, before
        return Turn(ended=old if firm else None)

    def _premature(self, text: str) -> bool:
        """Whether the standing value was the rival cut short, or a first guess that took in what stands before it."""
        old = self.standing
        first = old.number == 1 and old.last.time - old.first.time < FIRST_GUESS
        return cut_short(old.text, text) or (first and beside(old.text, text))

    def _confirm(self, rules: Rules) -> Turn:
        """Confirm the standing value once it settles."""
        standing = self.standing
        if self.confirmed or not standing.settles(self._agree, rules):
            return Turn()
        if self._breaks(standing, self._before, rules):
            self.standing = Spell(standing.last, standing.last, self._issued)
            return self._kept_as_doubtful(standing)
        self.confirmed = True
        return Turn()

    def _breaks(self, spell: Spell, before: Before | None, rules: Rules) -> bool:
        """Whether a meter cannot have come from what it said before."""
        return before is not None and not rules.follows(spell.reading.text, before.text, spell.first.time - before.time)

    def _kept_as_doubtful(self, spell: Spell) -> Turn:
        """Return a value that cannot be reported as doubtful, once."""
        if spell.reading.text == self._doubted:
            return Turn()
        self._issued += 1
        spell.number, self._doubted = self._issued, spell.reading.text
        return Turn(doubtful=spell)


def decisive(reading: Reading, other: str) -> float:
    """The highest confidence of a character that the other text lacks; that of the whole text if there is none."""
    places = differing(reading.text, other)
    return max((reading.confidences[k] for k in places), default=reading.confidence)


def cut_short(text: str, whole: str) -> bool:
    """Whether a text is another one without its first or its last character."""
    return text in (whole[1:], whole[:-1])


def beside(a: str, b: str) -> bool:
    """Whether two texts differ only in their first character, or one has one more before the other."""
    return len(a) > 1 and len(b) > 1 and (a[1:] in (b, b[1:]) or b[1:] == a)


def nats(confidence: float) -> float:
    """Log odds of a confidence."""
    p = min(max(confidence, 1e-6), 1 - 1e-6)
    return log(p / (1 - p))


def independence(seconds: float) -> float:
    """How independent a reading is of one this many seconds before, up to 1."""
    return 1 - (1 - AT_ONCE) * exp(-seconds / APART)
