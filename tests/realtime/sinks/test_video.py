"""The saved video: every frame at its own time, whole at any moment."""

import itertools
import os
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from conftest import ROOT, make_frame, make_image, make_result
from hypothesis import given
from hypothesis import strategies as st

from realtime.capture.open import open_source
from realtime.errors import SinkError
from realtime.output import mpeg4
from realtime.output.files import Output
from realtime.output.mpeg4 import Mpeg4File, avi_packets
from realtime.output.video_file import fitted, video_file
from realtime.sinks.video import Timeline, Video


def shown(result):
    return result.frame.image


def gray(index, width=64, height=48):
    return np.full((height, width, 3), 20 * index % 240, np.uint8)


@pytest.fixture(params=["h264", "mpeg4"], autouse=True)
def opened(request):
    """Every test runs with each encoder that there is."""
    if request.param == "mpeg4":
        return Mpeg4File
    pytest.importorskip("av", reason="needs the extra video")
    return video_file


@pytest.fixture
def save(opened):
    return partial(save_with, opened=opened)


def save_with(path, frames, **changes):
    with Video(str(path), shown, **changes) as video:
        for frame in frames:
            video.write(make_result(frame))
    with open_source(str(path)) as source:
        return list(source)


def test_uneven_times_are_kept_exactly(tmp_path, save):
    times = [0.0, 0.033, 0.067, 0.4, 0.5, 1.75, 1.8, 2.0, 5.0]
    frames = save(tmp_path / "a.mp4", [make_frame(i, 3 + t, image=gray(i)) for i, t in enumerate(times)])
    assert [f.time for f in frames] == pytest.approx(times, abs=0.0005)
    assert [round(float(f.image.mean()) / 20) for f in frames] == [i % 12 for i in range(9)]


def test_speed_is_that_of_the_original_at_ntsc_rate(tmp_path, save):
    frames = save(tmp_path / "a.mp4", [make_frame(i, i * 1001 / 30000, image=gray(i)) for i in range(90)])
    assert len(frames) == 90
    assert frames[-1].time == pytest.approx(89 * 1001 / 30000, abs=0.001)


def test_a_frame_written_twice_is_there_once(tmp_path, save):
    first, second = make_frame(0, image=gray(0)), make_frame(1, image=gray(1))
    assert len(save(tmp_path / "a.mp4", [first, second, second])) == 2


def test_other_sizes_are_fitted_into_the_first(tmp_path, save):
    pictures = [gray(4), gray(4, 128, 96), gray(4, 20, 48), gray(4, 200, 30)]
    frames = save(tmp_path / "a.mp4", [make_frame(i, image=p) for i, p in enumerate(pictures)])
    assert {f.image.shape for f in frames} == {(48, 64, 3)}


def test_odd_sizes_become_even(tmp_path, save):
    frames = save(tmp_path / "a.mp4", [make_frame(i, image=gray(i, 63, 47)) for i in range(3)])
    assert {f.image.shape for f in frames} == {(46, 62, 3)}


@given(st.integers(2, 200), st.integers(2, 200), st.integers(2, 200), st.integers(2, 200))
def test_fitted_has_the_size_asked_for(width, height, wide, high):
    assert fitted(make_image(max(4, width), max(4, height)), (wide, high)).shape == (high, wide, 3)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1e5)), min_size=1, max_size=20))
def test_the_timeline_never_stands_still(steps):
    line = Timeline()
    times = [line.place(make_frame(0, time, source=source)) for source, time in steps]
    assert times[0] == 0 and all(b - a > 0.0009 for a, b in itertools.pairwise(times))


def test_stills_are_shown_for_a_second(tmp_path, save):
    frames = [make_frame(0, 0.0, image=gray(i), source=f"{i}.png", still=True) for i in range(3)]
    assert [f.time for f in save(tmp_path / "a.mp4", frames)] == [0.0, 1.0, 2.0]


def test_without_an_encoder_for_mpeg4_there_is_motion_jpeg(tmp_path, save, monkeypatch):
    monkeypatch.setattr(mpeg4, "CODECS", ("none", "MJPG"))
    assert len(save(tmp_path / "a.mp4", [make_frame(i, image=gray(i)) for i in range(8)])) == 8


@pytest.mark.parametrize("name", ["a.txt", "a", "a.avi"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(SinkError, match="is not an"):
        Video(str(tmp_path / name), shown)


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path, save):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"dear")
    with pytest.raises(SinkError, match="--overwrite"):
        Video(str(path), shown)
    assert path.read_bytes() == b"dear"
    assert len(save(path, [make_frame(0, image=gray(0))], overwrite=True)) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SinkError, match="cannot be written"), Video(str(tmp_path / "no" / "a.mp4"), shown):
        pass


def test_a_full_disk_is_an_error_and_leaves_what_was_written(tmp_path, opened, monkeypatch):
    path = tmp_path / "a.mp4"
    with Video(str(path), shown, opened=opened) as video:
        for i in range(12):
            video.write(make_result(make_frame(i, image=gray(i))))
        monkeypatch.setattr(video._file, "_output", Output("/dev/full"))
        with pytest.raises(SinkError, match="No space left"):
            for i in range(12, 20):
                video.write(make_result(make_frame(i, image=gray(i))))
    with open_source(str(path)) as source:
        assert len(list(source)) == 9


KILLED = """
import os, sys
sys.path[:0] = sys.argv[2:]
from conftest import make_frame, make_result
from test_video import gray, shown
from realtime.output.mpeg4 import Mpeg4File
from realtime.output.video_file import video_file
from realtime.sinks.video import Video
opened = {"video_file": video_file, "Mpeg4File": Mpeg4File}[sys.argv.pop()]
with Video(sys.argv[1], shown, opened=opened) as video:
    for i in range(47):
        video.write(make_result(make_frame(i, i / 10, image=gray(i))))
    os.kill(os.getpid(), 9)
"""


def test_a_kill_loses_at_most_a_second(tmp_path, opened):
    path, here = tmp_path / "a.mp4", os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(ROOT / "tests"), here, opened.__name__], timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    with open_source(str(path)) as source:
        frames = list(source)
    assert len(frames) >= 37
    assert [round(f.time * 10) for f in frames] == list(range(len(frames)))


def test_packets_of_damaged_containers_are_no_crash():
    assert list(avi_packets(b"")) == [] and list(avi_packets(b"xxmovi00dc")) == []


def codec(path):
    """The name of a recording's first video codec."""
    av = pytest.importorskip("av", reason="needs the extra video")
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.name


def test_with_the_extra_it_is_what_browsers_play(tmp_path, save, opened):
    save(tmp_path / "a.mp4", [make_frame(i, image=gray(i)) for i in range(3)])
    assert codec(tmp_path / "a.mp4") == ("h264" if opened is video_file else "mpeg4")


def test_without_the_extra_it_says_so_and_goes_on(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "realtime.output.h264", None)
    with caplog.at_level("INFO", "realtime.output.video_file"):
        frames = save_with(tmp_path / "a.mp4", [make_frame(i, image=gray(i)) for i in range(3)])
    assert len(frames) == 3 and "install the extra 'video'" in caplog.text
