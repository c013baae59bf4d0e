"""Archives: the records of one piece, however it is cut; nothing twice, nothing lost, whatever dies."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import ROOT, make_image, write_picture
from stand_in import StandIn, in_one_piece, parts_of, rows, wait_for, write_film

import run_camera
from realtime.archive import job, workers
from realtime.archive import run as archive
from realtime.archive.job import Segment, read_segment
from realtime.capture.open import open_source
from realtime.capture.recording import Slice
from realtime.errors import SinkError, SourceError, UserError
from realtime.output.record import hashed
from realtime.tracking.crossings import parse_line


class Here:
    """A pool of one, in this process; `on_job` is told of each job before it is done."""

    window = 2

    def __init__(self, on_job=lambda part: None):
        self.on_job, self.parts = on_job, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, part):
        done = Future()
        try:
            self.on_job(part)
            self.parts.append(part)
            done.set_result(function(part))
        except Exception as error:
            done.set_exception(error)
        return done


def archived(sources, base, *, hands=None, setup=None, stop=None, **options):
    options.setdefault("seconds", 2.0)
    return archive.run(sources, setup or StandIn(), str(base), hands or Here(), stop or threading.Event(), **options)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4")


@pytest.fixture(scope="module")
def whole(film, tmp_path_factory):
    found, _ = in_one_piece(film, tmp_path_factory.mktemp("whole") / "whole.sqlite")
    assert len(found) >= 3 and max(row[-2] for row in found) > 40
    return found


# cutting


@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.3, 60.0])
def test_records_are_those_of_one_piece(film, whole, tmp_path, seconds):
    hands = Here()
    report = archived([film], tmp_path / "a.sqlite", hands=hands, seconds=seconds)
    assert rows(tmp_path / "a.sqlite") == whole
    assert len(hands.parts) == (round(12 / seconds) if seconds < 8 else 1)
    assert (report.frames, report.tracks, report.recordings, report.failures) == (120, len(whole), 1, [])
    assert report.media == pytest.approx(12, abs=0.5)


def test_crossings_and_texts_seen_again_are_those_of_one_piece(film, tmp_path):
    """One block crosses the line to the right, one to the left; ends are held back for three seconds."""
    setup, fields = (
        StandIn(line=parse_line("80,0,80,120"), again_after=0.05),
        "t.track, t.text, t.direction, t.crossing",
    )
    in_one_piece(film, tmp_path / "one.sqlite", setup)
    archived([film], tmp_path / "cut.sqlite", setup=setup)
    one, cut = (rows(tmp_path / name, fields) for name in ("one.sqlite", "cut.sqlite"))
    assert one == cut and sorted(row[-2:] for row in one if row[-1]) == [("left", 1), ("right", 1)]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.mov"])
@pytest.mark.parametrize("length", [0.7, 2.0, 5.0])
def test_every_frame_lies_in_exactly_one_slice(tmp_path, name, length):
    film = write_film(tmp_path / name, 6.0, 29.97)
    with open_source(film) as frames:
        wanted = [(round(f.time, 4), int(f.image.sum())) for f in frames]
    starts = [k * length for k in range(10)]
    pieces = [list(Slice(film, start, start + length)) for start in starts]
    assert [(round(f.time, 4), int(f.image.sum())) for piece in pieces for f in piece] == wanted
    assert all([f.index for f in piece] == list(range(len(piece))) for piece in pieces)


def test_a_seek_that_leads_too_far_is_tried_from_further_back(tmp_path, monkeypatch):
    film = write_film(tmp_path / "film.mp4", 6.0)
    cut = Slice(film, 3.0, 4.0)
    real = cut._capture

    class Late:
        """A file in which every seek lands four seconds after where it should."""

        def set(self, prop, value):
            return real.set(prop, value + 4000 if prop == cv2.CAP_PROP_POS_MSEC else value)

        def __getattr__(self, name):
            return getattr(real, name)

    cut._capture = Late()
    assert [round(f.time, 2) for f in cut] == [round(3 + k / 10, 2) for k in range(10)]


def test_recordings_whose_frames_are_chosen_by_the_frames_before_stay_whole(film, tmp_path):
    setup, hands = StandIn(every=3, skip_still=True), Here()
    archived([film], tmp_path / "a.sqlite", hands=hands, setup=setup)
    assert rows(tmp_path / "a.sqlite") == in_one_piece(film, tmp_path / "b.sqlite", setup)[0]
    assert len(hands.parts) == 1


def test_pictures_and_folders_go_in_too(tmp_path):
    image = make_image(160, 120, 20)
    image[:] = 20
    cv2.rectangle(image, (40, 40), (80, 60), (200,) * 3, cv2.FILLED)
    (tmp_path / "in").mkdir()
    write_picture(tmp_path / "in" / "x.png", image)
    report = archived([str(tmp_path / "in")], tmp_path / "a.sqlite")
    assert [row[3] for row in rows(tmp_path / "a.sqlite")] == ["107"] and report.failures == []


def test_a_source_named_twice_is_read_once(film, tmp_path):
    hands = Here()
    assert archived([film, film], tmp_path / "a.sqlite", hands=hands).recordings == 1
    assert len(hands.parts) == 6


# stopping and going on


def test_what_is_done_is_not_done_again(film, whole, tmp_path):
    base = tmp_path / "a.sqlite"
    archived([film], base)
    again = Here()
    report = archived([film], base, hands=again)
    assert again.parts == [] and rows(base) == whole and (report.before, report.recordings) == (1, 0)


@pytest.mark.parametrize("after", [1, 3])
def test_a_run_that_was_stopped_goes_on_where_it_was(film, whole, tmp_path, after):
    base, stop, first, second = tmp_path / "a.sqlite", threading.Event(), Here(), Here()
    first.on_job = lambda part: stop.set() if len(first.parts) == after else None
    report = archived([film], base, hands=first, stop=stop)
    assert report.recordings == 0 and rows(base) == []
    archived([film], base, hands=second)
    assert rows(base) == whole and 0 < len(second.parts) < 6
    done = {part.number for part in first.parts} | {part.number for part in second.parts}
    assert done == set(range(6))


def test_a_crash_before_the_records_costs_no_work(film, whole, tmp_path, monkeypatch):
    base, again = tmp_path / "a.sqlite", Here()

    def crash(*_):
        raise SinkError("power cut")

    with monkeypatch.context() as patch, pytest.raises(SinkError):
        patch.setattr(archive.Ledger, "settle", crash)
        archived([film], base)
    archived([film], base, hands=again)
    assert again.parts == [] and rows(base) == whole
    with closing(sqlite3.connect(base)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM parts").fetchone() == (0,)


def test_other_settings_and_other_content_are_other_work(tmp_path):
    film, base, again = write_film(tmp_path / "film.mp4", 4.0), tmp_path / "a.sqlite", Here()
    archived([film], base)
    archived([film], base, hands=again, seconds=1.0)
    assert len(again.parts) == 4
    write_film(tmp_path / "film.mp4", 4.0, tone=40)
    os.utime(film, (1, 1))
    assert archived([film], base).recordings == 1


# what fails


def test_files_that_fail_are_listed_and_the_rest_is_done(film, whole, tmp_path, caplog):
    text, empty, cut = (tmp_path / name for name in ("text.mp4", "empty.mp4", "cut.avi"))
    text.write_text("no video")
    empty.write_bytes(b"")
    write_cut(cut)
    base = tmp_path / "a.sqlite"
    report = archived([str(text), str(empty), str(tmp_path / "none.mp4"), str(cut), film], base)
    named = sorted(failure.split()[0].split("/")[-1] for failure in report.failures)
    assert named == ["cut.avi", "empty.mp4", "none.mp4", "text.mp4"]
    assert [row for row in rows(base) if row[0] == film] == whole
    assert all(failure in caplog.text for failure in report.failures)
    again = Here()
    later = archived([str(cut), film], base, hands=again)
    assert again.parts == [] and "cut.avi ends after" in later.failures[0]


def write_cut(path):
    """An .avi that says it has 100 frames and holds about half of them."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (160, 120))
    for k in range(100):
        writer.write(np.random.default_rng(k).integers(0, 60, (120, 160, 3), np.uint8))
    writer.release()
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: len(data) // 2])


