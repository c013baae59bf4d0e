"""python -m train export: a trained network as int8 .tflite with its sidecar, compared with float on real pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from realtime.decode.search import Prior
from realtime.errors import ModelError
from realtime.model import Model, grouped
from realtime.pipeline import letters_of
from realtime.recognise import logits_of
from realtime.spec import ModelSpec, save_spec, sha256_of
from train.datasets.place import added_option
from train.files import write
from train.metrics import Reliability, fit_temperature, reliability
from train.reports.plots import save_reliability
from train.reports.run import Judged, save_disagreements
from train.resume import digest
from train.sampling.batches import Recipe
from train.sampling.load import Labelled
from train.sampling.recipes import SPECS, make

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


def check_quantisation(spec: ModelSpec, same: float, loss: float, least: float = 0.99, most: float = 0.005) -> None:
    """ModelError where int8 gives another answer or loses accuracy more often than the floor allows."""
    if same < least or loss > most:
        told = f"{spec.name}: int8 agrees with float on {same:.2%} and loses {loss:.2%}"
        raise ModelError(f"{told}; the floor is {least:.1%} and {most:.1%}.", "Calibrate on more real pictures.")


@click.command(name="export")
@click.argument("run", type=click.Path(exists=True, file_okay=False))
@click.option("--models", default="models", show_default=True, help="Folder that gets NAME.tflite and NAME.json.")
@click.option("--name", default="", help="Another name for the same network, such as digits-locator.")
@click.option("--threshold", type=float, default=None, help="Default threshold to write into the sidecar.")
@click.option("--data", default="", help="Folder of the data sets, if not where the run found them.")
@added_option
def command(run: str, models: str, **options) -> None:
    """Quantise the network of RUN, compare it with float on held-out pictures, and write it into MODELS.

    Pictures of your own that the run had (--add) are calibrated and compared on too.
    """
    path, scores = export_run(Path(run), Path(models), Export(**options))
    click.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB, {json.dumps(scores)}")


@dataclass(frozen=True)
class Export:
    """How a run is exported: its name, threshold and data, where they are not the run's own.

    `most`: pictures of each set. Where it is not `strict`, an int8 network that answers otherwise is told, not refused.
    """

    name: str = ""
    threshold: float | None = None
    data: str = ""
    added: tuple[str, ...] = ()
    most: int | None = None
    strict: bool = True


def export_run(run: Path, models: Path, how: Export) -> tuple[Path, dict]:
    """Write the int8 network of a run and its sidecar into the folder `models`; the file and its scores.

    Raises ModelError: the run has none, or int8 answers otherwise than float. Nothing is written then.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ModelError("Only TensorFlow converts to TFLite.", "Set KERAS_BACKEND=tensorflow.")
    settings, model = run_of(run)
    if settings.get("network", "small") != "small":
        raise ModelError(f"{run} is a large reference.", "Export a small network that it taught.")
    how = replace(how, data=how.data or settings["data"], added=how.added or tuple(settings.get("added", ())))
    from train.nets import sized

    spec = replace(named(SPECS[settings["task"]], how.name), training=training_metadata(settings, run))
    spec = replace(spec, any_width=spec.kind == "reader" and spec.keep_aspect)
    spec = spec if how.threshold is None else replace(spec, threshold=how.threshold)
    recipe = Recipe(settings["task"], how.data, spec, 0, how.added, settings.get("mixture", {}))
    sampler, rng = make(recipe), np.random.default_rng(settings["seed"])
    shown = (sampler(rng)[0][None, ..., None] for _ in range(CALIBRATION if how.most is None else 10 * how.most))
    model = sized(model, spec)
    int8 = export(model, spec, shown, run)
    compare = compared if spec.kind in ("reader", "classifier") else compared_places
    spec = compare(model, int8, run, how)
    save_spec(spec, int8.path.with_suffix(".json"))
    return delivered(int8.path, models), spec.scores


def delivered(model: Path, models: Path) -> Path:
    """A copy of a run's exported file and of its sidecar in the folder of models; the run keeps its own."""
    models.mkdir(parents=True, exist_ok=True)
    for path in (model, model.with_suffix(".json")):
        write(models / path.name, path.read_bytes())
    return models / model.name


def run_of(run: Path):
    """Settings and network of a run's folder; ModelError where the run has not finished one."""
    import keras

    from train import nets  # noqa: F401  (registers its layers)

    try:
        settings = json.loads((run / "settings.json").read_text())
        return settings, keras.models.load_model(run / "model.keras", compile=False)
    except (FileNotFoundError, ValueError) as error:
        raise ModelError(f"{run} holds no finished network ({error}).", "Run: python -m train fit TASK.") from None


def named(spec: ModelSpec, name: str) -> ModelSpec:
    """The spec under another name; its mode follows."""
    if not name:
        return spec
    other = SPECS[name]
    return replace(spec, name=name, mode=other.mode)


