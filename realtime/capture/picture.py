"""Still pictures of any kind as the 8-bit gray or BGR arrays that everything else expects."""

from __future__ import annotations

import os

import cv2
import numpy as np

from realtime.errors import SourceError

PNG = b"\x89PNG\r\n\x1a\n"


def read_picture(path: str) -> np.ndarray:
    """Any picture as uint8 BGR (H, W, 3) or gray (H, W), turned as its EXIF orientation says.

    16-bit and floating point pictures are scaled to 8 bits, transparency is laid over white.
    """
    # Only formats that may hold transparency are read unchanged, because OpenCV then ignores the orientation.
    with_alpha = path.lower().endswith((".png", ".webp", ".tif", ".tiff", ".jp2"))
    try:
        if not fits(path):
            raise SourceError(f"{path} is not a whole picture: it is damaged or cut off.", "Copy it again.")
        flags = cv2.IMREAD_UNCHANGED if with_alpha else cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
        image = cv2.imread(path, flags)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).", "Look at who may read it.") from None
    except cv2.error as error:
        raise SourceError(f"{path} cannot be read as a picture ({error.err}).", "Convert it to JPEG or PNG.") from None
    if image is None or not image.size:
        raise SourceError(f"{path} is not a picture that OpenCV can read, or is damaged.", "Convert it to JPEG or PNG.")
    return to_8_bit(image)


def fits(path: str) -> bool:
    """Whether a file holds as much as its parts say; OpenCV fetches gigabytes for a damaged PNG that claims them."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if file.read(len(PNG)) != PNG:
            return True
        place, name = len(PNG), b""
        while name != b"IEND" and place < size:
            file.seek(place)
            length, name = int.from_bytes(file.read(4), "big"), file.read(4)
            place += 12 + length  # length, name and checksum stand around the content
    return name == b"IEND" and place <= size


def to_8_bit(image: np.ndarray) -> np.ndarray:
    """uint8 gray or BGR from any depth and from 1 to 4 channels: alpha laid over white."""
    if image.dtype != np.uint8:
        image = np.nan_to_num(image.astype(np.float32))
        image = np.clip(image * (255.0 / max(float(image.max()), 1e-9)), 0, 255).astype(np.uint8)
    if image.ndim == 2:
        return image
    if image.shape[2] in (2, 4):
        alpha = image[:, :, -1:].astype(np.uint16)
        blended = (image[:, :, :-1] * alpha + 255 * (255 - alpha)) // 255
        image = blended.astype(np.uint8)
    return image[:, :, 0] if image.shape[2] == 1 else image
