"""What is written: digit strings, words and single characters, as people write them.

A drawn text may hold separators; the truth is what is left of it in the mode's alphabet (`legible`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from synth.text.fonts import ALPHABET, DIGITS, LOWER, UPPER

Rng = np.random.Generator
T = TypeVar("T")

# Lists of the Debian packages wamerican-small, wamerican and wbritish; without them words.txt is all there is.
DICTIONARIES = tuple(Path("/usr/share/dict", f"{name}-english{size}") for name, size in
                     (("american", "-small"), ("american", ""), ("british", "")))  # fmt: skip

MARKS = ".,:;-/'!?&@()%$#+*\"="  # separators and signs that may stand in a line


def legible(text: str, alphabet: str) -> str:
    """The characters of the text that are in the alphabet; a decimal comma is a point."""
    return "".join(char for char in text.replace(",", ".") if char in alphabet)


def sample_text(rng: Rng, mode: str) -> str:
    """A text as it is drawn, for the mode "digits" or "characters"."""
    return sample_digits(rng) if mode == "digits" else sample_word(rng)


# --- digits


def sample_digits(rng: Rng) -> str:
    """1 to 10 digits: counters, prices, times, dates, house numbers, years, or anything."""
    text = weighted(rng, DIGIT_FORMS)(rng)
    first, last = rng.random(2) < 0.15
    # A narrow 1 at an end is what finders and readers lose first.
    return f"{'1' if first else text[0]}{text[1:-1]}{'1' if last else text[-1]}" if len(text) > 1 else text


def digits(rng: Rng, least: int, most: int) -> str:
    """That many random digits, each length as likely as the others."""
    return "".join(DIGITS[i] for i in rng.integers(10, size=int(rng.integers(least, most + 1))))


def _plain(rng: Rng) -> str:
    return digits(rng, 1, 10)


def _short(rng: Rng) -> str:
    return digits(rng, 1, 4)


def _counter(rng: Rng) -> str:
    """As on a meter: leading zeros."""
    value = digits(rng, 1, 5)
    return value.zfill(int(rng.integers(len(value), 9)))


def _decimal(rng: Rng) -> str:
    point = "," if rng.random() < 0.2 else "."
    return f"{digits(rng, 1, 4)}{point}{digits(rng, 1, 3)}"


def _signed(rng: Rng) -> str:
    """Below zero, as thermometers and scales show it."""
    return "-" + (_decimal(rng) if rng.random() < 0.6 else digits(rng, 1, 3))


def _price(rng: Rng) -> str:
    sign = ("", "", "$")[int(rng.integers(3))]
    cents = ("99", "95", "50", "00", digits(rng, 2, 2))[int(rng.integers(5))]
    return f"{sign}{digits(rng, 1, 3)}.{cents}"


def _time(rng: Rng) -> str:
    clock = f"{rng.integers(24):02d}:{rng.integers(60):02d}"
    return f"{clock}:{rng.integers(60):02d}" if rng.random() < 0.3 else clock


def _date(rng: Rng) -> str:
    mark = "./-"[int(rng.integers(3))]
    year = f"{rng.integers(100):02d}" if rng.random() < 0.5 else f"{rng.integers(1900, 2040)}"
    return mark.join([f"{rng.integers(1, 32):02d}", f"{rng.integers(1, 13):02d}", year])


def _year(rng: Rng) -> str:
    return str(rng.integers(1850, 2040))


def _repeated(rng: Rng) -> str:
    """Few different digits, as 1001 or 77: hard to count."""
    pair = digits(rng, 2, 2)
    return "".join(pair[i] for i in rng.integers(2, size=int(rng.integers(2, 9))))


def _grouped(rng: Rng) -> str:
    """A telephone or account number."""
    return "-".join(digits(rng, 2, 3) for _ in range(int(rng.integers(2, 4))))


DIGIT_FORMS = (
    (_plain, 0.26), (_short, 0.17), (_counter, 0.1), (_decimal, 0.18), (_signed, 0.05), (_price, 0.05),
    (_time, 0.08), (_date, 0.03), (_year, 0.03), (_repeated, 0.04), (_grouped, 0.01),
)  # fmt: skip


# --- words


def sample_word(rng: Rng) -> str:
    """A word of a sign, an invented one, loose letters, a number or a mixture; most cases and marks of real signs."""
    word = weighted(rng, WORD_FORMS)(rng)
    return marked(rng, word) if rng.random() < 0.1 else word


def marked(rng: Rng, word: str) -> str:
    """The word with a mark behind, before or inside it."""
    mark = MARKS[int(rng.integers(len(MARKS)))]
    place = (len(word), 0, int(rng.integers(len(word) + 1)))[int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
    return word[:place] + mark + word[place:]


def cased(rng: Rng, word: str) -> str:
    """lower, UPPER, Capitalised or, rarely, MiXed."""
    chance = rng.random()
    if chance < 0.42:
        return word
    if chance < 0.74:
        return word.upper()
    if chance < 0.98:
        return word.capitalize()
    return "".join(c.upper() if up else c for c, up in zip(word, rng.random(len(word)) < 0.5, strict=True))


@lru_cache(1)
def words() -> tuple[str, ...]:
    """The words of words.txt, a thousand that stand on signs, packages and screens."""
    return tuple((Path(__file__).parent / "words.txt").read_text().split())


@lru_cache(1)
def vocabulary() -> tuple[str, ...]:
    """The words of words.txt, then those of the system's dictionaries, the small one first, each in a random order."""
    known, order = dict.fromkeys(words()), np.random.default_rng(0)
    for path in DICTIONARIES:
        listed = path.read_text().split() if path.is_file() else []
        plain = [word for word in listed if word.isascii() and word.isalpha() and word not in known]
        known.update(dict.fromkeys(plain[k] for k in order.permutation(len(plain))))
    return tuple(known)


