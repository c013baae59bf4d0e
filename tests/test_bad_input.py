"""The program as a process, with the shipped models, on what a user can get wrong: one sentence, no traceback."""

import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import ROOT, write_clip, write_picture

MODELS = ROOT / "models"
pytestmark = pytest.mark.skipif(
    not list(MODELS.glob("digits-*.tflite")) and "CI" not in os.environ, reason="needs the models for digits"
)

TOLD = ("Usage: ", "Try ", "INFO: ")  # beside the sentence: how to get help, and what the runtime says of itself


def run(*arguments, **environment):
    """The program, without a display; its exit code, output and errors."""
    settings = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, ROOT / "run_camera.py", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**settings, **environment}, stdin=subprocess.DEVNULL
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def refused(*arguments, **environment):
    """The one sentence with which the program refuses to begin."""
    done = run(*arguments, **environment)
    assert done.returncode == 2 and done.stdout == "", (done.returncode, done.stdout, done.stderr)
    (sentence,) = [line for line in done.stderr.splitlines() if line and not line.startswith(TOLD)]
    assert sentence.startswith("Error: "), done.stderr
    return sentence


def failed(*arguments):
    """What a run says that began but could not end well, and the records that it wrote."""
    done = run(*arguments, "--no-show", "--jsonl", "-")
    assert done.returncode == 1, (done.returncode, done.stderr)
    return done.stderr, [json.loads(line) for line in done.stdout.splitlines()]


# --- sources


def test_a_missing_file(tmp_path):
    assert "none.mp4 does not exist" in refused(tmp_path / "none.mp4", "--no-show")


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert "empty.mp4 is empty (0 bytes)" in refused(tmp_path / "empty.mp4", "--no-show")


@pytest.mark.parametrize("name", ["text.mp4", "text.avi", "text.jpg", "text.png"])
def test_a_text_under_another_name(tmp_path, name):
    (tmp_path / name).write_text("no picture, only words\n" * 50)
    assert name in refused(tmp_path / name, "--no-show")


def test_an_empty_folder_and_a_glob_without_a_match(tmp_path):
    assert "holds no picture and no video" in refused(tmp_path, "--no-show")
    assert "matches no file" in refused(tmp_path / "*.mp4", "--no-show")


def test_a_picture_without_pixels(tmp_path):
    header = bytes.fromhex("89504e470d0a1a0a0000000d49484452" + "00000000" * 2 + "08020000004ac7b5d1")
    (tmp_path / "zero.png").write_bytes(header)
    assert "zero.png" in refused(tmp_path / "zero.png", "--no-show")


def test_a_cut_off_recording_gives_its_records_first(tmp_path):
    path = write_clip(tmp_path / "cut.avi", 80)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    said, _ = failed(path)
    assert "of 80 frames" in said


def test_one_bad_file_among_good_ones_does_not_keep_them_from_being_read(tmp_path):
    write_picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    write_picture(tmp_path / "c.png")
    said, _ = failed(tmp_path)
    assert "1 of 3 files" in said and "b.png" in said


def test_no_camera():
    camera = "97"  # even a machine with cameras has none of this number
    assert "--demo" in refused(camera, "--no-show")


# --- pictures of every kind


def picture(kind):
    gray = np.full((120, 200), 230, np.uint8)
    cv2.putText(gray, "42", (50, 85), cv2.FONT_HERSHEY_SIMPLEX, 2.4, 20, 6, cv2.LINE_AA)
    colour = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    alpha = np.dstack([colour, np.full_like(gray, 255)])
    kinds = {
        "gray.png": gray, "colour.png": colour, "alpha.png": alpha, "deep.png": gray.astype(np.uint16) * 257,
        "deep-colour.tiff": colour.astype(np.uint16) * 257, "one-pixel.png": gray[:1, :1], "thin.png": gray[:1],
        "float.tiff": gray.astype(np.float32) / 255,
    }  # fmt: skip
    return kinds[kind]


@pytest.mark.parametrize(
    "kind",
    ["gray.png", "colour.png", "alpha.png", "deep.png", "deep-colour.tiff", "float.tiff", "one-pixel.png", "thin.png"],
)
def test_every_kind_of_picture_is_taken(tmp_path, kind):
    done = run(write_picture(tmp_path / kind, picture(kind)), "--no-show", "--reads", "all")
    assert done.returncode == 0, done.stderr
    texts = {json.loads(line)["text"] for line in done.stdout.splitlines()}
    assert texts <= {"42"} and (texts or kind in ("one-pixel.png", "thin.png"))


# --- outputs


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.avi", 12)


def test_an_existing_output_stays_what_it_was(clip, tmp_path):
    for option, name in (("--jsonl", "a.jsonl"), ("--csv", "a.csv"), ("--save", "a.mp4")):
        (tmp_path / name).write_text("precious")
        assert "--overwrite" in refused(clip, option, tmp_path / name)
        assert (tmp_path / name).read_text() == "precious"


def test_an_output_that_cannot_be_written(clip, tmp_path):
    for option, name in (("--jsonl", "a.jsonl"), ("--csv", "a.csv"), ("--save", "a.mp4"), ("--db", "a.sqlite")):
        assert f"no/{name}" in refused(clip, option, tmp_path / "no" / name)
    assert not (tmp_path / "no").exists()


def test_a_full_disk_ends_the_run_with_1(clip):
    done = run("--demo", "--no-show", "--jsonl", "/dev/full", "--overwrite")
    assert done.returncode == 1 and "No space left" in done.stderr


def test_no_display(clip):
    sentence = refused(clip, "--show")
    assert "display" in sentence and "--no-show" in sentence


# --- models


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    for path in MODELS.glob("digits-*"):
        shutil.copy(path, folder)
    return folder


def test_a_model_without_its_sidecar(clip, models):
    (models / "digits-reader.json").unlink()
    assert "digits-reader.json is missing" in refused(clip, "--no-show", "--models", models)


def test_a_model_with_the_wrong_hash(clip, models):
    path = models / "digits-locator.tflite"
    path.write_bytes(path.read_bytes() + b"\0")
    assert "other sha256" in refused(clip, "--no-show", "--models", models)


def test_a_sidecar_that_is_none(clip, models):
    (models / "digits-locator.json").write_text("{}")
    assert "digits-locator.json is not a model's sidecar" in refused(clip, "--no-show", "--models", models)


def test_a_folder_of_models_that_is_none(clip, tmp_path):
    sentence = refused(clip, "--no-show", "--models", tmp_path / "nowhere")
    assert "digits-locator.tflite is missing" in sentence and "--models" in sentence


# --- options


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mode", "faces"], "'faces'"),
        (["--threshold", "2"], "2"),
        (["--mode", "plates", "--region", "XX"], "XX"),
        (["--roi", "1,2"], "1,2"),
        (["--mqtt", "broker"], "broker"),
        (["--serve", "99999999"], "99999999"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(clip, arguments, words):
    assert words in refused(clip, "--no-show", *arguments)
