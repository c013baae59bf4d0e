"""Many recordings unattended: cut into parts, read by a pool, written down once, taken up again where it stopped.

Reading a frame needs no memory, so that parts are read anywhere and in any order. Following objects does: it is done
here, over all parts of a recording in order, so that no object is cut in two and the records are those of one piece.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from math import inf
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np

from realtime.archive.identity import check_finished, content_of, place_of
from realtime.archive.job import NO_PICTURE, PartResult, Segment, read_segment, unpacked
from realtime.archive.lock import filling
from realtime.archive.workers import Pool, completed
from realtime.capture.claims import Claims, is_cut_fast
from realtime.capture.files import Found, files_of, listed, still
from realtime.capture.open import local, open_file
from realtime.capture.recording import Length, Recording, check
from realtime.capture.source import is_address
from realtime.errors import SourceError, UserError
from realtime.modes import Mode, modes_of
from realtime.output.database import write_error
from realtime.privacy.redact import mask, printable
from realtime.setup import Setup
from realtime.sinks.crops import Crops
from realtime.sinks.progress import Bar
from realtime.sinks.store import LAST_PATIENCE, Store
from realtime.sinks.table import no_crop
from realtime.stats import counted
from realtime.tracking.track import Follower, Tracker, follow
from realtime.tracking.visits import followed
from realtime.values import Frame, Result, Sighting, State, Track

T = TypeVar("T")
SLICE = 30.0  # seconds of a recording in one job
LIVE = ("rtsp", "rtsps", "rtmp", "tcp", "udp", "rtp", "srt")
TABLES = """
CREATE TABLE IF NOT EXISTS recordings (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(id),
    key TEXT NOT NULL UNIQUE, frames INTEGER, seconds REAL, failure TEXT, place TEXT, content TEXT);
CREATE TABLE IF NOT EXISTS parts (key TEXT NOT NULL, number INTEGER NOT NULL, frames INTEGER, seconds REAL,
    failure TEXT, notes BLOB, PRIMARY KEY (key, number));
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS recordings_by_place ON recordings(place);
CREATE INDEX IF NOT EXISTS recordings_by_content ON recordings(content);
"""
ALONE = """
SELECT source FROM recordings WHERE place = ? AND source NOT IN (SELECT source FROM recordings WHERE place <> ?)
"""  # some addresses shared a source in the first version
Change = Callable[[Result], Result]
FORM = "{l_bar}{bar}| {n_fmt} of {total_fmt} s [{elapsed}<{remaining}{postfix}]"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlannedRecording:
    """What is to be read: its name in the records, where it is, what is in it and how it is read, and its parts."""

    name: str
    place: str
    content: str
    parts: tuple[Segment, ...]
    seconds: float = 0.0  # 0 where nobody knows
    frames: int | None = None  # as its container says
    claims: Claims = field(default_factory=Claims)

    @property
    def key(self) -> str:
        """What no other place, content or setting has."""
        return f"{self.place} {self.content}"


@dataclass
class Report:
    """How it went; `failures` name the recording and the reason, `before` counts recordings done in an earlier run."""

    recordings: int = 0
    before: int = 0
    frames: int = 0
    tracks: int = 0
    media: float = 0.0  # seconds of recordings read
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Multiples of real time."""
        return self.media / self.seconds if self.seconds else 0.0

    def fail(self, reason: str) -> None:
        """Something could not be read; "" for nothing."""
        self.failures += [reason] if reason else []

    def skip(self, reason: str) -> None:
        """A recording was done before, with what went wrong in it then."""
        self.before += 1
        self.fail(reason)

    def add(self, part: PartResult) -> None:
        """A part was read."""
        self.media, self.frames = self.media + part.seconds, self.frames + part.frames

    def settle(self, tracks: int, reason: str) -> None:
        """A recording is written down, with what went wrong in it."""
        self.recordings, self.tracks = self.recordings + 1, self.tracks + tracks
        self.fail(reason)

    def end(self, seconds: float) -> None:
        """The run is over; it took so long."""
        self.seconds = seconds

    def __str__(self) -> str:
        parts = [f"{counted(self.recordings, 'recording')}, {spoken(self.media)} in {spoken(self.seconds)}"]
        parts[0] += f" ({self.speed:.1f} times real time)"
        parts.append(counted(self.tracks, "reading"))
        parts += [f"{self.before} done before"] if self.before else []
        parts += [f"{len(self.failures)} failed"] if self.failures else []
        return ", ".join(parts)


