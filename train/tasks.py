"""Each task's network, losses and validation score, and how a run of it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import keras
import numpy as np

from realtime.preprocess import crop, fit_square
from realtime.recognise import classify, decode, softmax
from realtime.spec import CHARACTERS, DIGITS, PLATES, ModelSpec
from train import nets
from train.data import Labelled, Recipe, batches, load_labelled, whole
from train.fit import Settings, fit
from train.metrics import ctc, smooth_cross_entropy, text_scores
from train.recipes import PLATE_VALIDATION, SPECS, make


def fit_task(settings: Settings, spec: ModelSpec | None = None) -> keras.Model:
    """Train one task as its settings say; returns the best network."""
    spec = spec or SPECS[settings.task]
    stream = batches(make, Recipe(settings.task, settings.data, spec, settings.seed), settings.batch, settings.workers)
    return fit(nets.build(spec), LOSSES[spec.kind](spec), stream, scorer(spec, settings.data), settings)


LOSSES = {
    "reader": lambda spec: ctc(spec.alphabet),
    "classifier": lambda spec: smooth_cross_entropy(),
}


def scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """A function from a network to its scores on real pictures held out."""
    return SCORERS[spec.name](spec, data)


def plate_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Exact and folded shares, each set and pooled; the score is the mean of both pooled ones."""
    sets = {name.split("/")[-1]: load_labelled(data, [name], "val", PLATES) for name in PLATE_VALIDATION}
    inputs = {k: network_inputs(items, spec) for k, items in sets.items()}

    def score(model: keras.Model) -> dict:
        answers = {k: texts(predict(model, x), spec) for k, x in inputs.items()}
        truths = {k: [i.text for i in items] for k, items in sets.items()}
        row = {k: round(text_scores(truths[k], answers[k], "plates")["folded"], 4) for k in sets}
        pooled = text_scores([*chain(*truths.values())], [*chain(*answers.values())], "plates")
        return {"score": (pooled["exact"] + pooled["folded"]) / 2, **pooled, **row}

    return score


def classifier_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Exact and case-folded shares of each real set; the score is the mean exact share."""
    names = CLASSIFIED[spec.mode]
    sets = {name.split("/")[-1]: load_labelled(data, [name], "val", spec.alphabet) for name in names}
    inputs = {k: network_inputs(items, spec) for k, items in sets.items()}

    def score(model: keras.Model) -> dict:
        row, exact = {}, []
        for k, items in sets.items():
            rates = text_scores([i.text for i in items], texts(predict(model, inputs[k]), spec), spec.mode)
            row |= {k: round(rates["exact"], 4), f"{k}_folded": round(rates["folded"], 4)}
            exact.append(rates["exact"] + rates["folded"])
        return {"score": float(np.mean(exact)) / 2, **row}

    return score


CLASSIFIED = {
    "digits": ("digits/meters", "characters/handwriting", "characters/chars74k"),
    "characters": ("characters/chars74k", "characters/iiit5k_words/chars", "characters/handwriting"),
}


def lines_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Exact and folded shares of real scene words (characters) or of rendered lines in unseen fonts (digits)."""
    items = [w for w in load_labelled(data, ["characters/iiit5k_words"], "val", CHARACTERS) if w.text]
    sets = {"words": items, "rendered": rendered_lines(spec, 400)}
    if spec.mode == "digits":
        sets = {"rendered": sets["rendered"], "meters": load_labelled(data, ["digits/meters"], "val", DIGITS)}
    inputs = {k: network_inputs(v, spec) for k, v in sets.items()}

    def score(model: keras.Model) -> dict:
        row = {}
        for k, v in sets.items():
            rates = text_scores([i.text for i in v], texts(predict(model, inputs[k]), spec), spec.mode)
            row |= {k: round(rates["exact"], 4), f"{k}_folded": round(rates["folded"], 4)}
        return {"score": float(np.mean([row[f"{k}_folded"] for k in sets])), **row}

    return score


def rendered_lines(spec: ModelSpec, count: int) -> list[Labelled]:
    """Rendered lines in fonts that no training sample uses."""
    from synth.render import sample_crop

    made = [sample_crop(np.random.default_rng((977, k)), spec.mode, "val") for k in range(count)]
    return [Labelled(gray, text) for gray, text in made]


SCORERS = {
    "plates-reader": plate_scorer,
    "characters-classifier": classifier_scorer,
    "digits-classifier": classifier_scorer,
    "characters-reader": lines_scorer,
    "digits-reader": lines_scorer,
}


def network_inputs(items: Sequence[Labelled], spec: ModelSpec) -> np.ndarray:
    """Labelled crops as uint8 (n, height, width, 1), through realtime's own preprocessing."""
    if spec.kind == "classifier":
        return np.stack([fit_square(i.gray, spec) for i in items])[..., None]
    return np.stack([crop(i.gray, i.quad or whole(i.gray), spec) for i in items])[..., None]


def predict(model: keras.Model, inputs: np.ndarray, batch: int = 128) -> np.ndarray:
    """The network's output for all inputs, as numpy float32."""
    parts = [model(inputs[k : k + batch], training=False) for k in range(0, len(inputs), batch)]
    return np.concatenate([np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(p, "float32"))) for p in parts])


def texts(logits: np.ndarray, spec: ModelSpec) -> list[str]:
    """Decoded texts of many logits."""
    interpret = decode if spec.kind == "reader" else classify
    return [interpret(p, spec).text for p in softmax(logits)]
