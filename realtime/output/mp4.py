"""MP4 in fragments (ISO 14496-12), so that a file is whole after every fragment, and every frame keeps its own time.

OpenCV's writer holds up to a megabyte back and writes an MP4's index last: killed, it leaves nothing to play. It also
knows one frame rate only. So the pictures are encoded by OpenCV, and put into the file by these few functions.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

TIMESCALE = 90_000  # ticks per second
MPEG4, JPEG = 0x20, 0x6C  # object types of ISO 14496-1
FULL_SPEED, FULL_VOLUME, LANGUAGE = 0x00010000, 0x0100, 0x55C4  # 1.0 in 16.16 and 8.8, "und"
UNITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
KEY, DELTA = 0x02000000, 0x01010000  # sample flags: depends on nothing; depends on others and is no sync sample


@dataclass(frozen=True)
class Sample:
    """One encoded picture and how long it is shown, in ticks."""

    data: bytes
    duration: int


def box(kind: str, *parts: bytes) -> bytes:
    """A box: its size, its four letters, its content."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind.encode()) + content


def full_box(kind: str, flags: int, *parts: bytes, version: int = 0) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def header(width: int, height: int, codec: int, config: bytes = b"") -> bytes:
    """What a file starts with: its type and one video track without samples; `config` is the decoder's own header."""
    kind = box("ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso5iso6mp41")
    movie = struct.pack(">IIIIIH10x", 0, 0, TIMESCALE, 0, FULL_SPEED, FULL_VOLUME) + UNITY + struct.pack(">24xI", 2)
    extends = full_box("trex", 0, struct.pack(">IIIII", 1, 1, 0, 0, 0))
    track = _track(width, height, codec, config)
    return kind + box("moov", full_box("mvhd", 0, movie), track, box("mvex", extends))


def _track(width: int, height: int, codec: int, config: bytes) -> bytes:
    shown = struct.pack(">IIIII8xhhhxx", 0, 0, 1, 0, 0, 0, 0, 0) + UNITY + struct.pack(">II", width << 16, height << 16)
    clock = full_box("mdhd", 0, struct.pack(">IIIIHH", 0, 0, TIMESCALE, 0, LANGUAGE, 0))
    handler = full_box("hdlr", 0, struct.pack(">I4s12x", 0, b"vide"), b"glyphcam\0")
    here = box("dinf", full_box("dref", 0, struct.pack(">I", 1), full_box("url ", 1)))
    empty = [full_box(name, 0, struct.pack(">I", 0)) for name in ("stts", "stsc", "stco")]
    sizes = full_box("stsz", 0, struct.pack(">II", 0, 0))
    samples = box("stbl", _description(width, height, codec, config), *empty, sizes)
    media = box("minf", full_box("vmhd", 1, bytes(8)), here, samples)
    return box("trak", full_box("tkhd", 3, shown), box("mdia", clock, handler, media))


def _description(width: int, height: int, codec: int, config: bytes) -> bytes:
    """Sample description of MPEG-4 systems (ISO 14496-14), with the decoder's description (ISO 14496-1) in it."""
    decoder = struct.pack(">BB3xII", codec, 0x11, 0, 0) + (_descriptor(5, config) if config else b"")
    stream = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    look = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, 24, -1)
    entry = box("mp4v", look, full_box("esds", 0, _descriptor(3, stream)))
    return full_box("stsd", 0, struct.pack(">I", 1), entry)


def _descriptor(tag: int, content: bytes) -> bytes:
    """A descriptor: tag, length in four groups of seven bits, content."""
    groups = [len(content) >> shift & 0x7F for shift in (21, 14, 7, 0)]
    return bytes([tag, groups[0] | 0x80, groups[1] | 0x80, groups[2] | 0x80, groups[3]]) + content


def fragment(number: int, start: int, samples: Sequence[Sample]) -> bytes:
    """Pictures from tick `start` on, the first of which needs no other; fragments are numbered from 1."""
    size = len(_moof(number, start, samples, 0))
    return _moof(number, start, samples, size + 8) + box("mdat", *(s.data for s in samples))


def _moof(number: int, start: int, samples: Sequence[Sample], offset: int) -> bytes:
    rows = [struct.pack(">III", s.duration, len(s.data), DELTA if i else KEY) for i, s in enumerate(samples)]
    run = full_box("trun", 0x701, struct.pack(">Ii", len(samples), offset), *rows)
    origin = full_box("tfhd", 0x020000, struct.pack(">I", 1))
    since = full_box("tfdt", 0, struct.pack(">Q", start), version=1)
    return box("moof", full_box("mfhd", 0, struct.pack(">I", number)), box("traf", origin, since, run))
