"""Losses for fitting, and scores for people; scores are plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from realtime.spec import PLATES

FOLD_PLATES = str.maketrans("OI", "01")
# Characters that differ in size only, or not at all in many fonts; one name for each group.
FOLD_ALIKE = str.maketrans("OolI5s8Bz2Z", "00115S88222")


def edit_distance(a: str, b: str) -> int:
    """Levenshtein: fewest insertions, deletions and replacements that turn a into b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def folded(text: str, mode: str) -> str:
    """The text with what a mode forgives folded away: O = 0 and I = 1 on plates, upper and lower case elsewhere."""
    return text.translate(FOLD_PLATES) if mode == "plates" else text.lower()


def text_scores(truths: Sequence[str], answers: Sequence[str], mode: str) -> dict[str, float]:
    """Shares of exact, folded and nearly right (one edit after folding) answers, 0 to 1, and how many there were."""
    pairs = list(zip(truths, answers, strict=True))
    near = [edit_distance(folded(t, mode), folded(a, mode)) for t, a in pairs]
    return {
        "n": len(pairs),
        "exact": float(np.mean([t == a for t, a in pairs])) if pairs else 0.0,
        "folded": float(np.mean([d == 0 for d in near])) if pairs else 0.0,
        "within_one": float(np.mean([d <= 1 for d in near])) if pairs else 0.0,
    }


def calibration_error(confidences: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): gap of confidence and accuracy over equal bins, by size."""
    confidences, right = np.asarray(confidences, float), np.asarray(right, float)
    slots = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [abs(confidences[slots == b].sum() - right[slots == b].sum()) for b in range(bins)]
    return float(sum(gaps) / max(len(right), 1))


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


def presence_loss(target, predicted):
    """Focal loss (Lin et al. 2017, gamma 2) on presence, per positive cell; a target of -1 counts nothing."""
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


keras.saving.register_keras_serializable("glyphcam")(presence_loss)
keras.saving.register_keras_serializable("glyphcam")(corner_loss)
