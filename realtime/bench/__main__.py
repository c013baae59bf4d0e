"""python -m realtime.bench: measure this machine and the program on it, with one thread."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2

from realtime.bench import comparison, gating, roofline, scaling, stages
from realtime.cli.types import METAVAR, Modes, Size
from realtime.errors import UserError
from realtime.pipeline import load

Decorator = Callable[[Callable[..., None]], Callable[..., None]]
tell = partial(click.echo, err=True)

mode_option: Decorator = click.option("--mode", type=Modes(), metavar=METAVAR, default="digits", show_default=True)
size_option: Decorator = click.option(
    "--size", type=Size(), default="640x480", show_default=True, help="Size of the pictures to measure with."
)
objects_option: Decorator = click.option(
    "--objects", type=click.IntRange(0, 60), default=3, show_default=True, help="Texts in each picture."
)
frames_option: Decorator = click.option(
    "--frames", type=click.IntRange(1), default=200, show_default=True, help="Pictures of each kind."
)
models_option: Decorator = click.option(
    "--models", type=click.Path(file_okay=False), help="Folder of models.  [default: the bundled models]"
)
out_option: Decorator = click.option(
    "--out", type=click.Path(path_type=Path), default="docs", show_default=True, help="Folder for the pages."
)


class Measuring(click.Group):
    """Commands that measure with one thread; what a user can get wrong ends them with one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        cv2.setNumThreads(1)
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Measuring, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Measure on this machine, with one thread."""


@main.command("stages")
@mode_option
@size_option
@objects_option
@frames_option
@models_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def print_stages(
    mode: str, size: tuple[int, int], objects: int, frames: int, models: str | None, as_json: bool
) -> None:
    """Milliseconds per stage, frames per second, memory, time to the first result."""
    found = stages.over_film(mode, size, objects, frames, models)
    click.echo(json.dumps(asdict(found), indent=1) if as_json else stages.report(found))


@main.command("scaling")
@mode_option
@frames_option
@models_option
@click.option(
    "--longest", type=click.IntRange(1), default=100_000, show_default=True, help="Frames of the longest run."
)
@out_option
def write_scaling(mode: str, frames: int, models: str | None, longest: int, out: Path) -> None:
    """How cost grows with the frame, the texts, the time and the workers; writes scaling.md and plots."""
    scaling.write(out, mode, models, frames, longest, tell)


@main.command("roofline")
@mode_option
@size_option
@objects_option
@frames_option
@models_option
def print_roofline(mode: str, size: tuple[int, int], objects: int, frames: int, models: str | None) -> None:
    """How far each network is from what the processor can do."""
    click.echo(roofline.report(mode, size, objects, frames, models))


@main.command("gating")
@mode_option
@models_option
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING...")
def print_gating(mode: str, models: str | None, recordings: tuple[str, ...]) -> None:
    """What --skip-still and --skip-blurred skip in recordings, and which texts they miss."""
    click.echo(gating.report(list(gating.rides(load(mode, models), recordings))))


@main.command("comparison")
@frames_option
@models_option
@click.option("--python", "pythons", multiple=True, metavar="[READER=]PATH",
              help="Python with the other readers' packages, or one's; repeatable.  [default: this one]")  # fmt: skip
@out_option
@click.argument("data", type=click.Path(file_okay=False, exists=True, path_type=Path))
def write_comparison(frames: int, models: str | None, pythons: tuple[str, ...], out: Path, data: Path) -> None:
    """This program compared with other readers on the pictures in DATA; writes comparison.md and plots."""
    comparison.write(out, data, models, frames, pythons, tell)


if __name__ == "__main__":
    main(prog_name="python -m realtime.bench")
