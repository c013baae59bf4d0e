"""Kind E: inputs and outputs were not compared, and names of pictures were made from stems."""

import json
import os

import pytest
from click.testing import CliRunner
from conftest import FakePipeline, write_clip, write_picture

import run_camera
from realtime import setup


@pytest.fixture(autouse=True)
def pipeline(monkeypatch):
    """A pipeline without networks, made anew for every run."""
    monkeypatch.setattr(setup, "load", lambda *_, **__: FakePipeline())


def run(*arguments):
    return CliRunner().invoke(run_camera.main, [str(a) for a in arguments])


def refused(*arguments):
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    return done.stderr


@pytest.mark.parametrize("way", ["the same", "a link", "a hard link", "another spelling"])
@pytest.mark.parametrize("option", ["--save", "--jsonl", "--csv", "--db"])
def test_the_source_is_never_written_to(tmp_path, option, way):
    clip = write_clip(tmp_path / "m.mp4", 3)
    before = clip.read_bytes()
    other = {
        "the same": clip, "a link": tmp_path / "link.mp4", "a hard link": tmp_path / "hard.mp4",
        "another spelling": f"{tmp_path}/x/../m.mp4",
    }[way]  # fmt: skip
    (tmp_path / "x").mkdir()
    if way == "a link":
        os.symlink(clip, other)
    elif way == "a hard link":
        os.link(clip, other)
    overwrite = [] if option == "--db" else ["--overwrite"]
    assert "is what is read" in refused(clip, option, other, *overwrite)
    assert "is what is read" in refused(tmp_path / "*.mp4", option, other, *overwrite)
    assert clip.read_bytes() == before


def test_two_outputs_are_never_one_file(tmp_path):
    clip = write_clip(tmp_path / "m.mp4", 3)
    os.symlink(tmp_path / "a", tmp_path / "b")
    for one, other in (("--jsonl", "--csv"), ("--jsonl", "--db"), ("--csv", "--db"), ("--jsonl", "--hash-texts")):
        assert "are both" in refused(clip, one, tmp_path / "a", other, tmp_path / "b")
    assert not (tmp_path / "a").exists()
    assert run(clip, "--jsonl", os.devnull, "--csv", os.devnull, "--overwrite").exit_code == 0


def test_pictures_are_not_written_where_they_would_be_read_the_next_time(tmp_path):
    write_picture(tmp_path / "a.png")
    assert "lies in a folder that is read" in refused(tmp_path, "--crops", tmp_path / "crops")
    assert "lies in a folder that is read" in refused(tmp_path, "--save", tmp_path / "out")
    assert run(tmp_path, "--jsonl", tmp_path / "a.jsonl").exit_code == 0


def test_files_of_one_name_keep_their_pictures_apart(tmp_path):
    for day in ("day1", "day2"):
        (tmp_path / day).mkdir()
        write_picture(tmp_path / day / "gate.png")
    out = [tmp_path / name for name in ("drawn", "crops", "a.jsonl")]
    sources = tmp_path / "day1", tmp_path / "day2"
    assert run(*sources, "--save", out[0], "--crops", out[1], "--jsonl", out[2]).exit_code == 0
    rows = [json.loads(line) for line in out[2].read_text().splitlines()]
    assert len({row["crop"] for row in rows}) == len(list(out[1].iterdir())) == 2
    assert len(list(out[0].iterdir())) == 2
    assert run(*sources, "--save", out[0]).exit_code == 1
    assert run(*sources, "--save", out[0], "--overwrite").exit_code == 0 and len(list(out[0].iterdir())) == 2


def test_two_runs_keep_their_crops_apart(tmp_path):
    picture = write_picture(tmp_path / "gate.png")
    for name in ("a", "b"):
        assert run(picture, "--crops", tmp_path / "crops", "--jsonl", tmp_path / f"{name}.jsonl").exit_code == 0
    assert len(list((tmp_path / "crops").iterdir())) == 2


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    picture = write_picture(tmp_path / "gate.png")
    os.symlink(picture, tmp_path / "link.png")
    done = run(picture, tmp_path / "link.png", tmp_path, "--no-show")
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 1
