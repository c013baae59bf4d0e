"""Short films of a scene: a hand-held camera moves over it, with blur, noise and the truth of every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth.effects import Effects, apply_effects
from synth.grounds import Ground, sample_ground
from synth.shapes import sample_shape
from synth.text.fonts import BUILT_IN
from synth.text.glyphs import FontFace, SegmentFace
from synth.text.line import Drum, Line, Style
from synth.text.sampling import sample_line
from synth.text.scene import CAPITAL, Panel, Scene, em_for, extent_of, panel_of, placed, put, render_scene, view_of
from synth.text.strings import digits
from synth.warp import Warp, moved, warp_image, warp_points

Rng = np.random.Generator
Truth = list[tuple[np.ndarray, str]]


@dataclass(frozen=True)
class Path:
    """How the camera moves: sums of sines of time; pixels, radians and relative size."""

    reach: tuple[float, float, float, float]  # right, down, turn, zoom
    pace: tuple[float, float, float, float]  # radians per second
    phase: tuple[float, float, float, float]
    shake: float  # pixels of the hand's tremor

    def at(self, time: float) -> np.ndarray:
        """Right, down, turn and zoom at a time in seconds: float64 (4,)."""
        pose = np.array(self.reach) * np.sin(np.array(self.pace) * time + np.array(self.phase))
        tremor = self.shake * np.array([np.sin(17 * time + self.phase[1]), np.sin(23 * time + self.phase[0])])
        pose[:2] += tremor
        return pose


@dataclass(frozen=True)
class Clip:
    """A scene larger than the frame, the camera's path over it, and its lens and sensor."""

    scene: Scene
    path: Path
    size: tuple[int, int]  # height, width of a frame
    count: int  # frames
    fps: float
    shutter: float  # share of a frame's time that it is exposed
    noise: float  # gray values
    quality: int  # of the JPEG that each frame goes through
    seed: int


ROOM = 1.5  # the scene's size per frame's


def sample_clip(
    rng: Rng,
    split: str,
    lines: tuple[int, int] = (1, 3),
    size: tuple[int, int] = (480, 640),
    seconds: float = 3.0,
    fps: float = 25.0,
) -> Clip:
    """Strings of 2 to 8 digits, 20 to 70 pixels high in a frame of 480, held in view long enough to be read."""
    whole = round(ROOM * size[0]), round(ROOM * size[1])
    wanted = int(rng.integers(lines[0], lines[1] + 1))
    return Clip(
        sample_clip_scene(rng, split, whole, wanted),
        sample_path(rng, size, seconds),
        size,
        max(1, round(seconds * fps)),
        fps,
        shutter=float(rng.uniform(0.05, 0.6)),
        noise=float(rng.uniform(0.5, 5)),
        quality=int(rng.integers(55, 95)),
        seed=int(rng.integers(2**31)),
    )


def sample_path(rng: Rng, size: tuple[int, int], seconds: float) -> Path:
    """One slow sway across the scene in the time of the clip, and a hand's tremor."""
    reach = np.array([0.16 * size[1], 0.14 * size[0], 0.06, 0.12]) * rng.uniform(0.3, 1.0, 4)
    pace = rng.uniform(0.6, 1.6, 4) * np.pi / max(seconds, 1.0)
    phase = rng.uniform(0, 2 * np.pi, 4)
    return Path(tuple(reach.tolist()), tuple(pace.tolist()), tuple(phase.tolist()), float(rng.uniform(0, 1.2)))


def sample_clip_scene(rng: Rng, split: str, size: tuple[int, int], wanted: int) -> Scene:
    """A wall or photograph with that many strings near its middle."""
    world = replace(sample_ground(rng, rng.uniform(20, 80)), scale=float(np.exp(rng.uniform(1, 4))))
    if rng.random() < 0.5:
        world = replace(world, kind="photo", scale=float(rng.uniform(0.5, 1)))
    panels: list[Panel] = []
    while len(panels) < wanted:
        text = digits(rng, 2, 8)
        line = sample_line(rng, "digits", split, text=text)
        tall = float(np.exp(rng.uniform(np.log(20), np.log(70)))) * size[0] / (ROOM * 480)
        panel = central(rng, single(rng, line, tall), size, panels)
        if panel is not None and text not in {other.items[0].line.text for other in panels}:
            panels.append(panel)
    shapes = tuple(sample_shape(rng) for _ in range(int(rng.integers(0, 3))))
    return Scene(size, "digits", world, float(rng.uniform(60, 200)), shapes, tuple(panels), Effects())


def single(rng: Rng, line: Line, tall: float) -> Panel:
    """The line alone on its panel."""
    em = em_for(tall)
    item = put(line, em, em * rng.uniform(0.3, 0.7), em * rng.uniform(0.3, 0.6))
    if item is None:
        raise ValueError(f"no face draws {line.text!r}")
    height, width = item.box[3] + em * rng.uniform(0.3, 0.6), item.box[2] + em * rng.uniform(0.3, 0.7)
    return panel_of(rng, [item], (round(height), round(width)), tall, on_world=False)


