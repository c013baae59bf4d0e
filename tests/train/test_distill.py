"""The large reference, and networks that teach another."""

import keras
import numpy as np
import pytest
from keras import layers

from realtime.errors import ModelError
from realtime.modes import DIGITS
from realtime.spec import ModelSpec
from train.distill import SIDE, distillation, load_teachers, resnet50, softened, taught
from train.fit import network
from train.trainer import Settings, begin

SPEC = ModelSpec("digits-classifier", "digits", "classifier", 32, 32, DIGITS)
LINE = ModelSpec("digits-reader", "digits", "reader", 32, 160, DIGITS, slots=40)


def answer(k):
    """Logits sure of class k."""
    return lambda x: np.tile(np.eye(11, dtype=np.float32)[k] * 9, (len(x), 1))


def test_the_large_reference_takes_what_the_small_network_takes():
    model = resnet50(SPEC)
    assert model.input_shape == (None, 32, 32, 1) and model.output_shape == (None, SPEC.classes)
    assert model.count_params() > 20e6 and model.get_layer("resnet50").input_shape[1:3] == (SIDE, SIDE)


def test_targets_are_the_class_and_the_mean_of_the_teachers():
    stream = iter([(np.zeros((3, 32, 32, 1), np.uint8), np.array([4, 5, 10], np.int32))])
    _, target = next(taught(stream, [answer(1), answer(2)]))
    assert target.shape == (3, 12) and target[:, 0].tolist() == [4, 5, 10]
    assert target[:, 1:].sum(1) == pytest.approx(1) and target[0, 2] == pytest.approx(target[0, 3])
    assert target[0, 2] > 4 * target[0, 1]


def test_who_answers_as_teacher_and_class_do_loses_least():
    logits = answer(4)(np.zeros(1))
    target = np.concatenate([[[4.0]], softened(logits)], axis=1).astype(np.float32)
    loss = distillation()
    losses = [float(loss(target, answer(k)(np.zeros(1)))[0]) for k in range(11)]
    assert int(np.argmin(losses)) == 4
    turned = np.concatenate([[[4.0]], softened(answer(7)(np.zeros(1)))], axis=1).astype(np.float32)
    assert float(loss(turned, answer(7)(np.zeros(1)))[0]) < float(loss(turned, answer(1)(np.zeros(1)))[0])


def test_teachers_of_another_alphabet_missing_ones_and_pupils_that_are_no_classifier_are_named(tmp_path):
    source = keras.Input((32, 32, 1))
    keras.Model(source, layers.Dense(5)(layers.Flatten()(source))).save(tmp_path / "five.keras")
    with pytest.raises(ModelError, match="5 classes, not 11"):
        load_teachers([str(tmp_path / "five.keras")], SPEC)
    with pytest.raises(ModelError, match=r"nowhere\.keras is missing"):
        load_teachers([str(tmp_path / "nowhere.keras")], SPEC)
    with pytest.raises(ModelError, match="digits-reader cannot be taught"):
        load_teachers(["any"], LINE)
    with pytest.raises(ModelError, match="digits-classifier has no weights from imagenet"):
        network(SPEC, Settings("digits-classifier", "", "", init="imagenet"))
    with pytest.raises(ModelError, match=r"no\.keras is missing"):
        begin(None, tmp_path / "no.keras", iter(()))
    with pytest.raises(ModelError, match="digits-reader has no resnet50"):
        network(LINE, Settings("digits-reader", "", "", network="resnet50"))
