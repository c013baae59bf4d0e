"""What a run costs, measured on itself; pictures to measure with; a clear word where there are no models."""

import itertools
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import ROOT, FakePipeline, make_frame, make_result, write_clip

from realtime.bench import __main__ as bench
from realtime.bench import stages, testcard
from realtime.errors import ModelError, UserError
from realtime.stats import Stopwatch, peak_memory

SHIPPED = pytest.mark.skipif(not list(ROOT.glob("models/digits-*.tflite")), reason="no models yet")


def ticking(step):
    ticks = itertools.count(0.0, step)
    return lambda: next(ticks)


class Netted(FakePipeline):
    """A pipeline with one network, called once in each frame."""

    def __init__(self, instrument):
        super().__init__()
        self.net = instrument(lambda batch: batch + 1, "locator")

    def __call__(self, frame):
        assert self.net(1) == 2
        return super().__call__(frame)


def test_every_frame_after_the_warm_up_is_measured_once(tmp_path):
    found = stages.measure(Netted, str(write_clip(tmp_path / "clip.mp4", 12)), warm=4)
    assert (found.frames, found.size, found.seen) == (8, (64, 48), 1.0)
    assert set(found.stages) == {"decode", "locate", "read", "frame"}
    assert found.stages["locate"] == (1.0, 1.0) and set(found.networks) == {"locate"}


def test_shares_add_up():
    rows = [{"decode": 2.0, "locate": 5.0, "frame": 10.0}] * 4
    found = stages.figures("digits", (64, 48), rows, [{"locate": 4.0}] * 4, [3, 3, 2, 0])
    assert found.neither == pytest.approx(0.4) and found.fps == pytest.approx(100) and found.seen == 2


def test_percentiles_count_a_missing_stage_as_nothing():
    assert stages.columns([{"read": 1.0}, {}, {}, {}]) == {"read": (0.0, 1.0)}


def test_a_meter_times_what_lies_between_two_frames_and_leaves_the_end_out():
    noted = stages.Meter(Stopwatch(ticking(0.001)), ticking(0.25))
    with noted:
        for index in range(3):
            noted.write(make_result(make_frame(index), timings={"locate": 1.0}))
        noted.write(make_result(make_frame(2)))
    assert [row["frame"] for row in noted.stages] == [250.0] * 3 and noted.seen == [0, 0, 0]


def test_a_clip_that_is_too_short_is_refused(tmp_path):
    with pytest.raises(UserError, match="no more than 5 frames"):
        stages.measure(Netted, str(write_clip(tmp_path / "clip.mp4", 5)))


def test_peak_memory_is_that_of_the_process():
    code = "import sys; a = b'x' * 50_000_000; print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as child:
        child.stdout.readline()
        peak = peak_memory(child.pid)
        child.communicate()
    assert 50e6 < peak < 150e6 and peak_memory("none") == 0


def test_the_table_names_every_figure():
    rows = {name: (1.0, 2.0) for name in stages.ORDER}
    found = stages.Figures("digits", (640, 480), 9, rows, {"read": (0.5, 0.6)}, 100.0, 0.123, 3.0, 0.4, None)
    text = stages.report(found)
    for part in ("640x480", "whole frame", "of it in the network", "100.0", "12.3 %", "0.4 s", "unknown"):
        assert part in text


def test_without_models_one_sentence_says_so(tmp_path):
    done = CliRunner().invoke(bench.main, ["stages", "--models", str(tmp_path)])
    assert done.exit_code == 1 and "digits-locator.tflite is missing" in done.output and "Traceback" not in done.output
    with pytest.raises(UserError, match="missing"):
        stages.first_result(str(write_clip(tmp_path / "clip.mp4")), "digits", str(tmp_path))


@pytest.mark.parametrize("size", ["640", "0x4", "axb", "640x"])
def test_a_size_that_is_none_is_refused(size):
    done = CliRunner().invoke(bench.main, ["stages", "--size", size])
    assert done.exit_code == 2 and size in done.output


@SHIPPED
def test_the_shipped_models_are_measured():
    done = CliRunner().invoke(bench.main, ["stages", "--frames", "10", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["frames"] == 10 and found["seen"] > 1 and 0 < found["neither"] < 1 and found["start"] > 0


@pytest.mark.parametrize("mode", ["digits", "characters", "plates"])
def test_pictures_are_the_same_each_time_and_hold_their_texts(mode):
    one, two = (list(testcard.frames(mode, (320, 240), 4, 3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    empty = testcard.scene(mode, 320, 240, 0)
    full = testcard.scene(mode, 320, 240, 20)
    assert one[0].shape == (240, 320, 3) and (cv2.absdiff(full, empty) > 60).mean() > 0.05
    assert len(set(testcard.texts(mode, 20))) == 20


def test_an_unknown_mode_is_refused():
    with pytest.raises(ModelError, match="not a mode"):
        stages.over_film("runes", (64, 48), 1, 1, None)
