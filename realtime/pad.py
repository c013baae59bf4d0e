"""The drawing pad in a window: draw a character and see what the network gets and what it says."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from realtime.errors import SinkError, UserError
from realtime.modes import PADS
from realtime.output.display import check_display

SIZE = 480  # of the pad, pixels
FINE = 2  # strokes are drawn so many times as large, for smooth edges
PANEL = 320  # width of what stands beside it
SEEN = 160  # height of the network's input, enlarged
PENS = 1, 60
TITLE = "glyphcam drawing pad"
PEN = "pen"
HELP = "u undo  c clear  i invert  m mode  q quit"
INK, FAINT, GROUND, ACCENT = (31, 32, 23), (111, 113, 102), (246, 247, 246), (110, 118, 15)  # B, G, R
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Stroke:
    """One line as drawn: the pen's width and its points, in pixels."""

    width: int
    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Drawing:
    """What has been drawn: strokes, dark on light unless inverted."""

    strokes: tuple[Stroke, ...] = ()
    inverted: bool = False

    def begun(self, width: int, point: tuple[int, int]) -> Drawing:
        """With a new stroke."""
        return Drawing((*self.strokes, Stroke(width, (point,))), self.inverted)

    def extended(self, point: tuple[int, int]) -> Drawing:
        """With the last stroke one point longer."""
        *before, last = self.strokes
        return Drawing((*before, Stroke(last.width, (*last.points, point))), self.inverted)

    def undone(self) -> Drawing:
        """Without the last stroke."""
        return Drawing(self.strokes[:-1], self.inverted)

    def inverse(self) -> Drawing:
        """Light on dark, or dark on light again."""
        return Drawing(self.strokes, not self.inverted)


