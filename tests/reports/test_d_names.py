"""Kind D: names of files went to C libraries, to logs and into tables as they were."""

import csv
import json
import logging
import os
import sqlite3
from contextlib import closing

import cv2
import pytest
from conftest import write_clip, write_picture
from reports.made import read
from stand_in import StandIn, write_film

from realtime.archive import run as archive
from realtime.archive.workers import ProcessPool
from realtime.capture.open import open_source
from realtime.cli.logs import OneLine
from realtime.loop import run
from realtime.privacy.redact import printable
from realtime.service.stopping import Stop
from realtime.sinks.crops import Crops
from realtime.sinks.store import Store
from realtime.sinks.table import COLUMNS, Table, csv_line, json_line

LATIN = os.fsdecode(b"l\xe4rm")  # as an old camera or a FAT stick writes it
FORGED = "a\x1b[2K\rERROR: all is lost\n"


def moved(path, folder, name):
    """The file under a name that OpenCV would not write."""
    try:
        os.rename(path, os.path.join(folder, name))
    except OSError:
        pytest.skip("this file system takes no such name")
    return os.path.join(folder, name)


@pytest.mark.parametrize("name", [LATIN, FORGED, "100%d.png", "a:b", "-"])
def test_any_name_is_read(tmp_path, name):
    picture = moved(write_picture(tmp_path / "a.png"), tmp_path, name + ".png")
    clip = moved(write_clip(tmp_path / "a.avi", 4), tmp_path, name + ".avi")
    assert len(read(picture)[0]) == 1 and len(read(clip)[0]) == 4
    frames, said = read(tmp_path)
    assert len(frames) == 5 and said == ""
    assert all(frame.source.isprintable() and frame.source.encode() for frame in frames)


def test_a_folder_with_such_a_name_goes_through_every_sink(tmp_path):
    folder = tmp_path / LATIN
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    moved(write_film(tmp_path / "a.mp4", 3), folder, LATIN + ".mp4")
    crops = Crops(str(folder / "crops"))
    tables = [Table(str(folder / f"a{LATIN}.jsonl"), "digits", json_line, crop=crops.path)]
    tables += [Table(str(folder / "a.csv"), "digits", csv_line, crop=crops.path)]
    sinks = [crops, *tables, Store(str(folder / "a.db"), "digits", crop=crops.path)]
    with open_source(str(folder)) as source:
        summary = run(source, StandIn().open(), sinks, Stop())
    assert summary.failures == () and summary.tracks > 0
    rows = [json.loads(line) for line in (folder / f"a{LATIN}.jsonl").read_text().splitlines()]
    with open(folder / "a.csv", newline="") as file:
        assert [row["crop"] for row in csv.DictReader(file)] == [row["crop"] for row in rows]
    assert len(list((folder / "crops").iterdir())) == len(rows) == summary.tracks
    with closing(sqlite3.connect(folder / "a.db")) as base:
        assert base.execute("SELECT crop FROM tracks").fetchall() == [(row["crop"],) for row in rows]


def test_such_a_name_goes_through_an_archive(tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    moved(write_film(tmp_path / "a.mp4", 3), films, LATIN + ".mp4")
    moved(write_film(tmp_path / "b.mp4", 3, tone=40), films, FORGED + ".mp4")
    base = str(tmp_path / "a.db")
    report = archive.run([str(films)], StandIn(), base, ProcessPool(1), Stop())
    assert report.failures == [] and report.recordings == 2
    again = archive.run([str(films)], StandIn(), base, ProcessPool(1), Stop())
    assert (again.recordings, again.before) == (0, 2)


def test_no_name_looks_like_a_line_of_its_own():
    record = logging.LogRecord("realtime", logging.WARNING, __file__, 1, "%s is gone", (FORGED,), None)
    line = OneLine().format(record)
    assert line.startswith("WARNING: a\\x1b[2K\\rERROR") and "\n" not in line and "\x1b" not in line
    assert printable("Zähler 日本 C:\\x") == "Zähler 日本 C:\\x"


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1", "-1", "@sum", "\t=1"])
def test_no_cell_starts_a_formula(name):
    line = csv_line({"source": name, "text": "=1", "time": -1.5})
    (row,) = csv.DictReader([line], COLUMNS, quoting=csv.QUOTE_NONNUMERIC)
    assert (row["source"], row["text"], row["time"]) == (f"'{name}", "'=1", -1.5)


def test_a_name_that_is_not_utf_8_never_reaches_opencv(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(cv2, "imread", lambda name, flags: opened.append(name))
    read(moved(write_picture(tmp_path / "a.jpg"), tmp_path, LATIN + ".jpg"))
    assert opened and all(name.encode() for name in opened)
