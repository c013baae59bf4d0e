"""The picture of a moment, or the seconds around it, from a bounded memory."""

import numpy as np
import pytest
from conftest import make_frame, make_result, make_track

from realtime.capture.open import open_source
from realtime.errors import SinkError
from realtime.output.mpeg4 import Mpeg4File
from realtime.sinks import moments as module
from realtime.sinks.moments import Moments


def shown(result):
    return result.frame.image


def gray(index):
    return np.full((48, 64, 3), 5 * index, np.uint8)


def run(folder, confirmed, frames=40, fps=10.0, source="gate", **options):
    """A camera of so many frames, in some of which a value is confirmed."""
    with Moments(str(folder), shown, opened=Mpeg4File, **options) as sink:
        for index in range(frames):
            tracks = (make_track(index),) if index in confirmed else ()
            frame = make_frame(index, 100 + index / fps, image=gray(index), source=source)
            sink.write(make_result(frame, confirmed=tracks))
    return sorted(folder.iterdir())


def frames_of(path):
    """The indices of the frames in a clip, as far as the codec leaves them."""
    with open_source(str(path)) as source:
        frames = list(source)
    return pytest.approx([float(f.image.mean()) / 5 for f in frames], abs=0.9)


def test_a_still_for_each_value(tmp_path):
    pictures = run(tmp_path, {3, 7})
    assert len(pictures) == 2 and all(p.name.startswith("moment-") and p.suffix == ".jpg" for p in pictures)
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in pictures)


def test_a_clip_has_the_seconds_before_and_after(tmp_path):
    (clip,) = run(tmp_path, {15}, around=0.5)
    assert list(range(10, 21)) == frames_of(clip)
    with open_source(str(clip)) as source:
        assert list(source)[-1].time == pytest.approx(1.0, abs=0.01)
    assert clip.stat().st_mode & 0o777 == 0o600


def test_readings_that_follow_each_other_share_a_clip_and_others_do_not(tmp_path):
    clips = run(tmp_path, {5, 8, 25}, around=0.5)
    assert len(clips) == 2
    assert all(any(indices == frames_of(clip) for clip in clips) for indices in (list(range(14)), list(range(20, 31))))


def test_the_end_of_the_run_ends_the_clip(tmp_path):
    (clip,) = run(tmp_path, {38}, around=0.5)
    assert list(range(33, 40)) == frames_of(clip)


def test_a_long_moment_is_several_clips(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 1.0)
    assert len(run(tmp_path, set(range(40)), around=0.3)) >= 3


def test_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 3000)
    (clip,) = run(tmp_path, {30}, around=3.0)
    with open_source(str(clip)) as source:
        assert 10 <= len(list(source)) < 20  # ten after it, and before it what there was room for


def test_what_is_too_old_is_deleted_and_nothing_else(tmp_path):
    (tmp_path / "moment-mine.txt").write_text("mine")
    (old,) = run(tmp_path / "sub", {3})
    with Moments(str(tmp_path / "sub"), shown, keep=1.0, clock=lambda: old.stat().st_mtime + 2 * 86400):
        pass
    assert not old.exists() and (tmp_path / "moment-mine.txt").exists()


def test_a_clip_that_cannot_be_written_is_an_error_at_the_end(tmp_path):
    def full(place, size):
        raise SinkError("No room.")

    with pytest.raises(SinkError, match="No room"), Moments(str(tmp_path), shown, 0.5, opened=full) as sink:
        sink.write(make_result(make_frame(0), confirmed=(make_track(),)))


def test_the_result_that_ends_a_run_is_no_moment_of_its_own(tmp_path):
    with Moments(str(tmp_path), shown) as sink:
        frame = make_frame(0)
        for _ in range(2):
            sink.write(make_result(frame, confirmed=(make_track(),)))
    assert len(list(tmp_path.iterdir())) == 1
