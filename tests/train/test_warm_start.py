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
from train.warm_start import thaw

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


def test_another_network_is_refused(pictures):
    with pytest.raises(ModelError, match=r"digits-reader\.tflite has no weights for"):
        thaw(FILE, nets.build(SPECS["characters-classifier"]), pictures[:, :, :32])


def test_batches_of_different_widths_are_one_stack_and_none_is_cut():
    narrow, wide = np.full((2, 4, 3, 1), 7, np.uint8), np.full((1, 4, 5, 1), 9, np.uint8)
    narrow[:, :, 2] = 8
    both = as_wide([narrow, wide])
    assert both.shape == (3, 4, 5, 1)
    assert both[0, 0, :, 0].tolist() == [7, 7, 8, 8, 8] and (both[2] == 9).all()
