"""What a container says of itself, so that an end that came too early shows."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from realtime.capture.kinds import JPEG, PNG, end_of_jpeg

BOXES = re.compile(rb"....(?:ftyp|moov|mdat|free|skip|wide|pnot|styp)", re.DOTALL)  # ISO 14496-12: .mp4, .mov
EBML, SEGMENT, CLUSTER, TRACKS, TRACK_ENTRY, TRACK_TYPE = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0x83
EPOCH_1904 = 2_082_844_800  # seconds from the beginning of MP4's time to that of Unix
VIDEO = b"\1"  # a track type of Matroska (RFC 9559)


@dataclass(frozen=True)
class Claims:
    """Bytes that a file ought to have and lacks, its video streams, how many seconds the first one is shown.

    `created`: when its first frame was recorded, Unix time; None where it does not say.
    """

    missing: int = 0
    streams: int = 1
    seconds: float | None = None
    created: float | None = None


def claims(path: str) -> Claims:
    """What PNG, JPEG, MP4, Matroska and AVI say of themselves; nothing is claimed by anything else."""
    size = os.path.getsize(path)
    if not size:
        return Claims()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        head = data[:16]
        if head.startswith(PNG):
            return Claims(max(0, end_of_png(data) - size))
        if head.startswith(JPEG):
            return Claims(int(end_of_jpeg(data) is None))
        if BOXES.match(head):
            return iso_claims(data)
        if head.startswith(EBML.to_bytes(4, "big")):
            return matroska_claims(data)
        if head.startswith(b"RIFF"):
            return Claims(max(0, 8 + int.from_bytes(head[4:8], "little") - size))
    return Claims()


def is_cut_fast(path: str) -> bool:
    """Whether any second of a recording is found at once: in MP4 and Matroska, which know where their frames lie."""
    with open(path, "rb") as file:
        head = file.read(16)
    return BOXES.match(head) is not None or head.startswith(EBML.to_bytes(4, "big"))


def end_of_png(data: bytes | mmap.mmap) -> int:
    """Where the last chunk ends, whether the file reaches so far or not; a damaged length leads far behind it."""
    place, name = len(PNG), b""
    while name != b"IEND" and place < len(data):
        length, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        place += 12 + length  # length, name and checksum stand around the content
    return place if name == b"IEND" else max(place, len(data) + 1)


# MP4 and MOV


def boxes(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the content of each box; the end may lie behind that of the file."""
    while start + 8 <= end:
        size, kind, header = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header or not kind.isascii():  # what stands behind the last box does not matter
            return
        yield kind, start + header, start + size
        start += size


def iso_claims(data: mmap.mmap) -> Claims:
    """The end of the last box, the video tracks, and how long the first one is shown, edits included."""
    found, size = list(boxes(data, 0, len(data))), len(data)
    missing = max((end - size for *_, end in found), default=0)
    movie = next(((begin, end) for kind, begin, end in found if kind == b"moov" and end <= size), None)
    if not movie:
        return Claims(max(0, missing))
    parts = list(boxes(data, *movie))
    scale = next((versioned(data, begin, 12, 20) for kind, begin, _ in parts if kind == b"mvhd"), 0)
    tracks = [dict_of(data, begin, end) for kind, begin, end in parts if kind == b"trak"]
    spans = [duration(data, track) for track in tracks if is_video(data, track)]
    seconds = spans[0] / scale if spans and scale and spans[0] else None
    created = next((creation(data, begin) for kind, begin, _ in parts if kind == b"mvhd"), None)
    return Claims(max(0, missing), len(spans) or 1, seconds, created)


def creation(data: mmap.mmap, begin: int) -> float | None:
    """The creation time of a movie header as Unix time; None for 0, which encoders write that know no clock."""
    width = 8 if data[begin] == 1 else 4
    seconds = int.from_bytes(data[begin + 4 : begin + 4 + width], "big")
    return float(seconds - EPOCH_1904) if seconds > EPOCH_1904 else None


def dict_of(data: mmap.mmap, begin: int, end: int) -> dict[bytes, tuple[int, int]]:
    """Where the boxes in a box lie, by kind."""
    return {kind: (start, stop) for kind, start, stop in boxes(data, begin, end)}


def is_video(data: mmap.mmap, track: dict[bytes, tuple[int, int]]) -> bool:
    """Whether a track's handler is that of video."""
    handler = dict_of(data, *track[b"mdia"]).get(b"hdlr") if b"mdia" in track else None
    return handler is not None and data[handler[0] + 8 : handler[0] + 12] == b"vide"


def duration(data: mmap.mmap, track: dict[bytes, tuple[int, int]]) -> int:
    """How long a track is shown, in units of the movie; 0 where it does not say."""
    if b"tkhd" not in track:
        return 0
    begin = track[b"tkhd"][0]
    wide = data[begin : begin + 1] == b"\1"
    at, width = (28, 8) if wide else (20, 4)
    value = int.from_bytes(data[begin + at : begin + at + width], "big")
    return 0 if value == (1 << 8 * width) - 1 else value


def versioned(data: mmap.mmap, begin: int, narrow: int, wide: int) -> int:
    """A 32-bit field of a full box that lies elsewhere in version 1."""
    at = begin + (wide if data[begin : begin + 1] == b"\1" else narrow)
    return int.from_bytes(data[at : at + 4], "big")


# Matroska and WebM


def elements(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Identifier, begin and end of the content of each element; no end is known of one that was written live."""
    while start < end:
        name, at = number(data, start, marked=True)
        size, begin = number(data, at)
        if not name or begin <= at:
            return
        unknown = size == (1 << 7 * (begin - at)) - 1
        yield name, begin, None if unknown else begin + size
        if unknown:
            return
        start = begin + size


def number(data: mmap.mmap, at: int, marked: bool = False) -> tuple[int, int]:
    """A number of variable length and where it ends; its length marker is part of an identifier only."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if not first:
        return 0, at
    value = int.from_bytes(data[at : at + length], "big")
    return value if marked else value & ((1 << 7 * length) - 1), at + length


def matroska_claims(data: mmap.mmap) -> Claims:
    """The segment's end and its video tracks."""
    for name, begin, end in elements(data, 0, len(data)):
        if name == SEGMENT:
            return Claims(max(0, (end or 0) - len(data)), video_tracks(data, begin))
    return Claims()


def video_tracks(data: mmap.mmap, begin: int) -> int:
    """Video tracks of a segment, which stand before its first cluster; 1 where none is found."""
    for name, start, end in elements(data, begin, len(data)):
        if name == TRACKS and end:
            entries = [(b, e) for n, b, e in elements(data, start, end) if n == TRACK_ENTRY and e]
            kinds = [data[b : b + 1] for entry in entries for n, b, _ in elements(data, *entry) if n == TRACK_TYPE]
            return kinds.count(VIDEO) or 1
        if name == CLUSTER:
            break
    return 1
