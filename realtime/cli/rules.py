"""Which options go together: what a job does nothing with is refused, and no file is read and written at once."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from itertools import combinations
from typing import Any

from realtime.errors import UserError
from realtime.privacy.redact import printable


class Job(Enum):
    """What the program is asked to do, in the words of a refusal."""

    CAMERA = "a camera"
    STREAM = "a stream"
    FILES = "recordings and pictures"
    ARCHIVE = "--workers or --scheduler"
    PAD = "--draw"
    PAGE = "--draw with --serve"
    SEVERAL = "--config"


CAMERA, STREAM, FILES, ARCHIVE, PAD, PAGE, SEVERAL = Job
EVERYTHING = frozenset(Job) - {SEVERAL}
READING = frozenset({CAMERA, STREAM, FILES, ARCHIVE})
RUNNING = frozenset({CAMERA, STREAM, FILES})
USED_BY: dict[str, frozenset[Job]] = {
    "mode": EVERYTHING, "models": EVERYTHING, "threads": EVERYTHING, "log_level": frozenset(Job),
    "sources": READING, "threshold": READING, "region": READING, "roi": READING, "rotate": READING, "flip": READING,
    "search_size": READING, "every": READING, "max_fps": READING, "skip_still": READING, "skip_blurred": READING,
    "unsure": READING, "plain": READING, "rising": READING, "max_rate": READING, "keep": READING, "hash_texts": READING,
    "anonymise": RUNNING, "overlay": RUNNING, "moments": RUNNING, "around": RUNNING,
    "pattern": READING, "known": READING, "words": READING, "only": READING, "candidates": READING,
    "min_length": READING, "min_height": READING, "line": READING, "again_after": READING,
    "whole_frame": RUNNING, "max_frames": RUNNING, "show": RUNNING, "save": RUNNING, "jsonl": RUNNING, "csv": RUNNING,
    "reads": RUNNING, "interval": RUNNING, "overwrite": RUNNING, "on_reading": RUNNING, "mqtt": RUNNING,
    "measures": RUNNING,
    "serve": RUNNING | {PAGE, SEVERAL}, "token": RUNNING | {PAGE, SEVERAL},
    "db": READING | {PAGE}, "crops": READING | {PAGE},
    "size": frozenset({CAMERA}), "fps": frozenset({CAMERA}), "demo": frozenset({FILES}),
    "pace": frozenset({FILES}), "loop": frozenset({FILES}), "name": RUNNING, "config": frozenset({SEVERAL}),
    "check": frozenset({SEVERAL}),
    "workers": frozenset({ARCHIVE}), "scheduler": frozenset({ARCHIVE}), "draw": frozenset({PAD, PAGE}),
}  # fmt: skip
WRITTEN = ("jsonl", "csv", "db", "crops", "mqtt", "on_reading")
NEEDS: dict[str, tuple[str, ...]] = {  # an option, and those of which it takes one to mean anything
    "measures": ("mqtt",), "overlay": ("show", "save", "serve", "moments"),
    "token": ("serve", "config"), "check": ("config",),
    "reads": ("jsonl", "csv"), "interval": ("jsonl", "csv"), "max_rate": ("rising",),
    "overwrite": ("save", "jsonl", "csv"), "keep": ("db", "crops", "moments"), "around": ("moments",),
    "only": ("known",), "candidates": ("jsonl", "csv", "db", "mqtt", "on_reading"),
    "unsure": WRITTEN, "plain": WRITTEN, "hash_texts": WRITTEN, "workers": ("db",), "scheduler": ("db",),
}  # fmt: skip
EXCLUDES: dict[tuple[str, str], str] = {
    ("workers", "scheduler"): "A cluster brings its own workers.",
    ("hash_texts", "unsure"): "A text with '?' in it has no lasting hash.",
    ("hash_texts", "candidates"): "The next likely texts would give the plate away.",
    ("whole_frame", "min_height"): "Nothing is searched in a whole frame.",
    ("whole_frame", "line"): "Nothing moves in a whole frame.",
    ("whole_frame", "again_after"): "A whole frame shows one object only.",
    ("demo", "sources"): "Leave SOURCE out.",
    ("interval", "reads"): "With --reads all every frame gives its rows.",
    ("keep", "save"): "Keep records in --db and pictures in --crops only.",
    ("keep", "jsonl"): "Keep records in --db and pictures in --crops only.",
    ("keep", "csv"): "Keep records in --db and pictures in --crops only.",
    ("anonymise", "whole_frame"): "In a whole frame nothing is located.",
    ("whole_frame", "search_size"): "Nothing is searched in a whole frame.",
}
MODE_OF = {"region": "plates"}  # the mode without which an option means nothing
OUTPUTS = ("save", "jsonl", "csv", "db", "crops", "moments", "hash_texts")  # files and folders that are written
FOLDERS = ("save", "crops", "moments")  # whose pictures would be read the next time
NO_FILE = (None, "", "-", os.devnull)


def spelled(option: str) -> str:
    """An option as it is written on the command line."""
    return "SOURCE" if option == "sources" else "--" + option.replace("_", "-")


def check_options(job: Job, given: Collection[str], options: Mapping[str, Any]) -> None:
    """Raises UserError for an option that this job, or the others that were given, would leave without effect.

    `given` was named by the user; `options` holds all values, with those that follow from others filled in.
    """
    for (one, other), hint in EXCLUDES.items():
        if one in given and other in given:
            raise UserError(f"{spelled(one)} and {spelled(other)} exclude each other.", hint)
    for option in given:
        if job not in USED_BY[option]:
            jobs = ", ".join(j.value for j in Job if j in USED_BY[option])
            if job is Job.SEVERAL:
                raise UserError(f"{spelled(option)} does nothing with {job.value}.", "Put it into the file.")
            raise UserError(f"{spelled(option)} does nothing with {job.value}.", f"It is for {jobs}. Leave it out.")
        needed = NEEDS.get(option, ())
        if needed and not any(options[other] for other in needed):
            raise UserError(f"{spelled(option)} does nothing alone.", f"Add {' or '.join(map(spelled, needed))}.")
    check_modes(job, given, options["mode"].split(","))


def fits_modes(option: str, modes: Collection[str]) -> bool:
    """Whether an option means something in one of the modes."""
    return option not in MODE_OF or MODE_OF[option] in modes


def check_modes(job: Job, given: Collection[str], modes: Sequence[str]) -> None:
    """Raises UserError where the modes leave an option without effect, or a job takes one mode only."""
    for option in given:
        if not fits_modes(option, modes):
            mode = MODE_OF[option]
            raise UserError(f"{spelled(option)} is for the mode {mode}.", f"Add --mode {mode}, or leave it out.")
    if len(modes) > 1 and ("whole_frame" in given or job in (Job.PAD, Job.PAGE)):
        name = "--whole-frame" if "whole_frame" in given else "--draw"
        raise UserError(f"{name} reads one kind of text.", "Name one --mode.")


def check_pictures(given: Collection[str]) -> None:
    """Raises UserError for options on which frames to read, where there are only pictures: all of them are read."""
    for option in ("every", "max_fps", "skip_still", "skip_blurred", "pace", "loop", "around"):
        if option in given:
            raise UserError(f"{spelled(option)} does nothing with pictures.", "All of them are read. Leave it out.")


def check_places(sources: Sequence[str], options: Mapping[str, Any]) -> None:
    """Raises UserError where two outputs are one file, or one of them is read as well, whatever their names are."""
    if options["jsonl"] == options["csv"] == "-":
        raise UserError("--jsonl and --csv cannot both go to standard output.", "Name a file for one of them.")
    places = {name: options[name] for name in OUTPUTS if options[name] not in NO_FILE}
    for (one, here), (other, there) in combinations(places.items(), 2):
        if same(here, there):
            raise UserError(f"{spelled(one)} and {spelled(other)} are both {printable(here)}.", "Name two places.")
    read = [path for source in sources for path in (source, *glob.glob(source, recursive=True))]
    for option, place in places.items():
        for path in read:
            if same(place, path) and not (os.path.isdir(path) and option not in FOLDERS):
                raise UserError(f"{spelled(option)} {printable(place)} is what is read.", "Name another place.")
            if option in FOLDERS and os.path.isdir(path) and inside(place, path):
                hint = "Name a place outside: it would be read the next time."
                raise UserError(f"{spelled(option)} {printable(place)} lies in a folder that is read.", hint)


def same(one: str, other: str) -> bool:
    """Whether two names are one file: by links of any kind, or because they will be."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)


def inside(place: str, folder: str) -> bool:
    """Whether a place lies in a folder or one below it."""
    return os.path.commonpath([os.path.realpath(place), os.path.realpath(folder)]) == os.path.realpath(folder)
