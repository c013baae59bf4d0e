"""Several readings make one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.tracking.vote import NOTHING, Ballot, aligned, alike, departures, vote
from realtime.values import Reading

SHARE = st.floats(0, 1)


@st.composite
def readings(draw):
    text = draw(st.text("0123AB", max_size=5))
    return Reading(text, tuple(draw(SHARE) for _ in text), draw(SHARE))


def sure(text, confidence=0.9):
    return Reading(text, (confidence,) * len(text), confidence)


def test_no_readings_say_nothing():
    assert vote([]) == vote([NOTHING, NOTHING]) == NOTHING


@given(readings().filter(lambda r: r.text and min(r.confidences) > 0.01 and r.confidence > 0.01))
def test_one_reading_is_repeated(reading):
    voted = vote([reading])
    assert voted.text == reading.text
    assert voted.confidences == pytest.approx(reading.confidences)
    assert voted.confidence == pytest.approx(reading.confidence)


@given(st.lists(readings(), max_size=8), st.randoms())
def test_order_does_not_matter(said, rng: random.Random):
    shuffled = rng.sample(said, len(said))
    a, b = vote(said), vote(shuffled)
    assert a.text == b.text
    assert a.confidences == pytest.approx(b.confidences) and a.confidence == pytest.approx(b.confidence)


@given(st.lists(readings(), max_size=8))
def test_confidences_are_shares_and_one_per_character(said):
    voted = vote(said)
    assert len(voted.confidences) == len(voted.text)
    assert all(0 <= c <= 1 for c in (*voted.confidences, voted.confidence))
    assert bool(voted.text) == any(r.text for r in said)


@given(st.lists(readings(), max_size=8))
def test_every_character_was_read_in_that_order(said):
    """Nothing is invented: each character stands in some reading, and no text is longer than all of them aligned."""
    voted = vote(said)
    assert set(voted.text) <= set("".join(r.text for r in said))
    assert len(voted.text) <= sum(len(r.text) for r in said)


@given(st.lists(readings(), min_size=1, max_size=6))
def test_empty_readings_do_not_count(said):
    assert vote([*said, NOTHING]).text == vote(said).text


def test_a_sharp_look_outvotes_two_blurred_ones():
    assert vote([sure("123", 0.3), sure("723", 0.3), sure("123", 0.35), sure("723", 0.95)]).text == "723"


def test_many_agreeing_outvote_one_that_is_a_little_surer():
    assert vote([sure("123", 0.8)] * 3 + [sure("723", 0.9)]).text == "123"


def test_each_place_is_voted_on_its_own():
    said = [sure("12X4"), sure("1X34"), sure("X234")]
    assert vote(said).text == "1234"


def test_a_text_that_none_reads_so_is_little_trusted():
    said = [sure("12X4"), sure("1X34"), sure("X234")]
    assert vote(said).confidence < 0.6 < vote([*said, *map(sure, ["1234"] * 3)]).confidence


def test_odds_grow_faster_than_votes():
    """Three to one is nine to one, whatever the confidence of all: 0.9 times 0.9."""
    assert vote([sure("1234")] * 3 + [sure("1235")]).confidence == pytest.approx(0.9 * 0.9)


# --- texts of different length


def test_a_lost_character_is_put_back_and_lowers_the_trust():
    voted = vote([sure("1234")] * 3 + [sure("123")])
    assert voted.text == "1234" and voted.confidence == pytest.approx(0.9 * 0.81**2 * 9 / (0.81**2 * 9 + 0.81))


@pytest.mark.parametrize("flicker", [("L", "Q", "0", ""), ("L", "Q", "0"), ("", "", "I"), ("LQ", "", "0")])
@pytest.mark.parametrize("side", [0, 1])
def test_what_flickers_beside_the_text_is_dropped(flicker, side):
    said = [sure(f + "AB12" if side == 0 else "AB12" + f) for f in flicker for _ in range(3)]
    voted = vote(said)
    assert voted.text == "AB12" and voted.confidence > 0.6 and len(voted.confidences) == 4


def test_a_character_within_that_nobody_agrees_on_stays():
    assert len(vote([sure("1A34"), sure("1B34"), sure("1C34")]).text) == 4


def test_a_character_that_most_have_stays_at_the_end():
    assert vote([sure("1234")] * 3 + [sure("123")] * 2).text == "1234"
    assert vote([sure("1234")] * 2 + [sure("123")] * 3).text == "123"


def test_a_text_is_judged_without_its_characters_that_were_outvoted():
    """Of "L1234" read with 0.45, half of the doubt is the L's."""
    doubtful = Reading("L1234", (0.5, 1.0, 1.0, 1.0, 1.0), 0.45)
    other = Reading("Q1234", (0.5, 1.0, 1.0, 1.0, 1.0), 0.45)
    third = Reading("01234", (0.5, 1.0, 1.0, 1.0, 1.0), 0.45)
    voted = vote([doubtful, other, third])
    assert voted.text == "1234" and voted.confidence == pytest.approx(0.9 * 0.8)