def _listed(rng: Rng) -> str:
    """A word whose chance falls with its rank to the power of .55."""
    known = vocabulary()
    return cased(rng, known[int(len(known) * rng.random() ** (1 / 0.45))])


@lru_cache(1)
def followers() -> dict[str, str]:
    """Which letters follow two letters in the listed words, as often as they do; "" is a word's end."""
    chains: dict[str, list[str]] = {}
    for word in words():
        for i, char in enumerate(word + "\n"):
            chains.setdefault(word[max(0, i - 2) : i], []).append(char)
    return {pair: "".join(chars) for pair, chars in chains.items()}


def _invented(rng: Rng) -> str:
    """A pronounceable word: each letter drawn by the two before it."""
    word = ""
    while len(word) < 12:
        options = followers().get(word[-2:], "\n") if word else followers()[""]
        char = options[int(rng.integers(len(options)))]
        if char == "\n" and len(word) > 2:
            break
        word += char if char != "\n" else LOWER[int(rng.integers(26))]
    return cased(rng, word)


def _loose(rng: Rng) -> str:
    """Letters each as likely as the other, so that the rare ones occur."""
    return cased(rng, "".join(LOWER[i] for i in rng.integers(26, size=int(rng.integers(1, 9)))))


def _code(rng: Rng) -> str:
    """Capitals and digits in any order, as type numbers and codes."""
    signs = DIGITS + UPPER
    return "".join(signs[i] for i in rng.integers(len(signs), size=int(rng.integers(2, 9))))


def _jumble(rng: Rng) -> str:
    return "".join(ALPHABET[i] for i in rng.integers(62, size=int(rng.integers(1, 6))))


WORD_FORMS = (
    (_listed, 0.58), (_invented, 0.08), (_loose, 0.07), (sample_digits, 0.17), (_code, 0.08), (_jumble, 0.02),
)  # fmt: skip


def weighted(rng: Rng, forms: Sequence[tuple[T, float]]) -> T:
    """The value of one of the (value, weight) pairs, drawn by weight."""
    mark = rng.random() * sum(weight for _, weight in forms)
    for value, weight in forms:
        mark -= weight
        if mark < 0:
            return value
    return forms[-1][0]


# --- single characters


def sample_single(rng: Rng, alphabet: str) -> str:
    """One character, each as likely as the others."""
    return alphabet[int(rng.integers(len(alphabet)))]
