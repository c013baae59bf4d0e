"""Which files folders, globs and names stand for; what is passed over is remembered, so that it can be said."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from realtime.capture.kinds import PICTURE_MAGIC, Kind, head_of, kind_of
from realtime.capture.recording import open_video
from realtime.errors import SourceError
from realtime.privacy.redact import printable

PICTURES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".jp2", ".heic",
            ".heif", ".avif")  # fmt: skip
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".wmv",
          ".asf", ".flv", ".gif", ".3gp", ".mjpeg", ".mjpg", ".h264", ".ogv", ".dav")  # fmt: skip
NAMED = 5  # entries that a line names before it says how many more there are


@dataclass(frozen=True)
class Found:
    """Files to read, in order; entries that hold neither pictures nor videos; what could not even be looked at."""

    files: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        return Found(self.files + other.files, self.passed + other.passed, self.failures + other.failures)


def files_of(texts: Iterable[str]) -> Found:
    """The files that several names stand for, each once, whatever way it is reached."""
    total = sum((expanded(text) for text in texts), Found())
    return Found(tuple({os.path.realpath(path): path for path in reversed(total.files)}.values())[::-1],
                 total.passed, total.failures)  # fmt: skip


def check_there(texts: Iterable[str]) -> None:
    """Raises SourceError where a name stands for nothing that exists."""
    for path in files_of(texts).files:
        if not os.path.exists(path):
            raise SourceError(f"{printable(path)} does not exist.", "Name a file, a folder or a glob.")


def expanded(text: str) -> Found:
    """The files in a folder and those below it, or those that a glob names; a plain name stands for itself.

    Raises SourceError where nothing is found.
    """
    if os.path.isdir(text):
        found, rule = in_folder(text), "holds no picture and no video"
    elif glob.has_magic(text) and not os.path.lexists(text):
        matches = sorted(glob.glob(text, recursive=True))
        found = sum((in_folder(path) if os.path.isdir(path) else sifted([path]) for path in matches), Found())
        rule = "matches no picture and no video" if matches else "matches no file"
    else:
        return Found((text,))
    if not found.files:
        why = " ".join(found.failures) or f"Known extensions: {' '.join(PICTURES + VIDEOS)}."
        raise SourceError(f"{printable(text)} {rule}.", why)
    return found


def in_folder(folder: str) -> Found:
    """The files in a folder, in the folders below and in those that it links to, each folder once."""
    denied: list[str] = []
    seen = {os.path.realpath(folder)}
    paths: list[str] = []
    walk = os.walk(folder, followlinks=True, onerror=lambda error: denied.append(unlistable(error)))
    for place, folders, names in walk:
        folders[:] = [name for name in folders if is_new(os.path.join(place, name), seen)]
        paths += [os.path.join(place, name) for name in names]
    return sifted(sorted(paths)) + Found(failures=tuple(denied))


def is_new(folder: str, seen: set[str]) -> bool:
    """Whether a folder was not seen before, under whatever name; now it was."""
    place = os.path.realpath(folder)
    new = place not in seen
    seen.add(place)
    return new


def unlistable(error: OSError) -> str:
    """What to say of a folder that the system does not list."""
    return f"{printable(error.filename)} cannot be listed ({error.strerror})."


def sifted(paths: Sequence[str]) -> Found:
    """What is to be read of these entries, by name where that is known, else by content."""
    return sum(map(sorted_out, paths), Found())


def sorted_out(path: str) -> Found:
    """Where one entry belongs."""
    if os.path.basename(path).startswith(".") or (os.path.exists(path) and not os.path.isfile(path)):
        return Found(passed=(path,))
    if path.lower().endswith(PICTURES + VIDEOS):
        return Found((path,))
    try:
        return Found((path,)) if is_media(path) else Found(passed=(path,))
    except SourceError as error:
        empty = os.path.isfile(path) and not os.path.getsize(path)
        return Found(passed=(path,)) if empty else Found(failures=(str(error),))


def is_media(path: str) -> bool:
    """Whether a file without a known ending holds pictures or a video; where its first bytes say nothing, FFmpeg does.

    Raises SourceError where it cannot be read.
    """
    kind = kind_of(path)
    if kind is not Kind.UNKNOWN:
        return kind is not Kind.TEXT
    try:
        open_video(path).release()
    except SourceError:
        return False
    return True


def listed(paths: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    names = ", ".join(printable(path) for path in paths[:NAMED])
    return names + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")


def still(path: str) -> bool:
    """Whether a file begins as a picture, looked at so quickly that all of a folder can be asked beforehand."""
    try:
        return PICTURE_MAGIC.match(head_of(path)) is not None
    except SourceError:
        return path.lower().endswith(PICTURES)