@given(readings(), readings())
def test_an_alignment_keeps_order_and_places_everything(a, b):
    slots = list(aligned(a.text, b.text))
    assert slots == sorted(slots) and len(slots) == len(b.text) == len(set(slots))
    assert sum(on > 0 or a.text[i] != b.text[k] for (i, on), k in aligned(a.text, b.text).items()) == len(
        [k for _, k in departures(a.text, b.text) if k is not None]
    )


def test_likeness_is_one_minus_edits_per_character():
    assert alike("1234", "1234") == 1 and alike("1234", "9999") == 0 and alike("", "1") == 0
    assert alike("1234", "234") == alike("1234", "123") == alike("1234", "1294") == 0.75


# --- over time


def test_old_readings_fade():
    ballot = Ballot()
    for text, fades in (("417", 10), ("477", 5)):
        for _ in range(fades):
            ballot.fade(0.5)
            ballot.add(sure(text))
    assert ballot.vote().reading.text == "477" and ballot.share("417") < 0.1


def test_fading_changes_nothing_among_equals():
    ballot, fresh = Ballot(), Ballot()
    for text in ("417", "477", "417"):
        ballot.add(sure(text))
        fresh.add(sure(text))
    ballot.fade(1e-9)
    assert ballot.vote().reading == fresh.vote().reading


def test_weights_stay_of_a_size():
    """They are scaled back once the newest reading counts a million times as much as the first."""
    ballot = Ballot()
    ballot.add(sure("417"))
    gains = []
    for share in (1 / 9e5, 1 / 1.2):
        ballot.fade(share)
        gains.append(ballot._gain)
    assert gains == [pytest.approx(9e5), 1.0] and ballot.vote().reading == sure("417")


def test_memory_is_bounded_and_the_heaviest_stay():
    ballot = Ballot()
    for _ in range(3):
        ballot.add(sure("417"))
    for k in range(100):
        ballot.add(sure(f"{k:03d}9", 0.2))
    assert ballot.share("417") > 0.5 and sum(ballot.share(f"{k:03d}9") > 0 for k in range(100)) == 11


def test_two_ballots_become_one():
    whole, part, other = Ballot(), Ballot(), Ballot()
    for k, text in enumerate(("417", "477", "417", "41")):
        whole.add(sure(text))
        (part if k % 2 else other).add(sure(text))
    part.fade(0.01)  # what is added later has its own scale
    other.merge(part)
    assert other.vote().support == whole.vote().support
    assert other.vote().reading.text == whole.vote().reading.text == "417"


def test_as_many_support_a_text_as_support_its_weakest_character():
    ballot = Ballot()
    for text in ("1234", "1234", "1294", "1284"):
        ballot.add(sure(text))
    assert ballot.vote().support == 2


def test_nothing_that_a_reading_carries_is_lost():
    marked = Reading("1234", (0.9,) * 4, 0.9, "DE")
    assert vote([marked]).region == vote([marked, marked, sure("1235")]).region == "DE"


def test_more_agreement_is_more_trust():
    trust = [vote([sure("42")] * n + [sure("43")]).confidence for n in (1, 2, 5)]
    assert trust == sorted(trust) and trust[0] < trust[-1]
