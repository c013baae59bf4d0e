"""What gates save is counted in frames, what they cost in texts."""

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import FakePipeline, make_image, make_track, write_picture

from realtime.bench import __main__ as bench
from realtime.bench import gating
from realtime.errors import UserError
from realtime.values import Result

LONG = 75  # frames that show nothing but a wall


class Glance(FakePipeline):
    """Reads how bright a frame is, as a track that ends at once."""

    def __call__(self, frame):
        value = int(frame.image.mean()) // 50 * 50
        return Result(frame, ended=(make_track(1, str(value)),) if value else ())

    def flush(self):
        return ()


def film(path, values, fps=25.0):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    for value in values:
        writer.write(make_image(value=value))
    writer.release()
    return str(path)


def test_a_wall_is_skipped_and_what_comes_is_read(tmp_path):
    found = gating.ride(Glance(), film(tmp_path / "gate.avi", [0] * LONG + [120] * 5 + [0] * LONG))
    still, blurred, both = found.savings
    assert (found.name, found.frames, found.texts) == ("gate.avi", 2 * LONG + 5, ("100",))
    assert still.gate == "--skip-still" and 0.8 < still.skipped < 0.95 and still.missed == still.other == ()
    assert both.skipped >= still.skipped and blurred.gate == "--skip-blurred"


def test_a_text_that_is_lost_is_named(tmp_path):
    detail = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for picture in [detail] * 5 + [np.full_like(detail, 220)] + [detail] * 5:
        writer.write(picture)
    writer.release()
    found = gating.ride(Glance(), str(tmp_path / "a.avi"))
    blurred = found.savings[1]
    assert blurred.skipped == pytest.approx(1 / 11) and blurred.missed == ("200",)
    assert "a.avi: --skip-blurred misses 200" in gating.report([found])


def test_a_folder_of_recordings_is_measured_one_by_one(tmp_path):
    for name in ("b.avi", "a.avi"):
        film(tmp_path / name, [100] * 3)
    write_picture(tmp_path / "c.png")
    assert [ride.name for ride in gating.rides(Glance(), [str(tmp_path)])] == ["a.avi", "b.avi"]


def test_pictures_are_refused(tmp_path):
    with pytest.raises(UserError, match="pictures are read one by one"):
        list(gating.rides(Glance(), [write_picture(tmp_path / "a.png")]))


def test_the_command_prints_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "load", lambda *_: Glance())
    path = film(tmp_path / "a.avi", [0] * 30)
    done = CliRunner().invoke(bench.main, ["gating", path])
    assert done.exit_code == 0 and done.output.splitlines()[1].split()[:4] == ["a.avi", "30", "0", "--skip-still"]
    assert CliRunner().invoke(bench.main, ["gating", str(tmp_path / "missing.mp4")]).exit_code == 1
