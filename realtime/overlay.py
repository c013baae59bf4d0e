"""What the program knows, drawn on the picture; readable from 320x240 to 4K."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import cv2
import numpy as np

from realtime.values import LOST, WAITING, Box, Frame, Quad, Reading, Result, State, intersection

FONT = cv2.FONT_HERSHEY_DUPLEX
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SURE, UNSURE, ALARM = (80, 220, 60), (0, 200, 255), (40, 40, 230)  # B, G, R
BOXES, FIGURES, CLOCK = "boxes", "figures", "clock"  # what can be drawn
Point = tuple[float, float]
FURTHEST = 6  # lines between an object and its text, where others stand in the way


def draw(result: Result, threshold: float, parts: Collection[str] = (BOXES,), line: Sequence[Point] = ()) -> np.ndarray:
    """A BGR copy of the frame with what `parts` names: boxes with texts and confidences, figures, the time of day.

    Confirmed tracks are green with their voted text, all else is yellow; readings less sure than `threshold`, and those
    of objects that are hidden, get a box without a text. A text for which there is no free place is left out. With the
    boxes comes the `line` between two points.
    """
    image = result.frame.image
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    size = text_height(canvas.shape)
    status = (_time_of_day(result.frame) if CLOCK in parts else []) + (_status(result) if FIGURES in parts else [])
    lines = wrapped(status, lambda text: _extent(text, size)[0] <= canvas.shape[1])
    if BOXES in parts and line:
        _draw_line(canvas, line, size)
    if BOXES in parts:
        _draw_objects(canvas, result, threshold, size, Box(0, 0, canvas.shape[1], _extent("0", size)[1] * len(lines)))
    _write_lines(canvas, lines, size)
    if parts and result.frame.event in (LOST, WAITING):
        _banner(canvas, "SOURCE LOST", size)
    return canvas


class Overlay:
    """`draw` once per result, however many sinks show it; the threshold is asked for each time."""

    def __init__(
        self, threshold: Callable[[], float], parts: Collection[str] = (BOXES,), line: Sequence[Point] = ()
    ) -> None:
        self._threshold, self._parts, self._line = threshold, tuple(parts), tuple(line)
        self._drawn: tuple[Result, np.ndarray] | None = None

    def __call__(self, result: Result) -> np.ndarray:
        """The drawn picture; read it, do not write to it."""
        drawn = self._drawn  # one look, for other threads may ask too
        if drawn is None or drawn[0] is not result:
            drawn = self._drawn = None  # the picture before makes room for this one
            drawn = self._drawn = result, draw(result, self._threshold(), self._parts, self._line)
        return drawn[1]


def _draw_objects(canvas: np.ndarray, result: Result, threshold: float, size: int, status: Box) -> None:
    """The outlines of all objects, then the texts in places that are still free; `status` is taken."""
    objects = sorted(_objects(result), key=lambda each: (not each[2], each[0].box.y0))
    for quad, _, sure in objects:
        _outline(canvas, quad, SURE if sure else UNSURE, size)
    taken = [status]
    for quad, reading, sure in objects:
        if not reading.text or reading.confidence < threshold or _is_hidden(quad, result.hidden):
            continue
        text = f"{_named(reading)} {100 * reading.confidence:.0f}%"
        others = [other.box for other, _, _ in objects if other is not quad]
        place = free_place(quad.box, _extent(text, size), canvas.shape, taken, others)
        if place is not None:
            taken.append(place)
            _label(canvas, text, place, SURE if sure else UNSURE, size)


def _named(reading: Reading) -> str:
    """The text, with the name of the known text that it is."""
    return f"{reading.text} {reading.known.name}".strip() if reading.known else reading.text


def _draw_line(canvas: np.ndarray, line: Sequence[Point], size: int) -> None:
    a, b = (tuple(round(v) for v in point) for point in line)
    cv2.line(canvas, a, b, BLACK, max(1, size // 6) + 2, cv2.LINE_AA)
    cv2.line(canvas, a, b, WHITE, max(1, size // 6), cv2.LINE_AA)


def free_place(
    box: Box, extent: tuple[int, int], shape: Sequence[int], taken: Sequence[Box], others: Sequence[Box] = ()
) -> Box | None:
    """Where a text of (width, height) pixels can stand near its object, in a picture of (height, width, ...).

    It overlaps nothing that is taken, and where that is possible none of the other objects; None: there is no place.
    """
    width, height = extent
    right, bottom = shape[1] - width, shape[0] - height
    if right < 0 or bottom < 0:
        return None
    columns = [min(max(int(x), 0), right) for x in (box.x0, box.x1 - width)]
    rows = [y for k in range(FURTHEST) for y in (int(box.y0) - 2 - (k + 1) * height, int(box.y1) + 2 + k * height)]
    rows = [y for y in rows if 0 <= y <= bottom] or [min(max(int(box.y0), 0), bottom)]
    places = [Box(x, y, x + width, y + height) for y in rows for x in columns]
    for obstacles in ([*taken, *others], taken):
        free = (place for place in places if all(intersection(place, each) <= 0 for each in obstacles))
        if (place := next(free, None)) is not None:
            return place
    return None


def _is_hidden(quad: Quad, hidden: Sequence[Quad]) -> bool:
    return any(intersection(quad.box, each.box) > 0 for each in hidden)


def _time_of_day(frame: Frame) -> list[str]:
    """Date and time of the picture, where its calendar is known."""
    if frame.epoch is None:
        return []
    return [datetime.fromtimestamp(frame.epoch + frame.time).strftime("%Y-%m-%d %H:%M:%S")]


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


def _label(canvas: np.ndarray, text: str, place: Box, colour: tuple[int, int, int], size: int) -> None:
    """Text on a filled plate."""
    x0, y0, x1, y1 = map(int, place)
    cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), colour, cv2.FILLED)
    _put(canvas, text, (x0, y0), size, BLACK)


def _status(result: Result) -> list[str]:
    """The figures: true rate, milliseconds per stage, dropped frames."""
    stages = [f"{stage} {spent:.1f}" for stage, spent in result.timings.items()]
    words = [f"{result.fps:.1f} fps"] if result.fps else []
    words += [*stages[:-1], stages[-1] + " ms"] if stages else []
    return words + ([f"dropped {result.dropped}"] if result.dropped else [])


def _write_lines(canvas: np.ndarray, lines: list[str], size: int) -> None:
    """Lines on a darkened ground at the top."""
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
