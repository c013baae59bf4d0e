"""How texts look that the user expects: D for a digit, L for a letter, X for either, [AB], {2,4}, marks as they are."""

from __future__ import annotations

from realtime.errors import UserError
from realtime.rules.regions import ELEMENT, Format, expand

LEFT_OUT = " /"  # may stand in a pattern; no mode reads it
HINT = "D is a digit, L a letter, X either, [AB] one of these, D{2,4} two to four digits; marks, small letters stay."


def written(pattern: str, alphabet: str) -> tuple[Format, ...]:
    """The formats of a pattern for a mode's alphabet; hyphens may stand in it where the mode leaves them out.

    Raises UserError for what is no pattern, and for one that the mode can never read.
    """
    bare = "".join(char for char in pattern if char not in LEFT_OUT)
    if not bare or "".join(match.group(0) for match in ELEMENT.finditer(bare)) != bare:
        raise UserError(f"--pattern {pattern!r} cannot be understood.", HINT)
    read = bare if "-" in alphabet else bare.replace("-", "")
    found = dict.fromkeys(Format("", places) for places in expand(read, lambda element: place(element, alphabet)))
    if not all(one.places and all(one.places) for one in found):
        raise UserError(f"--pattern {pattern!r} has what this mode does not read.", f"It reads {alphabet}.")
    return tuple(found)


def place(element: str, alphabet: str) -> str:
    """The characters of an alphabet that an element of a pattern stands for; small letters stand for both cases."""
    tests = {"L": str.isalpha, "D": str.isdigit, "X": str.isalnum}
    named = element.strip("[]")
    test = tests.get(element, lambda char: char in named + named.upper())
    return "".join(char for char in alphabet if test(char))
