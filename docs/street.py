"""The moving picture of README: a street with cars and a scale whose display changes, read and drawn by the program.

python docs/street.py writes docs/glyphcam.gif. Both films are rendered here, the boxes and texts on them are the
program's own; the fonts of another machine make another picture.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image

from realtime.overlay import draw
from realtime.pipeline import load
from realtime.values import Frame
from synth.effects import Effects
from synth.grounds import Ground, lay
from synth.plates.cars import sample_car
from synth.plates.layouts import load_layouts
from synth.plates.plate import Plate, sample_plate
from synth.plates.scene import PlacedPlate, PlateScene, render_plate_scene
from synth.text.clip import single
from synth.text.glyphs import SegmentFace
from synth.text.line import Line, Style
from synth.text.scene import CAPITAL, Panel, draw_panel, view_of
from synth.warp import Warp, moved

HEIGHT, STREET, SCALE = 360, 560, 360  # pixels: both films' height, each one's width
FPS, SECONDS = 8, 7
COLOURS = 96
HORIZON = 120  # row of the street at which cars vanish
WEIGHTS = ("25.8", "30.6", "42.9", "57.0")  # what the scale says, one after the other
STONE, DESK = Ground("cloudy", contrast=6.0, scale=9.0), Ground("cloudy", contrast=10.0, scale=40.0)


@dataclass(frozen=True)
class Drive:
    """A car that drives away: where the middle of its plate is and how wide, in pixels, at the second it begins."""

    seed: int
    layout: str
    middle: float
    width: float
    begin: float

    def plate(self) -> Plate:
        """A clean plate of the layout."""
        layouts = tuple(layout for layout in load_layouts() if layout.name == self.layout)
        plate = sample_plate(np.random.default_rng(self.seed), layouts)
        return replace(plate, wear=0.0, dirt=0.0, uneven=0.0)

    def at(self, time: float) -> PlacedPlate | None:
        """The car at a time in seconds; None before it comes."""
        if time < self.begin:
            return None
        plate, nearness = self.plate(), 1 / (1 + 0.2 * (time - self.begin))
        wide = self.width * nearness
        high = wide * plate.layout.size[1] / plate.layout.size[0]
        x = STREET / 2 + (self.middle - STREET / 2) * nearness - wide / 2
        y = HORIZON + (270 - HORIZON) * nearness
        corners = np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]])
        car = replace(sample_car(np.random.default_rng(self.seed), 4.5), front=False)
        return PlacedPlate(plate, corners, car, 1.0, 0.3)


DRIVES = (Drive(20, "germany", 140, 66, 0.0), Drive(11, "france", 425, 66, 1.5))


def road() -> np.ndarray:
    """The empty street, uint8 gray: sky, houses, asphalt, a dashed line."""
    image = np.full((HEIGHT, STREET), 205, np.uint8)
    for x, top, width, value in ((0, 30, 90, 150), (90, 55, 60, 125), (400, 40, 80, 140), (480, 20, 90, 115)):
        cv2.rectangle(image, (x, top), (x + width, HORIZON), value, cv2.FILLED)
        for row in range(top + 10, HORIZON - 14, 22):
            for column in range(x + 10, x + width - 10, 20):
                cv2.rectangle(image, (column, row), (column + 8, row + 11), value - 50, cv2.FILLED)
    asphalt = np.clip(lay(STONE, (HEIGHT - HORIZON, STREET), 96), 0, 255).astype(np.uint8)
    image[HORIZON:] = asphalt
    for near, far in ((0.95, 0.7), (0.55, 0.42), (0.33, 0.26), (0.2, 0.16), (0.12, 0.1)):
        rows = [HORIZON + share * (HEIGHT - HORIZON) for share in (near, far)]
        points = [(STREET / 2 + side * 9 * share, row) for share, row, side in
                  ((near, rows[0], -1), (near, rows[0], 1), (far, rows[1], 1), (far, rows[1], -1))]  # fmt: skip
        cv2.fillConvexPoly(image, np.round(points).astype(np.int32), 220, cv2.LINE_AA)
    return image


def street() -> Iterator[np.ndarray]:
    """Frames of the street, uint8 BGR (H, W, 3), each car before those that came later."""
    ground = road()
    for index in range(FPS * SECONDS):
        places = [place for drive in DRIVES if (place := drive.at(index / FPS))]
        places.sort(key=lambda place: place.corners[0, 1])
        gray = render_plate_scene(PlateScene(ground, tuple(places), 0, Effects(), 1))[0]
        yield cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)


def display(text: str) -> Panel:
    """The scale's display, slightly turned."""
    line = Line(text, SegmentFace(slant=0.08), Style(35.0, 170.0, ghost=0.04), Ground(slope=(6.0, 8.0)))
    panel = single(np.random.default_rng(2), line, 60)
    view = view_of(Warp(rotation=-3, yaw=0.05), panel.size, 60 / CAPITAL / panel.items[0].em)
    matrix = moved(SCALE / 2 - 100, 150) @ np.reshape(view, (3, 3))
    return replace(panel, matrix=tuple((matrix / matrix[2, 2]).ravel().tolist()), edge=(60.0, 5.0), round=False)


def scale() -> Iterator[np.ndarray]:
    """Frames of the scale, uint8 BGR (H, W, 3)."""
    for index in range(FPS * SECONDS):
        image = np.clip(lay(DESK, (HEIGHT, SCALE), 150), 0, 255).astype(np.uint8)
        cv2.rectangle(image, (40, 60), (SCALE - 40, HEIGHT - 50), 222, cv2.FILLED)
        cv2.rectangle(image, (40, 60), (SCALE - 40, HEIGHT - 50), 120, 2, cv2.LINE_AA)
        draw_panel(image, display(WEIGHTS[index * len(WEIGHTS) // (FPS * SECONDS)]), "digits", ())
        yield cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


def read(mode: str, images: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The drawn frames, without the times that this machine took."""
    pipeline = load(mode)
    for index, image in enumerate(images):
        yield draw(replace(pipeline(Frame(index, index / FPS, image)), timings={}), pipeline.threshold)


def save(frames: list[np.ndarray], path: Path) -> None:
    """Write BGR frames as a GIF with one palette, which repeats for ever."""
    pictures = [Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)) for frame in frames]
    palette = pictures[len(pictures) // 2].quantize(COLOURS)
    first, *rest = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    first.save(path, save_all=True, append_images=rest, duration=1000 // FPS, loop=0, optimize=True)


if __name__ == "__main__":
    out = ROOT / "docs" / "glyphcam.gif"
    both = zip(read("plates", street()), read("digits", scale()), strict=True)
    save([np.hstack(pair) for pair in both], out)
    print(out)
