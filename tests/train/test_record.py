"""A run is a file: what it is made of is recorded, said, and repeated."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest
from click.testing import CliRunner

from realtime.errors import SourceError, UserError
from train import record
from train.__main__ import main
from train.datasets.place import default_data
from train.datasets.shared import load_shared, there
from train.sampling import load, recipes, text_scenes, words
from train.sampling.batches import Recipe
from train.sampling.mixtures import MIXTURES, mixed, mixture_of
from train.sampling.recipes import SPECS, TAKES

PLATES = "plates-reader"


@pytest.fixture
def recorded(data, mine):
    return record.recorded(PLATES, str(data), [str(mine)], {})


def test_a_run_records_its_sets_its_mixture_and_its_fonts(recorded):
    assert recorded["sets"]["plates/crops/taiwan"] | {"sha256": ""} == {"train": 2, "val": 1, "sha256": ""}
    assert recorded["own"]["mine"]["train"] == 2 and recorded["own"]["mine"]["val"] == 1
    assert recorded["mixture"] == {**MIXTURES[PLATES], "added": 0.25}
    assert recorded["fonts"] and all(len(digest) == 12 for digest in recorded["fonts"].values())
    assert "plates/crops/us" in recorded["missing"] and "plates/crops/taiwan" not in recorded["missing"]
    assert recorded["versions"]["numpy"] and len(recorded["code"]) == 16


def test_a_set_that_changed_is_told_and_one_that_did_not_is_not(recorded, data, tmp_path):
    assert record.differences(recorded, recorded) == []
    other = shutil.copytree(data, tmp_path / "data")
    next((other / "plates/crops/taiwan").glob("*.png")).write_bytes(b"x")
    shutil.rmtree(other / "plates/scenes/china")
    now = record.recorded(PLATES, str(other), [], {})
    told = record.differences({**recorded, "fonts": {"gone.ttf": "0"}, "code": "other"}, now)
    assert [line.split(":")[0] for line in told[:2]] == ["plates/crops/taiwan", "plates/scenes/china"]
    assert "now not there" in told[1] and any("fonts, such as" in line for line in told) and told[-1].startswith("code")


def test_what_is_there_and_what_is_not_is_said(recorded, data, tmp_path):
    said = []
    record.introduce(recorded, str(data), said.append)
    text = "\n".join(said)
    assert "plates/crops/taiwan: 2 to learn from, 1 to validate on" in text and "mine (your own): 2" in text
    assert "plates/crops/us" in text and "train prepare" in text
    said.clear()
    record.introduce(record.recorded(PLATES, str(tmp_path), [], {}), str(tmp_path), said.append)
    assert "no real pictures" in said[0]


@pytest.mark.parametrize(
    ("task", "row"), [(PLATES, "a.png,lower"), ("plates-locator", "a.png,AB1"), (PLATES, "a.png,")]
)
def test_a_folder_that_a_network_can_learn_nothing_from_is_refused(tmp_path, task, row):
    (tmp_path / "labels.csv").write_text(f"file,text,split\n{row},train\nb.png,AB1,val\n")
    with pytest.raises(SourceError, match="train check"):
        record.recorded(task, "", [str(tmp_path)], {})


@pytest.fixture
def fits(monkeypatch, tmp_path, data):
    """What fit is asked for, without training."""
    asked = []
    monkeypatch.setattr("train.fit.fit_task", lambda settings, record: asked.append((settings, record)))
    monkeypatch.chdir(tmp_path)
    return lambda *words: (CliRunner().invoke(main, ["fit", *map(str, words)]), asked[-1] if asked else None)


def test_a_run_is_repeated_from_its_file_and_options_beside_it_win(fits, data, mine, tmp_path):
    pytest.importorskip("keras")
    done, (settings, made) = fits(PLATES, "--data", data, "--add", mine, "--steps", 7, "--seed", 5, "--rate", 0.01)
    assert done.exit_code == 0, done.output
    made["mixture"] = {"rendered": 1.0}
    (tmp_path / "old").mkdir()
    (tmp_path / "old/settings.json").write_text(json.dumps({**asdict(settings), **made}))
    done, (again, _) = fits("--from", "old/settings.json", "--steps", 9)
    assert done.exit_code == 0, done.output
    assert (again.task, again.steps, again.seed, again.rate, again.data) == (PLATES, 9, 5, 0.01, str(data))
    assert again.added == settings.added and again.mixture == {"rendered": 1.0} and again.out.endswith("old-again")
    assert "Not as it was" not in done.output


@pytest.mark.parametrize("content", ["{", "[]", None])
def test_what_is_not_a_runs_file_is_refused(fits, tmp_path, content):
    if content is not None:
        (tmp_path / "s.json").write_text(content)
    done, _ = fits("--from", "s.json")
    assert done.exit_code == 1 and "s.json is not the settings.json of a run" in done.output


@pytest.mark.parametrize(("words", "said"), [
    (["--data", "nowhere"], "nowhere is not a folder"), (["--add", "nowhere"], "nowhere holds no labels.csv"),
])  # fmt: skip
def test_a_folder_that_is_named_must_be_there(fits, words, said):
    done, asked = fits(PLATES, *words)
    assert done.exit_code == 1 and said in done.output and asked is None


# --- where data lies, what stands for what


def test_one_rule_finds_the_data(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert default_data() == "data"
    (tmp_path / "shared/data").mkdir(parents=True)
    assert default_data() == "../shared/data"
    (tmp_path / "here/data").mkdir()
    assert default_data() == "data"


def test_a_public_set_stands_for_one_that_is_not_there(data, tmp_path):
    names = ["characters/chars74k", "characters/handwriting", "words/icdar15"]
    assert there(data, names) == ["characters/chars74k"]
    (tmp_path / "public/chars74k-img").mkdir(parents=True)
    (tmp_path / "public/unipen").mkdir()
    assert there(tmp_path, names) == ["public/chars74k-img", "public/unipen"]


def test_a_folder_of_ones_own_holds_out_whole_groups(tmp_path):
    rows = [f"{k}.png,T,{k % 40}" for k in range(400)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,text,group", *rows]))
    splits = {}
    for e in load_shared("", [str(tmp_path)]):
        splits.setdefault(e.group, set()).add(e.split)
    held = [group for group, found in splits.items() if found == {"val"}]
    assert all(len(found) == 1 for found in splits.values()) and 2 <= len(held) <= 16


# --- mixtures


def test_a_part_with_nothing_to_draw_from_leaves_its_share_to_the_others():
    drawn = mixed({"a": 0.2, "b": 0.2, "c": 0.6}, {"a": lambda rng: "a", "b": lambda rng: "b", "c": None})
    rng = np.random.default_rng(1)
    found = [drawn(rng) for _ in range(200)]
    assert set(found) == {"a", "b"} and 60 < found.count("a") < 140


def test_a_part_that_no_mixture_has_is_refused():
    with pytest.raises(UserError, match="'wheels' is not a part of this mixture"):
        mixed({"wheels": 1.0}, {"photos": None})


@pytest.mark.parametrize("task", list(SPECS))
def test_a_task_asks_for_no_set_that_it_does_not_name(task, monkeypatch):
    """What is said of a run, and what stands in its file, is what its recipe asks for."""
    asked = set()

    def nothing_there(root, names):
        asked.update(names)
        return []

    for module in (load, words, text_scenes, recipes):
        for name in ("there", "load_there"):
            monkeypatch.setattr(module, name, nothing_there, raising=False)
    sampler = recipes.make(Recipe(task, "nowhere", SPECS[task]))
    assert sampler and asked <= set(TAKES[task]) | {"backgrounds"} | set(recipes.PLAIN)
    assert set(mixture_of(task, False)) == set(MIXTURES[task])
