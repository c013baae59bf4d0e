"""Kind A: the end of a source was believed from one failed read, or from one count."""

import struct

import numpy as np
import pytest
from conftest import write_clip
from reports.made import encoded, ffmpeg, film, needs_ffmpeg, read, silenced
from stand_in import StandIn

from realtime.archive import run as archive
from realtime.archive.workers import ProcessPool
from realtime.capture.claims import claims
from realtime.service.stopping import Stop
from realtime.setup import Setup


def test_one_damaged_frame_costs_one_frame(tmp_path):
    frames, said = read(silenced(write_clip(tmp_path / "a.avi", 40), b"00dc", 20))
    assert len(frames) == 39 and frames[-1].time == pytest.approx(3.9)
    assert "1 frame in it could not be decoded" in said and "truncated" not in said


@needs_ffmpeg
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi"])
def test_damaged_frames_in_the_midst_are_counted_and_the_rest_is_read(tmp_path, ending):
    path = film(tmp_path / f"a{ending}", 50, "mjpeg")
    data = bytearray(path.read_bytes())
    starts = [k for k in range(len(data) - 2) if data[k : k + 3] == b"\xff\xd8\xff"]
    for start in starts[20:23]:
        data[start : start + 300] = bytes(300)
    path.write_bytes(data)
    frames, said = read(path)
    assert len(starts) == 50 and (len(frames), frames[-1].time) == (47, pytest.approx(49 / 25))
    assert "3 frames in it could not be decoded" in said


@needs_ffmpeg
def test_a_part_that_was_cut_out_without_encoding_is_sound(tmp_path):
    whole = film(tmp_path / "whole.mp4", 100, "mpeg4", "-g", 25)
    part = ffmpeg("-ss", 1.4, "-i", whole, "-c", "copy", tmp_path / "part.mp4")
    frames, said = read(part)
    assert said == "" and 60 <= len(frames) < 100


@needs_ffmpeg
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm", ".avi"])
def test_a_file_without_its_end_is_cut_off(tmp_path, ending):
    codec, options = ("libvpx", ()) if ending == ".webm" else ("mpeg4", ("-movflags", "faststart") * (ending == ".mp4"))
    path = film(tmp_path / f"a{ending}", 60, codec, *options)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    frames, said = read(path)
    assert 10 < len(frames) < 60 and "of 60 frames: it is truncated or damaged" in said


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_picture_without_its_end_is_read_and_said(tmp_path, share):
    data = encoded(".jpg", np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8))
    (tmp_path / "a.jpg").write_bytes(data[: int(share * len(data))])
    frames, said = read(tmp_path / "a.jpg")
    assert len(frames) == 1 and "is truncated: its lower part is missing" in said


def test_a_count_that_no_file_of_this_size_can_hold_is_not_believed(tmp_path):
    path = write_clip(tmp_path / "a.avi", 40)
    data = bytearray(path.read_bytes())
    at = data.index(b"strh") + 8 + 32
    assert struct.unpack_from("<I", data, at)[0] == 40
    struct.pack_into("<I", data, at, 30_000_000)
    path.write_bytes(data)
    (recording,) = archive.planned([str(path)], Setup("digits"), "digest", 30.0, archive.Report())
    assert len(recording.parts) == 1
    frames, said = read(path)
    assert len(frames) == 40 and said == ""


@needs_ffmpeg
def test_what_containers_say_of_themselves(tmp_path):
    for ending in (".mp4", ".mov", ".mkv", ".avi"):
        path = film(tmp_path / f"a{ending}", 50)
        said = claims(str(path))
        assert (said.missing, said.streams) == (0, 1) and said.seconds in (None, 2.0)
        path.write_bytes(path.read_bytes() + b"\xff" * 40)  # what stands behind the end does not matter
        assert claims(str(path)).missing == 0


@needs_ffmpeg
def test_an_archive_reads_on_over_damaged_frames_and_says_so_in_the_part_that_has_them(tmp_path):
    path = film(tmp_path / "a.mkv", 100, "mjpeg")
    data = bytearray(path.read_bytes())
    starts = [k for k in range(len(data) - 2) if data[k : k + 3] == b"\xff\xd8\xff"]
    for start in starts[60:62]:
        data[start : start + 300] = bytes(300)
    path.write_bytes(data)
    report = archive.run([str(path)], StandIn(), str(tmp_path / "a.db"), ProcessPool(1), Stop(), seconds=1.0)
    (failure,) = report.failures
    assert report.frames == 98 and failure.count("2 frames in it could not be decoded") == 1


@needs_ffmpeg
def test_a_damaged_end_shows_even_if_it_is_a_small_part(tmp_path):
    path = film(tmp_path / "a.mp4", 200, "mjpeg")
    data = bytearray(path.read_bytes())
    starts = [k for k in range(len(data) - 2) if data[k : k + 3] == b"\xff\xd8\xff"]
    for start in starts[-8:]:
        data[start : start + 300] = bytes(300)
    path.write_bytes(data)
    frames, said = read(path)
    assert len(frames) == 192 and "ends after 192 of 200 frames" in said
