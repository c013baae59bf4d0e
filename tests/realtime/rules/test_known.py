"""The list of known texts: how it is written, and what is found in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import UserError
from realtime.modes import CHARACTERS, NUMBERS, PLATES
from realtime.rules.known import FURTHEST, KnownText, KnownTexts, legible, read_known, read_words, shape
from realtime.rules.lookalikes import ALIKE, alike, apart
from realtime.values import Match


def written(tmp_path, text):
    path = tmp_path / "known.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_line_is_a_text_its_name_its_list_and_its_aliases(tmp_path):
    known = read_known(written(tmp_path, '# gate\nM-AB 123,Anna,family,M-AB 123E; MAB123H\n\nKA 99,"Bo, Ltd"\nX1\n'))
    assert known == (
        KnownText("M-AB 123", "Anna", "family", ("M-AB 123E", "MAB123H")),
        KnownText("KA 99", "Bo, Ltd"),
        KnownText("X1"),
    )


def test_a_first_line_may_name_the_columns(tmp_path):
    known = read_known(written(tmp_path, "\ufeffname,Text\nAnna, M-AB 123 \nnobody,\n"))
    assert known == (KnownText("M-AB 123", "Anna"),)


@pytest.mark.parametrize("reader", [read_known, read_words])
def test_a_list_that_is_none_is_refused(tmp_path, reader):
    for path in (str(tmp_path / "none.csv"), written(tmp_path, "# nothing\n\n")):
        with pytest.raises(UserError, match=r"cannot be read|holds no"):
            reader(path)
    (tmp_path / "known.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        reader(str(tmp_path / "known.csv"))


def test_words_are_separated_by_white_space(tmp_path):
    assert read_words(written(tmp_path, "exit open\n# shut\nexit\n")) == ("exit", "open")


@pytest.mark.parametrize(
    ("text", "alphabet", "said"),
    [("m-ab 123", PLATES, "MAB123"), ("12,5", NUMBERS, "12.5"), ("20:15", NUMBERS, "20:15"), ("Åb", CHARACTERS, ""),
     ("Exit!", CHARACTERS, "Exit"), ("AB1", NUMBERS, "")],
)  # fmt: skip
def test_a_text_is_written_as_its_mode_reads_it(text, alphabet, said):
    assert legible(text, alphabet) == said


KNOWN = KnownTexts([KnownText("M-OAB 128", "Anna", "family", ("XYZ 55",)), KnownText("M-OAB 12B", "Bo")], PLATES)


@pytest.mark.parametrize(
    ("text", "name", "off"),
    [
        ("MOAB128", "Anna", 0.0),
        ("M0AB128", "Anna", 0.0),  # one shape
        ("MOAB12B", "Bo", 0.0),  # and not Anna's, which is a look-alike
        ("MDAB128", "Anna", 0.4),
        ("XYZ55", "Anna", 0.0),
        ("XYZS5", "Anna", 0.1),
        ("MOAB127", "", 0.0),  # another plate, however near
        ("MOAB12", "", 0.0),
        ("MQAB12B8", "", 0.0),
    ],
)
def test_only_look_alikes_are_forgiven(text, name, off):
    found = KNOWN(text)
    assert (found.name, found.off) == (name, off) and bool(found) is bool(name)


@pytest.mark.parametrize(("text", "name"), [("555-1234", "Anna"), ("5551234", "Anna"), ("-7", "Bo"), ("7", "")])
def test_hyphens_do_not_count_and_a_minus_does(text, name):
    assert KnownTexts([KnownText("555-12 34", "Anna"), KnownText("-7", "Bo")], NUMBERS)(text).name == name


def test_the_match_has_the_text_as_it_is_listed():
    assert KNOWN("MOAB128") == Match("M-OAB 128", "Anna", "family", 0.0)


@given(st.text(PLATES, min_size=1, max_size=9), st.data())
def test_whatever_is_near_is_found(text, data):
    """The shape, by which texts are looked up, misses none that is near enough."""
    near = [c for c in PLATES if 1 - alike(text[0], c) <= FURTHEST]
    other = data.draw(st.sampled_from(near)) + text[1:]
    assert KnownTexts([KnownText(text, "A")], PLATES)(other).off == pytest.approx(apart(text, other), abs=0.005)
    assert apart(text, other) == apart(other, text) and shape(text) == shape(other)


def test_every_pair_is_of_two_characters_and_a_chance():
    assert all(len(pair) == 2 and pair[0] != pair[1] and 0 < p <= 1 for pair, p in ALIKE.items())
