"""Sources: every frame of a file once, the newest of a camera, and a clear sentence for everything that is neither."""

import itertools
import os
import threading

import cv2
import pytest
from conftest import make_image, write_clip, write_picture
from hypothesis import given
from hypothesis import strategies as st

from realtime.capture import recording as capture
from realtime.capture.open import open_source
from realtime.errors import SourceError


def test_a_recording_gives_every_frame_once_with_its_own_times(tmp_path):
    with open_source(str(write_clip(tmp_path / "a.avi", 12))) as source:
        frames = list(source)
    assert (source.live, source.size, source.frame_count, source.fps) == (False, (64, 48), 12, 10.0)
    assert [f.index for f in frames] == list(range(12))
    assert [f.time for f in frames] == pytest.approx([i / 10 for i in range(12)], abs=0.002)
    assert all(abs(int(f.image[20, 20, 0]) - 10 * f.index) <= 3 for f in frames)
    assert {f.source for f in frames} == {str(tmp_path / "a.avi")}


class FakeRecording:
    """A container with the given timestamps, in milliseconds."""

    def __init__(self, stamps, fps=10.0):
        self.stamps, self.fps, self.shown = stamps, fps, -1

    def read(self):
        self.shown += 1
        return (True, make_image()) if self.shown < len(self.stamps) else (False, None)

    def get(self, prop):
        if prop == cv2.CAP_PROP_POS_MSEC:
            return self.stamps[self.shown]
        return self.fps if prop == cv2.CAP_PROP_FPS else 0.0


@given(st.lists(st.floats(-1e5, 1e7), min_size=1, max_size=20), st.sampled_from([0.0, 10.0, float("nan")]))
def test_times_never_run_backwards_whatever_the_container_says(stamps, fps):
    frames = list(capture.Recording("a.mkv", FakeRecording(stamps, fps)))
    assert len(frames) == len(stamps)
    assert all(a.time < b.time for a, b in itertools.pairwise(frames))


def test_uneven_times_are_kept():
    times = [0.0, 33.0, 500.0, 533.0]
    assert [f.time for f in capture.Recording("a.mkv", FakeRecording(times))] == [0.0, 0.033, 0.5, 0.533]


def test_stop_ends_a_recording(tmp_path):
    stop = threading.Event()
    with open_source(str(write_clip(tmp_path / "a.avi", 12)), stop=stop) as source:
        for frame in source:
            if frame.index == 3:
                stop.set()
    assert frame.index == 3


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.mp4", None, "does not exist"),
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"this is a letter, not a video\n" * 50, "is text, neither"),
        ("text.jpg", b"this is a letter, not a picture\n" * 50, "is text, neither"),
        ("empty.png", b"", "is empty"),
        ("folder", "folder", "holds no picture and no video"),
        ("*.mp4", None, "matches no file"),
        ("gopher://x/y", "url", "is not a stream address"),
    ],
)
def test_what_cannot_be_opened_says_why(tmp_path, name, content, words):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    text = name if content == "url" else str(path)
    with pytest.raises(SourceError, match=words) as caught:
        open_source(text)
    assert text in str(caught.value)


def test_a_cut_off_recording_gives_its_frames_and_then_says_so(tmp_path):
    whole = write_clip(tmp_path / "a.avi", 60).read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(whole[: len(whole) // 2])
    frames = []
    with open_source(str(path)) as source, pytest.raises(SourceError, match=r"ends after \d+ of 60 frames"):
        for frame in source:
            frames.append(frame)
    assert 10 < len(frames) < 50


def test_a_still_comes_once_and_says_it_is_still(tmp_path):
    with open_source(write_picture(tmp_path / "a.png")) as source:
        frames = list(source)
    assert len(frames) == 1 and frames[0].still and source.still and source.frame_count == 1


# Several files


def test_a_folder_is_read_in_order_pictures_and_videos(tmp_path):
    write_picture(tmp_path / "b.png")
    write_clip(tmp_path / "a.avi", 3)
    (tmp_path / "notes.txt").write_text("not for us")
    with open_source(str(tmp_path)) as source:
        frames = list(source)
        assert source.frame_count == 4
    names = [(os.path.basename(f.source), f.index) for f in frames]
    assert names == [("a.avi", 0), ("a.avi", 1), ("a.avi", 2), ("b.png", 0)]


def test_a_glob_and_a_list_name_the_same_files(tmp_path):
    names = [write_picture(tmp_path / f"{n}.png") for n in "abc"]
    with open_source(str(tmp_path / "*.png")) as globbed, open_source(names) as listed:
        assert [f.source for f in globbed] == [f.source for f in listed] == names
        assert globbed.still and globbed.frame_count == 3


def test_one_bad_file_does_not_keep_the_others_from_being_read(tmp_path):
    write_picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    write_picture(tmp_path / "c.png")
    frames = []
    with open_source(str(tmp_path)) as source, pytest.raises(SourceError, match="1 of 3 files") as caught:
        for frame in source:
            frames.append(os.path.basename(frame.source))
    assert frames == ["a.png", "c.png"] and "b.png" in str(caught.value)


@pytest.mark.parametrize("odd", ["0", "rtsp://host/1", "picamera"])
def test_cameras_and_files_do_not_mix(tmp_path, odd):
    with pytest.raises(SourceError, match="one of several sources"):
        open_source([write_picture(tmp_path / "a.png"), odd])
