"""What each mode finds and reads: the one file that a new mode is added to."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.errors import ModelError

DIGITS = "0123456789"
MARKS = ".-:"  # what stands in a number: the decimal point (a comma is one), the minus, the colon of a time
NUMBERS = DIGITS + MARKS
CHARACTERS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz"
PLATES = CHARACTERS[:36]


@dataclass(frozen=True)
class Mode:
    """A kind of text: its alphabet and the networks that find and read it, each in NAME-NETWORK.tflite."""

    name: str
    alphabet: str
    networks: tuple[str, ...]
    shortest: int = 1  # characters of the shortest text that is reported
    pad: bool = False  # whether the drawing pad reads it
    words: bool = False  # whether texts are words: one sign may be one, the parts of a container's code are
    second: str = ""  # the mode whose reader gives a second opinion
    lasting: bool = False  # whether an object keeps its text for ever, as a plate does and a display does not

    @property
    def signs(self) -> str:
        """What a single character can be: the alphabet without marks, which say nothing alone."""
        return "".join(char for char in self.alphabet if char not in MARKS)

    def alphabet_of(self, kind: str) -> str:
        """What its network of a kind tells apart: "reader" or "classifier"."""
        return self.signs if kind == "classifier" else self.alphabet


MODES = {
    mode.name: mode
    for mode in (
        Mode("digits", NUMBERS, ("locator", "reader", "classifier"), pad=True, second="characters"),
        Mode("characters", CHARACTERS, ("locator", "reader", "classifier"), pad=True, words=True),
        Mode("plates", PLATES, ("locator", "corners", "reader"), shortest=3, lasting=True),
    )
}
PADS = tuple(mode.name for mode in MODES.values() if mode.pad)


def modes_of(names: str) -> tuple[Mode, ...]:
    """The modes that "digits" or "plates,digits" names, in order. Raises ModelError for none, a double, an unknown."""
    wanted = names.split(",")
    unknown = [name for name in wanted if name not in MODES]
    if unknown:
        raise ModelError(f"{unknown[0]!r} is not a mode.", f"Choose from: {', '.join(MODES)}.")
    if len(set(wanted)) < len(wanted):
        raise ModelError(f"{names!r} names a mode twice.", "Name each once, such as plates,digits.")
    return tuple(MODES[name] for name in wanted)
