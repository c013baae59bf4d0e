"""A picture per track, where the record says, and gone when it is too old."""

import os
import re
from pathlib import Path

import cv2
import pytest
from conftest import make_frame, make_image, make_result, make_track

from realtime.errors import SinkError
from realtime.output.retention import DAY, SWEEP
from realtime.sinks.crops import Crops


def test_the_best_picture_lies_where_the_record_says(tmp_path):
    track = make_track(3, "AB12")
    result = make_result(ended=(track,))
    with Crops(str(tmp_path / "deep" / "crops")) as crops:
        crops.write(result)
        path = crops.path(result, track)
    assert cv2.imread(path).shape == track.best_crop.shape
    assert re.fullmatch(r"crop-\d{8}-\d{6}-clip-000003-0001-[0-9a-f]{10}\.jpg", os.path.basename(path))


def test_a_better_picture_takes_the_place_of_the_first_while_the_value_stands(tmp_path):
    first, better = make_track(best_crop=make_image(20, 10, 10)), make_track(best_crop=make_image(30, 10, 200))
    with Crops(str(tmp_path)) as crops:
        crops.write(make_result(make_frame(0, 0.0), tracks=(first,), confirmed=(first,)))
        (path,) = tmp_path.iterdir()
        assert cv2.imread(str(path)).shape[1] == 20
        crops.write(make_result(make_frame(9, 0.9), tracks=(better,)))
        assert cv2.imread(str(path)).shape[1] == 20
        crops.write(make_result(make_frame(10, 1.0), tracks=(better,)))
        assert cv2.imread(str(path)).shape[1] == 30
        crops.write(make_result(make_frame(11, 1.1), ended=(better,)))
    assert list(tmp_path.iterdir()) == [path]


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


MADE = "crop-20010909-014640"


def test_pictures_older_than_kept_are_deleted_now_and_later(tmp_path):
    now = [1_000_000_000.0]
    old, new, foreign = tmp_path / f"{MADE}-old.jpg", tmp_path / f"{MADE}-new.jpg", tmp_path / "family.jpg"
    for path, age in ((old, 3), (new, 1), (foreign, 99)):
        path.write_bytes(b"x")
        os.utime(path, (now[0] - age * DAY, now[0] - age * DAY))
    with Crops(str(tmp_path), keep=2, clock=lambda: now[0], steady=lambda: now[0]) as crops:
        assert (old.exists(), new.exists(), foreign.exists()) == (False, True, True)
        now[0] += 1.5 * DAY
        crops.write(make_result())
        assert not new.exists() and foreign.exists()
        assert SWEEP < 1.5 * DAY


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be created"), Crops(str(tmp_path / "file" / "crops")):
        pass


def test_a_folder_that_went_away_is_an_error(tmp_path):
    with Crops(str(tmp_path / "crops")) as crops:
        (tmp_path / "crops").rmdir()
        with pytest.raises(SinkError, match="cannot be written"):
            crops.write(make_result(ended=(make_track(),)))


def test_no_two_pictures_meet_whatever_they_share(tmp_path):
    """Files of one name in two folders, two runs in one second, two pages, two values: each has its own picture."""

    def still(source, page, value):
        track = make_track(1, first_frame=page, last_frame=page, value=value)
        return make_result(make_frame(source=source, still=True), ended=(track,))

    seen = [still("day1/gate.mp4", 0, 1), still("day2/gate.mp4", 0, 1), still("day1/gate.mp4", 1, 1)]
    seen.append(still("day1/gate.mp4", 1, 2))
    for run in ("a", "b"):
        with Crops(str(tmp_path), clock=lambda: 0.0, run=run) as crops:
            for result in seen:
                crops.write(result)
                assert Path(crops.path(result, result.ended[0])).is_file()
    assert len(list(tmp_path.iterdir())) == 8


def test_a_picture_that_is_there_is_not_replaced(tmp_path):
    result = make_result(ended=(make_track(),))
    with Crops(str(tmp_path), clock=lambda: 0.0, run="a") as crops:
        crops.write(result)
        with pytest.raises(SinkError, match="already exists"):
            crops.write(result)
