"""Scores while a network is trained: on pictures held out of training, by realtime's own code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import keras
import numpy as np

from realtime.decode.search import Prior
from realtime.locate import Locator
from realtime.locate_text import TextLocator
from realtime.model import Model
from realtime.modes import CHARACTERS, MARKS, PLATES
from realtime.preprocess import crop, fit_square, frame_quad
from realtime.recognise import classify, decode, silenced, softmax
from realtime.refine import Refiner
from realtime.spec import ModelSpec
from realtime.values import Detection, Quad, Reading, iou
from train.datasets.example import straightened
from train.metrics import text_scores
from train.reports.run import Judged
from train.sampling.detection import roughly
from train.sampling.load import Labelled, load_backgrounds, load_labelled
from train.sampling.recipes import PLATE_VALIDATION, load_scenes
from train.sampling.words import DISPLAYS, WORDS, load_words
from train.text_places import place_scores, text_scenes


def judged(model: keras.Model, spec: ModelSpec, data: str) -> list[Judged]:
    """Every held-out picture with truth and answer."""
    rows = []
    for source, items in validation(spec, data).items():
        inputs = network_inputs(items, spec)
        said = readings(predict(model, inputs, spec), spec)
        both = zip(items, said, inputs, strict=True)
        rows += [Judged(i.text, r.text, r.confidence, x[..., 0], source, i.group) for i, r, x in both]
    return rows


def scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """A function from a network to its scores on real pictures held out."""
    return SCORERS.get(spec.name, text_scorer)(spec, data)


def validation(spec: ModelSpec, data: str) -> dict[str, list[Labelled]]:
    """Held-out real pictures of a reader or classifier, by set; for lines also rendered ones in unseen fonts."""
    if spec.mode == "plates":
        return {name.split("/")[-1]: load_labelled(data, [name], "val", PLATES) for name in PLATE_VALIDATION}
    if spec.kind == "classifier":
        names = CLASSIFIED[spec.mode]
        return {name.split("/")[-1]: load_labelled(data, [name], "val", spec.alphabet) for name in names}
    sets = {name.split("/")[-1]: load_words(data, [name], "val", spec.alphabet) for name in LINES[spec.mode]}
    if spec.mode == "digits":
        words = load_words(data, [*WORDS], "val", CHARACTERS + MARKS)
        sets["numbers"] = [word for word in words if set(word.text) <= set(spec.alphabet)]
    return sets


LINES = {"characters": (*WORDS,), "digits": (*DISPLAYS,), "lines": (*WORDS, *DISPLAYS)}
CLASSIFIED = {
    "digits": ("digits/meters", "characters/handwriting", "characters/handwritten_paper", "characters/chars74k"),
    "characters": (
        "characters/chars74k",
        "characters/iiit5k_words/chars",
        "characters/handwriting",
        "characters/handwritten_paper",
    ),
}


def text_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Exact and folded shares of each set and pooled; the score is their mean, for plates the pooled."""
    sets = validation(spec, data)
    inputs = {k: network_inputs(items, spec) for k, items in sets.items()}

    def score(model: keras.Model) -> dict:
        answers = {k: [r.text for r in readings(predict(model, x, spec), spec)] for k, x in inputs.items()}
        truths = {k: [i.text for i in items] for k, items in sets.items()}
        each = {k: text_scores(truths[k], answers[k], spec.mode) for k in sets}
        pooled = text_scores([*chain(*truths.values())], [*chain(*answers.values())], spec.mode)
        parts = [pooled] if spec.mode == "plates" else list(each.values())
        row = {f"{k}_{kind}": round(v[kind], 4) for k, v in each.items() for kind in ("exact", "folded")}
        return {"score": float(np.mean([(p["exact"] + p["folded"]) / 2 for p in parts])), **pooled, **row}

    return score


def as_net(model: keras.Model | Model) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A network with two outputs as realtime calls it, in order of their names; an int8 model is that already."""
    if isinstance(model, Model):
        return model

    def net(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out = model.predict_on_batch(batch)
        first, second = (out[name].astype(np.float32) for name in sorted(out))
        return first, second

    return net


def plate_place_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Recall at IoU 0.5 on real scenes, corner error, false detections without; score = recall - false / 20."""
    sets = {n: load_scenes(data, [f"plates/scenes/{n}"], True, "val") for n in ("china", "world_boxes", "dashcam")}
    empty = load_backgrounds(data, "val")[::5]

    def score(model: keras.Model) -> dict:
        locator, row, hits = Locator(as_net(model), spec), {}, []
        for name, scenes in sets.items():
            pairs = [best_match(locator(s.gray), q) for s in scenes for q in s.quads]
            row[name] = round(float(np.mean([overlap >= 0.5 for overlap, _ in pairs])), 4)
            row[f"{name}_corner"] = round(float(np.mean([e for o, e in pairs if o >= 0.3] or [1.0])), 4)
            hits.append(row[name])
        false = float(np.mean([len(locator(gray)) for gray in empty]))
        return {"score": float(np.mean(hits)) - false / 20, "false": round(false, 4), **row}

    return score


