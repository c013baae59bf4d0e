"""The gradient of a number with respect to a picture, under whichever backend Keras runs on."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from realtime.errors import ModelError


def gradient(function: Callable, x: np.ndarray) -> np.ndarray:
    """d function(x) / dx for a scalar function written with keras.ops; float32 of x's shape."""
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise ModelError(f"Gradients are not taken under the {backend} backend.", "Set KERAS_BACKEND=tensorflow.")
    return BACKENDS[backend](function, np.asarray(x, np.float32))


def with_tensorflow(function: Callable, x: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    source = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(source)
        value = function(source)
    return tape.gradient(value, source).numpy()


def with_torch(function: Callable, x: np.ndarray) -> np.ndarray:
    import torch

    source = torch.tensor(x, requires_grad=True)
    return torch.autograd.grad(function(source), source)[0].numpy()


BACKENDS = {"tensorflow": with_tensorflow, "torch": with_torch}
