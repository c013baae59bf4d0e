"""Fetch the public data sets: download from the publisher, check, unpack, say what to do where that fails."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from tqdm import tqdm

from realtime.errors import SourceError
from train.datasets.place import new_data_option
from train.datasets.sources import SOURCES, Archive, PublicSet
from train.datasets.unpack import unpack
from train.files import FULL, write

CHUNK = 1 << 20
TIMEOUT = 30  # seconds without a byte


@dataclass(frozen=True)
class Place:
    """Where the files of one set lie below the data folder."""

    data: Path
    name: str

    @property
    def target(self) -> Path:
        return self.data / "public" / self.name

    @property
    def marker(self) -> Path:
        return self.target / "prepared.json"

    @property
    def hashes(self) -> Path:
        return self.data / "archives" / "hashes.json"

    def archive(self, archive: Archive) -> Path:
        return self.data / "archives" / archive.name


def prepare(
    name: str, data: Path, sources: Mapping[str, PublicSet] = SOURCES, say: Callable[[str], None] = print
) -> Path:
    """Bring a set to `data`/public/`name` and return that folder; what is there already is not fetched again.

    Raises SourceError: the name is unknown, the site is down, a file is not what was published, the disk is full.
    """
    source, place = source_of(name, sources), Place(Path(data), name)
    if place.marker.is_file():
        say(f"{name} is prepared already: {place.target}")
        return place.target
    with disk_full_explained(place.data):
        for archive in source.archives:
            fetch(archive, place.archive(archive), source.page)
            verify(archive, place.archive(archive), place.hashes, say)
        unpack_all(source, place, say)
    say(f"{name} is prepared: {place.target} ({source.licence})")
    return place.target


def check(
    name: str, data: Path, sources: Mapping[str, PublicSet] = SOURCES, say: Callable[[str], None] = print
) -> None:
    """Compare what lies in `data` with what was published, fetching nothing; SourceError where it is not whole."""
    source, place = source_of(name, sources), Place(Path(data), name)
    for archive in source.archives:
        if place.archive(archive).is_file():
            verify(archive, place.archive(archive), place.hashes, say)
    if not place.marker.is_file():
        raise SourceError(f"{name} is not prepared in {data}.", f"Run: python -m train prepare {name} --data {data}")
    missing = [f for f in json.loads(place.marker.read_text())["files"] if not (place.target / f).is_file()]
    if missing:
        raise SourceError(
            f"{name} lacks {len(missing)} files, {missing[0]} first.", f"Remove {place.target} and rerun."
        )
    say(f"{name} is whole: {place.target}")


def source_of(name: str, sources: Mapping[str, PublicSet]) -> PublicSet:
    """The set of that name."""
    if name not in sources:
        raise SourceError(f"{name!r} is not a public set.", f"Known are: {', '.join(sources)}.")
    return sources[name]


@contextmanager
def disk_full_explained(folder: Path) -> Iterator[None]:
    """A full disk as one sentence; what was fetched so far stays."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise SourceError(
            f"The disk of {folder} is full.", "Make room and run it again: it goes on from there."
        ) from None


def fetch(archive: Archive, path: Path, page: str) -> None:
    """Download to `path`, going on from a part that an earlier run left; the final name appears when all is there."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    if archive.size and shutil.disk_usage(path.parent).free < archive.size:
        raise SourceError(f"{archive.name} needs {archive.size / 1e6:.0f} MB of disk in {path.parent}.", "Make room.")
    try:
        complete = download(archive.url, part)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise SourceError(
            f"{archive.url} cannot be fetched ({getattr(error, 'reason', error)}).",
            f"Try again later, or get it from {page} or a mirror and put it at {path}: it is checked there.",
        ) from None
    if not complete:
        raise SourceError(f"{archive.url} broke off.", "Run it again: it goes on from there.")
    os.replace(part, path)


def download(url: str, part: Path) -> bool:
    """Append to `part` what it lacks of `url`; whether it is complete by the server's own account."""
    if not url.startswith(("http://", "https://")):
        raise SourceError(f"{url} is not a web address.", "Only http and https are fetched.")
    have = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "glyphcam"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # asked for what lies behind the end: all is there, or the part is of another file
            raise
        return int(error.headers.get("Content-Range", "*/-1").rsplit("/", 1)[1]) == have or restart(url, part)
    with response:
        resumed = response.status == 206
        return copy(response, part, have if resumed else 0)


def restart(url: str, part: Path) -> bool:
    """Download from the beginning."""
    part.unlink()
    return download(url, part)


def copy(response, part: Path, have: int) -> bool:
    """Write the body behind the first `have` bytes of `part`; whether as much came as was announced."""
    length = response.headers.get("Content-Length")
    total = have + int(length) if length else None
    bar = tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=part.stem)
    with bar, part.open("r+b" if have else "wb") as out:
        out.seek(have)
        while block := response.read(CHUNK):
            out.write(block)
            bar.update(len(block))
    return total is None or part.stat().st_size == total


def verify(archive: Archive, path: Path, hashes: Path, say: Callable[[str], None]) -> None:
    """Compare size and hash with what is known, else with what was recorded on first use."""
    recorded = json.loads(hashes.read_text()) if hashes.is_file() else {}
    expected = archive.digest or recorded.get(archive.name, "")
    kind = expected.partition(":")[0] or "sha256"
    found = f"{kind}:{digest(path, kind)}"
    size = path.stat().st_size
    if (archive.size and size != archive.size) or (expected and found != expected):
        wanted = f"{archive.size or '?'} bytes, {expected or 'no hash known'}"
        raise SourceError(
            f"{path} ({size} bytes, {found}) is not the file that was published ({wanted}).",
            "Remove it and run it again.",
        )
    if not expected:
        write(hashes, json.dumps(recorded | {archive.name: found}, indent=1))
        say(f"No published hash of {archive.name} is known; recorded {found}. Later runs compare with it.")


def digest(path: Path, kind: str) -> str:
    """Hex digest of a file, read in blocks."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, kind).hexdigest()


def unpack_all(source: PublicSet, place: Place, say: Callable[[str], None]) -> None:
    """Unpack every archive into a folder beside the target, which gets its name when all is there."""
    work = place.target.with_name(f".{place.name}.unpacking")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for archive in source.archives:
        skipped = unpack(place.archive(archive), work)
        if skipped:
            say(f"{archive.name}: {skipped} links or devices were left out.")
    files = sorted(p.relative_to(work).as_posix() for p in work.rglob("*") if p.is_file())
    listed = {"files": files, "licence": source.licence, "page": source.page}
    write(work / place.marker.name, json.dumps(listed, indent=1))
    shutil.rmtree(place.target, ignore_errors=True)
    os.replace(work, place.target)


@click.command("prepare")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@new_data_option
@click.option("--check-only", is_flag=True, help="Compare what is there, fetch nothing.")
def command(names: tuple[str, ...], data: str, check_only: bool) -> None:
    """Download, check and unpack public data sets; without a NAME, list them."""
    for name in names:
        (check if check_only else prepare)(name, Path(data), say=click.echo)
    if not names:
        for name, source in SOURCES.items():
            size = sum(a.size for a in source.archives)
            click.echo(f"{name:14} {f'{size / 1e6:,.0f} MB' if size else '':>8}  {source.licence}  {source.page}")
