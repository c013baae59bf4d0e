"""Sidecars: written, read back, and refused where they make no sense."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import ModelError
from realtime.modes import CHARACTERS, MODES
from realtime.spec import KINDS, ModelSpec, load_spec, save_spec, sha256_of

SPEC = ModelSpec("digits-reader", "digits", "reader", 32, 160, MODES["digits"].alphabet, slots=40, keep_aspect=True)


def test_alphabets_have_13_62_and_36_different_characters():
    assert {m.name: len(set(m.alphabet)) for m in MODES.values()} == {
        "digits": 13,
        "characters": 62,
        "plates": 36,
    }
    assert all(len(set(mode.alphabet)) == len(mode.alphabet) for mode in MODES.values())
    assert MODES["plates"].alphabet == CHARACTERS[:36]


def test_one_class_is_for_nothing():
    assert SPEC.classes == 14


@given(
    kind=st.sampled_from(KINDS),
    size=st.tuples(st.integers(1, 4096), st.integers(1, 4096)),
    alphabet=st.lists(st.characters(codec="utf-8"), unique=True, max_size=20).map("".join),
    threshold=st.floats(0, 1),
    scores=st.dictionaries(st.text(max_size=5), st.floats(0, 1), max_size=3),
)
def test_what_is_saved_is_loaded(tmp_path_factory, kind, size, alphabet, threshold, scores):
    path = tmp_path_factory.getbasetemp() / "any.json"
    spec = ModelSpec("any", "digits", kind, *size, alphabet, threshold=threshold, scores=scores)
    save_spec(spec, path)
    assert load_spec(path) == spec


def test_a_sidecar_is_read_by_people(tmp_path):
    save_spec(SPEC, tmp_path / "s.json")
    lines = (tmp_path / "s.json").read_text().splitlines()
    assert ' "kind": "reader",' in lines and len(lines) > 10


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"reader"', "{}", '{"name": "a"}', "\x00\xff"])
def test_what_is_no_sidecar_is_refused_by_name(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"bad\.json is not a model's sidecar.*Export"):
        load_spec(path)


def test_a_sidecar_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe\x00{}")
    with pytest.raises(ModelError, match="not a model's sidecar"):
        load_spec(tmp_path / "bad.json")


def test_a_missing_sidecar_says_where_it_belongs(tmp_path):
    with pytest.raises(ModelError, match=r"none\.json is missing.*beside the \.tflite"):
        load_spec(tmp_path / "none.json")


def test_an_unknown_field_is_refused(tmp_path):
    values = dataclasses.asdict(SPEC) | {"colour": "red"}
    (tmp_path / "s.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match="colour"):
        load_spec(tmp_path / "s.json")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "oracle"}, {"height": 0}, {"width": -3}, {"height": 1 << 40}, {"height": "32"}, {"alphabet": 5},
        {"threshold": "0.5"}, {"training": []}, {"scores": None}, {"keep_aspect": "yes"}, {"sha256": None},
        {"threshold": float("nan")}, {"threshold": -0.1}, {"temperature": float("inf")}, {"temperature": 0},
        {"margin": -1}, {"height": True}, {"alphabet": "0123456788"}, {"slots": -1},
    ],
)  # fmt: skip
def test_fields_of_the_wrong_type_or_size_are_refused(tmp_path, change):
    (tmp_path / "s.json").write_text(json.dumps(dataclasses.asdict(SPEC) | change))
    with pytest.raises(ModelError, match="Export the model again"):
        load_spec(tmp_path / "s.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_in_any_field_gives_a_spec_or_a_clear_refusal(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    for name in ("kind", "height", "stride", "training", "temperature"):
        path.write_text(json.dumps(dataclasses.asdict(SPEC) | {name: value}))
        try:
            assert load_spec(path).name == SPEC.name
        except ModelError as error:
            assert "fuzz.json" in str(error)


def test_the_digest_is_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
