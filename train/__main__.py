"""python -m train: make, look into and score the models."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from realtime.errors import UserError

COMMANDS = {
    "prepare": "train.datasets.download",
    "pseudo": "train.pseudo",
    "check": "train.explore.check",
    "fit": "train.run",
    "average": "train.average",
    "export": "train.export",
    "evaluate": "train.evaluation.evaluate",
    "films": "train.evaluation.films",
    "card": "train.card",
    "compare": "train.reports.run",
    "inspect": "train.explore.inspect",
    "latent": "train.explore.latent",
    "data": "train.explore.dataset",
}


class Lazy(click.Group):
    """Imports a command's module when it is called: help comes at once, and each brings only what it needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        with in_one_sentence():
            return importlib.import_module(COMMANDS[name]).command if name in COMMANDS else None

    def invoke(self, ctx: click.Context):
        with in_one_sentence():
            return super().invoke(ctx)


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """What a user got wrong, and a package that only the extra brings."""
    try:
        yield
    except UserError as error:
        raise click.ClickException(str(error)) from error
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.split(".")[0] in ("realtime", "synth", "train"):
            raise
        raise click.ClickException(f"{missing.name} is not installed. Run: pip install '.[train]'") from None


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make, look into and score the models."""


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    main()