def spoken(seconds: float) -> str:
    """A length of time in hours, minutes or seconds."""
    unit, name = next(((n, name) for n, name in ((3600, "h"), (60, "min")) if seconds >= n), (1, "s"))
    return f"{seconds / unit:.1f} {name}"


def run(
    sources: Sequence[str],
    setup: Setup,
    base: str,
    pool: Pool,
    stop: threading.Event,
    *,
    crops: str | None = None,
    keep: float | None = None,
    change: Change = lambda result: result,
    seconds: float = SLICE,
    young: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Read files, folders, globs and URLs into a database; what it holds already is not read again.

    A recording whose content is another one than before takes the place of its earlier records; one that was moved
    keeps them. `change` is what happens to texts before they are written, `crops` a folder for the pictures of the
    tracks, `seconds` the length of a part; files changed less than `young` seconds ago wait for the next run. Raises
    UserError for models, a database or a scheduler that cannot be used.
    """
    begin, report = clock(), Report()
    digest = f"{setup.digest()}/{seconds:g}"
    pictures = Crops(crops, keep) if crops else None
    crop = pictures.path if pictures else no_crop
    with filling(base), Ledger(base, setup.mode, keep=keep, crop=crop) as ledger:
        todo = wanted(list(planned(sources, setup, digest, seconds, report, young)), ledger, report)
        desk = RecordingWriter(ledger, pictures, change, setup, report)
        with Bar(sum(r.seconds for r in todo), bar_format=FORM, unit_scale=True) as bar, pool:
            for recording, seen in read(todo, ledger, pool, stop, report, Speed(bar, report, clock)):
                desk.settle(recording, seen)
    report.end(clock() - begin)
    for failure in report.failures:
        log.error("%s", failure)
    return report


# what there is to do


def planned(
    sources: Sequence[str], setup: Setup, digest: str, seconds: float, report: Report, young: float = 0.0
) -> Iterator[PlannedRecording]:
    """The recordings that sources name, each once; those that cannot be opened go into the report."""
    found, known = named(sources), set()
    report.failures += found.failures
    if found.passed:
        log.info("Passed over, neither pictures nor videos: %s.", listed(found.passed))
    for path in found.files:
        try:
            recording = plan(path, setup, digest, seconds, young)
        except (SourceError, OSError) as error:
            report.fail(str(error))
            continue
        if recording.key not in known:
            known.add(recording.key)
            yield recording


def named(sources: Sequence[str]) -> Found:
    """What all sources name: files, what folders and globs hold, URLs."""
    texts = [local(str(source)) for source in sources]
    files = files_of(text for text in texts if not is_address(text))
    return files + Found(tuple(url for text in texts if is_address(text) for url in listed_urls(text)))


def listed_urls(url: str) -> list[str]:
    """What one URL names; a pattern in it is looked up by fsspec."""
    if "*" not in url:
        return [url]
    try:
        import fsspec

        system, pattern = fsspec.core.url_to_fs(url)
        return [system.unstrip_protocol(path) for path in system.glob(pattern)]
    except (ImportError, OSError, ValueError) as error:
        raise SourceError(f"{mask(url)} cannot be listed ({error}).", "Check the address.") from None


def plan(path: str, setup: Setup, digest: str, seconds: float, young: float = 0.0) -> PlannedRecording:
    """A recording and its parts. Raises SourceError for a camera, a live stream, a file that cannot be opened."""
    if is_address(path) and urlsplit(path).scheme in LIVE:
        raise SourceError(f"{mask(path)} is a live stream.", "Only recordings go into an archive.")
    place, content = place_of(path), f"{content_of(path)} {digest}"
    if is_address(path):
        return PlannedRecording(mask(path), place, content, (Segment(setup, path),))
    check_finished(path, young)
    if still(path):
        return PlannedRecording(printable(path), place, content, (Segment(setup, os.path.abspath(path)),))
    with open_file(path, threading.Event()) as source:
        length, said = (source.length, source.claims) if isinstance(source, Recording) else (Length(), Claims())
        parts = tuple(cut(os.path.abspath(path), setup, length.seconds or 0.0, seconds))
        return PlannedRecording(source.name, place, content, parts, length.seconds or 0.0, length.frames, said)


def cut(path: str, setup: Setup, length: float, seconds: float) -> Iterator[Segment]:
    """The parts of a recording; one where it is short, cannot be cut, or what is read depends on the frames before."""
    if setup.gated or not is_cut_fast(path) or length < 1.5 * seconds:
        yield Segment(setup, path)
        return
    pieces = round(length / seconds)
    for k in range(pieces):
        yield Segment(setup, path, k, k * seconds, (k + 1) * seconds if k < pieces - 1 else inf)


def wanted(recordings: Sequence[PlannedRecording], ledger: Ledger, report: Report) -> list[PlannedRecording]:
    """Those that are not in the database yet; what failed in those that are is told again."""
    todo, present = [], {recording.place for recording in recordings}
    for recording in recordings:
        failure = ledger.failure(recording.key)
        failure = ledger.moved(recording, present) if failure is None else failure
        if failure is None:
            todo.append(recording)
            continue
        report.skip(failure)
    return todo


# doing it


def read(
    todo: Sequence[PlannedRecording], ledger: Ledger, pool: Pool, stop: threading.Event, report: Report, speed: Speed
) -> Iterator[tuple[PlannedRecording, Iterator[PartResult]]]:
    """Have every part read that is not in the ledger; each recording as soon as all its parts are there."""
    owner = {part: recording for recording in todo for part in recording.parts}
    open_parts = {r.key: {p.number for p in r.parts} - ledger.numbers(r.key) for r in todo}
    speed.step(sum(share(r, p) for p, r in owner.items() if p.number not in open_parts[r.key]))
    yield from ((r, ledger.parts(r.key)) for r in todo if not open_parts[r.key])
    jobs = [part for part, r in owner.items() if part.number in open_parts[r.key]]
    for part, seen in completed(pool, read_segment, jobs, stop):
        recording = owner[part]
        speed.step(share(recording, part))
        if problem := unread(recording, seen):
            report.fail(problem)
            continue
        report.add(seen)
        ledger.note(recording.key, part.number, seen)
        open_parts[recording.key].discard(part.number)
        if not open_parts[recording.key]:
            yield recording, ledger.parts(recording.key)


def share(recording: PlannedRecording, part: Segment) -> float:
    """Seconds of recording in a part, as planned."""
    return min(part.end, recording.seconds) - part.start


def unread(recording: PlannedRecording, seen: PartResult | BaseException) -> str:
    """Why a part gave nothing that could be kept; "" where it gave something."""
    if isinstance(seen, PartResult):
        return "" if seen.frames or not seen.failure else seen.failure
    if isinstance(seen, UserError):
        return f"{recording.name}: {seen}"
    return f"{recording.name} could not be read: the worker failed ({seen!r})."


class RecordingWriter:
    """Where the parts of a recording become its records."""

    def __init__(self, ledger: Ledger, crops: Crops | None, change: Change, setup: Setup, report: Report) -> None:
        self._ledger, self._crops, self._change = ledger, crops, change
        self._setup, self._report = setup, report

    def settle(self, recording: PlannedRecording, parts: Iterable[PartResult]) -> None:
        """Follow the objects through all parts and write the recording down, all of it or nothing."""
        if changed(recording):
            self._ledger.forget_parts(recording.key)
            self._report.fail(f"{recording.name} was changed while it was read. It waits for the next run.")
            return
        total = Total()
        tracks = tuple(replay_tracking(total.counted(parts), self._setup))
        failure = " ".join(filter(None, (total.failure, length_failure(recording, total))))
        epoch = recording.claims.created
        frame = Frame(max(0, total.frames - 1), total.seconds, NO_PICTURE, recording.name, epoch=epoch)
        ended = tuple(track for track in tracks if track.state is not State.DOUBTFUL)
        doubtful = tuple(track for track in tracks if track.state is State.DOUBTFUL)
        result = self._change(Result(frame, ended=ended, doubtful=doubtful))
        if self._crops:
            with self._crops:
                self._crops.write(result)
        row = {"frames": total.frames, "seconds": total.seconds, "failure": failure}
        self._ledger.settle(recording, row, result)
        self._report.settle(len(ended), failure)


def changed(recording: PlannedRecording) -> bool:
    """Whether a file is not what it was when its parts were planned; what a URL names was compared as it came."""
    path = recording.parts[0].path
    try:
        return not is_address(path) and not recording.content.startswith(content_of(path) + " ")
    except SourceError:
        return True


class Total:
    """Sums over the parts of a recording as they go by."""

    def __init__(self) -> None:
        self.frames, self.seconds, self.failure = 0, 0.0, ""

    def counted(self, parts: Iterable[PartResult]) -> Iterator[PartResult]:
        """The parts, counted once they are through."""
        for part in parts:
            yield part
            self.frames, self.seconds = self.frames + part.frames, self.seconds + part.seconds
            self.failure = " ".join(filter(None, (self.failure, part.failure)))


def length_failure(recording: PlannedRecording, total: Total) -> str:
    """What is wrong with the length of a recording that was read in several parts."""
    if len(recording.parts) == 1 or not recording.frames:
        return ""
    try:
        length = Length(recording.frames, recording.seconds)
        check(recording.name, total.frames, total.seconds, length, recording.claims)
    except SourceError as error:
        return str(error)
    return ""


def replay_tracking(parts: Iterable[PartResult], setup: Setup) -> Iterator[Track]:
    """The values of a recording as the pipeline would have followed them in one piece, as they end or are doubtful."""
    ids, offset, crops = count(1), 0, PartCrops()
    trackers = {mode.name: replaying(mode, setup, ids, crops) for mode in modes_of(setup.mode)}
    for part in parts:
        notes = unpacked(part.notes)
        crops.turn_to(notes.crops)
        for frame, sightings in notes.frames:
            frame = replace(frame, index=offset + frame.index)
            for mode, tracker in trackers.items():
                step = follow(tracker, frame, [s for s in sightings if s.mode == mode])
                yield from (*step.ended, *step.doubtful)
        offset += part.frames
    for tracker in trackers.values():
        yield from tracker.flush()


def replaying(mode: Mode, setup: Setup, ids: Iterator[int], crops: PartCrops) -> Follower:
    """The tracker of a mode, which takes pictures out of what came with the part."""
    rules = setup.rules(mode)
    tracker = Tracker(setup.agree, rules=lambda: rules, ids=ids, cut=crops)
    return followed(tracker, setup.line, setup.again_after)


class PartCrops:
    """Gives the picture of a sighting from those that came with its part."""

    def __init__(self) -> None:
        self._crops: Mapping[str, np.ndarray] = {}

    def turn_to(self, crops: Mapping[str, np.ndarray]) -> None:
        """The next part is read: these are its pictures by text."""
        self._crops = crops

    def __call__(self, image: np.ndarray, sighting: Sighting) -> np.ndarray | None:
        return self._crops.get(sighting.reading.text)


# what is done already


class Ledger(Store):
    """The database: records, and beside them which recordings are done and the parts of those that are not.

    A recording's records and the mark that it is done are written in one transaction.
    """

    def __enter__(self) -> Ledger:
        super().__enter__()
        self._do(self._make_tables)
        self._do(lambda: self._base.execute(f"PRAGMA busy_timeout = {int(1000 * LAST_PATIENCE)}"))
        return self

    def _make_tables(self) -> None:
        self._base.executescript(TABLES)
        if "place" not in {row[1] for row in self._base.execute("PRAGMA table_info(recordings)")}:
            for name in ("place", "content"):
                self._base.execute(f"ALTER TABLE recordings ADD COLUMN {name} TEXT")
            for number, key in self._base.execute("SELECT id, key FROM recordings").fetchall():
                place = place_of(earlier_path(key))
                self._base.execute("UPDATE recordings SET place = ? WHERE id = ?", (place, number))
        self._base.executescript(INDEXES)

    def failure(self, key: str) -> str | None:
        """What went wrong in a recording that is done, "" for nothing; None where it is not done."""
        found = self._do(lambda: self._base.execute("SELECT failure FROM recordings WHERE key = ?", (key,)).fetchone())
        return str(found[0]) if found else None

    def numbers(self, key: str) -> set[int]:
        """The parts of a recording that were read."""
        rows = self._do(lambda: self._base.execute("SELECT number FROM parts WHERE key = ?", (key,)).fetchall())
        return {number for (number,) in rows}

    def note(self, key: str, number: int, seen: PartResult) -> None:
        """Remember a part until its recording is done."""
        row = {"key": key, "number": number, **seen.__dict__}
        self._do(lambda: self._insert("parts", row))

    def parts(self, key: str) -> Iterator[PartResult]:
        """The parts of a recording, in order."""
        query = "SELECT frames, seconds, failure, notes FROM parts WHERE key = ? ORDER BY number"
        yield from (PartResult(*row) for row in self._do(lambda: self._base.execute(query, (key,))))

    def moved(self, recording: PlannedRecording, present: set[str]) -> str | None:
        """Take over the records of the same content from a place that is not there any more; what failed in them.

        None where there is no such place.
        """
        query = "SELECT id, source, failure, place FROM recordings WHERE content = ?"
        found = self._do(lambda: self._base.execute(query, (recording.content,)).fetchall())
        gone = [row[:3] for row in found if row[3] not in present]
        if not gone:
            return None
        number, source, failure = gone[0]
        self._do(lambda: self._move(recording, number, source))
        return str(failure)

    def _move(self, recording: PlannedRecording, number: int, source: int) -> None:
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            run = self._base.execute("SELECT run FROM sources WHERE id = ?", (source,)).fetchone()[0]
            name = self._free_name(recording.name, run)
            values = recording.place, recording.key, number
            self._base.execute("UPDATE recordings SET place = ?, key = ? WHERE id = ?", values)
            self._base.execute("UPDATE sources SET name = ? WHERE id = ?", (name, source))

    def _free_name(self, name: str, run: int | None) -> str:
        """The name, with a number where another recording of the run has it: addresses may differ in a password."""
        taken = "SELECT 1 FROM sources WHERE run = ? AND name = ?"
        names = chain([name], (f"{name} ({number})" for number in count(2)))
        return next(n for n in names if not self._base.execute(taken, (run, mask(n))).fetchone())

    def settle(self, recording: PlannedRecording, row: dict[str, Any], result: Result) -> None:
        """Write a recording down in place of what was known of its place, and forget its parts, all in one."""
        if self.failure(recording.key) is not None:
            return
        name = self._do(lambda: self._free_name(recording.name, self._run))
        facts = {"key": recording.key, "place": recording.place, "content": recording.content, "source": name}
        self._outbox.put(("recordings", {**row, **facts}))
        self.write(replace(result, frame=replace(result.frame, source=name)))

    def _put(self, table: str, row: dict[str, Any]) -> None:
        if table == "recordings":
            self._forget(row["place"])
        super()._put(table, row)

    def _forget(self, place: str) -> None:
        """Delete what was written of a place, and the parts that were read of it."""
        sources = [source for (source,) in self._base.execute(ALONE, (place, place))]
        self._base.execute("DELETE FROM recordings WHERE place = ?", (place,))
        self._base.execute("DELETE FROM parts WHERE key LIKE ?", (f"{place} %",))
        for source in sources:
            for table in ("tracks", "events"):
                self._base.execute(f"DELETE FROM {table} WHERE source = ?", (source,))
            self._base.execute("DELETE FROM sources WHERE id = ?", (source,))

    def forget_parts(self, key: str) -> None:
        """The parts of a recording are no longer what is there."""
        self._do(lambda: self._base.execute("DELETE FROM parts WHERE key = ?", (key,)))

    def _do(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            raise write_error(self._path, error) from None


def earlier_path(key: str) -> str:
    """The path or URL in a key of the first version: PATH SIZE MTIME DIGEST, or URL DIGEST."""
    return key.rsplit(" ", 1 if "://" in key.partition(" ")[0] else 3)[0]


class Speed:
    """Seconds of recording read, on a progress bar, with how many times faster than real time."""

    def __init__(self, bar: Bar, report: Report, clock: Callable[[], float]) -> None:
        self._bar, self._report, self._clock = bar, report, clock
        self._begin = clock()

    def step(self, seconds: float) -> None:
        """Another `seconds` of the recordings are done."""
        report, elapsed = self._report, max(self._clock() - self._begin, 1e-9)
        failed = f", {len(report.failures)} failed" if report.failures else ""
        self._bar.step(max(0.0, seconds), f"{report.media / elapsed:.1f} times real time{failed}")
