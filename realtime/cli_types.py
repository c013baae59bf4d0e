"""Values on the command line that are more than a word or a number."""

from __future__ import annotations

import click

from realtime.errors import ModelError
from realtime.modes import MODES, modes_of

METAVAR = f"{'|'.join(MODES)}[,...]"


class Size(click.ParamType[tuple[int, int]]):
    """A picture's size such as 1280x720."""

    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Width and height in pixels."""
        width, _, height = str(value).lower().partition("x")
        if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
            self.fail(f"{value!r} is not a size such as 1280x720.", param, ctx)
        return int(width), int(height)


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
