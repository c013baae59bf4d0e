"""Fit a network: batches from worker processes, cosine rate, averaged weights, the best by validation kept.

Under the torch backend (KERAS_BACKEND=torch) convolutions run in bfloat16, which a CPU with AVX512-BF16 does twice as
fast; weights, normalisation and losses stay float32.
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from realtime.errors import ModelError
from realtime.modes import CHARACTERS, DIGITS, MARKS, NUMBERS, PLATES
from train.files import write
from train.warm_start import thaw

IMAGENET = "imagenet"  # Keras's own weights, which it downloads: a beginning for the large reference


@dataclass(frozen=True)
class Settings:
    """How a run goes; everything else follows from the task."""

    task: str
    data: str
    out: str
    steps: int = 20000
    batch: int = 64
    rate: float = 2e-3  # AdamW's peak; higher diverges in bfloat16, lower wastes steps
    decay: float = 0.01
    seed: int = 1
    workers: int = 1
    every: int = 500  # steps between validations
    patience: int = 30  # validations without a better score before a run ends early
    average: float = 0.998  # of the weights, per step (Polyak): about the last 500 steps
    init: str = ""  # a .keras or .tflite file to start from
    network: str = "small"  # or "resnet50", the large reference of the classifiers
    teachers: tuple[str, ...] = ()  # trained networks whose answers a classifier learns too
    added: tuple[str, ...] = ()  # folders of pictures of one's own
    mixture: Mapping[str, float] = field(default_factory=dict)  # shares of the mixture's parts; the task's own if empty
    most: int | None = None  # pictures of each set that a validation looks at


def acceleration():
    """bfloat16 convolutions where the backend is torch and the processor multiplies them; nothing elsewhere.

    A processor without AVX512-BF16 emulates them, which takes twenty times as long as float32.
    """
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    if not torch.cpu._is_avx512_bf16_supported():
        return nullcontext()
    # Without the cache: it would keep the first bfloat16 copy of every Dense kernel for the whole run.
    return torch.autocast("cpu", torch.bfloat16, cache_enabled=False)


class Averaged(keras.callbacks.Callback):
    """Keeps running means of all weights; `swap` exchanges them with the live ones."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay, self.step = decay, 0
        self.means: list[keras.KerasTensor] = []

    def on_train_batch_end(self, batch, logs=None):
        values = [v.value for v in self.model.variables if v.dtype == "float32"]
        if not self.means:
            self.means = [keras.ops.copy(keras.ops.stop_gradient(v)) for v in values]
        self.step += 1
        share = max(1 - self.decay, 1 / (self.step + 1))
        for k, value in enumerate(values):
            self.means[k] = self.means[k] + share * (keras.ops.stop_gradient(value) - self.means[k])

    def swap(self) -> None:
        """Live weights and their means change places."""
        live = [v for v in self.model.variables if v.dtype == "float32"]
        kept = [keras.ops.copy(keras.ops.stop_gradient(v.value)) for v in live]
        for variable, mean in zip(live, self.means, strict=True):
            variable.assign(mean)
        self.means = kept


