"""Where frames come from: live sources give the newest frame, files give all of them."""

from __future__ import annotations

import glob
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import cv2
from imutils import paths

from realtime.capture.live import Live, open_camera
from realtime.capture.picamera import PiCamera
from realtime.capture.picture import read_picture, to_8_bit
from realtime.capture.source import OPEN_SECONDS, READ_SECONDS, Clock, Source, capture_size, known, steady_clock
from realtime.errors import SourceError
from realtime.redact import mask
from realtime.values import Frame

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".jp2")
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".ts", ".mts", ".mpg", ".mpeg", ".wmv", ".flv", ".gif",
          ".3gp", ".mjpeg", ".mjpg", ".h264", ".ogv")  # fmt: skip
COUNTED = (".mp4", ".m4v", ".mov", ".avi")  # containers that tell how long they are, so that a cut end shows
LEADS = (1.0, 10.0, 100.0)  # seconds before a slice at which it is tried to begin decoding
log = logging.getLogger(__name__)


def open_source(
    text: str | Sequence[str],
    *,
    stop: threading.Event | None = None,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    clock: Clock | None = None,
    small: bool = True,
) -> Source:
    """A camera index or /dev/videoN, a file, a folder, a glob, an rtsp/http URL, `picamera`, or several files.

    `size` (width, height) and `fps` are asked of cameras; `clock` times live frames (default: Unix time that never
    runs backwards); `small`: a camera that can give a small picture beside the large one does so.
    Raises SourceError where there is nothing to open.
    """
    texts = [text] if isinstance(text, str | os.PathLike) else list(text)
    stop, clock = stop or threading.Event(), clock or steady_clock()
    if len(texts) != 1:
        return Series([path for one in texts for path in expanded(str(one))], stop)
    text = str(texts[0])
    if text == "picamera":
        return Live(text, lambda: PiCamera(size, fps, small), stop, clock)
    if text.isdecimal() or text.startswith("/dev/video"):
        return Live(text, lambda: open_camera(text, size, fps), stop, clock)
    if "://" in text:
        return _open_stream(text, stop, clock)
    found = expanded(text)
    return open_file(found[0], stop) if found == [text] else Series(found, stop)


def open_file(path: str, stop: threading.Event) -> Source:
    """A still picture or a recording."""
    _check_exists(path)
    if not os.path.getsize(path):
        raise SourceError(f"{path} is empty (0 bytes).", "Copy it again.")
    if path.lower().endswith(PICTURES):
        return Still(path, stop)
    return Recording(path, _open_video(path), stop)


def _check_exists(path: str) -> None:
    if not os.path.isfile(path):
        raise SourceError(f"{path} does not exist.", "Name a file, a folder, a URL or a camera (0, 1, ...).")


def expanded(text: str) -> list[str]:
    """The files that a folder (searched through) or a glob names, in order; a plain name stands for itself."""
    if os.path.isdir(text):
        found = sorted(paths.list_files(text, validExts=PICTURES + VIDEOS))
        rule = "holds no picture and no video"
    elif glob.has_magic(text) and not os.path.exists(text):
        found = sorted(path for path in glob.glob(text, recursive=True) if os.path.isfile(path))
        rule = "matches no file"
    else:
        return [text]
    if not found:
        raise SourceError(f"{text} {rule}.", f"Known endings: {' '.join(PICTURES + VIDEOS)}.")
    return found


class Still(Source):
    """One picture, once."""

    still = True
    frame_count = 1

    def __init__(self, path: str, stop: threading.Event | None = None) -> None:
        super().__init__(path, stop)
        self._image = read_picture(path)
        self.size = self._image.shape[1], self._image.shape[0]

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(0, 0.0, self._image, self.name, still=True)


