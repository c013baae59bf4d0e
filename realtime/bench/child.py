"""Processes that the benchmarks start, so that what they measure begins afresh."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT")


def environment(threads: int | None = None) -> dict[str, str]:
    """The environment of a process that finds this program; `threads` limits every library that starts its own."""
    found = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": found, **(dict.fromkeys(POOLS, str(threads)) if threads else {})}
