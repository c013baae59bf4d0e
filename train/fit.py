"""Each task's network, losses and validation score, and how a run of it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import keras

from realtime.errors import ModelError
from realtime.spec import ModelSpec
from train import nets
from train.distill import distillation, load_teachers, resnet50, taught
from train.losses import corner_loss, ctc, geometry_loss, kernel_loss, objectness_loss, smooth_cross_entropy
from train.reports.run import write_curves, write_report
from train.sampling.batches import Recipe, batches
from train.sampling.recipes import SPECS, make
from train.trainer import IMAGENET, Settings, epochs_so_far, fit
from train.validate import judged, scorer

RESUMED = 1_000_003  # added to the seed for each epoch that was done before


def fit_task(settings: Settings, spec: ModelSpec | None = None, record: Mapping | None = None) -> keras.Model:
    """Train one task as its settings say and report on it; returns the best network.

    `record` is what settings.json holds beside the settings.
    """
    spec = spec or SPECS[settings.task]
    done = len(epochs_so_far(Path(settings.out)))
    recipe = recipe_of(settings, spec, settings.seed + RESUMED * done)  # what goes on sees new samples
    stream, losses = LAYOUT[spec.kind](batches(make, recipe, settings.batch, settings.workers)), LOSSES[spec.kind](spec)
    if settings.teachers:
        stream, losses = taught(stream, load_teachers(settings.teachers, spec)), distillation()
    held_out = settings.data, settings.added, settings.most
    model = fit(network(spec, settings), losses, stream, scorer(spec, *held_out), settings, record)
    if spec.alphabet:
        write_report(Path(settings.out), judged(model, spec, *held_out), spec.alphabet)
    else:
        write_curves(Path(settings.out))
    return model


def recipe_of(settings: Settings, spec: ModelSpec, seed: int) -> Recipe:
    """What decides the samples of a run."""
    return Recipe(settings.task, settings.data, spec, seed, settings.added, settings.mixture)


def network(spec: ModelSpec, settings: Settings) -> keras.Model:
    """What is trained: the network that ships, or the large reference beside it."""
    if settings.network == "small":
        if settings.init == IMAGENET:
            raise ModelError(f"{spec.name} has no weights from {IMAGENET}.", "Take them with --network resnet50.")
        return nets.reader(spec, any_width=True) if spec.keep_aspect else nets.build(spec)
    if spec.kind != "classifier":
        raise ModelError(f"{spec.name} has no {settings.network}.", "Leave --network out: only classifiers have one.")
    return resnet50(spec, IMAGENET if settings.init == IMAGENET else None)


LOSSES = {
    "reader": lambda spec: ctc(spec.alphabet),
    "classifier": lambda spec: smooth_cross_entropy(),
    "locator": lambda spec: {"objectness": objectness_loss, "corners": corner_loss},
    "corners": lambda spec: {"objectness": objectness_loss, "corners": corner_loss},
    "text-locator": lambda spec: {"kernel": kernel_loss, "geometry": geometry_loss},
}


def cell_parts(stream: Iterator) -> Iterator:
    """A locator's targets, (n, h, w, 17), by output."""
    return ((x, {"objectness": y[..., :1], "corners": y[..., 1:]}) for x, y in stream)


def crop_parts(stream: Iterator) -> Iterator:
    """A corner network's targets, (n, 17), by output."""
    return ((x, {"objectness": y[..., 16:], "corners": y[..., :16]}) for x, y in stream)


def map_parts(stream: Iterator) -> Iterator:
    """A text locator's targets, (n, h, w, 56), by output: four cells and their weights, 24 values and theirs."""
    return ((x, {"kernel": y[..., :8], "geometry": y[..., 8:]}) for x, y in stream)


LAYOUT: dict[str, Callable[[Iterator], Iterator]] = {
    "reader": iter, "classifier": iter, "locator": cell_parts, "corners": crop_parts, "text-locator": map_parts
}  # fmt: skip
