"""Damaged files: a result or a clear error, never a crash, a hang or a leak.

GLYPHCAM_MUTATIONS=500 reads so many damaged copies of each kind of file; a few are enough for everyday.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import write_picture

from realtime.capture.open import open_source
from realtime.errors import ModelError
from realtime.model import Model
from realtime.spec import ModelSpec, load_spec, save_spec, sha256_of

HERE = Path(__file__).resolve().parent
MUTATIONS = int(os.environ.get("GLYPHCAM_MUTATIONS", "60"))
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), str(HERE.parent))),
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "OPENCV_LOG_LEVEL": "SILENT",
}
GROWTH = 64 * 1024  # kilobytes that decoders may hold on to


def write(path):
    """A small whole file of the kind that its ending says, full of detail."""
    rng = np.random.default_rng(0)
    if path.suffix in (".jpg", ".png"):
        write_picture(path, rng.integers(0, 256, (48, 64, 3), np.uint8))
        return
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (64, 48))
    for _ in range(25):
        writer.write(rng.integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi", ".jpg", ".png"])
def test_damaged_files_are_read_or_refused(tmp_path, ending):
    path = tmp_path / f"whole{ending}"
    write(path)
    with open_source(str(path)) as source:
        assert len(list(source)) == (1 if ending in (".jpg", ".png") else 25)
    command = [sys.executable, HERE / "mutate.py", str(path), "0", str(MUTATIONS)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300 + MUTATIONS)
    *outcomes, grown = done.stdout.splitlines() or [""]
    assert done.returncode == 0, f"after {outcomes[-1:]}: {done.stderr}"
    assert len(outcomes) == MUTATIONS
    memory, files = map(int, grown.split()[1:])
    assert memory < GROWTH and files == 0


def damaged(data, seed):
    rng = np.random.default_rng(seed)
    at = int(rng.integers(len(data)))
    return bytes([*data[:at], data[at] ^ 1 << int(rng.integers(8)), *data[at + 1 :]]) if seed % 2 else data[:at]


@pytest.fixture
def model(tmp_path):
    """A file that is no network, with a sidecar that fits it."""
    path = tmp_path / "digits-reader.tflite"
    path.write_bytes(np.random.default_rng(0).bytes(2000))
    spec = ModelSpec("a", "digits", "reader", 32, 64, "0123456789", sha256=sha256_of(path))
    save_spec(spec, path.with_suffix(".json"))
    return path


def test_a_damaged_sidecar_is_read_or_refused(model):
    sidecar = model.with_suffix(".json")
    whole = sidecar.read_bytes()
    refused = 0
    for seed in range(5 * MUTATIONS):
        sidecar.write_bytes(damaged(whole, seed))
        try:
            assert isinstance(load_spec(sidecar), ModelSpec)
        except ModelError:
            refused += 1
    assert refused > MUTATIONS


def test_a_damaged_model_is_never_loaded(model):
    whole = model.read_bytes()
    Model(model)
    for seed in range(5 * MUTATIONS):
        model.write_bytes(damaged(whole, seed))
        with pytest.raises(ModelError):
            Model(model)


def test_a_model_without_its_sidecar_is_named(model):
    shutil.move(model.with_suffix(".json"), model.with_suffix(".txt"))
    with pytest.raises(ModelError, match="needs its sidecar"):
        Model(model)
