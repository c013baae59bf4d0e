"""The file that names several cameras: one table of defaults and one per camera, with the options as keys."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from realtime.cli.rules import USED_BY, Job, fits_modes, spelled
from realtime.errors import UserError
from realtime.privacy.redact import printable

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")  # it stands in addresses and topics
PREFIX = "GLYPHCAM_"
SHARED = ("serve", "token")  # one page for all cameras
FOREIGN = ("config", "check", "name", "workers", "scheduler", "draw", "log_level")  # not of one camera
PLACES = ("save", "jsonl", "csv")  # files that one camera alone can write
FORM = 'Write [defaults] and [cameras.NAME] with options as keys, such as mode = "plates".'


@dataclass(frozen=True)
class Camera:
    """A camera's name and its options: the defaults with its own over them; `own` names those of its own table."""

    name: str
    options: Mapping[str, Any]
    own: frozenset[str]

    def fitting(self, job: Job, modes: Sequence[str]) -> Camera:
        """The same without the defaults that do nothing for this job and these modes."""
        fits = {name for name in self.options if job in USED_BY[name] and fits_modes(name, modes)}
        kept = {name: value for name, value in self.options.items() if name in self.own or name in fits}
        return replace(self, options=kept)

    def arguments(self) -> list[str]:
        """The options as a command line."""
        words = [word for name, value in self.options.items() if name != "sources" for word in argument(name, value)]
        return [*words, "--", *texts(self.options.get("sources", ()))]

    def environment(self) -> dict[str, str]:
        """The options as variables, which other users of the machine do not see as they do a command line."""
        given = {variable(name): value_of(name, value) for name, value in self.options.items()}
        return given | {variable("name"): self.name}


@dataclass(frozen=True)
class Config:
    """What a file says: the folder that its paths start from, where the page is served, and the cameras."""

    folder: Path
    serve: str
    token: str
    cameras: tuple[Camera, ...]


def read_config(path: str, known: Collection[str]) -> Config:
    """The cameras of a file; `known` are the names of options. Raises UserError, which names what is wrong in it."""
    try:
        data = tomllib.loads(Path(path).read_text())
    except OSError as error:
        raise UserError(f"{printable(path)} cannot be read ({error.strerror}).", "Name a TOML file.") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise UserError(f"{printable(path)} is not valid TOML: {error}.", FORM) from None
    odd = [key for key in data if key not in ("defaults", "cameras")]
    tables = data.get("cameras", {})
    if odd or not isinstance(tables, dict) or not tables:
        raise UserError(f"{path}: {f'{odd[0]!r} is unknown here' if odd else 'there is no [cameras.NAME]'}.", FORM)
    usual = options_of(f"{path}: [defaults]", data.get("defaults", {}), known)
    shared = {name: str(usual.pop(name, "")) for name in SHARED}
    cameras = tuple(camera_of(path, name, table, usual, known) for name, table in tables.items())
    check_own_places(path, cameras)
    return Config(Path(path).absolute().parent, shared["serve"], shared["token"], cameras)


def camera_of(path: str, name: str, table: object, usual: Mapping[str, Any], known: Collection[str]) -> Camera:
    """One camera's table over the defaults."""
    where = f"{path}: [cameras.{name}]"
    if not NAME.fullmatch(name):
        raise UserError(f"{where}: a name has letters, digits, '-' and '_' only.", "Choose another name.")
    own = options_of(where, table, known)
    for option in SHARED:
        if option in own:
            raise UserError(f"{where}: {option} is not for one camera.", "Put it into [defaults]: one page shows all.")
    if "sources" not in own and "demo" not in own:
        raise UserError(f"{where} names no source.", 'Add source = "@camera.txt", a device or a file.')
    return Camera(name, {**usual, **own}, frozenset(option for option, value in own.items() if value is not False))


def options_of(where: str, table: object, known: Collection[str]) -> dict[str, Any]:
    """A table with the names of options as keys, "sources" for "source"."""
    if not isinstance(table, dict):
        raise UserError(f"{where} is no table.", FORM)
    options = {}
    for key, value in table.items():
        name = {"source": "sources"}.get(key, key.replace("-", "_"))
        if name not in known or name in FOREIGN:
            near = get_close_matches(key, [each.replace("_", "-") for each in sorted(known)], 1)
            raise UserError(f"{where}: {key!r} is unknown.", f"Did you mean {near[0]}?" if near else "See --help.")
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value)):
            raise UserError(f"{where}: {key} is a table, not a value.", FORM)
        options[name] = value
    return options


def check_own_places(path: str, cameras: Collection[Camera]) -> None:
    """Raises UserError where two cameras would write one file."""
    taken: dict[str, str] = {}
    for camera in cameras:
        for option in PLACES:
            place = camera.options.get(option)
            if place in (None, "-"):
                continue
            if other := taken.get(str(place)):
                hint = "Name a file for each; --db can be shared."
                raise UserError(f"{path}: cameras {other} and {camera.name} both write {printable(place)}.", hint)
            taken[str(place)] = camera.name


def argument(name: str, value: Any) -> Iterator[str]:
    """An option as words of a command line; a flag that is false is none."""
    if value is True:
        yield spelled(name)
    elif value is False:
        yield from ["--no-show"] if name == "show" else []
    else:
        yield from (f"{spelled(name)}={text}" for text in texts(value))


def variable(name: str) -> str:
    """The variable of an option: GLYPHCAM_MAX_FPS for "max_fps"."""
    return PREFIX + {"sources": "SOURCE"}.get(name, name.upper())


def value_of(name: str, value: Any) -> str:
    """An option's value as the text of its variable; several --roi stand one after the other, sources on lines."""
    if isinstance(value, bool):
        return str(int(value))
    if name == "roi":
        return " ".join(re.sub(r"\s+", ",", text.strip()) for text in texts(value))
    return "\n".join(texts(value))


def texts(value: Any) -> list[str]:
    """A value, or those of a list, as texts."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