def best_match(detections: Sequence[Detection], quad: np.ndarray) -> tuple[float, float]:
    """Overlap of the best detection with the true corners, and its corner error as a share of the true width."""
    truth = Quad.of(quad)
    best = max(detections, key=lambda s: iou(s.box, truth.box), default=None)
    if best is None:
        return 0.0, 1.0
    error = np.linalg.norm(best.quad.array() - quad, axis=1).mean() / truth.size[0]
    return iou(best.box, truth.box), float(error)


def corners_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Corner error on real scenes from rough places, before and after; the score is 1 - the error after."""
    scenes = load_scenes(data, ["plates/scenes/china"], True, "val")
    boxed = load_scenes(data, ["plates/scenes/world_boxes"], False, "val")

    def score(model: keras.Model) -> dict:
        rng, refiner = np.random.default_rng(7), Refiner(as_net(model), spec)
        tries = [(s.gray, q, roughly(q, rng)) for s in scenes for q in s.quads for _ in range(4)]
        before = np.mean([error_of(rough, q) for _, q, rough in tries])
        after = [refiner.predict(gray, Quad.of(rough)) for gray, _, rough in tries]
        error = np.mean([error_of(quad.array(), q) for (quad, _), (_, q, _) in zip(after, tries, strict=True)])
        seen = [refiner.predict(s.gray, Quad.of(q)) for s in boxed for q in s.quads]
        truths = [Quad.of(q) for s in boxed for q in s.quads]
        overlap = np.mean([iou(quad.box, truth.box) for (quad, _), truth in zip(seen, truths, strict=True)])
        kept = np.mean([p > 0.5 for _, p in (*after, *seen)])
        row = {"before": before, "after": error, "box_iou": overlap, "kept": kept}
        return {"score": 1 - float(error), **{k: round(float(v), 4) for k, v in row.items()}}

    return score


def error_of(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean corner distance as a share of the true width."""
    return float(np.linalg.norm(found - truth, axis=1).mean() / Quad.of(truth).size[0])


def text_place_scorer(spec: ModelSpec, data: str) -> Callable[[keras.Model], dict]:
    """Strings found and complete on rendered and real pictures, and false ones; the score is the mean over the sets.

    The rendered ones are in fonts that no training sample uses. A set counts the share that is complete and half its
    precision; every false string in ten pictures without text takes off 0.025.
    """
    sets = text_scenes(data)

    def score(model: keras.Model) -> dict:
        scores = place_scores(TextLocator(as_net(model), spec), sets)
        row = {name: round(share, 4) for name, (_, share) in scores.items()}
        complete, precision = ([v for k, v in row.items() if k.endswith(end)] for end in ("complete", "precision"))
        total = float(np.mean(complete) + 0.5 * np.mean(precision)) - row["empty_false"] / 4
        return {"score": total, **row}

    return score


SCORERS = {
    "plates-locator": plate_place_scorer,
    "plates-corners": corners_scorer,
    "digits-locator": text_place_scorer,
    "characters-locator": text_place_scorer,
}


def network_inputs(items: Sequence[Labelled], spec: ModelSpec) -> np.ndarray:
    """Labelled crops as uint8 (n, height, width, 1), through realtime's own preprocessing."""
    if spec.kind == "classifier":
        return np.stack([fit_square(straightened(i.gray, i.quad) if i.quad else i.gray, spec) for i in items])[
            ..., None
        ]
    return np.stack([crop(i.gray, i.quad or frame_quad(i.gray), spec) for i in items])[..., None]


def predict(model: keras.Model, inputs: np.ndarray, spec: ModelSpec, batch: int = 128) -> np.ndarray:
    """The network's output for all inputs, as numpy float32."""
    parts = [model.predict_on_batch(inputs[k : k + batch]) for k in range(0, len(inputs), batch)]
    return silenced(np.concatenate(parts).astype(np.float32), inputs, spec)


def readings(logits: np.ndarray, spec: ModelSpec, prior: Prior | None = None) -> list[Reading]:
    """What many logits say."""
    probabilities = softmax(logits, spec.temperature)
    if spec.kind == "classifier":
        return [classify(p, spec) for p in probabilities]
    return [decode(p, spec, prior) for p in probabilities]
