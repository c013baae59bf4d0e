"""Every field that README promises of a record, from the picture to the file."""

import json
import threading
from datetime import datetime

import cv2
import numpy as np
import pytest
from stand_in import block, blocks

from realtime.loop import run
from realtime.modes import MODES
from realtime.output.record import FIELDS
from realtime.pipeline import Pipeline
from realtime.rules.reported import Rules
from realtime.sinks.crops import Crops
from realtime.sinks.table import Table, json_line
from realtime.values import Frame, Reading, Sighting

CREATED = 1_779_019_200.0


class Film(list):
    """A plate that moves to the right for 2 s, then another one in its place."""

    live = still = False
    dropped = 0

    def __init__(self):
        for k in range(40):
            image = make_picture(20 + min(k, 19), 100 if k < 20 else 160)
            self.append(Frame(k, k / 10, image, "rtsp://me:secret@gate/1", epoch=CREATED))


def make_picture(x, gray):
    image = np.full((120, 160, 3), 20, np.uint8)
    block(image, x, 40, gray)
    return image


def read(gray, detections, again=False):
    """The dark block says MOAB123; the bright one another text, less surely."""
    found = []
    for detection in detections:
        x, y = map(int, detection.box.center)
        text, sure = ("MOAB123", 0.9) if gray[y, x] < 130 else ("KAZ4711", 0.8)
        found.append(Sighting(detection.quad, Reading(text, (sure,) * 7, sure), 1.0, "plates"))
    return found


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    crops = Crops(str(folder / "crops"))
    table = Table(folder / "a.jsonl", "plates", json_line, crop=crops.path)
    pipeline = Pipeline(MODES["plates"], blocks, read, rules=Rules(0.5, least=3, regions=("DE",)))
    summary = run(Film(), pipeline, [crops, table], threading.Event())
    assert not summary.failures
    return [json.loads(line) for line in (folder / "a.jsonl").read_text().splitlines()]


def test_there_is_one_record_per_value_with_every_field(records):
    assert len(records) == 2 and all(tuple(row) == (*FIELDS, "crop") for row in records)


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("event", "end", "end"),
        ("source", "rtsp://me:***@gate/1", "rtsp://me:***@gate/1"),
        ("frame", 19, 39),
        ("time", 1.9, 3.9),
        ("track", 1, 1),
        ("value", 1, 2),
        ("mode", "plates", "plates"),
        ("text", "MOAB123", "KAZ4711"),
        ("confidence", 0.9, 0.8),
        ("confidences", [0.9] * 7, [0.8] * 7),
        ("box", [39.0, 40.0, 64.0, 53.0], [39.0, 40.0, 64.0, 53.0]),
        ("quad", [[39, 40], [64, 40], [64, 53], [39, 53]], [[39, 40], [64, 40], [64, 53], [39, 53]]),
        ("region", "DE", "DE"),
        ("first_time", 0.0, 2.0),
        ("last_time", 1.9, 3.9),
        ("count", 20, 20),
    ],
)
def test_the_field(records, field, first, second):
    assert [row[field] for row in records] == [first, second]


def test_the_calendar(records):
    moments = [datetime.fromisoformat(row[name]).timestamp() for row in records for name in ("first_at", "last_at")]
    assert moments == pytest.approx([CREATED, CREATED + 1.9, CREATED + 2, CREATED + 3.9])


def test_the_picture(records):
    tones = [int(cv2.imread(row["crop"])[7, 14, 0]) for row in records]
    assert tones[0] == pytest.approx(100, abs=8) and tones[1] == pytest.approx(160, abs=8)
