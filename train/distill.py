"""The large reference of the classifiers, and the soft targets by which trained networks teach a small one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from realtime.errors import ModelError
from realtime.spec import ModelSpec
from train.losses import smooth_cross_entropy
from train.nets import scaled

SIDE = 64  # pixels a side at which ResNet50 looks at a character
TEMPERATURE = 3.0  # of the probabilities that are compared
SHARE = 0.6  # of the loss that comes from the teachers

Answer = Callable[[np.ndarray], np.ndarray]


def resnet50(spec: ModelSpec, weights: str | None = None) -> keras.Model:
    """ResNet50 (He et al. 2016) on the small network's own input: uint8 (32, 32, 1) -> logits.

    `weights` "imagenet" begins from Keras's own, which it downloads; none from nothing.
    """
    source = keras.Input((spec.height, spec.width, 1), name="gray")
    x = layers.Resizing(SIDE, SIDE)(scaled(source))
    x = layers.Concatenate()([x, x, x])
    body = keras.applications.ResNet50(include_top=False, weights=weights, input_shape=(SIDE, SIDE, 3))
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(body(x)))
    return keras.Model(source, layers.Dense(spec.classes, name="logits")(x), name=f"{spec.name}-resnet50")


def load_teachers(paths: Sequence[str], spec: ModelSpec) -> list[Answer]:
    """Trained classifiers of the same alphabet as functions from uint8 (n, 32, 32, 1) to logits (n, classes)."""
    if spec.kind != "classifier":
        raise ModelError(f"{spec.name} cannot be taught by others.", "Leave --teacher out: only classifiers can.")
    found = []
    for path in paths:
        if not Path(path).is_file():
            raise ModelError(f"{path} is missing.", "Name a run's model.keras with --teacher.")
        model = keras.models.load_model(path, compile=False)
        if model.output_shape[-1] != spec.classes:
            raise ModelError(f"{path} knows {model.output_shape[-1]} classes, not {spec.classes}.", "Name another.")
        found.append(model.predict_on_batch)
    return found


def taught(stream: Iterator, teachers: Sequence[Answer]) -> Iterator:
    """The stream with float32 targets (n, 1 + classes): the class, and the teachers' mean softened probabilities."""
    for x, y in stream:
        soft = np.mean([softened(np.asarray(teacher(x), np.float32)) for teacher in teachers], axis=0)
        yield x, np.concatenate([np.reshape(y, (-1, 1)).astype(np.float32), soft], axis=1)


def softened(logits: np.ndarray) -> np.ndarray:
    """Probabilities at TEMPERATURE."""
    raised = np.exp((logits - logits.max(-1, keepdims=True)) / TEMPERATURE)
    return raised / raised.sum(-1, keepdims=True)


def distillation():
    """Cross entropy with the class and, for SHARE of it, with the teachers (Hinton et al. 2015)."""
    hard = smooth_cross_entropy()

    def loss(target, logits):
        log_p = ops.log_softmax(ops.cast(logits, "float32") / TEMPERATURE, axis=-1)
        soft = -ops.sum(target[:, 1:] * log_p, axis=-1)
        return (1 - SHARE) * hard(target[:, 0], logits) + SHARE * TEMPERATURE**2 * soft

    return loss
