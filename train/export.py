"""From a trained network to an int8 .tflite with its sidecar, compared with the float network on real pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from realtime.errors import ModelError
from realtime.model import Model, grouped
from realtime.spec import ModelSpec, save_spec, sha256_of

CALIBRATION = 400  # inputs shown to the converter


def to_int8(model, calibration: Iterable[np.ndarray]) -> bytes:
    """The network as full int8 (uint8 in), weights per channel, ranges from `calibration`: uint8 (1, h, w, 1) each.

    Needs the TensorFlow backend.
    """
    import tensorflow as tf

    model = behind_grouping(model)
    channels = model.input_shape[-1]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([grouped(c, channels).astype(np.float32)] for c in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.int8
    return converter.convert()


def behind_grouping(model):
    """The network without a first layer that groups pixels, for realtime.model does that."""
    import keras

    from train.nets import Grouped

    first = model.layers[1]
    return keras.Model(first.output, model.output, name=model.name) if isinstance(first, Grouped) else model


def export(model, spec: ModelSpec, calibration: Iterator[np.ndarray], folder: Path) -> Model:
    """Write folder/NAME.tflite and .json, whole or not at all; the runnable int8 model."""
    folder.mkdir(parents=True, exist_ok=True)
    path, beside = folder / f"{spec.name}.tflite", folder / f"partial.{spec.name}.tflite"
    beside.write_bytes(to_int8(model, calibration))
    spec = replace(spec, sha256=sha256_of(beside))
    beside.replace(path)
    save_spec(spec, path.with_suffix(".json"))
    return Model(path, spec)


def insist(spec: ModelSpec, same: float, loss: float, least: float = 0.99, most: float = 0.005) -> None:
    """ModelError where int8 gives another answer or loses accuracy more often than the floor allows."""
    if same < least or loss > most:
        told = f"{spec.name}: int8 agrees with float on {same:.2%} and loses {loss:.2%}"
        raise ModelError(f"{told}; the floor is {least:.1%} and {most:.1%}.", "Calibrate on more real pictures.")
