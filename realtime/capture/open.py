"""Where frames come from: live sources give the newest frame, files give all of them."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from itertools import chain
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

import cv2

from realtime.capture.files import Found, files_of, listed, still
from realtime.capture.kinds import Kind, kind_of
from realtime.capture.live import Live, Nothing, open_camera, unless_stopped
from realtime.capture.picamera import PiCamera
from realtime.capture.picture import read_pictures
from realtime.capture.recording import Recording, open_video, video_capture
from realtime.capture.source import Clock, Source, is_address, known, steady_clock
from realtime.errors import SourceError
from realtime.privacy.redact import mask, printable
from realtime.values import Frame

STREAMS = ("rtsp", "rtsps", "rtmp", "http", "https", "tcp", "udp", "rtp", "srt")
SLOWEST = 30.0  # seconds in which a stream must give its next picture until its own pace is known
log = logging.getLogger(__name__)


def open_source(
    text: str | Sequence[str],
    *,
    stop: Event | None = None,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    max_fps: float | None = None,
    clock: Clock | None = None,
    small: bool = True,
) -> Source:
    """A camera index or /dev/videoN, a file, a folder, a glob, an rtsp/http URL, `picamera`, or several files.

    What exists as a file or folder is one, whatever its name looks like. `size` (width, height) and `fps` are asked of
    cameras, a picture behind a URL is asked for `max_fps` times a second; `clock` gives live frames their times
    (default: Unix time); `small`: a camera that can give a small picture beside the large one does so.
    Raises SourceError where there is nothing to open.
    """
    texts = [local(str(one)) for one in ([text] if isinstance(text, str | os.PathLike) else text)]
    stop, clock = stop or Event(), clock or steady_clock()
    if len(texts) == 1 and is_camera(texts[0]):
        return Live(texts[0], lambda _: camera(texts[0], size, fps, small), stop, stamp=clock)
    if len(texts) == 1 and is_address(texts[0]):
        return open_stream(texts[0], stop, clock, max_fps)
    odd = [one for one in texts if is_address(one) or is_camera(one)]
    if odd:
        raise SourceError(f"{mask(odd[0])} cannot be one of several sources.", "Several sources must all be files.")
    found = files_of(texts)
    return open_file(found.files[0], stop) if found == Found(tuple(texts[:1])) else Series(found, stop)


def local(text: str) -> str:
    """The path that a file:// address names; anything else as it is."""
    return unquote(urlsplit(text).path) if text.startswith("file://") else text


def is_camera(text: str) -> bool:
    """Whether a source names a camera: a number or `picamera` where no such file exists, or a device."""
    try:
        return stat.S_ISCHR(os.stat(text).st_mode)
    except (OSError, ValueError):
        return text.isdecimal() or text == "picamera" or text.startswith("/dev/video")


def camera(name: str, size: tuple[int, int] | None, fps: float | None, small: bool) -> Any:
    """What gives a camera's pictures, with the verbs of cv2.VideoCapture."""
    return PiCamera(size, fps, small) if name == "picamera" else open_camera(name, size, fps)


def open_file(path: str, stop: Event) -> Source:
    """A still picture or a recording, whatever its name says. Raises SourceError for anything else."""
    kind = kind_of(path)
    if kind is Kind.TEXT:
        raise SourceError(f"{printable(path)} is text, neither a picture nor a video.", "Name another file.")
    return Still(path, stop) if kind is Kind.PICTURE else Recording(path, open_video(path), stop)


class Still(Source):
    """The pictures of one file: every page once, as a still of its own; those of an animation at their times."""

    still = True
    frame_count = 1

    def __init__(self, path: str, stop: Event | None = None) -> None:
        super().__init__(path, stop)
        self._pictures = read_pictures(path)
        self._first = next(self._pictures)
        self.size = self._first[1].shape[1], self._first[1].shape[0]

    def __iter__(self) -> Iterator[Frame]:
        for index, (time, image) in enumerate(chain([self._first], self._pictures)):
            if self.stop.is_set():
                return
            yield Frame(index, time or 0.0, image, self.name, still=time is None)


class Series(Source):
    """Files one after the other; one that cannot be read is reported, the others are read all the same.

    What was passed over because it is neither picture nor video is named at the end.
    """

    def __init__(self, found: Found, stop: Event | None = None) -> None:
        files = found.files
        super().__init__(", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else ""), stop)
        if not any(map(os.path.exists, files)):
            raise SourceError(f"{listed(files)}: no such file exists.", "Name files, folders or globs.")
        self._found = found
        self.still = all(map(still, files))
        self.frame_count = len(files) if self.still else self._frames()

    def _frames(self) -> int | None:
        """Frames of all files; None where one does not say, or cannot be read."""
        total = 0
        for path in self._found.files:
            try:
                count = self._count(path)
            except SourceError:
                return None
            if count is None:
                return None
            total += count
        return total

    def _count(self, path: str) -> int | None:
        if still(path):
            return 1
        with open_file(path, self.stop) as source:
            return source.frame_count

    def __iter__(self) -> Iterator[Frame]:
        failed = []
        for path in self._found.files:
            if self.stop.is_set():
                return
            try:
                with open_file(path, self.stop) as source:
                    yield from source
            except SourceError as error:
                log.warning("%s", error)
                failed.append(path)
        self._report(failed)

    def _report(self, failed: Sequence[str]) -> None:
        """Name what was passed over; raises SourceError where files or folders could not be read."""
        if self._found.passed:
            log.info("Passed over, neither pictures nor videos: %s.", listed(self._found.passed))
        files = f"{len(failed)} of {len(self._found.files)} files could not be read whole: {listed(failed)}."
        problems = [*([files] if failed else []), *self._found.failures]
        if problems:
            raise SourceError(" ".join(problems))


def open_stream(url: str, stop: Event, clock: Clock, max_fps: float | None = None) -> Source:
    """A recording behind a URL where it says how long it is, a picture asked for again and again, or a live stream.

    Opening ends early once `stop` is set; nothing comes then.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme not in STREAMS:
        raise SourceError(f"{mask(url)} is not a stream address.", "Streams start with rtsp://, http:// or https://.")
    if scheme.startswith("http"):
        from realtime.capture import snapshot  # fetching pages takes 7 MB and a tenth of the start to load

        if unless_stopped(lambda: snapshot.shows_one_picture(url), stop):
            return Live(url, lambda _: snapshot.Snapshots(url, max_fps or 1.0), stop, stamp=clock, first=SLOWEST)
    capture = None if stop.is_set() else unless_stopped(lambda: stream_capture(url, SLOWEST), stop)
    if capture is None:
        return Nothing(url, stop)
    if scheme.startswith("http") and known(capture.get(cv2.CAP_PROP_FRAME_COUNT)):
        return Recording(url, capture, stop)
    ready = [capture]

    def opener(patience: float) -> Any:
        return ready.pop() if ready else stream_capture(url, patience)

    return Live(url, opener, stop, stamp=clock, first=SLOWEST)


def stream_capture(url: str, patience: float) -> Any:
    """A cv2.VideoCapture of a stream whose reads fail after `patience` seconds; SourceError where none answers."""
    capture = video_capture(url, patience)
    if not capture.isOpened():
        capture.release()
        raise SourceError(f"{mask(url)} does not deliver video.", "Check the address, the password and the network.")
    return capture
