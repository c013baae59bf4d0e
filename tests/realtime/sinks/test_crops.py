"""A picture per track, where the record says, and gone when it is too old."""

import os
import re
from pathlib import Path

import cv2
import pytest
from conftest import make_frame, make_result, make_track

from realtime.errors import SinkError
from realtime.sinks.crops import DAY, SWEEP, Crops


def test_the_best_picture_lies_where_the_record_says(tmp_path):
    track = make_track(3, "AB12")
    result = make_result(ended=(track,))
    with Crops(str(tmp_path / "deep" / "crops")) as crops:
        crops.write(result)
        path = crops.path(result, track)
    assert cv2.imread(path).shape == track.best_crop.shape
    assert os.path.basename(path).endswith("-clip-000003-0001.jpg")


def test_a_track_without_a_picture_has_no_path(tmp_path):
    track = make_track(best_crop=None)
    with Crops(str(tmp_path)) as crops:
        crops.write(make_result(ended=(track,)))
        assert crops.path(make_result(), track) == ""
    assert list(tmp_path.iterdir()) == []


def test_no_name_leaves_the_folder(tmp_path):
    track = make_track(1, "../../etc/?x")
    with Crops(str(tmp_path)) as crops:
        path = crops.path(make_result(make_frame(source="rtsp://a/../b c")), track)
    assert Path(path).parent == tmp_path
    assert re.fullmatch(r"crop-[\w-]+\.jpg", os.path.basename(path))


def test_pictures_older_than_kept_are_deleted_now_and_later(tmp_path):
    now = [1_000_000_000.0]
    old, new, foreign = tmp_path / "crop-old.jpg", tmp_path / "crop-new.jpg", tmp_path / "family.jpg"
    for path, age in ((old, 3), (new, 1), (foreign, 99)):
        path.write_bytes(b"x")
        os.utime(path, (now[0] - age * DAY, now[0] - age * DAY))
    with Crops(str(tmp_path), keep=2, clock=lambda: now[0]) as crops:
        assert (old.exists(), new.exists(), foreign.exists()) == (False, True, True)
        now[0] += 1.5 * DAY
        crops.write(make_result())
        assert not new.exists() and foreign.exists()
        assert SWEEP < 1.5 * DAY


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be made"), Crops(str(tmp_path / "file" / "crops")):
        pass


def test_a_folder_that_went_away_is_an_error(tmp_path):
    with Crops(str(tmp_path / "crops")) as crops:
        (tmp_path / "crops").rmdir()
        with pytest.raises(SinkError, match="cannot be written"):
            crops.write(make_result(ended=(make_track(),)))
