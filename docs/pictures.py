"""The picture in docs/running.md: what the shipped models read in pictures that this project rendered.

python docs/pictures.py writes docs/glyphcam.png. Scenes are drawn with the fonts of this machine, so another machine
makes another picture.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from realtime.capture.open import open_source
from realtime.overlay import draw
from realtime.pipeline import Pipeline, load
from realtime.values import Frame, Result
from synth.plates.scene import render_plate_scene, sample_plate_scene
from synth.text.scene import render_scene, sample_scene

SIZE = 480, 640  # height, width of each part
WORDS, PLATES = 6, 11  # seeds of scenes that show much and hide little
FRAME = 25  # of the demo film


def film() -> np.ndarray:
    """The demo film, followed up to one frame."""
    pipeline = load("digits")
    with open_source(str(ROOT / "realtime" / "demo.mp4")) as frames:
        result = [pipeline(frame) for frame in islice(frames, FRAME)][-1]
    return drawn(result, pipeline)


def drawn(result: Result, pipeline: Pipeline) -> np.ndarray:
    """The result without the times that this machine took."""
    return draw(replace(result, timings={}), pipeline.threshold)


def still(mode: str, image: np.ndarray) -> np.ndarray:
    """One picture, read."""
    pipeline = load(mode)
    return drawn(pipeline(Frame(0, 0.0, image, still=True)), pipeline)


def words() -> np.ndarray:
    """A rendered scene of words."""
    scene = sample_scene(np.random.default_rng(WORDS), "characters", "val", SIZE, strength=0.3, lines=(4, 7))
    return still("characters", render_scene(scene, colour=True)[0])


def plates() -> np.ndarray:
    """A rendered scene of plates."""
    scene = sample_plate_scene(np.random.default_rng(PLATES), (), SIZE, plates=3, strength=0.4)
    return still("plates", render_plate_scene(scene)[0])


if __name__ == "__main__":
    parts = [cv2.resize(part, (480, 360), interpolation=cv2.INTER_AREA) for part in (film(), words(), plates())]
    out = ROOT / "docs" / "glyphcam.png"
    cv2.imwrite(str(out), np.hstack(parts), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(out)
