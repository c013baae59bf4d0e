"""The networks, in keras.layers only; each takes raw uint8 and scales it itself.

Convolutions carry no bias where batch normalisation follows, so that everything folds into one int8 convolution.
"""

from __future__ import annotations

import keras
from keras import layers

from realtime.model import BLOCK
from realtime.spec import ModelSpec

# A locator's cell sees 16 pixels through its two coarsening convolutions and 8 * (kernel - 1) more for each block at
# one eighth of the size: 96. A kernel of 5 sees what a dilated one of 3 would, which the converter splits into many.
KERNELS = (3, 3, 5, 3)


@keras.saving.register_keras_serializable("glyphcam")
class BatchNorm(layers.BatchNormalization):
    """Batch normalisation as one kernel under the torch backend; elsewhere the plain layer.

    Keras builds it from mean, variance and five elementwise passes there, which costs as much as the convolution.
    """

    def call(self, inputs, training=None, mask=None):
        if keras.backend.backend() != "torch":
            return super().call(inputs, training=training)
        import torch.nn.functional as functional

        statistics = self.moving_mean.value.detach(), self.moving_variance.value.detach()
        weights = self.gamma.value, self.beta.value
        learning = bool(training) and self.trainable
        options = learning, 1 - self.momentum, self.epsilon
        return functional.batch_norm(inputs.movedim(-1, 1), *statistics, *weights, *options).movedim(1, -1)


def conv(x, filters: int, kernel=3, strides=1, dilation=1, padding="same", relu=True):
    """Convolution, batch normalisation, ReLU."""
    x = layers.Conv2D(filters, kernel, strides, padding, dilation_rate=dilation, use_bias=False)(x)
    x = BatchNorm(momentum=0.97)(x)
    return layers.ReLU()(x) if relu else x


def residual(x, kernel=3):
    """Two convolutions beside a straight path."""
    filters = x.shape[-1]
    y = conv(conv(x, filters, kernel), filters, kernel, relu=False)
    return layers.ReLU()(layers.Add()([x, y]))


def scaled(x):
    """uint8 0..255 -> about -2.6..2.6, the deviation 48 of realtime.preprocess becoming 1."""
    return layers.Rescaling(1 / 48.0, offset=-128 / 48.0)(x)


def classifier(spec: ModelSpec) -> keras.Model:
    """One character: (32, 32, 1) -> logits over the alphabet and "none of these"."""
    source = keras.Input((spec.height, spec.width, 1), name="gray")
    x = conv(scaled(source), 24)
    x = conv(x, 40, strides=2)  # 16
    x = residual(conv(x, 56))
    x = residual(conv(x, 96, strides=2))  # 8
    x = conv(x, 144, strides=2)  # 4
    x = conv(x, 192, padding="valid")  # 2
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    return keras.Model(source, layers.Dense(spec.classes, name="logits")(x), name=spec.name)


def reader(spec: ModelSpec) -> keras.Model:
    """A string: (h, w, 1) -> (slots, classes) CTC logits, blank last. Plates have two rows of slots, lines one."""
    source = keras.Input((spec.height, spec.width, 1), name="gray")
    return keras.Model(source, (plate_rows if spec.mode == "plates" else line_rows)(source, spec), name=spec.name)


def plate_rows(source, spec: ModelSpec):
    """48 x 144 -> two rows of 36 columns, joined to 72 steps: the upper line, then the lower."""
    x = conv(scaled(source), 16, strides=2)  # 24 x 72
    x = conv(x, 32)
    x = conv(x, 64, strides=2)  # 12 x 36
    x = residual(x)
    x = residual(conv(x, 96, strides=(2, 1)))  # 6 x 36
    x = conv(x, 144, strides=(3, 1))  # 2 x 36
    x = conv(x, 144, kernel=(2, 5))
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(spec.classes, 1, name="logits")(x)
    return layers.Reshape((spec.slots, spec.classes))(x)