class Series(Source):
    """Files one after the other; one that cannot be read is reported, the others are read all the same."""

    def __init__(self, files: Sequence[str], stop: threading.Event | None = None) -> None:
        super().__init__(", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else ""), stop)
        odd = [path for path in files if "://" in path or path.isdecimal() or path == "picamera"]
        if odd:
            raise SourceError(f"{mask(odd[0])} cannot be one of several sources.", "Several sources must all be files.")
        for path in files:
            _check_exists(path)
        self._files = files
        self.still = all(path.lower().endswith(PICTURES) for path in files)

    @property
    def frame_count(self) -> int | None:
        """Frames of all files; None where one does not say, or cannot be read."""
        if self.still:
            return len(self._files)
        try:
            counts = [self._count(path) for path in self._files]
        except SourceError:
            return None
        return None if None in counts else sum(counts)

    def _count(self, path: str) -> int | None:
        if path.lower().endswith(PICTURES):
            return 1
        with open_file(path, self.stop) as source:
            return source.frame_count

    def __iter__(self) -> Iterator[Frame]:
        failed = []
        for path in self._files:
            if self.stop.is_set():
                return
            try:
                with open_file(path, self.stop) as source:
                    yield from source
            except SourceError as error:
                log.warning("%s", error)
                failed.append(path)
        if failed:
            names = ", ".join(failed[:5]) + (", ..." if len(failed) > 5 else "")
            raise SourceError(f"{len(failed)} of {len(self._files)} files could not be read whole: {names}.")


class Recording(Source):
    """Every frame of a file, once, with the recording's own timestamps in seconds."""

    def __init__(self, path: str, capture, stop: threading.Event | None = None) -> None:
        super().__init__(path, stop)
        self._path = path
        self._capture = capture
        self.fps = known(capture.get(cv2.CAP_PROP_FPS))
        self.size = capture_size(capture)
        count = known(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frame_count = int(count) if count else None

    def __iter__(self) -> Iterator[Frame]:
        index, last, longest = 0, -1.0, 0.0
        while not self.stop.is_set():
            ok, image = self._capture.read()
            if not ok:
                return check_length(self._path, index, last + longest, self.frame_count, self.fps)
            time = self._time(index, last)
            last, longest = time, max(longest, time - last if index else 0.0)
            yield Frame(index, time, to_8_bit(image), self.name)
            index += 1

    def _time(self, index: int, last: float) -> float:
        """The frame's own timestamp; where the container has none, or runs backwards, the nominal rate goes on."""
        stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if stamp > last and (stamp > 0 or index == 0):
            return stamp
        return last + 1 / (self.fps or 25.0)

    def close(self) -> None:
        self._capture.release()


def check_length(path: str, frames: int, last: float, expected: int | None, fps: float | None) -> None:
    """Raises SourceError where a recording gave no frame, or ended before its time; a count alone may be a guess.

    `last` is the last frame's time, or that of its end, in seconds; how many frames were expected, at which rate, its
    container says.
    """
    if not frames:
        raise SourceError(f"{mask(path)} holds no frame that can be decoded.", "Convert it, for example to H.264.")
    if not path.lower().endswith(COUNTED) or not expected or not fps:
        return
    least = 0.95 * expected - 2
    if frames < least and last < least / fps:
        raise SourceError(f"{mask(path)} ends after {frames} of {expected} frames: it is cut off or damaged.")


class Slice(Recording):
    """The frames of a recording from `start` to before `end`, in seconds: what lies before is passed over.

    By its own timestamps each frame lies in exactly one of the slices that a recording is cut into; `index` counts
    within the slice. A slice behind the recording's end is empty.
    """

    def __init__(self, path: str, start: float, end: float, stop: threading.Event | None = None) -> None:
        super().__init__(path, _open_video(path), stop)
        self._start, self._end = start, end

    def __iter__(self) -> Iterator[Frame]:
        index, last = 0, -1.0
        if self._start and not self._seek():
            return
        while not self.stop.is_set():
            ok, image = self._capture.read()
            if not ok or (last := self._time(index, last)) >= self._end:
                return
            if last >= self._start:
                yield Frame(index, last, to_8_bit(image), self.name)
                index += 1

    def _seek(self) -> bool:
        """Go to shortly before the start, or say that nothing is there; seeking may miss: look where it led."""
        grabbed = False
        for lead in LEADS:
            self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * max(0.0, self._start - lead))
            if self._capture.grab():
                grabbed = True
                if self._capture.get(cv2.CAP_PROP_POS_MSEC) < 1000 * self._start:
                    return True
        return grabbed and self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)


def _open_video(path: str):
    """A cv2.VideoCapture of a file or a URL; SourceError where there is no video in it."""
    capture = _video_capture(path)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f"{mask(path)} cannot be opened as a video: it is no video, damaged or cut off.",
            "Play it elsewhere, or convert it, for example to H.264 in .mp4.",
        )
    return capture


def _video_capture(path: str):
    if cv2.CAP_FFMPEG not in cv2.videoio_registry.getBackends():
        return cv2.VideoCapture(path)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(1000 * OPEN_SECONDS)]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(1000 * READ_SECONDS)]
    return cv2.VideoCapture(path, cv2.CAP_FFMPEG, limits if "://" in path else [])


def _open_stream(url: str, stop: threading.Event, clock: Clock) -> Source:
    """A recording behind a URL where it says how long it is, else a live stream."""
    if urlsplit(url).scheme not in ("rtsp", "rtsps", "rtmp", "http", "https", "tcp", "udp", "rtp", "srt"):
        raise SourceError(f"{mask(url)} is no address of a stream.", "Streams start with rtsp://, http:// or https://.")
    capture = _open_stream_capture(url)
    if known(capture.get(cv2.CAP_PROP_FRAME_COUNT)):
        return Recording(url, capture, stop)
    ready = [capture]
    return Live(url, lambda: ready.pop() if ready else _open_stream_capture(url), stop, clock)


def _open_stream_capture(url: str):
    capture = _video_capture(url)
    if not capture.isOpened():
        capture.release()
        raise SourceError(f"{mask(url)} does not answer with a video.", "Check the address, the password and the net.")
    return capture
