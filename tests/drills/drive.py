"""The program itself, as a process, with a pipeline that needs no networks: python drive.py OPTIONS of run_camera.

Five frames show an object, whose text is the number of objects so far.
"""

from __future__ import annotations

from conftest import FakePipeline, make_track

import run_camera
from realtime import setup
from realtime.values import Result


class DrillPipeline(FakePipeline):
    """One object after the other, each confirmed in the first of five frames and gone in the last."""

    count = 0

    def __call__(self, frame):
        number, step = self.count // 5 + 1, self.count % 5
        first = frame.index - step
        self.track = make_track(
            number, str(number), first_frame=first, last_time=frame.time, last_frame=frame.index, count=step + 1
        )
        self.count += 1
        alive, confirmed, ended = step < 4, step == 0, step == 4
        found = ((self.track,) if there else () for there in (alive, confirmed, ended))
        return Result(frame, (self.track.sighting,), *found)

    def flush(self):
        ended = (self.track,) if self.count % 5 else ()
        self.count += -self.count % 5
        return ended


if __name__ == "__main__":
    setup.load = lambda *args, **settings: DrillPipeline()
    run_camera.main()
