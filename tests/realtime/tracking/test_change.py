"""When an object says something new, and when it only seems to."""

import math

import numpy as np
import pytest
from conftest import make_sighting

from realtime.rules.reported import Rules
from realtime.tracking.change import Moment, Values, beside, cut_short, decisive, independence, nats
from realtime.values import Reading, Sighting

RISING = Rules(rising=True)


def sighting(text, *confidences, whole=None):
    """A reading with a confidence per character; the last one is that of all that follow."""
    said = [*confidences, *[confidences[-1]] * (len(text) - len(confidences))][: len(text)]
    return Sighting(make_sighting().quad, Reading(text, tuple(said), min(said) if whole is None else whole))


def sure(text, confidence=0.95):
    return sighting(text, confidence)


def told(said, fps=10.0, rules=Rules(), agree=2, begin=0.0):  # noqa: B008 frozen
    """What an object that is read so said: texts of the values in order, the last one as it stands; and the object."""
    values, ended = Values(Moment(begin, 0), agree), []
    for k, one in enumerate(said):
        turn = values.hear(Moment(begin + k / fps, k), one, rules, lambda s: np.zeros((1, 1), np.uint8))
        ended += [turn.ended] if turn.ended else []
    return [*ended, values.standing], values


def texts(said, **options):
    spells, values = told(said, **options)
    return [spell.reading.text for spell in spells] if values.confirmed else []


# --- change


def test_a_plate_that_is_misread_for_a_while_is_one_plate_and_another_plate_is_another():
    rules = Rules(lasting=True)
    said = [sure("66L145678")] * 20 + [sure("66L1L5678")] * 5 + [sure("66L145678")] * 20
    assert texts(said, rules=rules) == ["66L145678"] and len(texts(said)) == 3
    assert texts([sure("M0AB123")] * 10 + [sure("KDA4071")] * 10, rules=rules) == ["M0AB123", "KDA4071"]


@pytest.mark.parametrize("other, values", [("ABC4X", 1), ("ABCXY", 1), ("ABXYZ", 2)])
def test_what_resembles_a_lasting_text_agrees_with_three_fifths_of_it(other, values):
    assert len(texts([sure("ABC45")] * 9 + [sure(other)] * 4, rules=Rules(lasting=True))) == values


def test_a_value_that_changes_is_another_value():
    assert texts([sure("781")] * 20 + [sure("124")] * 20 + [sure("9")] * 20) == ["781", "124", "9"]


@pytest.mark.parametrize("fps", [2, 5, 10, 25, 60])
@pytest.mark.parametrize("seconds", [1.5, 3, 20])
def test_a_counter_is_told_whatever_the_rate(fps, seconds):
    numbers = [f"{k:04d}" for k in range(998, 1003)]
    said = [sure(text) for text in numbers for _ in range(round(seconds * fps))]
    assert texts(said, fps=fps) == numbers


def test_three_sure_equal_readings_of_something_else_are_a_change_and_two_are_not():
    for confidence in (0.9, 0.99):
        before = [sure("4217", confidence)] * 10
        assert texts(before + [sure("4218", confidence)] * 2 + before) == ["4217"]
        assert texts(before + [sure("4218", confidence)] * 3 + before) == ["4217", "4218", "4217"]


def test_at_once_the_same_mistake_repeats_so_that_more_readings_are_needed():
    """At 60 frames per second three readings are one look of 50 ms."""
    before = [sure("4217", 0.9)] * 30
    assert texts(before + [sure("4218", 0.9)] * 3 + before, fps=60) == ["4217"]
    assert texts(before + [sure("4218", 0.9)] * 4 + before, fps=60) == ["4217", "4218", "4217"]


def test_two_sure_readings_half_a_second_apart_are_a_change():
    assert texts([sure("4217")] * 4 + [sure("4218")] * 2, fps=2) == ["4217", "4218"]


