"""Where the data lies: one rule for every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from click.core import ParameterSource

from realtime.errors import SourceError

PLACES = "data", "../shared/data"  # the first that is there; where none is, the first


def default_data() -> str:
    """The data folder where none is named."""
    return next((place for place in PLACES if Path(place).is_dir()), PLACES[0])


def data_option(command: Callable) -> Callable:
    """The option --data of a command that reads data sets: a folder that is named must be there."""
    return _option(existing)(command)


def new_data_option(command: Callable) -> Callable:
    """The option --data of the command that brings data sets there."""
    return _option(None)(command)


def added_option(command: Callable) -> Callable:
    """The option --add, for folders of one's own."""
    told = "Folder of your own pictures with a labels.csv; repeatable."
    return click.option("--add", "added", multiple=True, metavar="FOLDER", callback=labelled, help=told)(command)


def _option(callback: Callable | None) -> Callable:
    first, second = PLACES
    told = f"Folder of the data sets.  [default: {first}, or {second} where only that is there]"
    return click.option("--data", default=default_data, metavar="FOLDER", callback=callback, help=told)


def existing(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The folder; SourceError where somebody named one that is not there."""
    chosen = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if chosen and not Path(value).is_dir():
        raise SourceError(f"{value} is not a folder.", "Name the folder of the data sets with --data.")
    return value


def labelled(_: click.Context, __: click.Parameter, folders: tuple[str, ...]) -> tuple[str, ...]:
    """The folders; SourceError for one without a labels.csv, and for two of one name."""
    for folder in folders:
        if not (Path(folder) / "labels.csv").is_file():
            raise SourceError(f"{folder} holds no labels.csv.", "It is a table with the columns file,text.")
    if len({Path(folder).resolve().name for folder in folders}) < len(folders):
        raise SourceError(f"Two of {', '.join(folders)} have one name.", "Rename one: scores go by it.")
    return tuple(str(Path(folder).resolve()) for folder in folders)
