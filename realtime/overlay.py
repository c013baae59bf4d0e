"""What the program knows, drawn on the picture; readable from 320x240 to 4K."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from realtime.values import LOST, WAITING, Quad, Reading, Result, State

FONT = cv2.FONT_HERSHEY_DUPLEX
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SURE, UNSURE, ALARM = (80, 220, 60), (0, 200, 255), (40, 40, 230)  # B, G, R


def draw(result: Result, threshold: float) -> np.ndarray:
    """A BGR copy of the frame with boxes, texts, confidences and a line of figures.

    Confirmed tracks are green with their voted text, all else is yellow; readings less sure than `threshold` get a box
    without a text.
    """
    image = result.frame.image
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    size = text_height(canvas.shape)
    for quad, reading, sure in _objects(result):
        colour = SURE if sure else UNSURE
        _outline(canvas, quad, colour, size)
        if reading.text and reading.confidence >= threshold:
            _label(canvas, f"{reading.text} {100 * reading.confidence:.0f}%", quad, colour, size)
    _write_lines(canvas, _status(result), size)
    if result.frame.event in (LOST, WAITING):
        _banner(canvas, "SOURCE LOST", size)
    return canvas


class Overlay:
    """`draw` once per result, however many sinks show it; the threshold is asked for each time."""

    def __init__(self, threshold: Callable[[], float]) -> None:
        self._threshold = threshold
        self._drawn: tuple[Result, np.ndarray] | None = None

    def __call__(self, result: Result) -> np.ndarray:
        """The drawn picture; read it, do not write to it."""
        drawn = self._drawn  # one look, for other threads may ask too
        if drawn is None or drawn[0] is not result:
            drawn = self._drawn = result, draw(result, self._threshold())
        return drawn[1]


def text_height(shape: Sequence[int]) -> int:
    """Pixels of a capital letter: 1/40 of the picture's shorter side, at least 9 so that it can be read."""
    return max(9, round(min(shape[:2]) / 40))


def _objects(result: Result) -> list[tuple[Quad, Reading, bool]]:
    """Place, reading and whether it is confirmed: tracks seen in this frame, and sightings that belong to none."""
    followed = [(t.sighting.quad, t.reading, t.state is State.CONFIRMED) for t in result.tracks]
    known = {t.sighting for t in result.tracks}
    return followed + [(s.quad, s.reading, False) for s in result.sightings if s not in known]


def _outline(canvas: np.ndarray, quad: Quad, colour: tuple[int, int, int], size: int) -> None:
    corners = np.round(quad.array()).astype(np.int32)
    thickness = max(1, size // 6)
    cv2.polylines(canvas, [corners], True, BLACK, thickness + 2, cv2.LINE_AA)
    cv2.polylines(canvas, [corners], True, colour, thickness, cv2.LINE_AA)


def _label(canvas: np.ndarray, text: str, quad: Quad, colour: tuple[int, int, int], size: int) -> None:
    """Text on a filled plate above the box, or below where there is no room, always inside the picture."""
    box, (width, height) = quad.box, _extent(text, size)
    x = int(np.clip(box.x0, 0, max(0, canvas.shape[1] - width)))
    above, below = int(box.y0) - height - 2, int(box.y1) + 2
    y = int(np.clip(above if above >= 0 else below, 0, max(0, canvas.shape[0] - height)))
    cv2.rectangle(canvas, (x, y), (x + width, y + height), colour, cv2.FILLED)
    _put(canvas, text, (x, y), size, BLACK)


def _status(result: Result) -> list[str]:
    """The figures: true rate, milliseconds per stage, dropped frames."""
    stages = [f"{stage} {spent:.1f}" for stage, spent in result.timings.items()]
    words = [f"{result.fps:.1f} fps"] if result.fps else []
    words += [*stages[:-1], stages[-1] + " ms"] if stages else []
    return words + ([f"dropped {result.dropped}"] if result.dropped else [])


def _write_lines(canvas: np.ndarray, words: list[str], size: int) -> None:
    """Words in as many lines as the width asks for, on a darkened ground at the top."""
    lines = wrapped(words, lambda text: _extent(text, size)[0] <= canvas.shape[1])
    height = _extent("0", size)[1]
    ground = canvas[: height * len(lines)]
    ground //= 3
    for number, line in enumerate(lines):
        _put(canvas, line, (0, number * height), size, WHITE)


def wrapped(words: Sequence[str], fits: Callable[[str], bool]) -> list[str]:
    """Words joined by two spaces into lines that fit; a word that does not fit alone stands alone."""
    lines: list[str] = []
    for word in words:
        if lines and fits(f"{lines[-1]}  {word}"):
            lines[-1] += f"  {word}"
        else:
            lines.append(word)
    return lines


def _banner(canvas: np.ndarray, text: str, size: int) -> None:
    width, height = _extent(text, 2 * size)
    x, y = (canvas.shape[1] - width) // 2, (canvas.shape[0] - height) // 2
    cv2.rectangle(canvas, (x, y), (x + width, y + height), ALARM, cv2.FILLED)
    _put(canvas, text, (x, y), 2 * size, WHITE)


def _extent(text: str, size: int) -> tuple[int, int]:
    """Width and height in pixels of a line of text with its margins."""
    (width, _), _ = cv2.getTextSize(text, FONT, _scale(size), _weight(size))
    return width + size, 2 * size


def _put(canvas: np.ndarray, text: str, corner: tuple[int, int], size: int, colour: tuple[int, int, int]) -> None:
    """Text with its top left margin at `corner`."""
    origin = corner[0] + size // 2, corner[1] + size + size // 2
    cv2.putText(canvas, text, origin, FONT, _scale(size), colour, _weight(size), cv2.LINE_AA)


def _scale(size: int) -> float:
    return size / 21  # a Hershey capital is 21 units high


def _weight(size: int) -> int:
    return max(1, round(size / 12))
