"""The user's list of known texts: plates of a household, of a fleet, stolen ones; numbers of runners, of meters."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from realtime.errors import UserError
from realtime.rules.lookalikes import apart
from realtime.values import Match

COLUMNS = ("text", "name", "list", "aliases")
FURTHEST = 0.5  # how far off a reading may be and still be a known text: a look-alike or two, never another character
SHAPES = str.maketrans("QDOISZGTB", "000152678")  # characters that are less than FURTHEST apart have one shape


@dataclass(frozen=True)
class KnownText:
    """A line of the list: a text as the user writes it, whose it is, a list that it is on, other texts for the same."""

    text: str
    name: str = ""
    list: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """The text and its aliases."""
        return self.text, *self.aliases


def read_known(path: str) -> tuple[KnownText, ...]:
    """The lines of a CSV file: text,name,list,aliases, the last separated by semicolons; all but the text may lack.

    A first line that names columns gives their order; what begins with "#" is a comment. Raises UserError.
    """
    rows = list(csv.reader(lines_of(path)))
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    columns = heads if "text" in heads else COLUMNS
    cells = [dict(zip(columns, map(str.strip, row), strict=False)) for row in rows["text" in heads :]]
    known = tuple(entry_of(row) for row in cells if row.get("text"))
    if not known:
        raise UserError(f"{path} holds no text.", "Write one in each line: text,name,list,aliases.")
    return known


def entry_of(row: Mapping[str, str]) -> KnownText:
    """A line of the list by the names of its columns."""
    aliases = filter(None, map(str.strip, row.get("aliases", "").split(";")))
    return KnownText(row["text"], row.get("name", ""), row.get("list", ""), tuple(aliases))


def read_words(path: str) -> tuple[str, ...]:
    """The words of a file, separated by white space, each once. Raises UserError."""
    words = tuple(dict.fromkeys(word for line in lines_of(path) for word in line.split()))
    if not words:
        raise UserError(f"{path} holds no word.", "Write one in each line.")
    return words


def lines_of(path: str) -> list[str]:
    """The lines of a text file without comments. Raises UserError."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(f"{path} cannot be read ({reason}).", "Name a text file.") from None
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def legible(text: str, alphabet: str) -> str:
    """A text as a mode writes it, without what it leaves out, such as a hyphen; "" where it has other characters."""
    point = text.replace(",", ".") if "." in alphabet else text
    said = "".join(c if c in alphabet else c.upper() for c in point if c in alphabet or c.isalnum())
    return said if all(c in alphabet for c in said) else ""


class KnownTexts:
    """Finds the known text that a reading is, or is but for look-alikes."""

    def __init__(self, known: Iterable[KnownText], alphabet: str) -> None:
        self._by_shape: dict[str, list[tuple[str, KnownText]]] = {}
        for entry in known:
            for text in filter(None, (bare(legible(spelling, alphabet)) for spelling in entry.spellings)):
                self._by_shape.setdefault(shape(text), []).append((text, entry))

    def __call__(self, text: str) -> Match:
        """The nearest known text and how far off it is; an empty match where none is near."""
        read = bare(text)
        near = [(apart(read, known), entry) for known, entry in self._by_shape.get(shape(read), ())]
        if not near:
            return Match()
        off, entry = min(near, key=lambda pair: pair[0])
        return Match(entry.text, entry.name, entry.list, round(off, 2)) if off <= FURTHEST else Match()


def bare(text: str) -> str:
    """A text without the hyphens in it, which one writes and another does not; a minus before it stays."""
    return text[:1] + text[1:].replace("-", "")


def shape(text: str) -> str:
    """What texts have in common that look alike."""
    return text.upper().translate(SHAPES)
