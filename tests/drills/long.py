"""A long run as a process of its own: python long.py FRAMES FOLDER. Says how the memory grew after 1,000 frames."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from pathlib import Path

from conftest import make_image
from drive import DrillPipeline

from realtime.capture.gate import FrameFilter, Moved, Sharp
from realtime.capture.open import Live
from realtime.loop import run
from realtime.sinks.crops import Crops
from realtime.sinks.store import Store
from realtime.sinks.table import Table, json_line


class Camera:
    """Gives 2,000 pictures a second, about as many as are taken, and fails now and then."""

    def __init__(self, numbers) -> None:
        self._numbers = numbers

    def read(self):
        time.sleep(0.0005)
        number = next(self._numbers)
        return (False, None) if number % 997 == 0 else (True, make_image(value=37 * number % 200))

    def get(self, prop):
        return 0.0

    def release(self):
        pass


class Scale:
    """A sink that weighs the process after the first thousand frames, and now."""

    def __init__(self) -> None:
        self.first = self.now = self.frames = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, result):
        self.frames += 1
        if self.frames % 1000 == 0:
            self.now = resident()
            self.first = self.first or self.now


def resident() -> int:
    """Memory of this process, in kilobytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main(frames: int, folder: Path) -> None:
    """Run as long as asked, with all that may gather memory."""
    numbers, scale, stop = itertools.count(1), Scale(), threading.Event()
    crops = Crops(str(folder / "crops"))
    table = Table(folder / "a.jsonl", "digits", json_line, crop=crops.path)
    sinks = [scale, crops, table, Store(folder / "a.db", "digits")]
    source = Live("camera", lambda patience: Camera(numbers), stop, back_off=(0.001,), beat=0.001)
    gate = FrameFilter(detectors=[Moved(), Sharp()])
    with source:
        summary = run(source, DrillPipeline(), sinks, stop, gate=gate, limit=frames)
    print(summary.frames, scale.now - scale.first, threading.active_count(), len(summary.failures))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