def line_rows(source, spec: ModelSpec):
    """32 x 160 -> one row of 40 steps."""
    x = conv(scaled(source), 16, strides=2)  # 16 x 80
    x = conv(x, 40)
    x = conv(x, 64, strides=2)  # 8 x 40
    x = residual(x)
    x = residual(conv(x, 96, strides=(2, 1)))  # 4 x 40
    x = conv(x, 160, kernel=(4, 3), strides=(4, 1))  # 1 x 40
    x = conv(x, 160, kernel=(1, 5))
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(spec.classes, 1, name="logits")(x)
    return layers.Reshape((spec.slots, spec.classes))(x)


@keras.saving.register_keras_serializable("glyphcam")
class Grouped(layers.Layer):
    """Blocks of pixels as channels, (h, w, 1) -> (h / BLOCK, w / BLOCK, BLOCK * BLOCK): realtime.model.grouped.

    One channel alone fills a fraction of the registers that a convolution multiplies with.
    """

    def call(self, inputs):
        count, height, width, _ = keras.ops.shape(inputs)
        blocks = keras.ops.reshape(inputs, (count, height // BLOCK, BLOCK, width // BLOCK, BLOCK))
        blocks = keras.ops.transpose(blocks, (0, 1, 3, 2, 4))
        return keras.ops.reshape(blocks, (count, height // BLOCK, width // BLOCK, BLOCK * BLOCK))

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] and shape[1] // BLOCK, shape[2] and shape[2] // BLOCK, BLOCK * BLOCK)


def separable(x, kernel: int):
    """Depthwise (no padding), pointwise; beside it the cropped input."""
    y = layers.DepthwiseConv2D(kernel, padding="valid", use_bias=False)(x)
    y = layers.ReLU()(BatchNorm(momentum=0.97)(y))
    y = conv(y, x.shape[-1], kernel=1, relu=False)
    return layers.ReLU()(layers.Add()([layers.Cropping2D(kernel // 2)(x), y]))


def locator(spec: ModelSpec) -> keras.Model:
    """Any picture of at least 96 pixels a side -> objectness (h, w, 1) and corners (h, w, 8), one cell per 8 pixels.

    No layer pads: cell (i, j) depends on the window at (8 i, 8 j) alone, so that the pass over a picture IS the sliding
    window. The first layer looks at 8 x 8 pixels every 4, 2 x 2 blocks, for layers at half size would cost as much as
    all the rest. Corners are offsets from the window's centre in pixels / realtime.locate.REACH, x before y, clockwise
    from the top left.
    """
    source = keras.Input((None, None, 1), name="gray")
    x = conv(scaled(Grouped()(source)), 32, kernel=2, padding="valid")
    x = conv(x, 64, strides=2, padding="valid")
    for kernel in KERNELS:
        x = separable(x, kernel)
    x = conv(x, 64, kernel=1)
    objectness = layers.Conv2D(1, 1, activation="sigmoid", name="objectness")(x)
    corners = layers.Conv2D(8, 1, name="corners")(x)
    return keras.Model(source, {"corners": corners, "objectness": objectness}, name=spec.name)


def corners(spec: ModelSpec) -> keras.Model:
    """A loose crop of a plate -> 8 corner coordinates, as shares of the crop's width and height, and its legibility."""
    source = keras.Input((spec.height, spec.width, 1), name="gray")
    x = conv(scaled(source), 16, strides=2)  # 24 x 64
    x = conv(x, 32, strides=2)  # 12 x 32
    x = residual(x)
    x = conv(x, 64, strides=2)  # 6 x 16
    x = residual(x)
    x = conv(x, 64, strides=2)  # 3 x 8
    x = layers.Flatten()(conv(x, 32, kernel=1))
    x = layers.Dense(96, activation="relu")(x)
    where = layers.Dense(8, name="corners")(x)
    legible = layers.Dense(1, activation="sigmoid", name="objectness")(x)
    return keras.Model(source, {"corners": where, "objectness": legible}, name=spec.name)


BUILDERS = {"classifier": classifier, "reader": reader, "locator": locator, "corners": corners}


def build(spec: ModelSpec) -> keras.Model:
    """The network of a spec, with fresh weights."""
    return BUILDERS[spec.kind](spec)
