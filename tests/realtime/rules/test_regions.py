"""Formats know their countries; repair changes only look-alikes, only towards a format, and never a text that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import UserError
from realtime.rules import regions
from realtime.values import Reading

TEXTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=10)
CODES = st.lists(st.sampled_from([*regions.names(), "US", "AUTO", "de"]), min_size=1, max_size=4)


def reading(text, confidences=None):
    return Reading(text, tuple(confidences or [0.9] * len(text)), 0.8)


def test_there_are_enough_regions_and_all_their_patterns_can_be_read():
    assert len(regions.known_regions()) >= 48
    for code, entry in regions.known_regions().items():
        for pattern in entry["patterns"]:
            assert "".join(m.group(0) for m in regions.ELEMENT.finditer(pattern)) == pattern, (code, pattern)


@pytest.mark.parametrize(
    ("text", "code"),
    [("ABC1D23", "BR"), ("AA000AA", "AR"), ("1234BCD", "ES"), ("AB12CDE", "GB"), ("BAB1234", "DE"),
     ("7ABC123", "US-CA"), ("B68SPK", "RO"), ("SB01ABC", "RO"), ("MH12AB1234", "IN"), ("51F12345", "VN"),
     ("A123BC77", "RU")],
)  # fmt: skip
def test_a_text_matches_its_own_country(text, code):
    assert regions.match(text, [code]) == code


def test_the_first_region_asked_for_is_named():
    assert regions.match("AB123CD", ["IT", "FR"]) == "IT"
    assert regions.match("AB123CD", ["FR", "IT"]) == "FR"
    assert regions.match("AB123CD", ["ES"]) == ""


def test_auto_names_a_region_only_where_it_is_the_only_one():
    assert regions.match("MH12AB1234", ["auto"]) == "IN"
    assert regions.match("ABC123", ["auto"]) == ""


def test_a_country_stands_for_its_states():
    assert regions.match("7ABC123", ["US"]) == "US-CA"


@pytest.mark.parametrize(
    ("seen", "code", "meant"),
    [("ABCI2O4", "BR", "ABC1204"), ("A8C1D23", "BR", "ABC1D23"), ("123SBCD", "ES", "1235BCD"),
     ("OB12CDE", "GB", "OB12CDE"), ("B6BSPK", "RO", "B68SPK"), ("AOI234", "CN", "A01234"),
     ("12345678", "IL", "12345678")],
)  # fmt: skip
def test_look_alikes_are_put_right(seen, code, meant):
    assert regions.repair(reading(seen), [code]).text == meant


def test_an_unsure_character_is_the_one_that_changes():
    """8O12BO is one repair from LLDDLL and two from DDDDLL; which it is depends on where the reader was unsure."""
    first = regions.repair(reading("8O12BO", [0.2, 0.99, 0.9, 0.9, 0.99, 0.99]), ["PT"]).text
    last = regions.repair(reading("8O12BO", [0.99, 0.2, 0.9, 0.9, 0.2, 0.2]), ["PT"]).text
    assert (first, last) == ("BO12BO", "8012BO")


def test_auto_repairs_only_what_fits_nothing():
    assert regions.repair(reading("ABC123"), ["auto"]).text == "ABC123"


def test_too_many_repairs_are_none():
    assert regions.repair(reading("OOOOOOO"), ["IL"]).text == "OOOOOOO"


@given(TEXTS, CODES)
def test_repair_gives_a_format_or_the_reading_itself(text, codes):
    before = reading(text)
    after = regions.repair(before, codes)
    assert len(after.text) == len(text) and after.confidences == before.confidences
    fits = any(one.fits(after.text) for one in regions.formats(codes))
    assert fits or after == before
    assert all(regions.alike(a, b) > 0 for a, b in zip(text, after.text, strict=True))


@given(TEXTS, CODES)
def test_what_fits_stays_and_repair_is_done_once(text, codes):
    once = regions.repair(reading(text), codes)
    assert regions.repair(once, codes) == once
    if any(one.fits(text) for one in regions.formats(codes)):
        assert once == reading(text)


@given(st.data())
def test_every_format_matches_what_it_writes(data):
    one = data.draw(st.sampled_from(regions.formats(["auto"])))
    text = "".join(data.draw(st.sampled_from(place)) for place in one.places)
    assert regions.match(text, [one.region]) == one.region
    assert 2 <= len(text) <= 11


def test_an_unknown_code_is_said_with_those_known():
    with pytest.raises(UserError, match=r'no plate region "XQ".*AUTO.*DE'):
        regions.formats(["DE", "xq"])
