"""A network that begins from a shipped int8 file answers as the file does, also while it trains."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the extra train: pip install -e '.[train]'")
keras = pytest.importorskip("keras")

from realtime.errors import ModelError
from realtime.model import Model
from realtime.pipeline import SHIPPED
from synth.text.crops import sample_crop
from train import nets
from train.sampling.load import Labelled
from train.sampling.recipes import SPECS
from train.trainer import as_wide
from train.validate import network_inputs
from train.warm_start import thaw, weights_of

FILE = SHIPPED / "digits-reader.tflite"


@pytest.fixture(scope="module")
def pictures():
    spec = SPECS["digits-reader"]
    crops = [sample_crop(np.random.default_rng(k), "digits", "val") for k in range(24)]
    return network_inputs([Labelled(gray, text) for gray, text in crops], spec)


@pytest.fixture(scope="module")
def thawed(pictures):
    model = nets.build(SPECS["digits-reader"])
    thaw(FILE, model, pictures)
    return model


@pytest.mark.parametrize("training", [False, True])
def test_it_answers_as_the_file(thawed, pictures, training):
    file, dropout = Model(FILE), next(layer for layer in thawed.layers if isinstance(layer, keras.layers.Dropout))
    dropout.rate = 0.0
    floats = keras.ops.convert_to_numpy(thawed(pictures.astype("float32"), training=training))
    ints = np.concatenate([file(x[None]) for x in pictures])
    assert (floats.argmax(-1) == ints.argmax(-1)).mean() > 0.97
    assert np.abs(floats - ints).mean() < 0.1 * np.abs(ints).mean()


def test_mixers_that_the_file_lacks_start_silent(monkeypatch):
    """The network begins as it was without them; only then do the mixers learn."""
    model = nets.build(SPECS["plates-reader"])
    others = {layer.get_weights()[0].size for layer in without_mixers(model).layers if layer.get_weights()}
    stored = [(kernel, bias) for kernel, bias in weights_of(SHIPPED / "plates-reader.tflite") if kernel.size in others]
    monkeypatch.setattr("train.warm_start.weights_of", lambda path: list(stored))
    plates = np.random.default_rng(3).integers(0, 256, (4, 48, 144, 1), dtype=np.uint8)
    thaw(SHIPPED / "plates-reader.tflite", model, plates)

    def answer(network):
        return keras.ops.convert_to_numpy(network(plates.astype("float32")))

    before, after = answer(without_mixers(model)), answer(model)
    assert np.abs(after - before).max() < 1e-4 * np.ptp(before)
    last = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)][-1]
    last.set_weights([np.ones(144), *last.get_weights()[1:]])
    assert np.abs(answer(model) - after).max() > 0.1


def without_mixers(model):
    """The same layers, those of the three mixers at the end left out."""
    added = [layer for layer in model.layers if isinstance(layer, keras.layers.Add)]
    x = added[-3].input[0]
    for layer in model.layers[model.layers.index(added[-1]) + 1 :]:
        x = layer(x)
    return keras.Model(model.inputs, x)


def test_another_network_is_refused(pictures):
    with pytest.raises(ModelError, match=r"digits-reader\.tflite has no weights for"):
        thaw(FILE, nets.build(SPECS["characters-classifier"]), pictures[:, :, :32])


def test_batches_of_different_widths_are_one_stack_and_none_is_cut():
    narrow, wide = np.full((2, 4, 3, 1), 7, np.uint8), np.full((1, 4, 5, 1), 9, np.uint8)
    narrow[:, :, 2] = 8
    both = as_wide([narrow, wide])
    assert both.shape == (3, 4, 5, 1)
    assert both[0, 0, :, 0].tolist() == [7, 7, 8, 8, 8] and (both[2] == 9).all()
