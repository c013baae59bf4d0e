"""Begin from a shipped .tflite: its int8 weights, as floats, in the network they came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from realtime.errors import ModelError
from realtime.model import runtime

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def thaw(path: Path, model: keras.Model, pictures: np.ndarray) -> None:
    """Give `model` the weights of an int8 file of the same layers; `pictures`, uint8 (n, h, w, 1), are what it sees.

    The file holds each normalisation folded into its convolution. It is unfolded so that the network answers as the
    file does and, in training, normalises by what these pictures show. Layers that the file lacks start fresh where the
    network begins without their answer (`is_silent`). Raises ModelError where the layers differ otherwise.
    """
    stored, fresh = weights_of(path), list[layers.Layer]()
    for layer in model.layers:
        if not isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)):
            continue
        kernel = layer.get_weights()[0]
        match = next((k for k, (w, _) in enumerate(stored) if w.size == kernel.size), None)
        if match is None and is_silent(layer):
            fresh.append(follower(layer))
            continue
        if match is None:
            raise ModelError(f"{path} has no weights for {layer.name} {kernel.shape}.", "Start from another file.")
        weights, bias = stored.pop(match)
        weights = shaped(weights, kernel.shape)
        layer.set_weights([weights, bias] if layer.use_bias else [weights])
        if not layer.use_bias:
            follower(layer).set_weights(plain(bias))
    unfold(model, pictures, fresh)


def is_silent(layer: layers.Layer) -> bool:
    """Whether all that comes of a layer is multiplied by 0 before it meets another branch."""
    while len(layer._outbound_nodes) == 1:
        layer = layer._outbound_nodes[0].operation
        if isinstance(layer, layers.BatchNormalization) and not layer.get_weights()[0].any():
            return True
        if isinstance(layer, layers.Add):
            return False
    return False


def weights_of(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel (as stored: output channels first, or last in a depthwise one) and bias of each layer, as float32."""
    reader = runtime().Interpreter(model_content=Path(path).read_bytes())
    details = {t["index"]: t for t in reader.get_tensor_details()}

    def floats(index: int) -> np.ndarray:
        scales, axis = (details[index]["quantization_parameters"][k] for k in ("scales", "quantized_dimension"))
        values = reader.get_tensor(index).astype(np.float32)
        return values * scales.reshape([-1 if k == axis and len(scales) > 1 else 1 for k in range(values.ndim)])

    steps = [step["inputs"] for step in reader._get_ops_details() if step["op_name"] in WEIGHTED]
    return [(floats(int(step[1])), floats(int(step[2]))) for step in steps]


def shaped(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A stored kernel in Keras's axis order: (h, w, in, out), depthwise (h, w, channels, 1), dense (in, out)."""
    if weights.shape[0] == 1 and len(shape) == 4 and shape[3] == 1 and shape[2] > 1 and weights.shape[3] == shape[2]:
        return weights[0][..., None]
    return np.moveaxis(weights, 0, -1).reshape(shape)


def follower(layer: layers.Layer) -> layers.Layer:
    """The normalisation behind a convolution."""
    return layer._outbound_nodes[0].operation


def plain(bias: np.ndarray, epsilon: float = 1e-3) -> list[np.ndarray]:
    """A normalisation that only adds `bias`: gamma, beta, mean, variance."""
    one = np.ones_like(bias)
    return [one * np.sqrt(1 + epsilon), bias, 0 * one, one]


def unfold(model: keras.Model, pictures: np.ndarray, fresh: Sequence[layers.Layer] = (), epsilon: float = 1e-3) -> None:
    """Statistics of the pictures into every normalisation, its gain and offset so that nothing changes.

    Those that start fresh keep their gain and offset.
    """
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    seen = keras.Model(model.inputs, [norm.input for norm in norms])
    for norm, values in zip(norms, seen.predict(pictures, batch_size=32, verbose=0), strict=True):
        mean, variance = values.mean((0, 1, 2)), values.var((0, 1, 2))
        gamma, beta = norm.get_weights()[:2]
        gain = (gamma, beta) if norm in fresh else (np.sqrt(variance + epsilon), beta + mean)
        norm.set_weights([*gain, mean, variance])
