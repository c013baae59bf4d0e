"""Films of a display whose text changes: counters, clocks, meters with rolling wheels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth.effects import Effects, apply_effects
from synth.grounds import sample_ground
from synth.text.clip import ROOM, Clip, camera_of, central, sample_path, single, views
from synth.text.line import Line
from synth.text.sampling import sample_line
from synth.text.scene import Scene, render_scene
from synth.warp import warp_image

Rng = np.random.Generator
ROLL = 0.3  # seconds in which the wheels go over to the next value


@dataclass(frozen=True)
class Film:
    """A clip whose only line says each of `texts` for `seconds`; the wheels of a drum roll from one to the next."""

    clip: Clip
    texts: tuple[str, ...]
    seconds: float

    def at(self, time: float) -> tuple[str, float]:
        """The text that stands at a time in seconds, and how far, 0 to 1, the next one has come."""
        index = min(int(time / self.seconds + 1e-6), len(self.texts) - 1)
        left = (index + 1) * self.seconds - time
        return self.texts[index], max(0.0, 1 - left / ROLL) if index + 1 < len(self.texts) else 0.0

    def line(self, line: Line, time: float) -> Line:
        """The line as it stands at a time."""
        text, rolled = self.at(time)
        if line.drum is None:
            return replace(line, text=text)
        following = self.texts[min(self.texts.index(text) + 1, len(self.texts) - 1)]
        offsets = tuple(round(rolled, 2) if a != b else 0.0 for a, b in zip(text, following, strict=True))
        return replace(line, text=text, drum=replace(line.drum, offsets=offsets, upward=True))


def sample_film(
    rng: Rng,
    split: str,
    kind: str,
    texts: Sequence[str],
    seconds: float,
    *,
    fps: float = 10.0,
    size: tuple[int, int] = (480, 640),
) -> Film:
    """A display of a kind ("print", "segment", "drum") before a camera that is not quite still."""
    longest = max(texts, key=len)
    whole = round(ROOM * size[0]), round(ROOM * size[1])
    line = sample_line(rng, "digits", split, kind, text=longest)
    world = replace(sample_ground(rng, rng.uniform(20, 60)), scale=float(np.exp(rng.uniform(1, 4))))
    panel = None
    while panel is None:
        panel = central(rng, single(rng, line, float(rng.uniform(28, 60))), whole, [])
    scene = Scene(whole, "digits", world, float(rng.uniform(60, 200)), (), (panel,), Effects())
    path = sample_path(rng, size, max(8.0, seconds))
    right, down, turn, zoom = (0.25 * reach for reach in path.reach)
    still = replace(path, reach=(right, down, turn, zoom))
    count, noise, quality = round(len(texts) * seconds * fps), float(rng.uniform(0.5, 5)), int(rng.integers(60, 95))
    clip = Clip(scene, still, size, count, fps, float(rng.uniform(0.05, 0.4)), noise, quality, int(rng.integers(2**31)))
    return Film(clip, tuple(texts), seconds)


def render_film(film: Film, backgrounds: Sequence[np.ndarray] = ()) -> Iterator[tuple[float, np.ndarray, str]]:
    """Frame by frame: time in seconds, uint8 BGR (H, W, 3), and the text that stands, "" while the next one comes."""
    rng, before, shown, image = np.random.default_rng(film.clip.seed), None, None, np.empty((0, 0), np.uint8)
    panel = film.clip.scene.panels[0]
    for time, matrix in views(film.clip):
        line = film.line(panel.items[0].line, time)
        if line != shown:
            shown, item = line, replace(panel.items[0], line=line)
            scene = replace(film.clip.scene, panels=(replace(panel, items=(item,)),))
            image = render_scene(scene, backgrounds, colour=True)[0]
        frame = apply_effects(warp_image(image, matrix, film.clip.size), camera_of(rng, film.clip, matrix, before))
        before = matrix
        text, rolled = film.at(time)
        yield time, frame, "" if rolled and line.drum else text


def counter(start: int, count: int, digits: int, step: int = 1) -> list[str]:
    """The values of a counter."""
    return [f"{start + k * step:0{digits}d}" for k in range(count)]


def clock(start: int, count: int) -> list[str]:
    """A 12-hour clock with seconds, from so many seconds after midnight on."""
    moments = [start + k for k in range(count)]
    return [f"{(t // 3600 - 1) % 12 + 1}:{t // 60 % 60:02d}:{t % 60:02d}" for t in moments]
