"""Scores while a network is trained: on pictures held out of training, by realtime's own code.

Held out are the validation parts of the sets that are there and of folders of one's own (`added`); where no set is
there, rendered pictures in fonts that training never sees. `most`: pictures of each set, for a quick look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import keras
import numpy as np

from realtime.decode.search import Prior
from realtime.locate.locator import Locator
from realtime.locate.refine import Refiner
from realtime.locate.text_locator import TextLocator
from realtime.model import Model
from realtime.modes import CHARACTERS, MARKS, PLATES
from realtime.preprocess import crop, fit_square, frame_quad
from realtime.recognise import classify, decode, silenced, softmax
from realtime.spec import ModelSpec
from realtime.values import Detection, Quad, Reading, iou
from synth.text.strings import legible
from train.datasets.example import straightened
from train.metrics import text_scores
from train.reports.run import Judged
from train.sampling.detection import MarkedScene, roughly
from train.sampling.load import Labelled, draw_from, load_backgrounds, load_labelled
from train.sampling.recipes import PLATE_SCENES, PLATE_VALIDATION, load_own_scenes, load_scenes
from train.sampling.text_scenes import load_text_scenes
from train.sampling.words import DISPLAYS, WORDS, load_words
from train.text_places import place_scores, text_scenes

Score = Callable[[keras.Model], dict]
OWN = "own "  # begins the name of a folder of one's own in a row of scores
RENDERED = 300  # pictures where no set is there; a tenth as many scenes


def judged(
    model: keras.Model, spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None
) -> list[Judged]:
    """Every held-out picture with truth and answer."""
    rows = []
    for source, items in validation(spec, data, added, most).items():
        inputs = network_inputs(items, spec)
        said = readings(predict(model, inputs, spec), spec)
        both = zip(items, said, inputs, strict=True)
        rows += [Judged(i.text, r.text, r.confidence, x[..., 0], source, i.group) for i, r, x in both]
    return rows


def scorer(spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None) -> Score:
    """A function from a network to its scores on pictures held out."""
    draw_from(data)
    return SCORERS.get(spec.kind, text_scorer)(spec, data, added, most)


def validation(
    spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None
) -> dict[str, list[Labelled]]:
    """Held-out pictures of a reader or classifier by set, none of them empty."""
    draw_from(data)
    sets = {name: items for name, items in published(spec, data).items() if items} or {"rendered": rendered(spec)}
    sets |= {OWN + Path(folder).name: own_pictures(folder, spec) for folder in added}
    return {name: items[:most] for name, items in sets.items() if items}


def own_pictures(folder: str, spec: ModelSpec) -> list[Labelled]:
    """The validation part of a folder of one's own."""
    if spec.kind == "classifier" or spec.mode == "plates":
        return load_labelled("", [folder], "val", spec.alphabet)
    return load_words("", [folder], "val", spec.alphabet)


def rendered(spec: ModelSpec) -> list[Labelled]:
    """Rendered pictures in fonts that training never sees, as the network is given them."""
    from synth.plates.plate import sample_plate_crop
    from synth.text.crops import sample_character, sample_crop

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, str]:
        if spec.mode == "plates":
            return sample_plate_crop(rng)
        if spec.kind == "classifier":
            return sample_character(rng, "val", spec.alphabet)
        gray, text = sample_crop(rng, "digits" if spec.mode == "digits" else "characters", "val")
        return gray, legible(text, spec.alphabet)

    return [Labelled(*draw(np.random.default_rng((57, k)))) for k in range(RENDERED)]


def published(spec: ModelSpec, data: str) -> dict[str, list[Labelled]]:
    """The held-out pictures of the sets that a reader or classifier is validated on, where they are there."""
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
    "digits": (
        "digits/meters", "characters/handwriting", "characters/handwritten_paper", "characters/chars74k",
        "public/mnist", "public/svhn",
    ),
    "characters": (
        "characters/chars74k", "characters/iiit5k_words/chars", "characters/handwriting",
        "characters/handwritten_paper", "public/emnist", "public/chars74k-hnd",
    ),
}  # fmt: skip


def text_scorer(spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None) -> Score:
    """Exact and folded shares of each set and pooled; the score is their mean, for plates the pooled.

    The folders of one's own together count as much as all other sets.
    """
    sets = validation(spec, data, added, most)
    inputs = {k: network_inputs(items, spec) for k, items in sets.items()}

    def score(model: keras.Model) -> dict:
        answers = {k: [r.text for r in readings(predict(model, x, spec), spec)] for k, x in inputs.items()}
        truths = {k: [i.text for i in items] for k, items in sets.items()}
        each = {k: text_scores(truths[k], answers[k], spec.mode) for k in sets}
        general = [k for k in sets if not k.startswith(OWN)]
        pooled = text_scores(
            [*chain(*(truths[k] for k in general))], [*chain(*(answers[k] for k in general))], spec.mode
        )
        parts = [pooled] if spec.mode == "plates" else [each[k] for k in general]
        own = [each[k] for k in sets if k.startswith(OWN)]
        total = np.mean([halfway(p) for p in (parts, own) if p])
        row = {f"{k}_{kind}": round(v[kind], 4) for k, v in each.items() for kind in ("exact", "folded")}
        return {"score": float(total), **pooled, **row}

    return score