def render(drawing: Drawing) -> np.ndarray:
    """The drawing as uint8 (SIZE, SIZE)."""
    fine = np.full((FINE * SIZE, FINE * SIZE), 255, np.uint8)
    for stroke in drawing.strokes:
        points = FINE * np.array(stroke.points, np.int32) + FINE // 2
        cv2.polylines(fine, [points.reshape(-1, 1, 2)], False, 0, FINE * stroke.width)
        for end in (points[0], points[-1]):
            cv2.circle(fine, end.tolist(), FINE * stroke.width // 2, 0, cv2.FILLED)
    image = cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return 255 - image if drawing.inverted else image


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network got, uint8 (h, w), the likeliest texts with probabilities, and milliseconds; or a trouble."""

    seen: np.ndarray | None = None
    top: tuple[tuple[str, float], ...] = ()
    milliseconds: float = 0.0
    trouble: str = ""


@dataclass
class Pad:
    """The pad's state: mouse and keys change it, and each finished stroke asks the network of the mode."""

    open_pad: Callable[[str], Any]
    mode: str = PADS[0]
    pen: int = 30
    drawing: Drawing = field(default_factory=Drawing)
    answer: Answer = field(default_factory=Answer)
    _pipelines: dict[str, Any] = field(default_factory=dict)
    _down: bool = False

    def on_mouse(self, event: int, x: int, y: int, *_: object) -> None:
        """OpenCV's mouse callback."""
        if event == cv2.EVENT_LBUTTONDOWN and x < SIZE:
            self._down, self.drawing = True, self.drawing.begun(self.pen, (x, y))
        elif event == cv2.EVENT_MOUSEMOVE and self._down:
            self.drawing = self.drawing.extended((x, y))
        elif event == cv2.EVENT_LBUTTONUP and self._down:
            self._down = False
            self.ask()

    def on_key(self, key: int) -> None:
        """Obey one key."""
        if key == ord("m"):
            self.mode = PADS[(PADS.index(self.mode) + 1) % len(PADS)]
        elif key == ord("u"):
            self.drawing = self.drawing.undone()
        elif key == ord("c"):
            self.drawing = Drawing(inverted=self.drawing.inverted)
        elif key == ord("i"):
            self.drawing = self.drawing.inverse()
        else:
            return
        self.ask()

    def on_pen(self, width: int) -> None:
        """The trackbar's callback."""
        self.pen = int(np.clip(width, *PENS))

    def ask(self) -> None:
        """Have the drawing classified; an empty one is not."""
        if not self.drawing.strokes:
            self.answer = Answer()
            return
        try:
            self.answer = classified(self._pipeline(), render(self.drawing))
        except UserError as error:
            self.answer = Answer(trouble=str(error))

    def _pipeline(self) -> Any:
        if self.mode not in self._pipelines:
            self._pipelines[self.mode] = self.open_pad(self.mode)
        return self._pipelines[self.mode]

    def picture(self) -> np.ndarray:
        """Pad and panel side by side, BGR (SIZE, SIZE + PANEL, 3)."""
        pad = cv2.cvtColor(render(self.drawing), cv2.COLOR_GRAY2BGR)
        return np.hstack([pad, panel(f"{self.mode}, pen {self.pen}", self.answer)])


def classified(pipeline: Any, image: np.ndarray) -> Answer:
    """What a pipeline says of a drawing, with the time that it took."""
    start = time.perf_counter()
    top = tuple(pipeline.classify(image))
    spent = 1000 * (time.perf_counter() - start)
    return Answer(pipeline.network_input(image), top, spent)


def panel(title: str, answer: Answer) -> np.ndarray:
    """The side panel, BGR (SIZE, PANEL, 3): the network's input, the top 5, the keys."""
    image = np.full((SIZE, PANEL, 3), GROUND, np.uint8)
    write(image, title, (20, 32), 0.6, INK)
    if answer.seen is not None:
        enlarge(image, answer.seen)
        height, width = answer.seen.shape
        write(image, f"{width} x {height}, {answer.milliseconds:.1f} ms", (20, 234), 0.45, FAINT)
    for row, (text, probability) in enumerate(answer.top):
        bar(image, 258 + 38 * row, text, probability)
    for row in range(0, len(answer.trouble), 40):
        write(image, answer.trouble[row : row + 40], (20, 260 + row // 2), 0.4, INK)
    write(image, HELP, (20, SIZE - 14), 0.4, FAINT)
    return image


def enlarge(image: np.ndarray, seen: np.ndarray) -> None:
    """Put the network's input on the panel, each pixel a square."""
    scale = max(1, min(SEEN // seen.shape[0], (PANEL - 40) // seen.shape[1]))
    large = cv2.cvtColor(np.kron(seen, np.ones((scale, scale), np.uint8)), cv2.COLOR_GRAY2BGR)
    large = large[: SIZE - 48, : PANEL - 20]
    image[48 : 48 + large.shape[0], 20 : 20 + large.shape[1]] = large


def bar(image: np.ndarray, y: int, text: str, probability: float) -> None:
    """One line of the top 5: text, bar and share; "none" stands for no character at all."""
    write(image, text or "none", (20, y + 22), 0.8 if text else 0.4, INK)
    cv2.rectangle(image, (60, y + 8), (60 + max(1, round(170 * probability)), y + 20), ACCENT, cv2.FILLED)
    write(image, f"{100 * probability:.1f} %", (242, y + 20), 0.45, FAINT)


def write(image: np.ndarray, text: str, place: tuple[int, int], scale: float, colour: tuple[int, int, int]) -> None:
    """One line of text with its left lower corner at `place`."""
    cv2.putText(image, text, place, FONT, scale, colour, 2 if scale > 0.5 else 1, cv2.LINE_AA)


def open_window() -> None:
    """An empty window; SinkError where there can be none."""
    try:
        check_display(os.environ, sys.platform)
        cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)  # without Qt's toolbar
    except (cv2.error, SinkError) as error:
        reason = getattr(error, "message", "This OpenCV cannot open windows.")
        raise SinkError(reason, "Draw on the page instead: --draw --serve 8080.") from None


def run(open_pad: Callable[[str], Any], mode: str, stop: threading.Event) -> None:
    """Show the pad until the user quits or closes it; SinkError where there is no display.

    `open_pad(mode)` gives what classifies: `.classify(image)` and `.network_input(image)`.
    """
    pad = Pad(open_pad, mode if mode in PADS else PADS[-1])
    open_window()
    cv2.setMouseCallback(TITLE, pad.on_mouse)
    cv2.createTrackbar(PEN, TITLE, pad.pen, PENS[1], pad.on_pen)
    cv2.setTrackbarMin(PEN, TITLE, PENS[0])
    try:
        while not stop.is_set() and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1:
            cv2.imshow(TITLE, pad.picture())
            key = cv2.waitKey(15) & 0xFF
            if key in (ord("q"), 27):
                return
            pad.on_key(key)
    finally:
        cv2.destroyAllWindows()
