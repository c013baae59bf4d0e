"""A way to read that needs no network and that any process can import: bright blocks, whose gray is their text."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np

from realtime.capture.open import open_source
from realtime.loop import run
from realtime.modes import MODES
from realtime.pipeline import Pipeline
from realtime.rules.reported import Rules
from realtime.setup import Setup
from realtime.sinks.store import Store
from realtime.values import Box, Detection, Quad, Reading, Sighting


@dataclass(frozen=True)
class StandIn(Setup):
    """Reads with blocks in place of models; `pause` seconds for each frame, and dies of a frame that is all white."""

    mode: str = "digits"
    pause: float = 0.0

    def reader(self, instrument=None):
        """The pipeline, with everything but the networks real."""

        def locate(gray: np.ndarray) -> list[Detection]:
            time.sleep(self.pause)
            if gray.mean() > 240:
                os._exit(9)
            return blocks(gray)

        asked = {"agree": self.agree, "line": self.line, "again_after": self.again_after}
        return Pipeline(MODES["digits"], locate, shades, rules=self.rules(MODES["digits"]), **asked)

    def rules(self, mode):
        return Rules(0.1)

    def digest(self) -> str:
        return "stand-in"


def blocks(gray: np.ndarray) -> list[Detection]:
    """Bright rectangles on the dark ground."""
    count, _, stats, _ = cv2.connectedComponentsWithStats((gray > 70).astype(np.uint8))
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h, area in stats[1:count].astype(float) if area > 60]
    return [Detection(Quad.from_box(box), 1.0) for box in boxes]


def shades(gray: np.ndarray, detections: list[Detection], again: bool = False) -> list[Sighting]:
    """The block's gray in steps of 20 as its text; surer the further right it is."""
    found = []
    for detection in detections:
        (x, y), sure = detection.box.center, 0.3 + 0.6 * float(detection.box.x0) / gray.shape[1]
        text = f"{round(float(gray[int(y) - 3 : int(y) + 3, int(x) - 5 : int(x) + 5].mean()) / 20)}7"
        found.append(Sighting(detection.quad, Reading(text, (sure,) * len(text), sure), detection.score, "digits"))
    return found


def write_film(path, seconds: float = 12.0, fps: float = 10.0, tone: int = 0) -> str:
    """Three blocks: one leaves after 5 s, one comes at 2.5 s, one blinks; `tone` makes another film. Its path."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (160, 120))
    for k in range(round(seconds * fps)):
        writer.write(picture(k / fps, tone))
    writer.release()
    return str(path)


def picture(now: float, tone: int = 0) -> np.ndarray:
    """The film's frame at a time in seconds: uint8 BGR (120, 160, 3)."""
    image = np.full((120, 160, 3), 20, np.uint8)
    if now < 5:
        block(image, 10 + 15 * now, 20, 100 + tone)
    if now >= 2.5:
        block(image, 130 - 9 * (now - 2.5), 60, 160 + tone)
    if now % 3 < 2:
        block(image, 60, 95, 220)
    return image


def block(image: np.ndarray, x: float, y: float, gray: int) -> None:
    """A rectangle 24 wide and 12 high."""
    cv2.rectangle(image, (round(x), round(y)), (round(x) + 24, round(y) + 12), (gray,) * 3, cv2.FILLED)


FIELDS = (
    "t.track, t.mode, t.text, t.confidence, t.confidences, t.frame, t.time, t.first_time, t.last_time, t.count, t.box"
)


def rows(base, fields=FIELDS):
    query = f"SELECT s.name, {fields} FROM tracks t JOIN sources s ON s.id = t.source ORDER BY s.name, t.track, t.value"
    with closing(sqlite3.connect(base)) as connection:
        return connection.execute(query).fetchall()


def in_one_piece(film, base, setup=None):
    setup = setup or StandIn()
    with open_source(film) as frames:
        sinks = [Store(str(base), "digits")]
        summary = run(frames, setup.open(), sinks, threading.Event(), gate=setup.gate())
    return rows(base), summary


def parts_of(base):
    """How many parts were ever noted in a base that may not be there yet."""
    try:
        with closing(sqlite3.connect(f"file:{base}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT (SELECT COUNT(*) FROM parts) + 6 * (SELECT COUNT(*) FROM recordings)"
                                      ).fetchone()[0]  # fmt: skip
    except sqlite3.Error:
        return 0


def wait_for(happened, seconds=60.0):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)