def central(rng: Rng, panel: Panel, size: tuple[int, int], others: Sequence[Panel]) -> Panel | None:
    """The panel placed in the part of the scene that the camera nearly always sees; None where it does not fit."""
    height, width = size
    edge = (1 - 0.85 / ROOM) / 2
    area = edge * width, edge * height, (1 - edge) * width, (1 - edge) * height
    return placed(rng, panel, area, [extent_of(other) for other in others])


def views(clip: Clip) -> Iterator[tuple[float, np.ndarray]]:
    """Per frame its time in seconds and the homography from the scene to the frame."""
    height, width = clip.size
    for index in range(clip.count):
        time = index / clip.fps
        right, down, turn, zoom = clip.path.at(time)
        cos, sin = np.cos(turn) * np.exp(zoom), np.sin(turn) * np.exp(zoom)
        pose = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
        scene = moved(-clip.scene.size[1] / 2 - right, -clip.scene.size[0] / 2 - down)
        yield time, moved(width / 2, height / 2) @ pose @ scene


def render_clip(clip: Clip, backgrounds: Sequence[np.ndarray] = ()) -> Iterator[tuple[np.ndarray, Truth]]:
    """Frame by frame: uint8 BGR (H, W, 3), and corners float64 (4, 2) with text of each line that is wholly in view."""
    image, quads, texts = render_scene(clip.scene, backgrounds, colour=True)
    rng = np.random.default_rng(clip.seed)
    before = None
    for _, matrix in views(clip):
        frame = warp_image(image, matrix, clip.size)
        frame = apply_effects(frame, camera_of(rng, clip, matrix, before))
        before = matrix
        seen = [warp_points(quad, matrix) for quad in quads]
        yield frame, [(quad, text) for quad, text in zip(seen, texts, strict=True) if in_view(quad, clip.size)]


def in_view(quad: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether all four corners lie inside a frame of (height, width)."""
    return bool((quad >= 0).all() and (quad <= (size[1], size[0])).all())


def camera_of(rng: Rng, clip: Clip, matrix: np.ndarray, before: np.ndarray | None) -> Effects:
    """Blur along the movement since the last frame, sensor noise, compression."""
    middle = np.array([[clip.scene.size[1] / 2, clip.scene.size[0] / 2]])
    step = np.zeros(2) if before is None else (warp_points(middle, matrix) - warp_points(middle, before))[0]
    length = float(np.hypot(*step)) * clip.shutter
    place = int(rng.integers(512)), int(rng.integers(1024))
    steps = [("noise", (place, clip.noise, False)), ("jpeg", (clip.quality,))]
    if length > 1.0:
        steps.insert(0, ("motion", (length, float(np.arctan2(step[1], step[0])))))
    return Effects(tuple(steps))


# --- the film that is shipped


def demo_clip(seconds: float = 6.0, fps: float = 10.0) -> Clip:
    """A counter, a display, a house number and a note on a wall; the font is the one inside Pillow."""
    rng = np.random.default_rng(3)
    size = (480, 640)
    panels = [_demo_panel(rng, *row) for row in _demo_rows()]
    scene = Scene(
        (round(ROOM * size[0]), round(ROOM * size[1])),
        "digits",
        Ground("cloudy", contrast=3.0, scale=40.0),
        165.0,
        (),
        tuple(panels),
        Effects(),
        (0.88, 0.94, 1.0),
    )
    path = Path((70.0, 45.0, 0.06, 0.12), (1.05, 2.1, 0.8, 0.5), (0.0, 0.5, 1.0, 2.0), 0.2)
    return Clip(scene, path, size, round(seconds * fps), fps, shutter=0.2, noise=0.3, quality=92, seed=3)


def _demo_rows() -> tuple:
    """Line, capitals' height in pixels, tint (B, G, R), where in the scene (x, y) and how many degrees turned."""
    plain, text_face = Ground(slope=(6.0, 10.0)), FontFace(BUILT_IN)
    still = (0.0, 0.02, -0.02, 0.0, 0.01, 0.0, 0.08)
    drum = Drum(still, frame=25.0, last=2, last_ink=235.0, last_paper=105.0, bar=0.12)
    display = Style(30.0, 175.0, ghost=0.05)
    return (
        (Line("0048213", text_face, Style(235.0, 40.0), plain, drum=drum), 34, (1.0, 1.0, 1.0), (330, 195), -3.0),
        (Line("27.95", SegmentFace(slant=0.08), display, plain), 46, (0.8, 1.0, 0.9), (530, 320), 4.0),
        (Line("1947", text_face, Style(250.0, 90.0), plain, weight=2), 50, (1.0, 0.72, 0.55), (265, 335), -6.0),
        (Line("365", text_face, Style(40.0, 235.0), plain, wobble=0.04), 34, (0.75, 0.97, 1.0), (430, 455), 9.0),
    )


def _demo_panel(rng: Rng, line: Line, tall: float, tint, place: tuple[float, float], turn: float) -> Panel:
    panel = single(rng, line, tall)
    view = np.reshape(view_of(Warp(rotation=turn, yaw=0.04), panel.size, tall / CAPITAL / panel.items[0].em), (3, 3))
    matrix = moved(*place) @ view
    matrix = tuple((matrix / matrix[2, 2]).ravel().tolist())
    return replace(panel, matrix=matrix, tint=tint, edge=(20.0, 3.0), round=False)
