"""Patterns that users write."""

import pytest

from realtime.errors import UserError
from realtime.modes import CHARACTERS, NUMBERS, PLATES
from realtime.rules.patterns import written


@pytest.mark.parametrize(
    ("pattern", "alphabet", "fits", "misses"),
    [
        ("DDDDD.D", NUMBERS, ["00417.5"], ["004175", "0417.5"]),
        ("-D{1,3}", NUMBERS, ["-7", "-123"], ["7", "-1234"]),
        ("DD:DD", NUMBERS, ["20:15"], ["2015"]),
        ("D{5}", NUMBERS, ["12345"], ["1234"]),
        ("LL-DD LL", PLATES, ["AB12CD"], ["AB12C", "AB-12CD"]),
        ("[BM]X{2}7", PLATES, ["BA17", "M117"], ["CA17", "BA16"]),
        ("kgDD", CHARACTERS, ["kg12", "KG12", "Kg12"], ["kgAB"]),
        ("LD", CHARACTERS, ["a1", "B2"], ["11"]),
    ],
)
def test_a_pattern_allows_what_it_says(pattern, alphabet, fits, misses):
    formats = written(pattern, alphabet)
    assert all(any(one.fits(text) for one in formats) for text in fits)
    assert not any(one.fits(text) for one in formats for text in misses)


@pytest.mark.parametrize("pattern", ["", "D{", "D{12}", "D+", "ABC", "[A-F]", "D,DD", "[]", "  "])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(UserError, match="cannot be understood"):
        written(pattern, PLATES)


@pytest.mark.parametrize(
    ("pattern", "alphabet"), [("LLDD", NUMBERS), ("[AB]D", NUMBERS), ("-", PLATES), ("DD.D", PLATES)]
)
def test_what_a_mode_never_reads_is_refused(pattern, alphabet):
    with pytest.raises(UserError, match="does not read"):
        written(pattern, alphabet)
