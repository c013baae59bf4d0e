"""Folders and globs: one bad entry never stops the others, and none goes without a word."""

import os

import pytest
from conftest import write_clip, write_picture

from realtime.capture.files import Found, expanded, files_of, listed, still
from realtime.capture.open import open_source
from realtime.errors import SourceError


@pytest.fixture
def folder(tmp_path):
    """A folder with two good files and one of everything that is none."""
    write_picture(tmp_path / "a.png")
    (tmp_path / "deep").mkdir()
    write_clip(tmp_path / "deep" / "b.avi", 2).rename(tmp_path / "deep" / "b")
    os.symlink("nowhere", tmp_path / "dangling.mp4")
    os.symlink("nowhere", tmp_path / "dangling")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "._a.png").write_bytes(b"\0\5\26\7" + bytes(40))
    (tmp_path / "notes.txt").write_text("meter 4711\n")
    (tmp_path / "bytes.bin").write_bytes(bytes(range(256)))
    (tmp_path / "empty").touch()
    return tmp_path


def names(paths):
    return [os.path.basename(path) for path in paths]


def test_every_entry_has_its_place(folder):
    found = expanded(str(folder))
    assert names(found.files) == ["a.png", "dangling.mp4", "b"]
    assert names(found.passed) == ["._a.png", "bytes.bin", "empty", "notes.txt", "pipe", "pipe.mp4"]
    (failure,) = found.failures
    assert "dangling does not exist" in failure


def test_the_good_ones_are_read_and_the_others_named(folder, caplog):
    caplog.set_level("INFO", "realtime")
    frames = []
    with open_source(str(folder)) as source, pytest.raises(SourceError) as caught:
        for frame in source:
            frames.append(os.path.basename(frame.source))
    assert frames == ["a.png", "b", "b"]
    assert "1 of 3 files" in str(caught.value) and "dangling does not exist" in str(caught.value)
    assert "Passed over" in caplog.text and "and 1 more" in caplog.text


def test_a_folder_that_may_not_be_listed_is_named_and_the_others_are_read(folder, monkeypatch):
    scan = os.scandir

    def denied(path):
        if os.path.basename(path) == "deep":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    found = expanded(str(folder))
    assert "a.png" in names(found.files) and "b" not in names(found.files)
    assert any("deep cannot be listed (Permission denied)" in failure for failure in found.failures)


def test_a_file_that_is_reached_in_several_ways_is_read_once(folder):
    os.symlink(folder / "a.png", folder / "again.png")
    found = files_of([str(folder / "a.png"), str(folder / "*.png"), f"{folder}/deep/../a.png"])
    assert names(found.files) == ["a.png"]


def test_a_glob_goes_into_the_folders_that_it_matches(folder):
    assert names(expanded(str(folder / "*")).files) == ["a.png", "dangling.mp4", "b"]
    with pytest.raises(SourceError, match=r"matches no picture and no video"):
        expanded(str(folder / "*.txt"))


def test_of_many_names_some_are_said():
    assert listed(["a"]) == "a" and listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"


def test_a_picture_is_known_by_its_content_or_if_there_is_none_by_its_name(folder):
    assert still(str(folder / "a.png")) and still("missing.jpg")
    assert not still(str(folder / "deep" / "b")) and not still("missing.mp4")


def test_what_is_found_adds_up():
    both = Found(("a",), ("b",)) + Found(("c",), failures=("d",))
    assert both == Found(("a", "c"), ("b",), ("d",))
