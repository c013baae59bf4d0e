"""Rows are whole lines on disk at once, in JSON and in CSV."""

import csv
import io
import json
import os

import pytest
from conftest import make_frame, make_result, make_sighting, make_track
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import SinkError
from realtime.output.record import FIELDS, hashed
from realtime.output.spreadsheet import FORMULA
from realtime.sinks.table import COLUMNS, Table, csv_line, json_line

RESULT = make_result(make_frame(5), ended=(make_track(3, "0042"),))


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_one_json_line_per_track_that_ended(tmp_path):
    path = tmp_path / "a.jsonl"
    with Table(path, "digits", json_line) as table:
        table.write(make_result(make_frame(4), tracks=(make_track(),)))
        table.write(RESULT)
    (row,) = rows(path)
    assert tuple(row) == FIELDS
    assert (row["track"], row["text"], row["source"], row["mode"]) == (3, "0042", "clip.mp4", "digits")


def test_a_live_value_is_a_row_when_it_is_confirmed_and_another_when_it_ends(tmp_path):
    path, track = tmp_path / "a.jsonl", make_track(3, "0042", value=2)
    with Table(path, "digits", json_line, live=True) as table:
        table.write(make_result(make_frame(4), tracks=(track,), confirmed=(track,)))
        assert [(row["event"], row["value"]) for row in rows(path)] == [("begin", 2)]
        table.write(make_result(make_frame(5), ended=(track,)))
    assert [row["event"] for row in rows(path)] == ["begin", "end"]


def test_a_recording_has_one_row_per_value_in_which_it_ends(tmp_path):
    path, track = tmp_path / "a.jsonl", make_track()
    with Table(path, "digits", json_line) as table:
        table.write(make_result(make_frame(4), tracks=(track,), confirmed=(track,)))
        table.write(make_result(make_frame(5), ended=(track,)))
    assert [row["event"] for row in rows(path)] == ["end"]


@pytest.mark.parametrize(("live", "events"), [(True, ["begin"] + ["present"] * 3), (False, ["present"] * 3)])
def test_an_interval_writes_what_stands(tmp_path, live, events):
    path, track = tmp_path / "a.jsonl", make_track()
    with Table(path, "digits", json_line, live=live, interval=2.0) as table:
        for k in range(70):
            confirmed = () if k else (track,)
            table.write(make_result(make_frame(k), tracks=(track,), confirmed=confirmed))
    assert [row["event"] for row in rows(path)] == events


def test_a_doubtful_value_is_a_row_that_says_so(tmp_path):
    path = tmp_path / "a.jsonl"
    with Table(path, "digits", json_line) as table:
        table.write(make_result(doubtful=(make_track(),)))
    assert [row["event"] for row in rows(path)] == ["doubtful"]


def test_a_row_is_on_disk_before_the_next_frame(tmp_path):
    path = tmp_path / "a.jsonl"
    with Table(path, "digits", json_line) as table:
        table.write(RESULT)
        assert len(rows(path)) == 1
        table.write(RESULT)
        assert len(rows(path)) == 2


def test_csv_has_a_heading_and_keeps_leading_zeros(tmp_path):
    path = tmp_path / "a.csv"
    with Table(path, "digits", csv_line, crop=lambda result, track: "crops/3.jpg") as table:
        table.write(RESULT)
    with open(path, newline="") as file:
        (row,) = csv.DictReader(file)
    assert tuple(row) == COLUMNS
    assert (row["text"], row["crop"], row["track"]) == ("0042", "crops/3.jpg", "3")
    assert json.loads(row["box"]) == [8, 8, 28, 18]


def test_everything_means_a_row_per_sighting(tmp_path):
    path = tmp_path / "a.jsonl"
    followed, alone = make_sighting("1"), make_sighting("2", x=40)
    track = make_track(7, sighting=followed)
    with Table(path, "digits", json_line, everything=True) as table:
        table.write(make_result(sightings=(followed, alone), tracks=(track,)))
        table.write(make_result(ended=(track,)))
    assert [(row["text"], row["track"]) for row in rows(path)] == [("1", 7), ("2", None)]


def test_sightings_find_their_track_when_texts_are_hashed(tmp_path):
    path = tmp_path / "a.jsonl"
    track = make_track(7)
    with Table(path, "digits", json_line, everything=True) as table:
        table.write(hashed(make_result(sightings=(track.sighting,), tracks=(track,)), b"k" * 32))
    (row,) = rows(path)
    assert row["track"] == 7 and row["text"] != "42"


def test_a_lost_source_is_a_row_and_waiting_is_none(tmp_path):
    path = tmp_path / "a.jsonl"
    with Table(path, "digits", json_line) as table:
        for event in ("source lost", "source waiting", "source waiting", "source back"):
            table.write(make_result(make_frame(event=event)))
    assert [row["event"] for row in rows(path)] == ["source lost", "source back"]


def test_standard_output_is_a_dash(capsys):
    with Table("-", "digits", json_line) as table:
        table.write(RESULT)
    assert json.loads(capsys.readouterr().out)["text"] == "0042"


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("dear\n")
    with pytest.raises(SinkError, match="--overwrite"):
        Table(path, "digits", json_line)
    assert path.read_text() == "dear\n"
    with Table(path, "digits", json_line, overwrite=True):
        pass
    assert path.read_text() == ""


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SinkError, match="cannot be written"), Table(tmp_path / "no" / "a.csv", "digits", csv_line):
        pass


def test_a_full_disk_is_an_error():
    table = Table("/dev/full", "digits", json_line, overwrite=True)
    with pytest.raises(SinkError, match="No space left"), table:
        table.write(RESULT)


def test_a_reader_that_went_away_is_an_error(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        with pytest.raises(SinkError, match="Standard output is closed"), Table("-", "digits", json_line) as table:
            table.write(RESULT)


values = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.lists(st.floats(allow_nan=False)))


@given(st.dictionaries(st.sampled_from(COLUMNS), values))
def test_any_value_survives_csv(row):
    line = csv_line(row)
    (fields,) = csv.reader(io.StringIO(line, newline=""))
    for name, field in zip(COLUMNS, fields, strict=True):
        value = row.get(name, "")
        if isinstance(value, list):
            assert json.loads(field) == value
        else:
            formula = isinstance(value, str) and value.startswith(FORMULA)
            assert field == ("'" if formula else "") + str(value)


@given(st.dictionaries(st.sampled_from(COLUMNS), values))
def test_any_value_survives_json_in_one_line(row):
    line = json_line(row)
    assert json.loads(line) == row and line.count("\n") == 1
