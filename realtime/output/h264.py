"""H.264 video in a fragmented MP4, through PyAV (the extra `video`): what browsers and phones play."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import PictureType

from realtime.output.files import Output
from realtime.output.mp4 import TIMESCALE

CODEC = "libx264"
AVAILABLE = CODEC in av.codecs_available
CLOCK = Fraction(1, TIMESCALE)
SETTINGS = {"preset": "superfast", "tune": "zerolatency", "crf": "23"}  # 4 ms for 640x480 on a desktop's core
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "fflags": "+flush_packets"}
NEVER = 1 << 30  # pictures after which the encoder makes a key picture of its own accord


class Pieces:
    """What a container writes, gathered until it is taken."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        """Gather some more."""
        self._data += data
        return len(data)

    @property
    def has_pictures(self) -> bool:
        """Whether there is more than the beginning of a file."""
        return b"mdat" in self._data

    def take(self) -> bytes:
        """All that was written since the last time."""
        data = bytes(self._data)
        self._data.clear()
        return data


class H264File:
    """An MP4 of pictures of one even (width, height); it appears with its first fragment. Raises SinkError."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self._path, self._pieces = path, Pieces()
        self._output: Output | None = None
        self._container = av.open(self._pieces, "w", format="mp4", options=FRAGMENTS)
        stream: Any = self._container.add_stream(CODEC, options=SETTINGS)
        stream.width, stream.height = size
        stream.pix_fmt, stream.time_base = "yuv420p", CLOCK
        stream.codec_context.time_base, stream.codec_context.gop_size = CLOCK, NEVER
        stream.codec_context.thread_count = 1
        self._stream = stream
        self._held: Any = None  # the last picture, until it is known how long it is shown
        self._failed = False

    def add(self, picture: np.ndarray, time: float, fresh: bool) -> None:
        """Add a BGR picture shown from `time` seconds on; `fresh`: what came before goes into the file now."""
        colours: Any = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)  # 2 dB closer than PyAV's, and no copy in BGR
        frame = av.VideoFrame.from_ndarray(colours, format="yuv420p")
        frame.pts, frame.time_base = round(time * TIMESCALE), CLOCK
        frame.pict_type = PictureType.I if fresh else PictureType.NONE
        for packet in self._stream.encode(frame):
            self._hold(packet)
        if self._output or self._pieces.has_pictures:
            self._write()

    def _hold(self, packet: Any) -> None:
        """Pass on the picture before this one, which it ends."""
        if self._held is not None:
            self._pass_on(self._held, packet.pts - self._held.pts)
        self._held = packet

    def _pass_on(self, packet: Any, duration: int) -> None:
        packet.duration = duration
        self._container.mux(packet)

    def _write(self) -> None:
        """Write what is complete; where that fails, nothing more, so that what is there stays whole."""
        data, self._failed = self._pieces.take(), True
        if self._output is None:
            self._output = Output(self._path, data)
        elif data:
            self._output.append(data)
        self._failed = False

    def close(self, until: float) -> None:
        """End the file; the last picture is shown until `until`, in seconds."""
        try:
            if self._held is not None and not self._failed:
                self._pass_on(self._held, round(until * TIMESCALE) - self._held.pts)
            self._container.close()
            if not self._failed and (self._output or self._pieces.has_pictures):
                self._write()
        finally:
            if self._output:
                self._output.close()
