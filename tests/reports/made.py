"""Small inputs of the kinds that people reported, made from nothing."""

from __future__ import annotations

import shutil
import signal
import struct
import subprocess
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import make_image

from realtime.capture.open import open_source
from realtime.errors import SourceError

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


def ffmpeg(*arguments):
    """Run ffmpeg in silence; the last argument is the file that it makes."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60)
    return Path(arguments[-1])


def film(path, frames=50, codec="mpeg4", *options, size="64x48", fps=25):
    """A film of a test picture."""
    source = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate={fps}"]
    return ffmpeg(*source, "-frames:v", frames, "-c:v", codec, "-g", 10, *options, path)


def read(source, **settings):
    """The frames of a source, and what it says at its end."""
    frames = []
    try:
        with open_source(source if isinstance(source, list) else str(source), **settings) as opened:
            frames.extend(opened)
    except SourceError as error:
        return frames, str(error)
    return frames, ""


def silenced(path, marker, number):
    """The file with zeros in place of the `number`-th piece of data behind an AVI chunk's name."""
    data, at = bytearray(Path(path).read_bytes()), 0
    for _ in range(number + 1):
        at = data.index(marker, at) + 4
    size = struct.unpack_from("<I", data, at)[0]
    data[at + 4 : at + 4 + size] = bytes(size)
    Path(path).write_bytes(data)
    return path


def encoded(ending, image=None, *settings):
    """A picture as the bytes of a file."""
    return cv2.imencode(ending, make_image() if image is None else image, *settings)[1].tobytes()


def png(width, height):
    """A PNG of one bit per pixel, all black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def exif(turn):
    """EXIF data with nothing but an orientation."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, turn, 0, 0)


def with_exif(data, turn):
    """A PNG, or a WebP that VP8X leads, with an orientation in it."""
    tags = exif(turn)
    if data.startswith(b"\x89PNG"):
        chunk = b"eXIf" + tags
        return data[:33] + struct.pack(">I", len(tags)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    data = data + b"EXIF" + struct.pack("<I", len(tags)) + tags + b"\0" * (len(tags) % 2)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def ignored(numbers, stop):
    """Which of these signals a worker ignores."""
    return [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]


def marked(width=60, height=40):
    """A gray picture with a bright mark at the top left."""
    image = np.full((height, width, 3), 60, np.uint8)
    image[:10, :15] = 250
    return image