def test_a_cut_end_shows_in_slices_too(tmp_path):
    recording = archive.PlannedRecording("film.mp4", "place", "content", (1, 2), 100.0, 1000)
    total = archive.Total()
    total.frames, total.seconds = 500, 50.0
    assert "ends after 500 of 1000 frames" in archive.length_failure(recording, total)
    total.frames, total.seconds = 999, 99.9
    assert archive.length_failure(recording, total) == ""


@pytest.mark.parametrize("url", ["rtsp://10.0.0.9/live", "nothing://a/b.mp4"])
def test_addresses_that_cannot_go_in_are_refused_by_name(url, tmp_path):
    report = archived([url], tmp_path / "a.sqlite")
    assert len(report.failures) == 1 and url in report.failures[0]


def test_a_url_is_fetched_for_the_time_of_the_job(film, whole, tmp_path, monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setattr(job.tempfile, "tempdir", str(tmp_path))
    report = archived([f"file://{film}"], tmp_path / "a.sqlite")
    assert report.failures == [] and [row[1:] for row in rows(tmp_path / "a.sqlite")] == [row[1:] for row in whole]
    assert list(tmp_path.glob("glyphcam-*")) == []
    with pytest.raises(SourceError, match="cannot be fetched"), job.fetched("file:///none/x.mp4"):
        pass


def test_a_base_that_is_none_is_refused(film, tmp_path):
    (tmp_path / "a.sqlite").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(SinkError, match="cannot be used as a database"):
        archived([film], tmp_path / "a.sqlite")


# what is written


def test_texts_are_changed_before_they_are_written(film, tmp_path):
    archived([film], tmp_path / "a.sqlite", change=lambda result: hashed(result, b"0123456789abcdef"))
    assert all(len(row[3]) == 32 for row in rows(tmp_path / "a.sqlite"))


def test_each_track_has_its_picture(film, tmp_path):
    archived([film], tmp_path / "a.sqlite", setup=StandIn(crops=True), crops=str(tmp_path / "crops"))
    found = rows(tmp_path / "a.sqlite", "t.text, t.crop")
    assert found
    for _, text, crop in found:
        picture = cv2.imread(crop, cv2.IMREAD_GRAYSCALE)
        assert abs(float(np.median(picture)) - 20 * int(text[:-1])) < 12


def test_notes_come_back_exactly(film):
    notes = job.Observations(StandIn().open(), crops=False)
    with open_source(film) as frames:
        given = [(frame.index, frame.time, notes(frame).sightings) for frame in frames]
    assert [(f.index, f.time, s) for f, s in job.unpacked(notes.packed()).frames] == given


# the pool


def test_processes_do_it_too(film, whole, tmp_path):
    report = archived([film], tmp_path / "a.sqlite", hands=workers.ProcessPool(2))
    assert rows(tmp_path / "a.sqlite") == whole and report.failures == []


def test_a_file_that_kills_its_reader_fails_alone(film, whole, tmp_path):
    poison = tmp_path / "poison.mp4"
    writer = cv2.VideoWriter(str(poison), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (160, 120))
    for _ in range(20):
        writer.write(np.full((120, 160, 3), 255, np.uint8))
    writer.release()
    report = archived([str(poison), film], tmp_path / "a.sqlite", hands=workers.ProcessPool(2))
    assert rows(tmp_path / "a.sqlite") == whole
    assert len(report.failures) == 1 and "poison.mp4 could not be read: the worker failed" in report.failures[0]


def test_results_come_back_in_the_order_of_the_jobs():
    pairs = iter([(2, "c"), (0, "a"), (1, "b")])
    assert list(workers.in_order(range(3), pairs)) == [(0, "a"), (1, "b"), (2, "c")]
    assert list(workers.in_order(range(3), [(0, "a"), (2, "c")])) == [(0, "a")]


def test_a_part_that_is_stopped_gives_nothing(film):
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedError):
        read_segment(Segment(StandIn(), film), stop)


