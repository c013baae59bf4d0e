"""Pictures to measure with: texts on a wall that sways past, drawn by OpenCV alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SinkError

SWAY = 0.02  # of the picture's width: how far the wall moves to each side
TALLEST = 0.08  # of the picture's height: a text's
FPS = 25.0
FONT = cv2.FONT_HERSHEY_DUPLEX
LETTERS = {"digits": "0123456789", "characters": "ABCDEFGHKLMNPRSTUVXYZ", "plates": "ABCDEFGHKLMNPRSTUVXYZ"}


def texts(mode: str, count: int) -> list[str]:
    """Texts, all different, of a mode or the first of several: six digits, six letters, plates such as KDA4071."""
    rng = np.random.default_rng(7)
    mode = mode.split(",")[0]
    letters = LETTERS[mode]
    drawn = ["".join(letters[i] for i in rng.integers(len(letters), size=6)) for _ in range(count)]
    return [f"{text[:3]}{rng.integers(1000, 9999)}" for text in drawn] if mode == "plates" else drawn


def wall(width: int, height: int) -> np.ndarray:
    """An empty wall, uint8 BGR (height, width, 3): soft patches of light and fine grain."""
    rng = np.random.default_rng(11)
    light = rng.uniform(90, 170, (6, 8)).astype(np.float32)
    patches = cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 4, (height, width)).astype(np.float32)
    return np.dstack([np.clip(patches + grain + shift, 0, 255).astype(np.uint8) for shift in (6, 0, -6)])


def scene(mode: str, width: int, height: int, objects: int) -> np.ndarray:
    """A wall with that many texts on it in rows, uint8 BGR (height, width, 3)."""
    picture = wall(width, height)
    columns = max(1, math.ceil(math.sqrt(objects / 1.6)))
    rows = max(1, math.ceil(objects / columns))
    for k, text in enumerate(texts(mode, objects)):
        middle = (k % columns + 0.5) * width / columns, (k // columns + 0.5) * height / rows
        room = 0.7 * width / columns, min(TALLEST * height, 0.45 * height / rows)
        write(picture, text, middle, room, plate=mode.startswith("plates"))
    return picture


def write(picture: np.ndarray, text: str, middle: tuple[float, float], room: tuple[float, float], plate: bool) -> None:
    """Draw a text dark on a light panel, as large as its room (width, height) allows."""
    (wide, tall), _ = cv2.getTextSize(text, FONT, 1, 2)
    scale = min(room[0] / wide, room[1] / tall)
    half = wide * scale / 2, tall * scale / 2
    margin = half[1] * (0.7 if plate else 1.0)
    corners = [round(middle[i] + sign * (half[i] + margin)) for sign in (-1, 1) for i in (0, 1)]
    cv2.rectangle(picture, corners[:2], corners[2:], (225, 230, 232), cv2.FILLED, cv2.LINE_AA)
    if plate:
        cv2.rectangle(picture, corners[:2], corners[2:], (40, 40, 40), max(1, round(2 * scale)), cv2.LINE_AA)
    place = round(middle[0] - half[0]), round(middle[1] + half[1])
    cv2.putText(picture, text, place, FONT, scale, (30, 30, 30), max(1, round(2 * scale)), cv2.LINE_AA)


def frames(mode: str, size: tuple[int, int], objects: int, count: int) -> Iterator[np.ndarray]:
    """`count` pictures of `size` (width, height), uint8 BGR: the same wall, swaying once in two seconds."""
    width, height = size
    reach = max(1, round(SWAY * width))
    picture = scene(mode, width + 2 * reach, height, objects)
    for k in range(count):
        left = reach + round(reach * math.sin(math.pi * k / FPS))
        yield np.ascontiguousarray(picture[:, left : left + width])


def film(path: Path, mode: str, size: tuple[int, int] = (640, 480), objects: int = 3, count: int = 100) -> Path:
    """Write the pictures as an .mp4; SinkError where it cannot be written."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, size)
    if not writer.isOpened():
        raise SinkError(f"{path} cannot be written as a video.", "Name a file that ends in .mp4 in an existing folder.")
    for picture in frames(mode, size, objects, count):
        writer.write(picture)
    writer.release()
    return path
