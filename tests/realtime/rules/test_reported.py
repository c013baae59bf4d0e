"""What a text must be to be reported."""

import pytest

from realtime.modes import MODES
from realtime.rules.known import KnownText
from realtime.rules.reported import Rules, number, rules_of
from realtime.values import Match, Reading


def reading(text, confidence=0.9):
    return Reading(text, (confidence,) * len(text), confidence)


def test_a_text_must_be_long_enough():
    assert Rules(least=3).applied(reading("AB")).text == "" and Rules(least=3).applied(reading("ABC")).text == "ABC"


def test_a_region_is_named_and_changes_no_text():
    said = [Rules(regions=("DE",)).applied(reading(text)) for text in ("MOAB123", "M0AB123")]
    assert [(r.text, r.region) for r in said] == [("MOAB123", "DE"), ("M0AB123", "")]
    assert Rules().applied(reading("MOAB123")) == reading("MOAB123")


def test_a_known_text_is_named():
    rules = rules_of(MODES["plates"], 0.5, known=[KnownText("M-OAB 123", "Anna", "family")])
    assert rules.applied(reading("M0AB123")).known == Match("M-OAB 123", "Anna", "family", 0.0)
    assert rules.applied(reading("M0AB124")).known == Match() and not rules.applied(reading("M0AB124")).known
    assert Rules().applied(reading("M0AB123")).known is None


def test_the_least_length_is_the_mode_s_or_the_user_s():
    lengths = [rules_of(MODES["plates"], 0.5, min_length=n).least for n in (None, 2, 6)]
    assert lengths == [3, 2, 6]


@pytest.mark.parametrize(
    ("text", "confidence", "accepted"),
    [("42", 0.6, True), ("42", 0.59, False), ("7", 0.8, True), ("7", 0.79, False), ("", 0.9, False)],
)
def test_a_text_must_be_sure_enough_and_one_character_surer(text, confidence, accepted):
    assert Rules(0.6, alone=0.8).accepts(reading(text, confidence)) is accepted


def test_a_sign_beside_a_word_need_be_no_surer_than_a_word():
    rules = Rules(0.6, alone=0.8)
    assert rules.accepts(reading("a", 0.7), beside=True) and not rules.accepts(reading("a", 0.7))
    assert not rules.accepts(reading("a", 0.5), beside=True)


def test_the_rules_of_a_mode():
    rules = rules_of(MODES["plates"], 0.4)
    assert (rules.threshold, rules.alone, rules.least) == (0.4, 0.75, 3)
    assert rules_of(MODES["digits"], 0.4, threshold=0.0).threshold == 0.0


@pytest.mark.parametrize(
    ("before", "text", "follows"),
    [
        ("0041", "0042", True),
        ("0041", "0041", True),
        ("0041", "0040", False),
        ("0041", "0051", True),  # in a minute: nine, and the one that was about to turn
        ("0041", "0052", False),
        ("4.1", "13.1", True),
        ("4.1", "13.2", True),  # a tenth was about to turn
        ("4.1", "13.3", False),
        ("-4", "2", True),
        ("AB", "0001", True),
        ("0041", "AB", True),
    ],
)
def test_a_meter_rises_and_no_faster_than_it_may(before, text, follows):
    assert Rules(rising=True, max_rate=9.0).follows(text, before, 60.0) is follows
    assert Rules().follows(text, before, 60.0)


def test_a_meter_without_a_rate_may_jump():
    assert Rules(rising=True).follows("9999", "0001", 0.1)


def test_numbers():
    assert (number("007"), number("-3.5"), number("1:20"), number("")) == (7.0, -3.5, None, None)