KILLED = """
import sys, threading
from stand_in import StandIn
import run_camera
from realtime.archive import workers
from realtime.archive import run as archive
if __name__ == "__main__":
    base, *films = sys.argv[1:]
    archive.run(films, StandIn(pause=0.02), base, workers.ProcessPool(2), threading.Event(), seconds=1.0)
"""


def test_a_run_that_is_killed_loses_and_doubles_nothing(tmp_path):
    films = [write_film(tmp_path / f"{k}.mp4", 6.0, tone=20 * k) for k in range(3)]
    script, base = tmp_path / "killed.py", tmp_path / "a.sqlite"
    script.write_text(KILLED)
    settings = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    child = subprocess.Popen([sys.executable, str(script), str(base), *films], env=settings, start_new_session=True)
    wait_for(lambda: parts_of(base) >= 4)
    child.send_signal(signal.SIGKILL)
    child.wait()
    hands = Here()
    archived(films, base, hands=hands, seconds=1.0)
    assert len(hands.parts) <= 14
    wanted = [row for film in films for row in in_one_piece(film, tmp_path / f"{Path(film).stem}.sqlite")[0]]
    assert rows(base) == wanted


def test_a_setup_makes_its_pipeline_and_knows_its_models():
    with pytest.raises(UserError, match="missing"):
        replace(job.Setup("digits"), models="/none").digest()
    with pytest.raises(UserError, match="not a mode"):
        job.Setup("runes").open()


