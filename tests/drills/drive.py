"""The program itself, as a process, with a pipeline that needs no networks: python drive.py OPTIONS of run_camera.

Every fifth frame ends a track, whose text is the number of tracks so far.
"""

from __future__ import annotations

from dataclasses import replace

from conftest import FakePipeline, make_track

import run_camera
from realtime import setup


class DrillPipeline(FakePipeline):
    """Forgets what it saw, so that its memory does not grow."""

    count = 0

    def __call__(self, frame):
        self.seen.clear()
        result = super().__call__(frame)
        self.count += 1
        if self.count % 5:
            return result
        number = self.count // 5
        track = make_track(number, str(number), last_time=frame.time, last_frame=frame.index)
        return replace(result, ended=(track,))


if __name__ == "__main__":
    setup.load = lambda *args, **settings: DrillPipeline()
    run_camera.main()
