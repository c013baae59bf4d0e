"""The command that trains one network."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from realtime.errors import SourceError
from train.datasets.place import added_option, data_option
from train.record import differences, introduce, recorded
from train.sampling.recipes import SPECS


def as_recorded(context: click.Context, _: click.Parameter, path: str | None) -> None:
    """Take what a run's settings.json says where the command line says nothing."""
    if not path:
        return
    try:
        recorded = json.loads(Path(path).read_text())
        taken = {"task": recorded["task"], **{name: recorded[name] for name in REPEATED if name in recorded}}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{path} is not the settings.json of a run ({error}).", "Name one below runs/.") from None
    if not Path(taken.get("data", "")).is_dir():
        taken.pop("data", None)
    context.default_map = {**taken, "out": f"{Path(path).resolve().parent}-again"}
    context.obj = recorded


# What a run's file decides of the next one.
REPEATED = (
    "task", "data", "added", "steps", "batch", "rate", "seed", "workers", "every", "init", "network", "teachers",
)  # fmt: skip


@click.command(name="fit")
@click.argument("task", type=click.Choice(list(SPECS)))
@data_option
@added_option
@click.option("--from", "again", is_eager=True, expose_value=False, callback=as_recorded, metavar="SETTINGS",
              help="Repeat a run by its settings.json; options beside it win.")  # fmt: skip
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
@click.option("--smoke", is_flag=True, help="Try fit, export and evaluate on a handful of pictures, in a minute.")
@click.option("--teacher", "teachers", multiple=True, help="A trained classifier (.keras) that teaches; repeatable.")
def command(task: str, data: str, out: str | None, smoke: bool, **options) -> None:
    """Train the network TASK; the best by validation lands in the run's model.keras.

    It takes every set that it knows and finds in the data folder; without any it learns from rendered pictures alone.
    KERAS_BACKEND=torch is the fastest on a CPU; TensorFlow is Keras's default.
    """
    if smoke:
        os.environ["KERAS_BACKEND"] = "tensorflow"  # the only one that exports
        from train.smoke import smoke_test

        smoke_test(task, data, options["added"], Path(out or f"runs/smoke/{task}"), click.echo)
        return
    earlier = click.get_current_context().obj or {}
    record = recorded(task, data, options["added"], earlier.get("mixture", {}))
    introduce(record, data, click.echo)
    for line in differences(earlier, record) if earlier else ():
        click.echo(f"Not as it was: {line}", err=True)
    from train.fit import fit_task
    from train.trainer import Settings

    settings = Settings(task, data, out or f"runs/{task}", mixture=record["mixture"], **options)
    fit_task(settings, record=record)
    click.echo(f"{settings.out}/model.keras is the best. Next: python -m train export {settings.out}")
