"""Unpack an archive that nobody vouches for: nothing outside its folder, no links, no bombs."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from realtime.errors import SourceError

CHUNK = 1 << 20
MOST_FILES = 500_000
MOST_GROWTH = 40  # unpacked bytes per packed byte; text and fonts stay under 20


def unpack(path: Path, target: Path) -> int:
    """Unpack a .tar(.gz), .tgz or .zip into `target`, or copy another file there; how many members were left out.

    Only regular files are written. Raises SourceError for a member that would land outside, and for an archive that
    grows out of all proportion.
    """
    if path.name.endswith((".tgz", ".tar.gz", ".tar")):
        opened = tar_members
    elif path.suffix == ".zip":
        opened = zip_members
    else:
        shutil.copyfile(path, target / path.name)
        return 0
    budget = Budget(path, path.stat().st_size * MOST_GROWTH + (64 << 20))
    try:
        return sum(write_member(target, name, stream, budget) for name, stream in opened(path))
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise SourceError(f"{path} is damaged ({error}).", "Remove it and run it again.") from None


def tar_members(path: Path) -> Iterator[tuple[str, object | None]]:
    """Name and content of each member of a tar archive but folders; None for what is no regular file."""
    with tarfile.open(path) as archive:
        for member in tqdm(archive, desc=f"unpack {path.name}", unit=" files"):
            if not member.isdir():
                yield member.name, archive.extractfile(member) if member.isreg() else None


def zip_members(path: Path) -> Iterator[tuple[str, object | None]]:
    """Name and content of each member of a zip archive but folders; None for a symbolic link."""
    with zipfile.ZipFile(path) as archive:
        for member in tqdm(archive.infolist(), desc=f"unpack {path.name}", unit=" files"):
            if not member.is_dir():
                linked = (member.external_attr >> 16) & 0o170000 == 0o120000
                yield member.filename, None if linked else archive.open(member)


@dataclass
class Budget:
    """How much an archive may still write."""

    path: Path
    bytes: int
    files: int = MOST_FILES

    def spend(self, size: int, files: int = 0) -> None:
        self.bytes -= size
        self.files -= files
        if self.bytes < 0 or self.files < 0:
            raise SourceError(f"{self.path} unpacks to more than such a set can hold.", "Remove the archive.")


def write_member(target: Path, name: str, stream, budget: Budget) -> bool:
    """Write one member below `target`; whether it was left out instead."""
    place = inside(target, name, budget.path)
    if stream is None:
        return True
    budget.spend(0, files=1)
    place.parent.mkdir(parents=True, exist_ok=True)
    with stream, place.open("wb") as out:
        while block := stream.read(CHUNK):
            budget.spend(len(block))
            out.write(block)
    return False


def inside(target: Path, name: str, archive: Path) -> Path:
    """The path of a member below `target`, or SourceError where it would land elsewhere."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise SourceError(f"{archive} holds {name!r}, which would land outside {target}.", "Remove the archive.")
    return target / parts
