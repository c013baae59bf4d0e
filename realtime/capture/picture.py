"""Still pictures of any kind as the 8-bit gray or BGR arrays that everything else expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Literal

import cv2
import numpy as np

from realtime.capture.claims import claims
from realtime.capture.kinds import JPEG, PNG, head_of, unreadable
from realtime.capture.reach import reachable
from realtime.errors import SourceError
from realtime.privacy.redact import printable

BLOCK = 8  # pictures of an animation that are held in memory at once
ROWS = 256  # of a picture that are converted at once, so that large ones need little more than their own memory
SAMPLE = 1_000_000  # values from which the range of deep pictures is taken
OUTLIERS = 0.05  # percent of the values at either end that may be hot or dead pixels
TIFF, JPEG_2000 = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), b"\0\0\0\x0cjP"
ORIENTATION = 0x0112  # EXIF
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def read_picture(path: str) -> np.ndarray:
    """Any picture as uint8 BGR (H, W, 3) or gray (H, W), turned as its EXIF orientation says; of several the first.

    Deeper pictures are scaled to 8 bits, transparency is laid over white. Raises SourceError.
    """
    return next(read_pictures(path))[1]


def read_pictures(path: str) -> Iterator[tuple[float | None, np.ndarray]]:
    """The pictures of a file: pages without a time, or those of an animation with theirs in seconds.

    Raises SourceError where a picture cannot be read, and after the picture where a JPEG's end is missing.
    """
    head = head_of(path)
    missing = claims(path).missing
    if missing and not head.startswith(JPEG):  # OpenCV fetches gigabytes for a damaged PNG that claims them
        raise SourceError(f"{printable(path)} is damaged or truncated.", "Copy it again.")
    found = False
    try:
        with reachable(path) as name:
            for picture in animation(name) if is_animated(head) else pages(name, head):
                found = True
                yield picture
    except OSError as error:
        raise unreadable(path, error) from None
    except (cv2.error, MemoryError) as error:
        reason = getattr(error, "err", "") or "not enough memory"
        raise SourceError(f"{printable(path)} cannot be read as a picture ({reason}).", "Make it smaller.") from None
    if not found:
        hint = "Convert it to JPEG or PNG."
        raise SourceError(f"{printable(path)} is not a picture that OpenCV can read, or is damaged.", hint)
    if missing:
        raise SourceError(f"{printable(path)} is truncated: its lower part is missing.", "Copy it again.")


def is_animated(head: bytes) -> bool:
    """Whether a PNG, WebP or AVIF shows several pictures after each other, by its first bytes."""
    if head.startswith(PNG):
        return b"acTL" in head.partition(b"IDAT")[0]
    return (head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)) or head[4:12] == b"ftypavis"


def animation(name: str) -> Iterator[tuple[float | None, np.ndarray]]:
    """The pictures of an animation with their times; the first one alone where OpenCV is older than 4.11."""
    if not hasattr(cv2, "imreadanimation"):
        yield from pages(name, b"")
        return
    time = 0.0
    for start in count(0, BLOCK):
        done, block = cv2.imreadanimation(name, start=start, count=BLOCK)
        images, durations = (block.frames, block.durations) if done else ((), ())
        for image, duration in zip(images, durations, strict=True):
            yield time, to_8_bit(image)
            time += max(1, int(duration)) / 1000
        if len(images) < BLOCK:
            return


def pages(name: str, head: bytes) -> Iterator[tuple[float | None, np.ndarray]]:
    """The one picture of a file, or every page of a TIFF."""
    if head[:4] not in TIFF:
        image = decoded(name, head)
        if image is not None and image.size:
            yield None, to_8_bit(image)
        return
    several = cv2.imcount(name)
    for page in range(several):
        done, images = cv2.imreadmulti(name, page, 1, flags=cv2.IMREAD_UNCHANGED)
        if not done:
            raise cv2.error(f"page {page + 1} of {several} is damaged")
        yield None, to_8_bit(images[0])


def decoded(name: str, head: bytes) -> np.ndarray | None:
    """A picture of any depth, upright, transparency included; None where OpenCV cannot read it.

    OpenCV turns pictures upright itself, but PNG and WebP only where it may drop their transparency.
    """
    if head.startswith(PNG) or head[8:12] == b"WEBP":
        if not hasattr(cv2, "imreadWithMetadata"):
            return cv2.imread(name, cv2.IMREAD_UNCHANGED)
        image, _, blocks = cv2.imreadWithMetadata(name, flags=cv2.IMREAD_UNCHANGED)
        turns = [orientation(np.asarray(block).tobytes()) for block in blocks]
        return upright(image, next((turn for turn in turns if turn), 1))
    upright_already = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
    return cv2.imread(name, cv2.IMREAD_UNCHANGED if head.startswith(JPEG_2000) else upright_already)


def orientation(exif: bytes) -> int:
    """The orientation, 1 to 8, in the first directory of EXIF data (TIFF 6.0, section 2); 0 where there is none."""
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(exif[at : at + length], order)

    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return 0
    first = number(4, 4)
    entries = (first + 2 + 12 * k for k in range(number(first, 2)))
    return next((number(at + 8, 2) for at in entries if number(at, 2) == ORIENTATION), 0)


def upright(image: np.ndarray | None, turn: int) -> np.ndarray | None:
    """The picture turned as an EXIF orientation says."""
    return image if image is None or turn not in TURNS else np.ascontiguousarray(TURNS[turn](image))


def to_8_bit(image: np.ndarray) -> np.ndarray:
    """uint8 gray or BGR from any depth and from 1 to 4 channels: alpha laid over white."""
    channels = image.shape[-1] if image.ndim == 3 else 0
    if image.dtype == np.uint8 and channels in (0, 3):
        return image
    alpha = channels in (2, 4)
    colours = image[:, :, :-1] if alpha else image
    low, high = value_range(colours)
    out = np.empty(colours.shape, np.uint8)
    for top in range(0, len(image), ROWS):
        part = slice(top, top + ROWS)
        out[part] = stretched(colours[part], low, high)
        if alpha:
            out[part] = over_white(out[part], stretched(image[part, :, -1:], 0.0, full(image.dtype)))
    return out[:, :, 0] if channels in (1, 2) else out


def value_range(image: np.ndarray) -> tuple[float, float]:
    """The values that become black and white: 0 and the highest, without hot pixels, of deep pictures.

    Where all values lie far from 0, as in thermal pictures, or below it, the lowest becomes black.
    """
    if image.dtype == np.uint8:
        return 0.0, 255.0
    step = max(1, round((image.size / SAMPLE) ** 0.5))
    values = image[::step, ::step]
    values = values[np.isfinite(values)].astype(np.float64)
    if not values.size:
        return 0.0, 1.0
    lowest, highest = map(float, np.percentile(values, (OUTLIERS, 100 - OUTLIERS), method="nearest"))
    span, most = highest - lowest, float(values.max())
    high = highest if span and most > highest + span else most
    return (lowest if lowest < 0 or lowest > high / 2 else 0.0), high


def stretched(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values from `low` to `high` as uint8 from 0 to 255; NaN is black."""
    if values.dtype == np.uint8:
        return values
    moved = np.nan_to_num(values.astype(np.float32) - np.float32(low), nan=0.0, posinf=high - low, neginf=0.0)
    scaled: np.ndarray = np.clip(moved * (255.0 / max(high - low, 1e-9)), 0, 255).astype(np.uint8)
    return scaled


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """uint8 colours (H, W, C) with alpha (H, W, 1), laid over white."""
    opaque = alpha.astype(np.uint16)
    blended: np.ndarray = ((colours * opaque + 255 * (255 - opaque)) // 255).astype(np.uint8)
    return blended


def full(dtype: np.dtype[Any]) -> float:
    """The value of a channel that is fully on."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1.0
