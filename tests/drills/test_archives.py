"""Archives over months: recordings that are touched, moved, grown, copied or still being written; two runs at once."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import closing, contextmanager

import pytest
from conftest import ROOT
from stand_in import StandIn, rows, write_film

from realtime.archive import identity, job
from realtime.archive import run as archive
from realtime.archive.identity import content_of, place_of
from realtime.archive.lock import filling
from realtime.archive.workers import ProcessPool
from realtime.errors import SinkError, SourceError


class Here:
    """A pool of one, in this process; remembers what it read."""

    window = 1

    def __init__(self, on_job=lambda: None):
        self.on_job, self.read = on_job, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, part):
        done = Future()
        self.read.append(os.path.basename(part.path))
        self.on_job()
        try:
            done.set_result(function(part))
        except Exception as error:
            done.set_exception(error)
        return done


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    write_film(folder / "a.mp4", 4.0)
    return folder


def filled(films, hands=None, setup=None, **options):
    """An archive run over a folder: its report and what it read."""
    hands = hands or Here()
    base = str(films.parent / "a.sqlite")
    report = archive.run([str(films)], setup or StandIn(), base, hands, threading.Event(), **options)
    return report, hands.read


def texts(films):
    """Source's file name and text of every record."""
    found = rows(str(films.parent / "a.sqlite"), "t.text")
    return sorted((os.path.basename(name), text) for name, text in found)


def table(films, query):
    with closing(sqlite3.connect(films.parent / "a.sqlite")) as base:
        return base.execute(query).fetchall()


def test_a_touched_recording_is_not_read_again(films):
    filled(films)
    before = texts(films)
    os.utime(films / "a.mp4", (1, 1))
    report, read = filled(films)
    assert (report.before, read, texts(films)) == (1, [], before) and before


def test_a_moved_recording_keeps_its_records_under_its_new_name(films):
    filled(films)
    before = texts(films)
    shutil.move(films / "a.mp4", films / "b.mp4")
    report, read = filled(films)
    assert (report.before, read) == (1, [])
    assert texts(films) == [("b.mp4", text) for _, text in before]


def test_a_copy_is_a_recording_of_its_own(films):
    filled(films)
    before = texts(films)
    shutil.copy(films / "a.mp4", films / "b.mp4")
    _, read = filled(films)
    assert read == ["b.mp4"] and texts(films) == [*before, *(("b.mp4", text) for _, text in before)]


def test_a_recording_that_grew_takes_the_place_of_its_earlier_records(films):
    filled(films)
    write_film(films / "other.mp4", 6.0, tone=20)
    shutil.move(films / "other.mp4", films / "a.mp4")
    _, read = filled(films)
    alone = films.parent / "alone"
    alone.mkdir()
    shutil.copy(films / "a.mp4", alone)
    archive.run([str(alone / "a.mp4")], StandIn(), str(alone / "a.sqlite"), Here(), threading.Event())
    expected = sorted(text for _, text in rows(str(alone / "a.sqlite"), "t.text"))
    assert read == ["a.mp4"] and [text for _, text in texts(films)] == expected
    assert len(table(films, "SELECT * FROM recordings")) == 1
    assert table(films, "SELECT * FROM parts") == []


def test_other_settings_take_the_place_of_earlier_records_too(films):
    class Other(StandIn):
        def digest(self):
            return "other"

    filled(films)
    before = texts(films)
    _, read = filled(films, setup=Other())
    assert read == ["a.mp4"] and texts(films) == before


def test_the_earlier_records_stay_until_the_new_ones_are_there(films):
    filled(films)
    before = texts(films)
    write_film(films / "a.mp4", 6.0, tone=20)

    def look():
        assert texts(films) == before

    filled(films, Here(look))
    assert texts(films) != before


def test_a_file_that_is_still_being_written_waits_for_the_next_run(films):
    report, read = filled(films, young=3600.0)
    assert read == [] and "It waits for the next run" in report.failures[0]
    os.utime(films / "a.mp4", (time.time() - 4000,) * 2)
    assert filled(films, young=3600.0)[1] == ["a.mp4"]


def test_a_file_that_changes_while_it_is_read_is_not_written_down(films):
    def grow():
        with (films / "a.mp4").open("ab") as file:
            file.write(b"more")

    report, _ = filled(films, Here(grow))
    assert "was changed while it was read" in report.failures[0] and texts(films) == []


def test_two_runs_do_not_fill_one_database(films, tmp_path):
    base = str(tmp_path / "b.sqlite")
    code = f"from realtime.archive.lock import filling\nwith filling({base!r}): print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(SinkError, match="is being filled by another run"):
        archive.run([str(films)], StandIn(), base, ProcessPool(1), threading.Event())
    holder.kill()
    holder.communicate()
    with filling(base):
        pass


def test_addresses_that_differ_in_a_password_are_two_recordings(films, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for key in ("swordfish", "halibut"):
        memory.pipe(f"/a.mp4?key={key}", (films / "a.mp4").read_bytes())
    urls = [f"memory://a.mp4?key={key}" for key in ("swordfish", "halibut")]
    assert place_of(urls[0]) != place_of(urls[1]) and "swordfish" not in place_of(urls[0])
    base = str(films.parent / "a.sqlite")
    report = archive.run(urls, StandIn(), base, Here(), threading.Event())
    assert report.recordings == 2 and report.failures == []
    assert len({name for name, _ in texts(films)}) == 2
    with closing(sqlite3.connect(base)) as connection:
        assert "swordfish" not in "".join(connection.iterdump())
    assert archive.run(urls, StandIn(), base, Here(), threading.Event()).before == 2


def test_what_shrinks_while_it_is_fetched_is_not_sound(films, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    data = (films / "a.mp4").read_bytes()
    fsspec.filesystem("memory").pipe("/a.mp4", data[: len(data) // 2])

    def shrinking(path):
        return short(path, len(data))

    short = with_size(identity.reading)
    monkeypatch.setattr(job, "reading", shrinking)
    with pytest.raises(SourceError, match="was changed while it was fetched"), job.fetched("memory://a.mp4"):
        pass


def with_size(reading):
    """Reads what is there, and claims the size of before."""

    @contextmanager
    def short(path, size):
        with reading(path) as (file, _):
            yield file, size

    return short


def test_a_database_of_the_first_version_is_taken_over(films):
    filled(films)
    before, path = texts(films), films / "a.mp4"
    facts = path.stat()
    with closing(sqlite3.connect(films.parent / "a.sqlite")) as base, base:
        base.executescript(f"""
        DROP INDEX recordings_by_place; DROP INDEX recordings_by_content;
        ALTER TABLE recordings DROP COLUMN place; ALTER TABLE recordings DROP COLUMN content;
        UPDATE recordings SET key = '{path} {facts.st_size} {facts.st_mtime_ns} 0123456789abcdef/30';
        PRAGMA user_version = 0;
        """)
    _, read = filled(films)
    assert read == ["a.mp4"] and texts(films) == before
    assert len(table(films, "SELECT * FROM recordings")) == 1


def test_the_beginning_and_the_end_tell_contents_apart(tmp_path):
    path, data = tmp_path / "a", bytearray(300_000)
    path.write_bytes(data)
    seen = {content_of(str(path))}
    for at in (0, 299_999):
        path.write_bytes(data[:at] + b"x" + data[at + 1 :])
        seen.add(content_of(str(path)))
    path.write_bytes(data + b"\0")
    seen.add(content_of(str(path)))
    assert len(seen) == 4