def training_metadata(settings: dict, run: Path) -> dict:
    """How it was trained: the run's file without this machine's folders, its fonts counted, and the minutes it took."""
    kept = {k: v for k, v in settings.items() if k not in PRIVATE}
    taught = {"teachers": len(settings["teachers"])} if settings.get("teachers") else {}
    shares = {"averaged": [*settings["averaged"].values()]} if settings.get("averaged") else {}
    fonts = settings.get("fonts") or {}
    drawn = {"fonts": {"files": len(fonts), "sha256": digest([], json.dumps(fonts))}} if fonts else {}
    return {
        **kept, **drawn, "started_from_other_weights": bool(settings["init"]), **taught, **shares,
        "minutes": minutes(run),
    }  # fmt: skip


PRIVATE = "data", "out", "init", "network", "teachers", "averaged", "added", "most", "fonts", "own"


def minutes(run: Path) -> float:
    """What a run took."""
    head, *_, last = (run / "history.csv").read_text().splitlines()
    return float(dict(zip(head.split(","), last.split(","), strict=True))["minutes"])


def compared(model, int8: Model, run: Path, how: Export) -> ModelSpec:
    """The spec with temperature and scores, from float and int8 answers on held-out pictures.

    Where the two differ, and how sure int8 is when it is right, is shown in the run's folder.
    """
    from train.validate import network_inputs, validation

    spec, prior = int8.spec, letters_of(int8)
    sets = validation(spec, how.data, how.added, how.most)
    items = [i for group in sets.values() for i in group]
    inputs = network_inputs(items, spec)
    floats, ints = (np.stack(logits_of(net, [*inputs[..., 0]], spec)) for net in (model.predict_on_batch, int8))
    truths = np.array([i.text for i in items])
    said = [np.array(said_by(logits, spec, prior)) for logits in (floats, ints)]
    right = [texts == truths for texts in said]
    same = save_disagreements(run, *(answers(items, inputs, logits, spec, prior) for logits in (floats, ints)))
    if how.strict:
        check_quantisation(spec, same, float(right[0].mean() - right[1].mean()), least=0.85, most=0.01)
    spec, bins = calibrated(spec, ints, said[1], right[1], prior)
    save_reliability(bins, run / "reliability-int8.png", f"{spec.name}, calibrated")
    scores = {
        "float": percent(right[0].mean()), "int8": percent(right[1].mean()), "same_answer": percent(same),
        "calibration_error": percent(bins.error), **by_set(sets, right[1]),
    }  # fmt: skip
    return replace(spec, scores=scores)


def calibrated(
    spec: ModelSpec, logits: np.ndarray, said: np.ndarray, right: np.ndarray, prior: Prior | None = None
) -> tuple[ModelSpec, Reliability]:
    """The spec with the temperature at which confidences are right as often as they say, and how far they are off.

    `logits` of n pictures, the texts that were `said` and whether they are `right`, (n,) each. Where nothing was read
    no confidence is given, and none is counted.
    """
    logits, right = logits[said != ""], right[said != ""]
    temperature = fit_temperature(lambda t: confidences_of(logits, replace(spec, temperature=t), prior), right)
    spec = replace(spec, temperature=round(float(temperature), 3))
    return spec, reliability(confidences_of(logits, spec, prior), right)


def by_set(sets: Mapping[str, Sequence[Labelled]], right: np.ndarray) -> dict[str, float]:
    """Exact share of each validation set."""
    ends = np.cumsum([len(group) for group in sets.values()])
    return {name: percent(part.mean()) for name, part in zip(sets, np.split(right, ends[:-1]), strict=True)}


def percent(share: float) -> float:
    """A share as per cent with two decimals."""
    return round(100 * float(share), 2)


def said_by(logits: np.ndarray, spec: ModelSpec, prior: Prior | None = None) -> list[str]:
    """The texts of many logits."""
    from train.validate import readings

    return [r.text for r in readings(logits, spec, prior)]


def confidences_of(logits: np.ndarray, spec: ModelSpec, prior: Prior | None = None) -> np.ndarray:
    """The whole text's confidence of many logits."""
    from train.validate import readings

    return np.array([r.confidence for r in readings(logits, spec, prior)])


def answers(
    items: Sequence[Labelled], inputs: np.ndarray, logits: np.ndarray, spec: ModelSpec, prior: Prior | None = None
) -> list[Judged]:
    """Each picture with its truth and a network's answer."""
    from train.validate import readings

    said = zip(items, readings(logits, spec, prior), inputs, strict=True)
    return [Judged(i.text, r.text, r.confidence, x[..., 0], name=i.group) for i, r, x in said]


def compared_places(model, int8: Model, run: Path, how: Export) -> ModelSpec:
    """The spec with the scores of float and int8 on held-out scenes."""
    from train.validate import scorer

    spec = int8.spec
    score = scorer(spec, how.data, how.added, how.most)
    return replace(spec, scores={"float": score(model), "int8": score(int8)})
