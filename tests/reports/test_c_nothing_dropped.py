"""Kind C: parts of a source were dropped in silence."""

import cv2
import numpy as np
import pytest
from conftest import write_clip, write_picture
from reports.made import encoded, ffmpeg, film, needs_ffmpeg, read

GRAYS = [np.full((40, 60, 3), 50 * k, np.uint8) for k in range(1, 5)]


def test_every_page_of_a_tiff_is_a_still(tmp_path):
    assert cv2.imwritemulti(str(tmp_path / "a.tif"), GRAYS)
    frames, said = read(tmp_path / "a.tif")
    assert [(f.index, f.still, int(f.image[0, 0, 0])) for f in frames] == [(k, True, 50 * k + 50) for k in range(4)]
    assert said == ""


@pytest.mark.parametrize("ending", [".png", ".webp", ".gif"])
def test_every_picture_of_an_animation_comes_at_its_time(tmp_path, ending):
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(gray, cv2.COLOR_BGR2BGRA) for gray in GRAYS]
    animation.durations = [200] * 4
    assert cv2.imwriteanimation(str(tmp_path / f"a{ending}"), animation)
    frames, said = read(tmp_path / f"a{ending}")
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.2, 0.4, 0.6], abs=0.001) and said == ""
    assert [round(float(frame.image.mean()) / 50) for frame in frames] == [1, 2, 3, 4]
    assert not any(frame.still for frame in frames)


@needs_ffmpeg
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_second_video_stream_is_named(tmp_path, ending):
    first, second = film(tmp_path / "a.mp4", 20), film(tmp_path / "b.mp4", 30)
    both = ffmpeg("-i", first, "-i", second, "-map", 0, "-map", 1, "-c", "copy", tmp_path / f"both{ending}")
    frames, said = read(both)
    assert len(frames) == 20 and "holds 2 video streams, of which the first was read" in said


@needs_ffmpeg
def test_a_thumbnail_before_the_film_is_not_taken_for_all_of_it(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(".jpg"))
    clip = film(tmp_path / "a.mp4", 30)
    both = ffmpeg("-i", tmp_path / "a.jpg", "-i", clip, "-map", 0, "-map", 1, "-c", "copy", tmp_path / "both.mkv")
    assert "holds 2 video streams" in read(both)[1]


@needs_ffmpeg
@pytest.mark.parametrize("ending", [".m2ts", ".ts", ".mpg", ".flv", ".nut"])
def test_a_folder_gives_containers_of_every_kind(tmp_path, ending):
    film(tmp_path / f"a{ending}", 12, {".flv": "flv1", ".mpg": "mpeg2video"}.get(ending, "mpeg4"))
    frames, said = read(tmp_path)
    assert len(frames) == 12 and said == ""


def test_what_cannot_be_decoded_in_a_folder_is_named(tmp_path):
    write_picture(tmp_path / "a.png")
    (tmp_path / "b.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    (tmp_path / "c.dav").write_bytes(b"DHAV" + bytes(100))
    frames, said = read(tmp_path)
    assert len(frames) == 1 and "2 of 3 files could not be read whole" in said
    assert "b.heic" in said and "c.dav" in said


def test_linked_folders_are_read_once(tmp_path):
    (tmp_path / "day").mkdir()
    (tmp_path / "all").mkdir()
    write_clip(tmp_path / "day" / "a.avi", 3)
    (tmp_path / "all" / "monday").symlink_to(tmp_path / "day")
    (tmp_path / "all" / "again").symlink_to(tmp_path / "day")
    (tmp_path / "all" / "round").symlink_to(tmp_path / "all")
    frames, said = read(tmp_path / "all")
    assert len(frames) == 3 and said == ""
