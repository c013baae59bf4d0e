"""Saved video under kill -9: nothing stays in memory's file system, and what is there can be played."""

import glob
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime.capture.open import open_source
from realtime.errors import SinkError
from realtime.output import mpeg4 as module
from realtime.output.mpeg4 import Encoder
from realtime.sinks.video import Video

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), str(HERE.parent)))}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten minutes of black, so that the program is always killed in the midst of it."""
    path = str(tmp_path_factory.mktemp("clip") / "clip.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for _ in range(15_000):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    return path


def left_over():
    return set(glob.glob("/dev/shm/glyphcam-*") + glob.glob("/tmp/glyphcam-*.avi"))


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_killed_at_any_moment_it_leaves_a_video_that_plays_or_none_and_nothing_else(clip, tmp_path):
    before, played = left_over(), 0
    for k, wait in enumerate((None, None, 0.0, 0.01, 0.05, 0.3)):
        path, rows = tmp_path / f"{k}.mp4", tmp_path / f"{k}.jsonl"
        command = [sys.executable, HERE / "drive.py", clip, "--no-show", "--save", path, "--jsonl", rows]
        program = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        until(rows.exists if wait is None else path.exists)
        time.sleep(wait or 0.0)
        program.send_signal(signal.SIGKILL)
        program.wait()
        if path.exists():
            played += 1
            with open_source(str(path)) as source:
                assert len(list(source)) >= 1
    assert played >= 4
    assert left_over() <= before


def test_a_run_without_a_frame_leaves_no_video(tmp_path):
    path = tmp_path / "a.mp4"
    with Video(str(path), lambda result: result.frame.image):
        assert not path.exists()
    assert not path.exists()


def test_a_swept_temporary_is_a_sentence(monkeypatch):
    real = cv2.VideoWriter

    class Swept:
        """Somebody else tidies up as soon as the file is there."""

        def __init__(self):
            self.writer = real()

        def open(self, path, *rest):
            done = self.writer.open(path, *rest)
            os.unlink(path)
            return done

    monkeypatch.setattr(module.cv2, "VideoWriter", Swept)
    Swept.fourcc = real.fourcc
    with pytest.raises(SinkError, match=r"cannot be used to encode video \(No such file"):
        Encoder((64, 48))


def test_a_temporary_folder_that_is_not_there_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_memory", lambda: str(tmp_path / "gone"))
    with pytest.raises(SinkError, match="temporary files full or read-only"):
        Encoder((64, 48))