def halfway(parts: Sequence[dict[str, float]]) -> float:
    """Between exact and folded, the mean over some sets."""
    return float(np.mean([(p["exact"] + p["folded"]) / 2 for p in parts]))


def as_net(model: keras.Model | Model) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A network with two outputs as realtime calls it, in order of their names; an int8 model is that already."""
    if isinstance(model, Model):
        return model

    def net(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out = model.predict_on_batch(batch)
        first, second = (out[name].astype(np.float32) for name in sorted(out))
        return first, second

    return net


def plate_scenes(data: str, added: Sequence[str], most: int | None) -> dict[str, list[MarkedScene]]:
    """Held-out pictures with the corners of their plates, by set, none of them empty; rendered ones where none is."""
    names = {n: load_scenes(data, [f"plates/scenes/{n}"], n != "world_boxes", "val") for n in PLATE_SCENES}
    sets = {name: scenes for name, scenes in names.items() if scenes} or {"rendered": rendered_scenes(data)}
    sets |= {OWN + Path(folder).name: load_own_scenes(data, [folder], "val") for folder in added}
    return {name: scenes[:most] for name, scenes in sets.items() if scenes}


def rendered_scenes(data: str) -> list[MarkedScene]:
    """Rendered streets with plates."""
    from synth.plates.scene import render_plate_scene, sample_plate_scene

    grounds, scenes = load_backgrounds(data, "val"), list[MarkedScene]()
    for k in range(RENDERED // 10):
        scene = sample_plate_scene(np.random.default_rng((58, k)), grounds, plates=1 + k % 3)
        gray, quads, _ = render_plate_scene(scene)
        scenes += [MarkedScene(gray, quads)] if len(quads) else []
    return scenes


def plate_place_scorer(spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None) -> Score:
    """Recall at IoU 0.5 on real scenes, corner error, false detections without; score = recall - false / 20."""
    sets = plate_scenes(data, added, most)
    empty = load_backgrounds(data, "val")[::5][:most]

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


def corners_scorer(spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None) -> Score:
    """Corner error on scenes from rough places, before and after; the score is 1 - the error after.

    Where only boxes are known, how far the corners found overlap with them is told too.
    """
    sets = plate_scenes(data, added, most)
    sets.pop("dashcam", None)
    everything = [*chain(*sets.values())]
    scenes, boxed = [s for s in everything if s.exact] or rendered_scenes(data), [s for s in everything if not s.exact]

    def score(model: keras.Model) -> dict:
        rng, refiner = np.random.default_rng(7), Refiner(as_net(model), spec)
        tries = [(s.gray, q, roughly(q, rng)) for s in scenes for q in s.quads for _ in range(4)]
        before = np.mean([error_of(rough, q) for _, q, rough in tries])
        after = [refiner.predict(gray, Quad.of(rough)) for gray, _, rough in tries]
        error = np.mean([error_of(quad.array(), q) for (quad, _), (_, q, _) in zip(after, tries, strict=True)])
        seen = [refiner.predict(s.gray, Quad.of(q)) for s in boxed for q in s.quads]
        truths = [Quad.of(q) for s in boxed for q in s.quads]
        overlaps = [iou(quad.box, truth.box) for (quad, _), truth in zip(seen, truths, strict=True)]
        kept = np.mean([p > 0.5 for _, p in (*after, *seen)])
        row = {"before": before, "after": error, **({"box_iou": np.mean(overlaps)} if overlaps else {}), "kept": kept}
        return {"score": 1 - float(error), **{k: round(float(v), 4) for k, v in row.items()}}

    return score


def error_of(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean corner distance as a share of the true width."""
    return float(np.linalg.norm(found - truth, axis=1).mean() / Quad.of(truth).size[0])


def text_place_scorer(spec: ModelSpec, data: str, added: Sequence[str] = (), most: int | None = None) -> Score:
    """Strings found and complete on rendered and real pictures, and false ones; the score is the mean over the sets.

    The rendered ones are in fonts that no training sample uses. A set counts the share that is complete and half its
    precision; every false string in ten pictures without text takes off 0.025.
    """
    sets = text_scenes(data, **({"count": most} if most else {}))
    sets |= {OWN + Path(folder).name: load_text_scenes(data, [folder], "val") for folder in added}
    sets = {name: scenes[:most] for name, scenes in sets.items() if scenes}

    def score(model: keras.Model) -> dict:
        scores = place_scores(TextLocator(as_net(model), spec), sets)
        row = {name: round(share, 4) for name, (_, share) in scores.items()}
        complete, precision = ([v for k, v in row.items() if k.endswith(end)] for end in ("complete", "precision"))
        total = float(np.mean(complete) + 0.5 * np.mean(precision)) - row["empty_false"] / 4
        return {"score": total, **row}

    return score


SCORERS = {"locator": plate_place_scorer, "corners": corners_scorer, "text-locator": text_place_scorer}


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
