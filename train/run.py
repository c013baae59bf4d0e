"""The command that trains one network."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from realtime.errors import SourceError
from train.sampling.recipes import SPECS


@click.command(name="fit")
@click.argument("task", type=click.Choice(list(SPECS)))
@click.option("--data", default="../shared/data", show_default=True, help="Folder of the real pictures.")
@click.option("--out", default=None, help="Folder of the run; runs/TASK if left out.")
@click.option("--steps", default=8000, show_default=True, help="Batches to learn from.")
@click.option("--batch", default=64, show_default=True, help="Samples in a batch.")
@click.option("--rate", default=2e-3, show_default=True, help="Peak learning rate of AdamW.")
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes that make samples.")
@click.option("--every", default=500, show_default=True, help="Batches between validations.")
@click.option("--init", default="", help="Start from a run's .keras (what has another shape is new) or a .tflite.")
@click.option(
    "--network",
    type=click.Choice(["small", "resnet50"]),
    default="small",
    show_default=True,
    help="What to train: the network that ships, or a classifier's large reference; its --init may be imagenet.",
)
@click.option("--teacher", "teachers", multiple=True, help="A trained classifier (.keras) that teaches; repeatable.")
def command(task: str, data: str, out: str | None, **options) -> None:
    """Train the network TASK; the best by validation lands in the run's model.keras.

    KERAS_BACKEND=torch is the fastest on a CPU; TensorFlow is Keras's default.
    """
    if not Path(data).is_dir():
        raise SourceError(f"{data} is not a folder.", "Name the folder of the real pictures with --data.")
    from train.fit import fit_task
    from train.trainer import Settings

    settings = Settings(task, data, out or f"runs/{task}", **options)
    fit_task(settings)
    click.echo(json.dumps(dataclasses.asdict(settings)))
