"""What is expected wins where the network is in doubt, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.decode.expect import OTHER, Expectation, Formats, Texts, expectations
from realtime.decode.letters import Letters
from realtime.decode.search import END, search, weight
from realtime.errors import UserError
from realtime.modes import MODES, PLATES
from realtime.recognise import Recogniser
from realtime.rules.known import KnownText
from realtime.rules.regions import formats
from realtime.spec import ModelSpec

READER = ModelSpec("r", "plates", "reader", 32, 160, PLATES, slots=24)
SINGLE = ModelSpec("c", "characters", "classifier", 32, 32, MODES["characters"].signs)
GERMAN = Expectation(Formats(formats(["DE"])))
PLATE = st.text(PLATES, min_size=1, max_size=8)


def doubtful(*places, blank=1e-9):
    """Probabilities of a text; each place is a character, or several with their chances: {"O": 0.6, "0": 0.4}."""
    p = np.full((2 * len(places) + 1, len(PLATES) + 1), blank)
    p[::2, -1] = 1
    for k, place in enumerate(places):
        for char, chance in (place if isinstance(place, dict) else {place: 1.0}).items():
            p[2 * k + 1, PLATES.index(char)] = chance
    return p / p.sum(-1, keepdims=True)


def read(probabilities, expected):
    return Recogniser(lambda batch: batch, READER, expected=expected).meaning(probabilities)


def test_a_doubtful_character_is_decided_by_where_it_stands():
    p = doubtful("M", {"0": 0.6, "O": 0.4}, "A", "B", "1", "2", "3")
    plain, german = read(p, None), read(p, GERMAN)
    assert (plain.text, german.text) == ("M0AB123", "MOAB123")
    assert german.confidence > 0.95 and dict(german.candidates)["M0AB123"] < 0.05


def test_a_character_is_decided_that_no_best_text_has():
    """The look-alike is far behind, but no other text has a format at all."""
    p = doubtful(*"ABC", {"D": 0.9, "0": 0.1}, "2", "3")
    assert read(p, Expectation(Formats(formats(["HU"])))).text == "ABC023"


@given(PLATE)
def test_a_sure_reading_is_never_overridden(text):
    p = doubtful(*({char: 0.999, "8": 0.001} for char in text))
    assert read(p, GERMAN).text == read(p, None).text


@given(PLATE, PLATE)
def test_nothing_legible_stays_nothing(one, other):
    p = doubtful(one[0])
    p[1] = 0.1 * p[1]
    p[1, -1] = 0.9
    assert read(p, Expectation(Texts([one, other]))).text == ""


def test_a_sure_text_that_is_not_expected_stays_legible():
    p = doubtful("7")
    p[1] = 0.97 * p[1]
    p[1, -1] = 0.03
    reading = read(p, GERMAN)
    assert reading.text == "7" and reading.confidence > 0.75


def test_of_known_texts_the_one_that_is_in_sight():
    p = doubtful({"K": 0.5, "X": 0.3, "Y": 0.2}, "A", "1", {"7": 0.7, "1": 0.3})
    assert read(p, None).text == "KA17"
    assert read(p, Expectation(Texts(["XA11", "XB17", "KA9", "KA177"]))).text == "XA11"


def test_several_expectations_add_up():
    p = doubtful({"K": 0.4, "X": 0.3, "4": 0.3}, "A", "1", "7")
    both = Expectation(Formats(formats(["CH"])), Texts(["XA17"]))
    assert [read(p, e).text for e in (None, both)] == ["KA17", "XA17"]
    assert dict(read(p, both).candidates)["KA17"] > dict(read(p, both).candidates).get("4A17", 0.0)


@given(PLATE, st.lists(PLATE, min_size=1, max_size=3))
def test_a_text_weighs_the_same_whole_and_character_by_character(text, texts):
    for expected in (GERMAN, Expectation(Texts(texts)), Expectation(Texts(texts), Formats(formats(["DE"])))):
        assert weight(text, expected) == pytest.approx(expected.weight(text))
        assert OTHER**2 <= expected.weight(text) <= 1
    assert GERMAN(END) == pytest.approx(OTHER**0.5)


@given(st.data())
def test_formats_hold_what_they_write_and_its_beginnings(data):
    one = data.draw(st.sampled_from(formats(["AUTO"])))
    text = "".join(data.draw(st.sampled_from(place)) for place in one.places)
    allowed = Formats([one])
    assert allowed.holds(text) and all(allowed.begins(text[:k]) for k in range(len(text) + 1))
    assert not allowed.holds(text[:-1]) and not allowed.begins(text + "A")


def test_letters_of_words_count_beside_it():
    letters = Letters(np.zeros((1, 27), np.uint8), np.zeros((27,) * 4, np.uint16))
    reader = Recogniser(lambda batch: batch, READER, prior=letters, expected=GERMAN)
    assert reader.prior("MA") == pytest.approx(letters("MA") * GERMAN("MA"))


def test_a_single_character_may_be_expected_too():
    p = np.full(len(SINGLE.alphabet) + 1, 1e-6)
    p[[SINGLE.alphabet.index("O"), SINGLE.alphabet.index("0")]] = 0.7, 0.3
    digit = expectations([MODES["characters"]], patterns=["D"])["characters"]
    said = [Recogniser(lambda batch: batch, SINGLE, expected=e).meaning(p) for e in (None, digit)]
    assert [r.text for r in said] == ["O", "0"]
    assert said[1].candidates[1][0] == "O" and said[1].confidence > 0.9


# --- what the options give


def test_regions_are_for_plates_and_all_else_for_what_can_read_it():
    modes = MODES["plates"], MODES["digits"]
    found = expectations(modes, ["DE"], [], [KnownText("12,5"), KnownText("AB 12")])
    assert found["digits"].weight("12.5") == 1 and found["digits"].weight("AB12") == OTHER
    assert found["plates"].weight("AB12") == 1 and found["plates"].weight("AB13") == OTHER
    hyphened = expectations(modes, known=[KnownText("555-12")])["digits"]
    assert hyphened.weight("555-12") == hyphened.weight("55512") == 1
    assert expectations(modes) == {"plates": None, "digits": None}


def test_words_are_expected_in_every_case():
    expected = expectations([MODES["characters"]], words=["exit", "McDonald", "don't", "Café"])["characters"]
    for text in ("exit", "Exit", "EXIT", "McDonald", "MCDONALD", "dont"):
        assert expected.weight(text) == 1, text
    assert {expected.weight(text) for text in ("eXit", "Caf", "Cafe")} == {OTHER}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"patterns": ["LLDD"]}, "does not read"),
        ({"known": [KnownText("AB 12")]}, "reads none of the texts"),
        ({"words": ["exit"]}, "reads none of the texts"),
        ({"regions": ["XX"]}, "no plate region"),
    ],
)
def test_what_no_mode_can_read_is_refused(asked, sentence):
    with pytest.raises(UserError, match=sentence):
        expectations([MODES["digits"]], **asked)


def test_the_search_costs_no_sure_text_its_probability():
    p = doubtful(*"MOAB123")
    assert search(p, PLATES, GERMAN)[0][1] == pytest.approx(search(p, PLATES)[0][1])
