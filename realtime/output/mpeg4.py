"""MPEG-4 video by OpenCV alone, for where PyAV is not installed: any player shows it, browsers do not."""

from __future__ import annotations

import itertools
import os
import secrets
import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from realtime.errors import SinkError
from realtime.output import mp4
from realtime.output.files import Output

CODECS = "mp4v", "MJPG"  # the first that OpenCV can encode
FULL = "Is the folder for temporary files full or read-only?"
PICTURE = b"\0\0\x01\xb6"  # MPEG-4 start codes: a picture, and a group of pictures
GROUP = b"\0\0\x01\xb3"


class Mpeg4File:
    """An MP4 of pictures of one (width, height); it appears with its first fragment. Raises SinkError."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self._path, self._size = path, size
        self._encoder: Encoder | None = None
        self._times: list[float] = []  # of the pictures in the encoder, seconds from the start
        self._output: Output | None = None
        self._fragments = 0

    def add(self, picture: np.ndarray, time: float, fresh: bool) -> None:
        """Add a BGR picture shown from `time` seconds on; `fresh`: what came before goes into the file now."""
        if fresh and self._encoder:
            self._append(self._encoder, time)
        self._encoder = self._encoder or Encoder(self._size)
        self._encoder.add(picture)
        self._times.append(time)

    def close(self, until: float) -> None:
        """End the file; the last picture is shown until `until`, in seconds."""
        try:
            if self._encoder:
                self._append(self._encoder, until)
        finally:
            if self._output:
                self._output.close()

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
        """Encode one more BGR picture, of the agreed size."""
        self._writer.write(picture)

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


def _memory() -> str | None:
    """A folder in memory for the encoder, where the system has one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
