"""The drawn pictures as an MP4 that keeps every frame's own time and is whole at any moment, even after a kill."""

from __future__ import annotations

import itertools
import os
import secrets
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from realtime.errors import OptionError, SinkError
from realtime.output import mp4
from realtime.output.files import Output, check_free, check_writable
from realtime.values import Frame, Result

SEGMENT = 0.8  # seconds of video that are encoded in one go, and about the most that a kill loses
STILL = 1.0  # seconds that a still picture, and the last frame, is shown
SHORTEST, LONGEST = 0.001, 3600.0  # seconds that one frame is shown
CODECS = "mp4v", "MJPG"  # the first that OpenCV can encode
FULL = "Is the folder for temporary files full or read-only?"
PICTURE = b"\0\0\x01\xb6"  # MPEG-4 start codes: a picture, and a group of pictures
GROUP = b"\0\0\x01\xb3"


class Video:
    """A sink for `path` (.mp4); later frames of other sizes are fitted into the first one's size.

    The file appears with its first fragment, which holds the first frame alone, so that it can be played from then on.
    Raises SinkError where the file exists and may not be overwritten, or cannot be written any more.
    """

    def __init__(self, path: str, draw: Callable[[Result], np.ndarray], overwrite: bool = False) -> None:
        self._path, self._draw = Path(path), draw
        if self._path.suffix.lower() not in (".mp4", ".m4v", ".mov"):
            raise OptionError(f"--save {path} is not an .mp4.", "Name a file that ends in .mp4.")
        check_free(path, overwrite)
        self._timeline = Timeline()
        self._size: tuple[int, int] | None = None  # that of the first frame
        self._encoder: Encoder | None = None
        self._times: list[float] = []  # of the frames in the encoder, seconds from the start
        self._output: Output | None = None
        self._fragments = 0

    def __enter__(self) -> Video:
        check_writable(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._encoder:
                self._append(self._encoder, self._times[-1] + self._timeline.step)
        finally:
            if self._output:
                self._output.close()

    def write(self, result: Result) -> None:
        """Add the drawn frame; a frame that was written already is not added again."""
        time = self._timeline.place(result.frame)
        if time is None:
            return
        if self._encoder and (not self._fragments or time - self._times[0] >= SEGMENT):
            self._append(self._encoder, time)
        picture = self._draw(result)
        self._size = self._size or (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2)
        self._encoder = self._encoder or Encoder(self._size)
        self._encoder.add(picture)
        self._times.append(time)

    def _append(self, encoder: Encoder, until: float) -> None:
        """Write what was encoded as one fragment, whose last frame is shown until `until`."""
        times, self._times = [*self._times, until], []
        self._encoder = None
        packets = encoder.packets()
        if len(packets) != len(times) - 1:
            raise SinkError(f"{self._path}: OpenCV cannot encode video here.", FULL)
        begin = b"" if self._fragments else mp4.header(*encoder.size, *described(packets[0]))
        self._fragments += 1
        piece = begin + mp4.fragment(self._fragments, *_timed(packets, times))
        if self._output:
            self._output.append(piece)
        else:
            self._output = Output(self._path, piece)


def _timed(packets: Sequence[bytes], times: Sequence[float]) -> tuple[int, list[mp4.Sample]]:
    """Start and samples in ticks; `times` has one entry more than there are packets, the end."""
    ticks = [round(time * mp4.TIMESCALE) for time in times]
    spans = [end - begin for begin, end in itertools.pairwise(ticks)]
    return ticks[0], [mp4.Sample(data, span) for data, span in zip(packets, spans, strict=True)]


class Encoder:
    """MPEG-4 packets of a few pictures, by way of a small AVI; motion JPEG where OpenCV has no FFmpeg."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        path = Path(_memory() or tempfile.gettempdir(), f"glyphcam-{secrets.token_hex(8)}.avi")
        self._writer = cv2.VideoWriter()
        any(self._writer.open(str(path), cv2.VideoWriter.fourcc(*codec), 25.0, size) for codec in CODECS)
        self._file = _nameless(path)

    def add(self, picture: np.ndarray) -> None:
        """Encode one more BGR picture, fitted into the agreed size."""
        self._writer.write(fitted(picture, self.size))

    def packets(self) -> list[bytes]:
        """One packet per picture, the first of which needs no other; ends the encoder."""
        self._writer.release()
        with self._file:
            return list(avi_packets(self._file.read()))


def _nameless(path: Path) -> BinaryIO:
    """The file, which loses its name at once: the system frees it when the program ends, even killed."""
    try:
        file = path.open("rb")
        path.unlink()
    except OSError as error:
        raise SinkError(f"{path} cannot be used to encode video ({error.strerror}).", FULL) from None
    return file


class Timeline:
    """Where each frame stands in the saved video, in seconds; sources follow one another without a gap."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._at = 0.0
        self.step = 0.04  # seconds between the last two frames

    def place(self, frame: Frame) -> float | None:
        """Seconds from the start of the video, or None for the frame that was placed last."""
        last, self._frame = self._frame, frame
        if last is frame:
            return None
        if last is not None:
            self._at += self._gap(last, frame)
        return self._at

    def _gap(self, last: Frame, frame: Frame) -> float:
        if last.still:
            return STILL
        elapsed = frame.time - last.time
        if last.source == frame.source and SHORTEST <= elapsed <= LONGEST:
            self.step = elapsed
        return self.step


def avi_packets(data: bytes) -> Iterator[bytes]:
    """The video packets of a small AVI file, in order."""
    at = data.find(b"movi") + 4
    while 4 <= at <= len(data) - 8 and data[at : at + 4] in (b"00dc", b"00db"):
        size = struct.unpack_from("<I", data, at + 4)[0]
        yield data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def described(packet: bytes) -> tuple[int, bytes]:
    """Codec and decoder header of a stream's first packet: what comes before the first picture."""
    if packet.startswith(b"\xff\xd8"):
        return mp4.JPEG, b""
    ends = [at for at in (packet.find(GROUP), packet.find(PICTURE)) if at >= 0]
    return mp4.MPEG4, packet[: min(ends, default=0)]


def fitted(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture in (width, height), proportions kept, black around it."""
    width, height = size
    if picture.shape[:2] == (height, width):
        return picture
    if 0 <= picture.shape[1] - width <= 1 and 0 <= picture.shape[0] - height <= 1:
        return np.ascontiguousarray(picture[:height, :width])
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inside = max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale))
    small = cv2.resize(picture, inside, interpolation=cv2.INTER_AREA)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    bottom, right = height - small.shape[0] - top, width - small.shape[1] - left
    return cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_CONSTANT)


def _memory() -> str | None:
    """A folder in memory for the encoder, where the system has one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
