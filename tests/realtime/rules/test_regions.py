"""Formats know their countries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import UserError
from realtime.rules import regions


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


@given(st.data())
def test_every_format_matches_what_it_writes(data):
    one = data.draw(st.sampled_from(regions.formats(["auto"])))
    text = "".join(data.draw(st.sampled_from(place)) for place in one.places)
    assert regions.match(text, [one.region]) == one.region
    assert 2 <= len(text) <= 11


def test_an_unknown_code_is_said_with_those_known():
    with pytest.raises(UserError, match=r'no plate region "XQ".*AUTO.*DE'):
        regions.formats(["DE", "xq"])
