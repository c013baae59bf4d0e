"""A file grows by whole pieces."""

import builtins

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import SinkError
from realtime.output.files import Output, check_free, check_writable


class Narrow:
    """A file that takes a few bytes at a time, and none beyond its size."""

    def __init__(self, file, step, room):
        self.file, self.step, self.room = file, step, room

    def write(self, data):
        taken = min(len(data), self.step, self.room)
        if not taken:
            raise OSError(28, "No space left on device")
        self.room -= taken
        return self.file.write(data[:taken])

    def __getattr__(self, name):
        return getattr(self.file, name)


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=9), st.integers(1, 5), st.integers(0, 60))
def test_only_whole_pieces_stay(tmp_path_factory, pieces, step, room):
    path = tmp_path_factory.mktemp("out") / "file"
    output = Output(path)
    output._file = Narrow(output._file, step, room)
    kept = b""
    for piece in pieces:
        try:
            output.append(piece)
        except SinkError as error:
            assert "No space left" in str(error) and len(kept + piece) > room
            break
        kept += piece
    output.close()
    assert path.read_bytes() == kept


def test_after_a_full_disk_it_goes_on_where_it_was(tmp_path):
    output = Output(tmp_path / "file")
    narrow = output._file = Narrow(output._file, 3, 7)
    output.append(b"12345")
    with pytest.raises(SinkError):
        output.append(b"6789")
    narrow.room = 100
    output.append(b"abc")
    output.close()
    assert (tmp_path / "file").read_bytes() == b"12345abc"


def test_what_exists_is_kept_unless_told_otherwise(tmp_path):
    path = tmp_path / "file"
    check_free(path, overwrite=False)
    path.write_text("dear")
    check_free(path, overwrite=True)
    with pytest.raises(SinkError, match="already exists"):
        check_free(path, overwrite=False)


def test_a_place_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SinkError, match="cannot be written"):
        Output(tmp_path / "no" / "file")


def test_a_file_appears_with_what_it_begins_with_and_takes_more(tmp_path, monkeypatch):
    for name in ("nameless", "plain"):
        path = tmp_path / name
        path.write_bytes(b"old and longer")
        output = Output(path, b"first ")
        assert path.read_bytes() == b"first "
        output.append(b"second")
        output.close()
        assert path.read_bytes() == b"first second" and sorted(p.name for p in tmp_path.iterdir())[-1] == name
        monkeypatch.delattr("os.O_TMPFILE", raising=False)  # a system that has no nameless files


def test_looking_whether_a_file_can_be_written_never_makes_it(tmp_path, monkeypatch):
    made = []
    real = builtins.open
    monkeypatch.setattr(builtins, "open", lambda path, *rest: made.append(path) or real(path, *rest))
    check_writable(tmp_path / "new.mp4")
    assert not made and not list(tmp_path.iterdir())


def test_what_is_there_stays_as_it_is_when_asked_for(tmp_path):
    (tmp_path / "old.mp4").write_bytes(b"video")
    check_writable(tmp_path / "old.mp4")
    assert (tmp_path / "old.mp4").read_bytes() == b"video"


@pytest.mark.parametrize("place", ["missing/a.mp4", ".", "a" * 300 + ".mp4"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, place):
    with pytest.raises(SinkError, match="cannot be written"):
        check_writable(tmp_path / place)
