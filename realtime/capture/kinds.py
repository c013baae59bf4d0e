"""What a file is, by its content: its name proves nothing."""

from __future__ import annotations

import mmap
import os
import re
from enum import Enum

from realtime.errors import SourceError
from realtime.privacy.redact import printable


class Kind(Enum):
    """PICTURE and VIDEO by their first bytes; TEXT is neither; of UNKNOWN a decoder decides."""

    PICTURE = "picture"
    VIDEO = "video"
    TEXT = "text"
    UNKNOWN = "unknown"


HEAD = 4096  # bytes from which the kind is told
PICTURE_MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|II\*\0|MM\0\*|II\+\0|MM\0\+|RIFF....WEBP|BM.{4}\0{4}|P[1-7][\s#]|P[Ff]\n"
    rb"|\0\0\0\x0cjP  |\xff\x4f\xff\x51|\x76\x2f\x31\x01|#\?RADIANCE|\x59\xa6\x6a\x95|\xff\x0a|\0\0\0\x0cJXL "
    rb"|....ftyp(?:avif|avis|heic|heix|heim|heis|hevc|hevx|mif1|msf1)",
    re.DOTALL,
)
VIDEO_MAGIC = re.compile(
    rb"....(?:ftyp|moov|mdat|free|skip|wide|pnot|styp)|\x1a\x45\xdf\xa3|RIFF....AVI |FLV\x01|\x30\x26\xb2\x75\x8e\x66"
    rb"|\0\0\x01[\xb3\xba]|G.{187}G.{187}G|....G.{191}G.{191}G|OggS|DHAV|DAHUA|DKIF|GIF8|\.RMF|\x06\x0e\x2b\x34|\0\0\0\x01",
    re.DOTALL,
)
TEXT_BYTES = re.compile(rb"[\t\n\f\r\x1b\x20-\x7e\x80-\xff]+")
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def kind_of(path: str) -> Kind:
    """The kind of a file. Raises SourceError where it cannot be read."""
    head = head_of(path)
    if PICTURE_MAGIC.match(head):
        return Kind.VIDEO if head.startswith(JPEG) and is_motion_jpeg(path) else Kind.PICTURE
    if VIDEO_MAGIC.match(head):
        return Kind.VIDEO
    return Kind.TEXT if is_text(head) else Kind.UNKNOWN


def head_of(path: str, length: int = HEAD) -> bytes:
    """The first bytes of a regular file. Raises SourceError for anything else, and for an empty one."""
    try:
        if not os.path.isfile(path):
            rule = "is no regular file" if os.path.exists(path) else "does not exist"
            raise SourceError(f"{printable(path)} {rule}.", "Name a file, a folder, a URL or a camera (0, 1, ...).")
        with open(path, "rb") as file:
            head = file.read(length)
    except OSError as error:
        raise unreadable(path, error) from None
    if not head:
        raise SourceError(f"{printable(path)} is empty (0 bytes).", "Copy it again.")
    return head


def unreadable(path: str, error: OSError) -> SourceError:
    """What to say of a file that the system does not give."""
    return SourceError(f"{printable(path)} cannot be read ({error.strerror}).", "Check its permissions.")


def is_text(head: bytes) -> bool:
    """Whether bytes are text: no control characters, and UTF-8 but for a character that the end cuts."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        head[: max(1, len(head) - 3)].decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 6:
            return False
    return TEXT_BYTES.fullmatch(head) is not None


def is_motion_jpeg(path: str) -> bool:
    """Whether one JPEG follows on the other: a stream, unless it is the multi-picture format of a camera."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = end_of_jpeg(data)
        return end is not None and data[end : end + 3] == JPEG and b"MPF\0" not in data[: 1 << 16]


def end_of_jpeg(data: bytes | mmap.mmap) -> int | None:
    """Where the first JPEG ends; None where its end is missing. Segments before the scan may hold pictures too."""
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] != b"\xda":
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    end = data.find(b"\xff\xd9", at)
    return end + 2 if end >= 0 else None
