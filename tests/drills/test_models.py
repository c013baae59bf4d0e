"""Models that are not what their sidecar or their name says are refused when they are loaded, in one sentence."""

import json
import shutil

import pytest
from conftest import ROOT

import run_camera
from realtime.errors import ModelError
from realtime.pipeline import load

MUTATIONS = {
    "another mode": ("reader", {"mode": "plates"}, "reader for 'plates', but the reader for 'digits' was asked for"),
    "another kind": ("reader", {"kind": "classifier"}, "the classifier for 'digits', but the reader"),
    "a letter in digits": ("reader", {"alphabet": "012345678A"}, "is not that of digits"),
    "shuffled digits": ("reader", {"alphabet": "1023456789"}, "is not that of digits"),
    "a digit twice": ("classifier", {"alphabet": "0123456788"}, "repeats a character"),
    "no alphabet": ("reader", {"alphabet": ""}, "is not that of digits"),
    "a threshold that is no number": ("reader", {"threshold": float("nan")}, "threshold is nan"),
    "a threshold over one": ("locator", {"threshold": 1.5}, "threshold is 1.5, not from 0 to 1"),
    "a temperature of zero": ("classifier", {"temperature": 0}, "temperature is 0, not from"),
    "an endless margin": ("reader", {"margin": float("inf")}, "margin is inf"),
    "another height": ("reader", {"height": 48}, "digits-reader.tflite cannot be run on (1, 48, 160, 1)"),
    "fewer steps": ("reader", {"slots": 20}, "but its sidecar says"),
    "any width": ("classifier", {"any_width": True}, "'any width'"),
    "another stride": ("locator", {"stride": 16}, "but its sidecar says"),
    "no stride": ("locator", {"stride": 0}, "stride is 0"),
    "another window": ("locator", {"height": 104, "width": 104}, "digits-locator.tflite "),
}


@pytest.fixture
def folder(tmp_path):
    """A copy of the models for digits."""
    for path in (ROOT / "models").glob("digits-*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def change(sidecar, values):
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | values))


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_sidecar_is_refused(folder, name):
    kind, values, said = MUTATIONS[name]
    change(folder / f"digits-{kind}.json", values)
    with pytest.raises(ModelError) as caught:
        load("digits", folder)
    assert said in str(caught.value) and f"digits-{kind}." in str(caught.value)


@pytest.mark.parametrize("other", ["characters-reader", "plates-reader", "digits-classifier"])
def test_a_reader_of_another_mode_or_kind_under_this_name_is_refused(folder, other, capsys):
    for ending in (".tflite", ".json"):
        shutil.copy(ROOT / "models" / f"{other}{ending}", folder / f"digits-reader{ending}")
    with pytest.raises(SystemExit) as ended:
        run_camera.main(["--demo", "--no-show", "--models", str(folder)])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and "the reader for 'digits' was asked for" in said


def test_a_network_of_another_mode_with_this_modes_sidecar_is_refused(folder):
    shutil.copy(ROOT / "models" / "characters-reader.tflite", folder / "digits-reader.tflite")
    digest = json.loads((ROOT / "models" / "characters-reader.json").read_text())["sha256"]
    change(folder / "digits-reader.json", {"sha256": digest})
    with pytest.raises(ModelError, match=r"gives \(\(1, 40, 63\),\), but its sidecar says .*\(\(1, 40, \d+\),\)"):
        load("digits", folder)


def test_a_sidecar_nested_too_deep_is_refused(folder):
    (folder / "digits-reader.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match="is not a model's sidecar"):
        load("digits", folder)
