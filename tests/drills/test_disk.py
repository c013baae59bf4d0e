"""Disks that are full or read-only, signals at any moment: what was recorded stays whole."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime.capture.open import open_source

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), str(HERE.parent)))}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Thirty seconds that do not compress well."""
    path = str(tmp_path_factory.mktemp("clip") / "clip.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (120, 160, 3), np.uint8) for _ in range(25)]
    for index in range(750):
        writer.write(pictures[index % 25])
    writer.release()
    return path


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if made.returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def start(*arguments, **settings):
    command = [str(part) for part in (sys.executable, HERE / "drive.py", *arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=ENVIRONMENT, **pipes, **settings)


def rows(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def tracks(path):
    base = sqlite3.connect(path)
    try:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return base.execute("SELECT count(*) FROM tracks").fetchone()[0]
    finally:
        base.close()


def frames(path):
    with open_source(str(path)) as source:
        return [frame.index for frame in source]


def few_bytes():
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_file_that_may_not_grow_ends_the_run_and_is_whole(clip, tmp_path):
    program = start(clip, "--save", tmp_path / "a.mp4", "--jsonl", tmp_path / "a.jsonl", preexec_fn=few_bytes)
    error = program.communicate(timeout=300)[1]
    assert program.returncode == 1 and "Traceback" not in error
    assert error.count("can no longer be written") == 1
    seen = frames(tmp_path / "a.mp4")
    assert len(seen) >= 5 and len(rows(tmp_path / "a.jsonl")) >= len(seen) // 5


def test_a_full_disk_ends_the_run_and_leaves_all_files_whole(clip, small_disk, tmp_path):
    program = start(
        clip, "--save", small_disk / "a.mp4", "--jsonl", small_disk / "a.jsonl", "--db", small_disk / "a.sqlite",
        "--crops", small_disk / "crops",
    )  # fmt: skip
    error = program.communicate(timeout=300)[1]
    assert program.returncode == 1 and "Traceback" not in error
    assert "No space left" in error or "disk is full" in error or "disk I/O error" in error
    assert len(frames(small_disk / "a.mp4")) >= 5
    assert rows(small_disk / "a.jsonl")
    (tmp_path / "a.sqlite").write_bytes((small_disk / "a.sqlite").read_bytes())
    if (small_disk / "a.sqlite-wal").exists():
        (tmp_path / "a.sqlite-wal").write_bytes((small_disk / "a.sqlite-wal").read_bytes())
    assert tracks(tmp_path / "a.sqlite") >= 1


def test_a_read_only_place_is_one_sentence(clip, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for option, name in (("--jsonl", "a.jsonl"), ("--csv", "a.csv"), ("--save", "a.mp4"), ("--db", "a.sqlite")):
        program = start(clip, option, small_disk / name)
        out, error = program.communicate(timeout=300)
        assert (program.returncode, out) == (3, "") and error.startswith("Error: ") and name in error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_at_any_moment_leaves_all_files_whole(clip, tmp_path, number):
    for wait in (0.0, 0.1, 0.4):
        folder = tmp_path / str(wait)
        folder.mkdir()
        out = {name: folder / name for name in ("a.mp4", "a.jsonl", "a.sqlite")}
        program = start(clip, "--save", out["a.mp4"], "--jsonl", out["a.jsonl"], "--db", out["a.sqlite"])
        end = time.monotonic() + 120
        while time.monotonic() < end and not (out["a.jsonl"].exists() and out["a.jsonl"].stat().st_size):
            time.sleep(0.01)
        time.sleep(wait)
        program.send_signal(number)
        error = program.communicate(timeout=300)[1]
        assert program.returncode in ((-number,) if number == signal.SIGKILL else (0, 1)), error
        assert "Traceback" not in error
        written = rows(out["a.jsonl"])
        assert [row["text"] for row in written[:-1]] == [str(n + 1) for n in range(len(written) - 1)]
        assert abs(tracks(out["a.sqlite"]) - len(written)) <= 2  # one begun, one in between
        if number != signal.SIGKILL:
            assert len(frames(out["a.mp4"])) >= written[-1]["frame"]