class Keeper(keras.callbacks.Callback):
    """Validates the averaged weights, writes history.csv, keeps the best as model.keras."""

    def __init__(self, averaged: Averaged, score: Callable[[keras.Model], dict], out: Path) -> None:
        super().__init__()
        self.averaged, self.score, self.out, self.started = averaged, score, out, time.time()
        self.best = best_so_far(out)

    def on_epoch_end(self, epoch, logs=None):
        self.averaged.swap()
        scores = self.score(self.model)
        logs["score"] = scores["score"]
        if scores["score"] > self.best:
            self.best = scores["score"]
            save(self.model, self.out / "model.keras")
        self.averaged.swap()
        minutes = round((time.time() - self.started) / 60, 2)
        row = {"epoch": epoch + 1, "minutes": minutes, "loss": float(logs["loss"]), **scores}
        append(self.out / "history.csv", {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
        print(" ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)


def best_so_far(out: Path) -> float:
    """The best score of a run that was interrupted and goes on; below any where a run begins."""
    return max((float(row["score"]) for row in epochs_so_far(out)), default=-math.inf)


def epochs_so_far(out: Path) -> list[dict[str, str]]:
    """The rows of history.csv of a run that was interrupted and goes on; none where a run begins."""
    history = out / "history.csv"
    if not history.exists() or not (out / "backup").exists():
        return []
    with history.open() as lines:
        return list(csv.DictReader(lines))


def stop_autocast(model: keras.Model) -> None:
    """Under torch, keep each layer from taking a float32 copy of what the convolution before it made."""
    if keras.backend.backend() == "torch":
        for layer in model.layers[2:]:  # after those that scale the picture
            layer.autocast = False


def save(model: keras.Model, path: Path) -> None:
    """Written beside and renamed, so that an interrupted run leaves the last whole file."""
    beside = path.with_name("partial." + path.name)
    model.save(beside)
    beside.replace(path)


def append(path: Path, row: dict) -> None:
    """One more line of a CSV table, with a header where it is new."""
    new = not path.exists()
    with path.open("a", newline="") as lines:
        writer = csv.DictWriter(lines, row)
        if new:
            writer.writeheader()
        writer.writerow(row)


def cosine(settings: Settings) -> keras.optimizers.schedules.LearningRateSchedule:
    """Up in the first fiftieth, then down a half cosine to a hundredth."""
    warm = max(1, settings.steps // 50)
    return keras.optimizers.schedules.CosineDecay(
        settings.rate / 20, max(1, settings.steps - warm), 0.01 / 20, warmup_target=settings.rate, warmup_steps=warm
    )


def fit(
    model: keras.Model, losses, batches: Iterator, score: Callable, settings: Settings, record: Mapping | None = None
) -> keras.Model:
    """Run the whole schedule; returns the model with the best weights. Everything lands in settings.out.

    `record` is what settings.json holds beside the settings.
    """
    out = Path(settings.out)
    write(out / "settings.json", json.dumps({**asdict(settings), **(record or {})}, indent=1) + "\n")
    keras.utils.set_random_seed(settings.seed)
    if settings.init and settings.init != IMAGENET:
        begin(model, Path(settings.init), batches)
    optimizer = keras.optimizers.AdamW(cosine(settings), beta_2=0.98, weight_decay=settings.decay, clipnorm=3.0)
    model.compile(optimizer, losses)
    averaged = Averaged(settings.average)
    followers = [
        averaged,
        Keeper(averaged, score, out),
        keras.callbacks.EarlyStopping("score", patience=settings.patience, mode="max"),
        keras.callbacks.TensorBoard(out / "tensorboard"),
        keras.callbacks.BackupAndRestore(out / "backup"),  # a run that was interrupted goes on after its last epoch
    ]
    epochs, every = max(1, settings.steps // settings.every), min(settings.every, settings.steps)
    stop_autocast(model)
    with acceleration():
        model.fit(batches, epochs=epochs, steps_per_epoch=every, callbacks=followers, verbose="auto")
    return keras.models.load_model(out / "model.keras", compile=False)


def begin(model: keras.Model, init: Path, batches: Iterator) -> None:
    """Start from the weights of another run or of a shipped model; ModelError where there is no such file."""
    if not init.is_file():
        raise ModelError(f"{init} is missing.", "Name a run's model.keras or a .tflite with --init.")
    if init.suffix == ".tflite":
        return thaw(init, model, as_wide(next(batches)[0] for _ in range(4)))
    return transfer(keras.models.load_model(init, compile=False), model)


def as_wide(batches: Iterable[np.ndarray]) -> np.ndarray:
    """Batches of pictures (n, h, w, 1) as one, all as wide as the widest: the last column repeated."""
    parts = list(batches)
    widest = max(part.shape[2] for part in parts)
    return np.concatenate([np.pad(p, ((0, 0), (0, 0), (0, widest - p.shape[2]), (0, 0)), "edge") for p in parts])


def transfer(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights layer by layer; where a last layer is for another alphabet, class by class.

    What has another shape starts fresh.
    """
    for old, new in zip(source.layers, target.layers, strict=True):
        weights = [part(w, np.shape(fresh)) for w, fresh in zip(old.get_weights(), new.get_weights(), strict=True)]
        if all(np.shape(w) == np.shape(fresh) for w, fresh in zip(weights, new.get_weights(), strict=True)):
            new.set_weights(weights)


def part(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Of an array with a column for each class of an alphabet the columns for the classes of a shorter one.

    The number of classes tells the alphabet; the last class is always "none".
    """
    old, new = (ALPHABET_OF.get(length) for length in (weights.shape[-1], shape[-1]))
    if weights.shape[:-1] != shape[:-1] or not old or not new or not set(new) < set(old):
        return weights
    return weights[..., [*map(old.index, new), len(old)]]


ALPHABET_OF = {len(a) + 1: a for a in (DIGITS, NUMBERS, PLATES, CHARACTERS, CHARACTERS + MARKS)}
