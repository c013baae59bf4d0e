"""The program itself, as a process, with a pipeline that needs no networks: python drive.py OPTIONS of run_camera.

Every fifth frame ends a track and begins the next one; a track's text is its number.
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
        result = replace(super().__call__(frame), confirmed=(), ended=())
        self.count += 1
        number, turn = divmod(self.count, 5)
        old, new = (make_track(n, str(n), last_time=frame.time, last_frame=frame.index) for n in (number, number + 1))
        if turn and self.count > 1:
            return replace(result, tracks=(new,))
        return replace(result, tracks=(new,), confirmed=(new,), ended=(old,) if number else ())


if __name__ == "__main__":
    setup.load = lambda *args, **settings: DrillPipeline()
    run_camera.main()