def test_a_character_nobody_is_sure_of_changes_nothing():
    said = [sighting("421" + last, 0.99, 0.99, 0.99, 0.55) for last in "7178717787777117777"]
    assert texts([sighting("4217", 0.99, 0.99, 0.99, 0.8)] * 5 + said) == ["4217"]


def test_but_a_less_sure_value_that_stays_is_told_in_the_end():
    weak = [sighting("4218", 0.99, 0.99, 0.99, 0.65)]
    assert texts([sure("4217")] * 10 + weak * 30) == ["4217"]
    assert texts([sure("4217")] * 10 + weak * 40) == ["4217", "4218"]


def test_what_was_read_often_while_the_value_stood_speaks_no_more_against_it():
    """A text that made up a fifth of the readings is evidence when it comes again, one that made up a third is not."""
    for script, evidence in (("vvvvxvvxvv", True), ("vvvxvvxvxv", False)):
        _, values = told([sure("4217" if c == "v" else "4218") for c in script + "x"])
        assert (values._against > 0) is evidence


@pytest.mark.parametrize("flicker", ["LQ0-", "LQ0", "L-", "Q-L-0-"])
def test_an_emblem_that_flickers_before_a_plate_is_dropped(flicker):
    """A clear plate in 200 frames, its first character something else in each."""
    rng = np.random.default_rng(7)
    said = [sure(("" if c == "-" else c) + "AB123CD", 0.9) for c in rng.choice(list(flicker), 200)]
    spells, values = told(said)
    assert values.confirmed and [spell.reading.text for spell in spells] == ["AB123CD"]


def test_a_text_cut_short_is_the_same_value_unless_it_stays():
    whole, cut = [sure("016299", 0.99)], [sure("16299", 0.99)]
    assert texts(whole * 15 + cut * 9 + whole * 10) == ["016299"]
    assert texts(whole * 15 + cut * 13) == ["016299", "16299"]


def test_what_was_first_taken_for_the_beginning_of_a_text_is_corrected():
    """Three sure looks at an emblem are no value of their own; after a second they are."""
    for count, expected in ((9, ["AB12"]), (13, ["LAB12", "AB12"])):
        assert texts([sure("LAB12")] * count + [sure("AB12")] * 30) == expected


def test_a_text_that_was_cut_short_at_first_is_corrected():
    assert texts([sure("8128")] * 10 + [sure("81281")] * 10) == ["81281"]


def test_a_weak_first_text_is_corrected_not_ended():
    spells, values = told([sure("417", 0.6)] * 2 + [sure("477")] * 3)
    assert [s.reading.text for s in spells] == ["477"] and values.standing.number == 1
    assert values.standing.first.time == 0.0 and values.standing.count == 5


def test_a_firm_text_is_ended_not_corrected():
    spells, _ = told([sure("417")] * 10 + [sure("477")] * 5)
    assert [(s.reading.text, s.number, s.count) for s in spells] == [("417", 1, 10), ("477", 2, 5)]
    assert (spells[0].last.time, spells[1].first.time) == (0.9, 1.0)


def test_each_value_has_its_own_times_and_its_own_best_sighting():
    said = [sure("417")] * 5 + [sure("477", 0.9)] * 3 + [sure("477", 0.97)] + [sure("477", 0.9)] * 3
    first, second = told(said)[0]
    assert first.best.reading.text == "417" and second.best.reading.confidence == 0.97
    assert second.sighting.reading.confidence == 0.9 and first.sighting is said[4]


def test_the_best_sighting_reads_the_text_that_was_voted():
    said = [sure("4217", 0.9)] * 5 + [sure("9217", 0.99)] + [sure("4217", 0.9)] * 5
    (spell,), _ = told(said)
    assert spell.best.reading.text == "4217"


