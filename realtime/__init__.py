"""Find, read and follow digits, characters and number plates in pictures and video."""

from realtime.capture.open import open_source
from realtime.loop import run
from realtime.pipeline import MultiMode, Pipeline, load
from realtime.values import Box, Frame, Quad, Reading, Result, Sighting, Track

__all__ = [
    "Box",
    "Frame",
    "MultiMode",
    "Pipeline",
    "Quad",
    "Reading",
    "Result",
    "Sighting",
    "Track",
    "load",
    "open_source",
    "run",
]
