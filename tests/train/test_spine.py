"""From pictures to figures for each kind of network: fit, export, evaluate, card; and what may go wrong between."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the extra train: pip install -e '.[train]'")
import keras
import tensorflow as tf
from click.testing import CliRunner

from realtime.errors import ModelError
from realtime.model import Model
from realtime.pipeline import SHIPPED
from realtime.spec import load_spec
from train.__main__ import main
from train.evaluation import evaluate
from train.export import Export, export_run
from train.fit import fit_task
from train.record import recorded
from train.sampling.batches import packs
from train.sampling.recipes import SPECS
from train.smoke import smoke_test
from train.trainer import Averaged, Settings

HARDLY = 0.99  # threshold at which a network of two steps finds nearly nothing, which takes no time to look at
KINDS = "plates-reader", "plates-locator", "digits-locator", "characters-classifier"


def in_this_process(make, recipe, batch, workers):
    """Batches as a worker makes them."""
    sampler, first = make(recipe), 0
    while True:
        samples = [sampler(np.random.default_rng((recipe.seed, 0, first + k))) for k in range(batch)]
        first += len(samples)
        yield from packs(samples, batch, np.random.default_rng(recipe.seed))


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Steps that are not compiled, samples from this process, evaluations that look at one's own pictures alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("train.fit.batches", in_this_process)
    monkeypatch.setattr("train.fit.write_report", lambda *_: None)
    for mode in evaluate.SECTIONS:
        monkeypatch.setitem(evaluate.SECTIONS, mode, (evaluate.own,))


def fitted(task, data, mine, out, steps=2, **changes):
    """A run of a few steps."""
    settings = Settings(task, str(data), str(out), steps, 2, every=1, added=(str(mine),), most=1, **changes)
    tf.config.run_functions_eagerly(True)
    try:
        record = recorded(task, str(data), settings.added, settings.mixture)
        return fit_task(settings, replace(SPECS[task], threshold=HARDLY), record)
    finally:
        tf.config.run_functions_eagerly(False)


def run(*words):
    done = CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def history(out):
    return list(csv.DictReader((out / "history.csv").open()))


@pytest.mark.parametrize("task", KINDS)
def test_a_network_goes_from_pictures_to_figures(task, data, mine, quick, tmp_path):
    out, models, mode = tmp_path / "run", tmp_path / "models", SPECS[task].mode
    fitted(task, data, mine, out)
    rows = history(out)
    assert [row["epoch"] for row in rows] == ["1", "2"] and all(np.isfinite(float(row["loss"])) for row in rows)
    assert any(name.startswith("own mine") for name in rows[0])

    models.mkdir()
    for path in SHIPPED.glob(f"{mode}-*.*"):
        shutil.copy(path, models)
    shutil.copy(SHIPPED / "letters.npz", models)
    (models / f"{task}.tflite").unlink()
    path, scores = export_run(out, models, Export(most=1, strict=False, threshold=HARDLY))
    spec = load_spec(path.with_suffix(".json"))
    Model(path).check()
    assert spec.scores == scores and {"float", "int8"} <= set(scores)
    assert spec.training["mixture"]["added"] and spec.training["sets"] and spec.training["fonts"]["sha256"]
    assert str(tmp_path) not in path.with_suffix(".json").read_text() and str(data) not in json.dumps(spec.training)

    assert "own mine" in run("evaluate", mode, "--data", data, "--add", mine, "--models", models)
    run("card", "--data", data, "--models", models)
    card = (models / "README.md").read_text()
    assert f"| {task} | {path.stat().st_size / 1000:.0f} | " in card and "--steps 2 --batch 2" in card


def test_a_smoke_test_goes_the_whole_way_in_a_folder_of_its_own(data, mine, quick, tmp_path):
    (tmp_path / "out/stale").mkdir(parents=True)
    said = []
    tf.config.run_functions_eagerly(True)
    smoke_test("plates-corners", str(data), [str(mine)], tmp_path / "out", said.append)
    assert (
        said[-1].startswith("plates-corners: fitted, exported and evaluated") and not (tmp_path / "out/stale").exists()
    )
    assert Model(tmp_path / "out/models/plates-corners.tflite").spec.training["steps"] == 6
    assert any("3 figures" in line for line in said), said


def test_a_run_that_was_killed_goes_on_with_other_samples(data, mine, quick, tmp_path, monkeypatch):
    seeds, alive = [], Averaged.on_train_batch_end

    def seeded(make, recipe, batch, workers):
        seeds.append(recipe.seed)
        return in_this_process(make, recipe, batch, workers)

    def killed(self, batch, logs=None):
        alive(self, batch, logs)
        if self.step == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("train.fit.batches", seeded)
    monkeypatch.setattr(Averaged, "on_train_batch_end", killed)
    with pytest.raises(KeyboardInterrupt):
        fitted("characters-classifier", data, mine, tmp_path / "run", steps=4)
    assert [row["epoch"] for row in history(tmp_path / "run")] == ["1", "2"]
    monkeypatch.setattr(Averaged, "on_train_batch_end", alive)
    fitted("characters-classifier", data, mine, tmp_path / "run", steps=4)
    assert [row["epoch"] for row in history(tmp_path / "run")] == ["1", "2", "3", "4"]
    assert seeds[0] == 1 and seeds[1] > 1 and not (tmp_path / "run/backup").exists()


def test_int8_that_answers_otherwise_is_refused_and_not_delivered(data, mine, quick, tmp_path, monkeypatch):
    fitted("characters-classifier", data, mine, tmp_path / "run", steps=1)
    model = keras.models.load_model(tmp_path / "run/model.keras", compile=False)
    head = model.layers[-1]
    head.set_weights([0 * head.get_weights()[0], np.arange(63, dtype=np.float32)])  # float says one thing always
    model.save(tmp_path / "run/model.keras")
    monkeypatch.setattr("train.export.Model.__call__", lambda self, batch: np.eye(1, 63, dtype=np.float32))
    with pytest.raises(ModelError, match="int8 agrees with float on 0"):
        export_run(tmp_path / "run", tmp_path / "models", Export())
    assert not (tmp_path / "models").exists()
