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

STEPS = 32, 64, 96, 128  # channels of the text locator at 1 / 4, 1 / 8, 1 / 16 and 1 / 32 of the picture's size
MERGED = 40  # and on the way up


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


@keras.saving.register_keras_serializable("glyphcam")
class Convolution(layers.Conv2D):
    """A convolution that under the torch backend reads its input as it lies; elsewhere the plain layer.

    Keras copies every picture to channels first and back, which costs a third of a training step on a CPU.
    """

    def call(self, inputs):
        if keras.backend.backend() != "torch":
            return super().call(inputs)
        return as_it_lies(inputs, self.kernel.value.permute(3, 2, 0, 1), self.bias, self)


@keras.saving.register_keras_serializable("glyphcam")
class Depthwise(layers.DepthwiseConv2D):
    """The same for a convolution of each channel alone, which a CPU does faster in float32 than in bfloat16."""

    def call(self, inputs):
        if keras.backend.backend() != "torch":
            return super().call(inputs)
        import torch

        with torch.autocast("cpu", enabled=False):
            kernel = self.kernel.value.permute(2, 3, 0, 1)
            return as_it_lies(inputs.float(), kernel, self.bias, self, groups=inputs.shape[-1])


def as_it_lies(inputs, kernel, bias, layer, groups: int = 1):
    """torch's convolution of (n, h, w, c) without a copy; `kernel` is (out, in / groups, h, w)."""
    import torch.nn.functional as functional

    x, room = inputs.movedim(-1, 1), (0, 0)
    if layer.padding == "same":
        rows, columns = (
            same_padding(size, k, s, d)
            for size, k, s, d in zip(x.shape[2:], layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
        )
        room = rows[0], columns[0]
        if rows[0] != rows[1] or columns[0] != columns[1]:  # torch itself pads both sides alike only
            x, room = functional.pad(x, (*columns, *rows)), (0, 0)
    bias = None if bias is None else bias.value
    return functional.conv2d(x, kernel, bias, layer.strides, room, layer.dilation_rate, groups).movedim(1, -1)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Rows before and behind with which a strided window covers all: the odd one behind, as TensorFlow has it."""
    total = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def conv(x, filters: int, kernel=3, strides=1, dilation=1, padding="same", relu=True):
    """Convolution, batch normalisation, ReLU."""
    x = Convolution(filters, kernel, strides, padding, dilation_rate=dilation, use_bias=False)(x)
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


def reader(spec: ModelSpec, any_width: bool = False) -> keras.Model:
    """A string: (h, w, 1) -> (slots, classes) CTC logits, blank last. Plates have two rows of slots, lines one.

    With `any_width` a reader of lines takes pictures of any width and gives a step for every four columns: short words
    then cost less in training. The weights are those of the network with the spec's own width.
    """
    source = keras.Input((spec.height, None if any_width else spec.width, 1), name="gray")
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
    for _ in range(3):
        x = mixer(x)
    x = layers.Dropout(0.1)(x)
    x = Convolution(spec.classes, 1, name="logits")(x)
    return layers.Reshape((spec.slots, spec.classes))(x)


def line_rows(source, spec: ModelSpec):
    """32 x w -> one row of w / 4 steps: what stands above each other is joined first, then what stands beside."""
    x = conv(scaled(source), 24, strides=2)  # 16 x w / 2
    x = conv(x, 64, strides=2)  # 8 x w / 4
    x = residual(x)
    x = residual(conv(x, 128, strides=(2, 1)))  # 4 x w / 4
    x = conv(x, 192, kernel=(4, 1), padding="valid")  # 1 x w / 4
    for _ in range(3):
        x = mixer(x)
    x = layers.Dropout(0.1)(x)
    x = Convolution(spec.classes, 1, name="logits")(x)
    return keras.ops.squeeze(x, axis=1)


def mixer(x, reach: int = 11):
    """Each step sees its neighbours (depthwise), then its own channels (pointwise, twice as many between).

    It begins silent, its last gain 0, so that it can be added to a network that is trained already.
    """
    channels = x.shape[-1]
    y = Depthwise((1, reach), padding="same", use_bias=False)(x)
    y = layers.ReLU()(BatchNorm(momentum=0.97)(y))
    y = Convolution(channels, 1, use_bias=False)(conv(y, 2 * channels, kernel=1))
    return layers.Add()([x, BatchNorm(momentum=0.97, gamma_initializer="zeros")(y)])


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
    y = Depthwise(kernel, padding="valid", use_bias=False)(x)
    y = layers.ReLU()(BatchNorm(momentum=0.97)(y))
    y = conv(y, x.shape[-1], kernel=1, relu=False)
    return layers.ReLU()(layers.Add()([layers.Cropping2D(kernel // 2)(x), y]))


def locator(spec: ModelSpec) -> keras.Model:
    """Any picture of at least 96 pixels a side -> objectness (h, w, 1) and corners (h, w, 8), one cell per 8 pixels.

    No layer pads: cell (i, j) depends on the window at (8 i, 8 j) alone, so that the pass over a picture IS the sliding
    window. The first layer looks at 8 x 8 pixels every 4, 2 x 2 blocks, for layers at half size would cost as much as
    all the rest. Corners are offsets from the window's centre in pixels / realtime.locate.locator.REACH, x before y,
    clockwise from the top left.
    """
    source = keras.Input((None, None, 1), name="gray")
    x = conv(scaled(Grouped()(source)), 32, kernel=2, padding="valid")
    x = conv(x, 64, strides=2, padding="valid")
    for kernel in KERNELS:
        x = separable(x, kernel)
    x = conv(x, 64, kernel=1)
    objectness = Convolution(1, 1, activation="sigmoid", name="objectness")(x)
    corners = Convolution(8, 1, name="corners")(x)
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


def sized(model: keras.Model, spec: ModelSpec) -> keras.Model:
    """The network with the input size that the spec names, or of any width if it says so, and the same weights."""
    fixed = reader(spec, any_width=True) if spec.any_width else build(spec)
    fixed.set_weights(model.get_weights())
    return fixed


@keras.saving.register_keras_serializable("glyphcam")
class Upsampled(layers.Layer):
    """Every cell as four, (h, w, c) -> (2 h, 2 w, c), in the two operations that TFLite runs for any size."""

    def call(self, inputs):
        if keras.backend.backend() != "tensorflow":
            return keras.ops.repeat(keras.ops.repeat(inputs, 2, axis=1), 2, axis=2)
        import tensorflow as tf

        return tf.nn.depth_to_space(tf.concat([inputs] * 4, -1), 2)

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] and 2 * shape[1], shape[2] and 2 * shape[2], shape[3])


def refined(x):
    """One convolution beside a straight path."""
    return layers.ReLU()(layers.Add()([x, conv(x, x.shape[-1], relu=False)]))


def text_locator(spec: ModelSpec) -> keras.Model:
    """Any picture whose sides 32 divides -> kernel (h, w, 4) and geometry (h, w, 24), one place per 8 pixels.

    Each place stands for the 2 x 2 cells of realtime.locate.text_locator, 4 pixels apart, row by row: so the layers at
    a quarter of the size, which would cost as much as all others, are one. Downwards to 1 / 32, where a cell sees 300
    pixels, and up again to 1 / 8. Convolutions are dense: they train four times faster here than depthwise ones, and
    int8 runs them as fast.
    """
    source = keras.Input((None, None, 1), name="gray")
    x = conv(scaled(Grouped()(source)), STEPS[0], kernel=2)
    levels = []
    for filters in STEPS[1:]:
        x = refined(refined(conv(x, filters, strides=2)))
        levels.append(x)
    x = conv(levels.pop(), MERGED, kernel=1)
    for level in reversed(levels):
        x = refined(layers.Add()([conv(level, MERGED, kernel=1), Upsampled()(x)]))
    rare = keras.initializers.Constant(-2.5)  # most cells are not in a string
    kernel = layers.Conv2D(4, 1, activation="sigmoid", bias_initializer=rare, name="kernel")(x)
    geometry = layers.Conv2D(4 * 6, 1, name="geometry")(x)
    return keras.Model(source, {"geometry": geometry, "kernel": kernel}, name=spec.name)


BUILDERS = {
    "classifier": classifier,
    "reader": reader,
    "locator": locator,
    "text-locator": text_locator,
    "corners": corners,
}


def build(spec: ModelSpec) -> keras.Model:
    """The network of a spec, with fresh weights."""
    return BUILDERS[spec.kind](spec)
