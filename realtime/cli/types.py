"""Values on the command line that are more than a word or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from realtime.errors import ModelError
from realtime.modes import MODES, modes_of

PARTS = ("boxes", "figures", "clock")
METAVAR = f"{'|'.join(MODES)}[,...]"


class Kept(click.ParamType[str]):
    """A text that may hold a password: @FILE stands for what is in that file, so that no list of processes shows it.

    Several in one variable of the environment stand on lines of their own.
    """

    name = "text"
    envvar_list_splitter = "\n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text, or the file's without the white space around it."""
        text = str(value)
        if not text.startswith("@"):
            return text
        try:
            return Path(text[1:]).read_text().strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            self.fail(f"{text[1:]!r} cannot be read ({reason}).", param, ctx)


class Size(click.ParamType[tuple[int, int]]):
    """A picture's size such as 1280x720."""

    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Width and height in pixels."""
        width, _, height = str(value).lower().partition("x")
        if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
            self.fail(f"{value!r} is not a size such as 1280x720.", param, ctx)
        return int(width), int(height)


class Parts(click.ParamType[tuple[str, ...]]):
    """What to draw: "boxes,clock", "full" or "none"."""

    name = "parts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The parts by name."""
        if isinstance(value, tuple):
            return value
        short = {"full": PARTS, "none": ()}
        names: tuple[str, ...] = short.get(str(value), tuple(str(value).split(",")))
        if unknown := [name for name in names if name not in PARTS]:
            known = ", ".join((*PARTS, *short))
            self.fail(f"{unknown[0]!r} cannot be drawn. Choose from: {known}.", param, ctx)
        return names


class Modes(click.ParamType[str]):
    """A mode, or several such as plates,digits."""

    name = "mode"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The modes, each known and named once, as text."""
        try:
            modes_of(str(value))
        except ModelError as error:
            self.fail(str(error), param, ctx)
        return str(value)