def test_after_ten_seconds_a_reading_counts_about_a_third():
    values = Values(Moment(0, 0), 2)
    for moment, text in ((0.0, "4217"), (0.1, "9217"), (10.1, "4217")):
        values.hear(Moment(moment, 0), sure(text), Rules(), lambda s: None)
    assert values.standing.ballot.share("9217") == pytest.approx(1 / (1 + math.exp(-0.01) + math.e), abs=0.01)


# --- what settles


@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.9])
def test_a_value_settles_by_the_threshold(threshold):
    for confidence in (threshold - 0.05, threshold + 0.05):
        assert told([sure("4217", confidence)] * 9, rules=Rules(threshold))[1].confirmed is (confidence > threshold)


def test_agreement_counts_character_by_character():
    """No two readings are equal, but every character was read twice."""
    said = [sure(text, 0.99) for text in ("12X4", "1X34", "X234", "123X")]
    assert texts(said, rules=Rules(0.2)) == ["1234"]
    assert texts(said[:2], rules=Rules(0.2)) == []


def test_rules_are_applied_to_the_vote():
    """Only what all readings say together has the format."""
    rules = Rules(0.3, regions=("DE",), least=3)
    said = [sure(text, 0.9) for text in ("MXY1Z34", "MXYI234", "M8Y1234", "MXY12B4")]
    (spell,), values = told(said, rules=rules)
    assert values.confirmed and (spell.reading.text, spell.reading.region) == ("MXY1234", "DE")
    assert texts([sure("AB")] * 5, rules=rules) == []


# --- meters


def test_a_meter_never_falls_and_the_reading_that_does_is_told_once_as_doubtful():
    values, doubtful, ended = Values(Moment(0, 0), 2), [], []
    script = ["0041"] * 10 + ["0011"] * 10 + ["0041"] * 10 + ["0011"] * 5 + ["0042"] * 10
    for k, text in enumerate(script):
        turn = values.hear(Moment(k / 10, k), sure(text), RISING, lambda s: None)
        doubtful += [turn.doubtful] if turn.doubtful else []
        ended += [turn.ended] if turn.ended else []
    assert [s.reading.text for s in doubtful] == ["0011"] and [s.reading.text for s in ended] == ["0041"]
    assert values.standing.reading.text == "0042"
    assert len({s.number for s in (*doubtful, *ended, values.standing)}) == 3


def test_a_meter_grows_no_faster_than_it_may():
    slow = Rules(rising=True, max_rate=60)  # one a second, and the one it may be about to turn to
    said = [sure("100")] * 20 + [sure("900")] * 10 + [sure("102")] * 10
    assert texts(said, rules=slow) == ["100", "102"]
    assert texts(said, rules=RISING) == ["100", "900"]


def test_without_a_meter_anything_follows():
    assert texts([sure("100")] * 10 + [sure("090")] * 10) == ["100", "090"]


# --- measures


def test_evidence_is_measured_on_the_surest_character_that_differs():
    reading = sighting("4217", 0.9, 0.8, 0.7, 0.6).reading
    assert decisive(reading, "4918") == 0.8 and decisive(reading, "42175") == reading.confidence
    assert nats(0.5) == 0 and nats(0.9) == pytest.approx(-nats(0.1)) == pytest.approx(math.log(9))
    assert math.isfinite(nats(0.0)) and math.isfinite(nats(1.0))


def test_readings_far_apart_are_independent():
    assert independence(0) == pytest.approx(0.6) and independence(0.2) == pytest.approx(1 - 0.4 / math.e)
    assert independence(60) == pytest.approx(1)


def test_cut_short_is_one_character_at_one_end():
    assert cut_short("16299", "016299") and cut_short("01629", "016299")
    assert not cut_short("0199", "016299") and not cut_short("01299", "016299") and not cut_short("016299", "16299")


def test_beside_is_what_stands_before_a_text():
    assert beside("LAB12", "AB12") and beside("AB12", "LAB12") and beside("LAB12", "QAB12")
    assert not beside("AB12", "AB13") and not beside("1", "2") and not beside("AB12", "12")
