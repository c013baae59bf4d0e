"""Running a .tflite: hash, shapes, scales, runtimes, and cells that are windows."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from realtime import model as runner
from realtime.errors import ModelError
from realtime.model import Model, runtime
from realtime.spec import load_spec, sha256_of


@pytest.fixture
def folder(locator_folder, tmp_path):
    """A copy to damage."""
    for path in locator_folder.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (1, *shape, 1), dtype=np.uint8)


# --- numbers


def test_outputs_come_in_the_order_of_their_names_as_float32(locator_folder):
    corners, objectness = Model(locator_folder / "digits-locator.tflite")(noise(96, 96))
    assert corners.shape == (1, 1, 1, 8) and objectness.shape == (1, 1, 1, 1)
    assert corners.dtype == objectness.dtype == np.float32
    assert objectness.min() >= 0 and objectness.max() <= 1


def test_int8_cells_are_exactly_the_windows(locator_folder):
    net, picture = Model(locator_folder / "digits-locator.tflite"), noise(152, 128)
    corners, objectness = net(picture)
    assert objectness.std() > 0
    for i in range(objectness.shape[1]):
        for j in range(objectness.shape[2]):
            window = net(picture[:, 8 * i : 8 * i + 96, 8 * j : 8 * j + 96])
            assert (window[0][0, 0, 0] == corners[0, i, j]).all()
            assert (window[1][0, 0, 0] == objectness[0, i, j]).all()


def test_every_size_is_planned_once(locator_folder, monkeypatch):
    made = []
    real = runtime().Interpreter

    class Counted:
        Interpreter = staticmethod(lambda **options: made.append(options) or real(**options))

    monkeypatch.setattr(runner, "runtime", lambda: Counted)
    net = Model(locator_folder / "digits-locator.tflite", threads=2)
    answers = [net(noise(height, 96))[1] for height in (96, 104, 96, 104)]
    assert len(made) == 2 and {options["num_threads"] for options in made} == {2}
    assert (answers[0] == answers[2]).all() and answers[1].shape == (1, 2, 1, 1)


def test_the_sizes_used_last_are_kept(locator_folder, monkeypatch):
    monkeypatch.setattr(runner, "MOST_SHAPES", 2)
    net, sizes = Model(locator_folder / "digits-locator.tflite"), [(96, 96), (104, 96), (96, 96), (112, 96)]
    answers = [net(noise(*size)) for size in sizes]
    assert list(net._interpreters) == [(1, 96, 96, 1), (1, 112, 96, 1)]
    assert all((a == b).all() for a, b in zip(answers[0], net(noise(96, 96)), strict=True))


def test_quantised_numbers_use_the_tensors_own_scale_and_zero():
    values = runner._floats(np.array([-128, 0, 127], np.int8), 0.5, -128)
    assert values.dtype == np.float32 and values.tolist() == [0.0, 64.0, 127.5]
    assert runner._floats(np.array([1.5], np.float32), 0.0, 0).tolist() == [1.5]


# --- refusals


def test_a_missing_model_says_how_to_name_the_folder(folder):
    (folder / "digits-locator.tflite").unlink()
    with pytest.raises(ModelError, match=r"digits-locator\.tflite is missing.*--models"):
        Model(folder / "digits-locator.tflite")


def test_a_model_without_its_sidecar_is_refused(folder):
    (folder / "digits-locator.json").unlink()
    with pytest.raises(ModelError, match=r"digits-locator\.json is missing"):
        Model(folder / "digits-locator.tflite")


@pytest.mark.parametrize("place", [0, 4, 1000, -1])
def test_one_changed_byte_is_noticed_before_the_runtime_sees_it(folder, place, monkeypatch):
    path = folder / "digits-locator.tflite"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(runner, "runtime", lambda: pytest.fail("the runtime was asked"))
    with pytest.raises(ModelError, match="other sha256"):
        Model(path)


def test_an_empty_model_is_refused(folder):
    (folder / "digits-locator.tflite").write_bytes(b"")
    with pytest.raises(ModelError, match="other sha256"):
        Model(folder / "digits-locator.tflite")


def test_a_file_that_is_no_model_but_hashes_right_is_refused(folder):
    path = folder / "digits-locator.tflite"
    path.write_bytes(b"no model at all" * 100)
    values = json.loads(path.with_suffix(".json").read_text()) | {"sha256": sha256_of(path)}
    path.with_suffix(".json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=r"digits-locator\.tflite cannot be run.*Export"):
        Model(path)(noise(96, 96))


def test_a_picture_that_the_network_cannot_take_is_refused(folder):
    with pytest.raises(ModelError, match=r"cannot be run on \(1, 96, 96, 3\)"):
        Model(folder / "digits-locator.tflite")(np.zeros((1, 96, 96, 3), np.uint8))


def test_a_model_replaced_while_it_runs_changes_nothing(folder):
    path = folder / "digits-locator.tflite"
    net = Model(path)
    before = net(noise(96, 96))
    path.write_bytes(b"something else")
    after = net(noise(96, 96))
    assert (before[0] == after[0]).all()
    assert net(noise(96, 104))[1].shape == (1, 1, 2, 1)


def test_without_a_runtime_both_are_named(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(runner.importlib, "import_module", missing)
    with pytest.raises(ModelError, match=r"ai-edge-litert.*tflite-runtime"):
        runtime()


def test_the_faster_runtime_is_tried_first(monkeypatch):
    asked = []

    def second(name):
        asked.append(name)
        if len(asked) == 1:
            raise ImportError(name)
        return name

    monkeypatch.setattr(runner.importlib, "import_module", second)
    assert runtime() == "tflite_runtime.interpreter" and asked[0] == "ai_edge_litert.interpreter"


def test_a_sidecar_can_be_given(folder):
    spec = dataclasses.replace(load_spec(folder / "digits-locator.json"), threshold=0.25)
    (folder / "digits-locator.json").unlink()
    assert Model(folder / "digits-locator.tflite", spec).spec.threshold == 0.25
