"""Reads damaged copies of a file, one after the other: python mutate.py FILE FIRST LAST. Says one line about each.

Run as a process of its own, so that a crash, a hang or a leak is seen from outside.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from realtime.capture.open import open_source
from realtime.errors import SourceError

LONGEST = 30  # seconds that one file may take


def mutated(data: bytes, seed: int) -> bytes:
    """A damaged copy: cut off, bits flipped, a stretch overwritten, doubled or taken out."""
    rng = np.random.default_rng(seed)
    bytes_ = np.frombuffer(data, np.uint8).copy()
    kind = seed % 5
    # Half of the damage is in the head, where the structure is.
    at = int(rng.integers(0, min(len(data), 512) if seed % 2 else len(data)))
    length = int(rng.integers(1, 64))
    if kind == 0:
        return data[:at]
    if kind == 1:
        for place in rng.integers(0, len(data), int(rng.integers(1, 200))):
            bytes_[place] ^= 1 << int(rng.integers(8))
        return bytes_.tobytes()
    if kind == 2:
        bytes_[at : at + length] = rng.integers(0, 256, len(bytes_[at : at + length]), np.uint8)
        return bytes_.tobytes()
    return data[: at + length] + data[at:] if kind == 3 else data[:at] + data[at + length :]


def outcome(path: str) -> str:
    """What reading gives: a number of frames, and the error's first words."""
    frames = 0
    try:
        with open_source(path) as source:
            for frame in source:
                assert frame.image.dtype == np.uint8 and frame.image.size
                frames += 1
    except SourceError as error:
        return f"{frames} frames, then: {error}"
    return f"{frames} frames"


def resident() -> int:
    """Memory of this process, in kilobytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main(path: str, first: int, last: int) -> None:
    """One line per damaged copy; at the end how the memory and the open files grew."""
    data, ending = Path(path).read_bytes(), Path(path).suffix
    outcome(path)
    before, files = resident(), len(os.listdir("/proc/self/fd"))
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            faulthandler.dump_traceback_later(LONGEST, exit=True)
            damaged = Path(folder, f"damaged{ending}")
            damaged.write_bytes(mutated(data, seed))
            print(seed, outcome(str(damaged)), flush=True)
    print("grown", resident() - before, len(os.listdir("/proc/self/fd")) - files)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
