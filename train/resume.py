"""Results of the finished parts of long work, in a file, so that work which was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from train.files import write


class Kept:
    """What is done of a piece of work, as JSON in a file; what was done under another key is not taken up."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self._key = Path(path), key
        self._done = self._read()

    def _read(self) -> dict:
        try:
            held = json.loads(self.path.read_text())
            return held["done"] if held["key"] == self._key else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def __call__(self, name: str, work: Callable[[], object]):
        """What `work` gives, which JSON must hold: from the file where it is done already."""
        if name not in self._done:
            self._done[name] = work()
            write(self.path, json.dumps({"key": self._key, "done": self._done}))
        return self._done[name]

    def forget(self) -> None:
        """All is done."""
        self.path.unlink(missing_ok=True)


def stamp(folder: Path) -> str:
    """16 hex digits that change when a file below a folder comes, goes or is written."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    rows = [f"{p.relative_to(folder)} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def digest(paths: Iterable[Path], *words: str) -> str:
    """Files as they are now and words as 16 hex digits: a key that changes with any of them."""
    found = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