# the command line


@pytest.fixture
def filed(monkeypatch):
    """What the command line asks of the archive."""
    asked = []

    def note(sources, setup, base, hands, stop, **options):
        asked.append((sources, setup, base, hands, options))
        return archive.Report(recordings=1, frames=9, failures=list(note.failures))

    note.failures = []
    monkeypatch.setattr(archive, "run", note)
    note.asked = asked
    return note


def command(*words):
    return CliRunner().invoke(run_camera.main, [str(word) for word in words])


def test_options_reach_the_workers(filed, tmp_path):
    options = ["--mode", "plates,digits", "--region", "DE,FR", "--roi", "0,0,64,64", "--every", 2, "--threshold", 0.7]
    (tmp_path / "known.csv").write_text("KA B 1,Anna\n")
    options += [
        "--workers",
        3,
        "--crops",
        tmp_path,
        "--keep",
        2,
        "--known",
        tmp_path / "known.csv",
        "--line",
        "1,2,3,4",
    ]
    done = command("a.mp4", "b.mp4", "--db", tmp_path / "a.sqlite", *options)
    assert done.exit_code == 0, done.output
    [(sources, setup, base, hands, more)] = filed.asked
    assert (sources, base, hands.workers) == (["a.mp4", "b.mp4"], str(tmp_path / "a.sqlite"), 3)
    assert (setup.mode, setup.regions, setup.every, setup.threshold) == ("plates,digits", ("DE", "FR"), 2, 0.7)
    assert setup.rois[0].corners[2] == (64, 64) and setup.crops and setup.gated
    assert (setup.known[0].name, setup.line.ends) == ("Anna", ((1, 2), (3, 4)))
    assert (more["crops"], more["keep"]) == (str(tmp_path), 2)


def test_a_scheduler_takes_the_place_of_workers(filed, tmp_path):
    assert command("a.mp4", "--db", tmp_path / "a.sqlite", "--scheduler", "tcp://10.0.0.1:8786").exit_code == 0
    assert filed.asked[0][3].address == "tcp://10.0.0.1:8786" and not filed.asked[0][1].gated


def test_what_was_done_before_is_said(filed, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(archive, "run", lambda *_, **__: archive.Report(before=2, seconds=0.5))
    assert command("a.mp4", "--db", tmp_path / "a.sqlite", "--workers", 1).exit_code == 0
    assert "2 done before" in caplog.text


def test_failures_exit_with_1(filed, tmp_path):
    filed.failures.append("a.mp4 is empty (0 bytes).")
    assert command("a.mp4", "--db", tmp_path / "a.sqlite", "--workers", 1).exit_code == 1


@pytest.mark.parametrize("words, sentence", [
    (["a.mp4", "--workers", 2], "--workers does nothing alone. Add --db."),
    (["a.mp4", "--workers", 2, "--scheduler", "x", "--db", "a"], "exclude each other"),
    (["a.mp4", "--workers", 2, "--db", "a", "--on-reading", "x"], "--on-reading does nothing with --workers"),
    (["a.mp4", "--scheduler", "x", "--db", "a", "--whole-frame"], "--whole-frame does nothing with --workers"),
    (["--workers", 2, "--db", "a"], "Name files"),
])  # fmt: skip
def test_mistakes_are_one_sentence(filed, words, sentence):
    done = command(*words)
    assert done.exit_code == 2 and sentence in done.output and "Traceback" not in done.output and not filed.asked


@pytest.mark.parametrize("seconds, words", [(0, "0.0 s"), (59, "59.0 s"), (90, "1.5 min"), (9000, "2.5 h")])
def test_lengths_of_time_are_said_in_a_unit_that_fits(seconds, words):
    assert archive.spoken(seconds) == words
