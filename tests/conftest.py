"""Factories for the values that travel, small recordings, and a pipeline that needs no network."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

from realtime.rules.reported import Rules
from realtime.values import Frame, Quad, Reading, Result, Sighting, State, Track

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("any machine", deadline=None)  # how long a case takes says nothing on a busy one
settings.load_profile("any machine")


def make_image(width: int = 64, height: int = 48, value: int = 90) -> np.ndarray:
    """A BGR picture with a mark that shows which way is up."""
    image = np.full((height, width, 3), value, np.uint8)
    image[: height // 4, : width // 4] = (0, 0, 255)
    return image


def make_frame(index: int = 0, time: float | None = None, **changes) -> Frame:
    """Frame number `index` of a recording at 10 frames per second."""
    changes.setdefault("image", make_image())
    changes.setdefault("source", "clip.mp4")
    return Frame(index, index / 10 if time is None else time, **changes)


def make_sighting(text: str = "42", x: float = 8, y: float = 8, confidence: float = 0.9) -> Sighting:
    """A text in an upright box 20 wide and 10 high."""
    quad = Quad(((x, y), (x + 20, y), (x + 20, y + 10), (x, y + 10)))
    return Sighting(quad, Reading(text, (confidence,) * len(text), confidence), 1.0, "digits")


def make_track(number: int = 1, text: str = "42", **changes) -> Track:
    """A confirmed track seen from 0.1 s to 0.5 s."""
    sighting = make_sighting(text)
    crop = make_image(20, 10)
    track = Track(number, State.CONFIRMED, sighting, sighting.reading, 0.1, 0.5, 5, 1, 5, sighting, crop)
    return dataclasses.replace(track, **changes)


def make_result(frame: Frame | None = None, **changes) -> Result:
    """A result with nothing in it but what is asked for."""
    return Result(make_frame() if frame is None else frame, **changes)


def write_clip(path, times: Sequence[float] | int = 10, size: tuple[int, int] = (64, 48), fps: float = 10.0):
    """A recording whose frame k is gray 10 * k (modulo 250); its path."""
    count = times if isinstance(times, int) else len(times)
    fourcc = "MJPG" if str(path).endswith(".avi") else "mp4v"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*fourcc), fps, size)
    for index in range(count):
        writer.write(np.full((size[1], size[0], 3), 10 * index % 250, np.uint8))
    writer.release()
    return path


def write_picture(path, image: np.ndarray | None = None) -> str:
    """A picture file; its path as text."""
    assert cv2.imwrite(str(path), make_image() if image is None else image)
    return str(path)


class FakePipeline:
    """Sees the text "42" in every frame and follows it as one track."""

    mode = "digits"

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold
        self.seen: list[Frame] = []
        self.flushed = 0

    def set_threshold(self, value: float) -> None:
        self.threshold = min(1.0, max(0.0, value))

    @property
    def rules(self) -> Rules:
        return Rules(self.threshold)

    def read(self, image: np.ndarray) -> list[Sighting]:
        return [make_sighting()]

    def read_whole(self, image: np.ndarray) -> Reading:
        return make_sighting("7").reading

    def locator(self, gray: np.ndarray) -> list:
        return []

    def __call__(self, frame: Frame) -> Result:
        self.seen.append(frame)
        track = make_track(last_time=frame.time, last_frame=frame.index)
        confirmed = (track,) if len(self.seen) == 1 else ()
        ended = (track,) if frame.still else ()
        return Result(frame, (track.sighting,), (track,), confirmed, ended, timings={"locate": 1.0, "read": 0.5})

    def flush(self) -> tuple[Track, ...]:
        self.flushed += 1
        return (make_track(state=State.LOST),) if self.seen and not self.seen[-1].still else ()


@pytest.fixture(scope="session")
def locator_folder(tmp_path_factory):
    """A folder with digits-locator.tflite and .json, untrained but with statistics as training leaves them."""
    pytest.importorskip("tensorflow", reason="needs the extra train: pip install -e '.[train]'")
    from train import nets
    from train.export import export
    from train.sampling.recipes import SPECS

    rng, spec = (
        np.random.default_rng(0),
        dataclasses.replace(SPECS["plates-locator"], name="digits-locator", mode="digits"),
    )
    pictures = (rng.integers(0, 256, (1, 160, 200, 1), dtype=np.uint8) for _ in range(6))
    folder = tmp_path_factory.mktemp("models")
    export(scrambled(nets.build(spec)), spec, pictures, folder)
    return folder


def scrambled(model):
    """The network with normalisation of its own in every layer, so that nothing cancels out by chance."""
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if "norm" in layer.name:
            gain, shift, mean, variance = layer.get_weights()
            shift, mean = (w + rng.normal(0, 0.3, w.shape) for w in (shift, mean))
            layer.set_weights([gain, shift, mean, variance * rng.uniform(0.5, 2, variance.shape)])
    return model
