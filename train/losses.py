"""What the networks are fitted to minimise."""

from __future__ import annotations

import keras
from keras import ops

from realtime.modes import PLATES


def ctc(alphabet: str):
    """CTC loss (Graves et al. 2006) with the blank last; where a target says so, 0 and O count as one character."""
    zero, letter = (alphabet.find("0"), alphabet.find("O")) if alphabet == PLATES else (-1, -1)

    def loss(target, logits):
        target = ops.cast(target, "int32")
        log_p = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
        if letter >= 0:
            log_p = merged(log_p, zero, letter, ops.cast(target[:, :1, None], "float32"))
        steps = ops.full((ops.shape(log_p)[0],), log_p.shape[1], dtype="int32")
        return ops.ctc_loss(target[:, 2:], log_p, target[:, 1], steps, mask_index=log_p.shape[2] - 1)

    return loss


def merged(log_p, zero: int, letter: int, flag):
    """log_p (n, t, c) with the letter's probability moved to the digit's where flag (n, 1, 1) is 1."""
    pair = ops.logaddexp(log_p[..., zero : zero + 1], log_p[..., letter : letter + 1])
    hot = ops.one_hot(zero, log_p.shape[-1]), ops.one_hot(letter, log_p.shape[-1])
    changed = log_p * (1 - hot[0] - hot[1]) + pair * hot[0] - 30.0 * hot[1]
    return flag * changed + (1 - flag) * log_p


def smooth_cross_entropy(smoothing: float = 0.05):
    """Cross entropy of int32 classes with a little of every class, from logits."""

    def loss(target, logits):
        classes = logits.shape[-1]
        hot = ops.one_hot(ops.cast(ops.reshape(target, (-1,)), "int32"), classes)
        soft = hot * (1 - smoothing) + smoothing / classes
        return -ops.sum(soft * ops.log_softmax(ops.cast(logits, "float32"), axis=-1), axis=-1)

    return loss


def objectness_loss(target, predicted):
    """Focal loss (Lin et al. 2017, gamma 2) on objectness, per positive cell; a target of -1 counts nothing."""
    target, p = ops.cast(target, "float32"), ops.clip(ops.cast(predicted, "float32"), 1e-4, 1 - 1e-4)
    counts = ops.cast(target >= 0, "float32")
    positive, negative = ops.cast(target > 0.5, "float32"), ops.cast(target <= 0.5, "float32")
    loss = positive * (1 - p) ** 2 * -ops.log(p) + 0.7 * negative * p**2 * -ops.log(1 - p)
    return ops.sum(loss * counts) / (ops.sum(positive * counts) + 8.0)


def corner_loss(target, predicted):
    """Smooth L1 on corner offsets; target (..., 16): eight offsets and their eight weights."""
    target, predicted = ops.cast(target, "float32"), ops.cast(predicted, "float32")
    gap = ops.abs(target[..., :8] - predicted)
    loss = ops.where(gap < 0.05, gap * gap / 0.1, gap - 0.025)
    return 4.0 * ops.sum(loss * target[..., 8:]) / (ops.sum(target[..., 8:]) + 1.0)


def kernel_loss(target, predicted):
    """Focal cross entropy (exponent 1.5) and half the dice loss; target (..., 2 n): n cells, then what each counts."""
    target, p = ops.cast(target, "float32"), ops.clip(ops.cast(predicted, "float32"), 1e-4, 1 - 1e-4)
    cells = p.shape[-1]
    inside, weight = target[..., :cells], target[..., cells:]
    right = inside * p + (1 - inside) * (1 - p)
    positive = ops.sum(weight * inside)
    focal = ops.sum(weight * (1 - right) ** 1.5 * -ops.log(right)) / (positive + 20.0)
    dice = 1 - 2 * (ops.sum(weight * inside * p) + 1) / (positive + ops.sum(weight * p * p) + 2)
    return focal + 0.5 * dice


def geometry_loss(target, predicted):
    """Smooth L1, per cell of a string; target (..., 2 n): n values, then what an error of one counts in each."""
    target, predicted = ops.cast(target, "float32"), ops.cast(predicted, "float32")
    values = predicted.shape[-1]
    gap = ops.abs(target[..., :values] - predicted) * target[..., values:]
    loss = ops.where(gap < 0.05, gap * gap / 0.1, gap - 0.025)
    cells = ops.sum(ops.cast(target[..., values:] > 0, "float32")) / 6.0
    return 0.6 * ops.sum(loss) / (cells + 20.0)


for _loss in (objectness_loss, corner_loss, kernel_loss, geometry_loss):
    keras.saving.register_keras_serializable("glyphcam")(_loss)
