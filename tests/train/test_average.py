"""Averaged runs: what helps is blended in, what harms is left out."""

import json

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from keras import layers

from train import average
from train.export import training_metadata


def weights(*values):
    return [np.array(values, np.float32)]


def nearness(*target):
    """A score that is highest at the target."""
    return lambda w: -float(np.abs(w[0] - np.array(target)).sum())


def test_two_that_err_to_opposite_sides_meet_in_the_middle():
    shares, mean = average.blended([weights(0, 0), weights(2, 2)], nearness(1, 1), lambda _: None)
    assert shares == [0.5, 0.5] and mean[0].tolist() == [1, 1]


def test_the_best_alone_stays_alone_where_others_harm():
    shares, mean = average.blended([weights(9, 9), weights(1, 1), weights(-5, 9)], nearness(1, 1), lambda _: None)
    assert shares == [0, 1, 0] and mean[0].tolist() == [1, 1]


def test_shares_of_three_add_up_and_say_what_the_mean_is_made_of():
    parts = [weights(0, 0), weights(2, 0), weights(1, 4)]
    shares, mean = average.blended(parts, nearness(1, 1), lambda _: None)
    assert sum(shares) == pytest.approx(1) and all(shares)
    assert mean[0] == pytest.approx(sum(s * p[0] for s, p in zip(shares, parts, strict=True)), abs=1e-5)


@pytest.fixture
def runs(tmp_path):
    """Two runs of a network of one weight, at 0 and at 2."""
    folders = []
    for value in (0.0, 2.0):
        source = keras.Input((1,))
        model = keras.Model(source, layers.Dense(1, use_bias=False)(source))
        model.set_weights([np.array([[value]])])
        folder = tmp_path / f"run{value:.0f}"
        folder.mkdir()
        model.save(folder / "model.keras")
        settings = {"task": "digits-reader", "data": "", "out": "", "init": "", "steps": 5}
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "history.csv").write_text("epoch,minutes\n1,2.5\n2,4.5\n")
        folders.append(folder)
    return folders


def test_the_command_writes_a_run_that_can_be_exported(runs, tmp_path, monkeypatch):
    score = lambda m: {"score": -abs(m.get_weights()[0].item() - 1)}  # noqa: E731
    monkeypatch.setattr("train.validate.scorer", lambda spec, data, added: score)
    result = CliRunner().invoke(
        average.command, [*map(str, runs), "--out", str(tmp_path / "new")], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    model = keras.models.load_model(tmp_path / "new" / "model.keras")
    assert model.get_weights()[0].item() == pytest.approx(1)
    told = training_metadata(json.loads((tmp_path / "new" / "settings.json").read_text()), tmp_path / "new")
    assert told["averaged"] == [0.5, 0.5] and told["minutes"] == 9.0 and told["steps"] == 5


def test_runs_of_several_tasks_are_refused(runs, tmp_path):
    (runs[1] / "settings.json").write_text(json.dumps({"task": "plates-reader"}))
    result = CliRunner().invoke(average.command, [*map(str, runs), "--out", str(tmp_path / "new")])
    assert "several tasks" in str(result.exception)
