"""Kind H: pictures have more depths, orientations and sizes than one thinks of."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from conftest import ROOT, write_picture
from reports.made import encoded, exif, marked, png, read, with_exif

from realtime.capture.picture import orientation, read_picture, to_8_bit
from realtime.errors import SourceError

CORNERS = {  # where the mark at the stored picture's top left is seen, as (bottom, right), by EXIF orientation
    1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0),
}  # fmt: skip


def corner(image):
    """Whether the bright mark is at the bottom, and whether at the right."""
    gray = image if image.ndim == 2 else image.max(2)
    rows, columns = np.nonzero(gray > 200)
    return int(rows.mean() > gray.shape[0] / 2), int(columns.mean() > gray.shape[1] / 2)


@pytest.mark.parametrize("turn", CORNERS)
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("ending", [".png", ".webp"])
def test_pictures_are_upright(tmp_path, ending, alpha, turn):
    Image = pytest.importorskip("PIL.Image")  # noqa: N806
    tags = Image.Exif()
    tags[0x0112] = turn
    picture = marked()[..., ::-1]
    if alpha:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / f"a{ending}", exif=tags, lossless=True)
    image = read_picture(str(tmp_path / f"a{ending}"))
    assert image.shape[:2] == ((60, 40) if turn > 4 else (40, 60)) and corner(image) == CORNERS[turn]


@pytest.mark.parametrize("turn", CORNERS)
@pytest.mark.parametrize("ending", [".tif", ".jpg"])
def test_tiff_and_jpeg_are_upright_too(tmp_path, ending, turn):
    Image = pytest.importorskip("PIL.Image")  # noqa: N806
    tags = Image.Exif()
    tags[0x0112] = turn
    Image.fromarray(marked()).save(tmp_path / f"a{ending}", exif=tags)
    image = read_picture(str(tmp_path / f"a{ending}"))
    assert image.shape[:2] == ((60, 40) if turn > 4 else (40, 60)) and corner(image) == CORNERS[turn]


def test_an_orientation_is_found_whatever_the_byte_order():
    little = exif(6)
    big = b"MM\0*" + bytes.fromhex("000000080001011200030000000100060000")
    assert orientation(little) == orientation(big) == 6
    assert orientation(b"") == orientation(b"II*\0\xff\xff\xff\xff") == 0


def test_an_orientation_in_a_png_chunk(tmp_path):
    (tmp_path / "a.png").write_bytes(with_exif(encoded(".png", marked()), 8))
    assert read_picture(str(tmp_path / "a.png")).shape == (60, 40, 3)


def ramp(low, high):
    """A picture with values from low to high, evenly."""
    return np.linspace(low, high, 120 * 160).reshape(120, 160)


def contrast(image):
    gray = to_8_bit(image)
    return int(np.percentile(gray, 99)) - int(np.percentile(gray, 1))


def test_hot_pixels_do_not_darken_a_deep_picture():
    image = ramp(0, 4000).astype(np.uint16)
    image[5, 5] = image[60, 70] = 65535
    assert contrast(image) > 240


def test_a_thermal_picture_has_contrast():
    image = ramp(29_000, 31_000).astype(np.uint16)
    assert contrast(image) > 240
    image[5, 5] = 65535
    assert contrast(image) > 240
    assert contrast(ramp(-20, 35).astype(np.float32)) > 240


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan, 1e30])
def test_floats_that_are_no_numbers_do_not_darken_the_others(odd):
    image = ramp(0, 1).astype(np.float32)
    image[:2, :4] = odd
    with np.errstate(all="raise"):
        assert contrast(image) > 240


def test_deep_pictures_with_alpha_are_laid_over_white():
    image = np.zeros((4, 4, 4), np.uint16)
    image[0, 0] = (0, 0, 0, 65535)
    image[1, 1] = (65535, 65535, 65535, 65535)
    assert to_8_bit(image)[0, 0].tolist() == [0] * 3 and to_8_bit(image)[2, 2].tolist() == [255] * 3


def test_a_small_file_with_a_large_picture_is_refused_by_its_header(tmp_path):
    """In a process of its own, for OpenCV asks once how many pixels it may read."""
    (tmp_path / "bomb.png").write_bytes(png(20_000, 20_000))
    assert os.path.getsize(tmp_path / "bomb.png") < 100_000
    program = "import sys; from pathlib import Path; from realtime.capture.open import open_source\n"
    program += "try:\n open_source(sys.argv[1])\nexcept Exception as e:\n print(type(e).__name__, e)\n"
    program += "print(*(l.split()[1] for l in Path('/proc/self/status').read_text().splitlines() if 'VmHWM' in l))"
    command = [sys.executable, "-c", program, tmp_path / "bomb.png"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    said, kilobytes = done.stdout.splitlines()
    assert said.startswith("SourceError") and "bomb.png cannot be read as a picture" in said
    assert int(kilobytes) < 300_000  # of this process, not of the one that started it


def test_no_memory_is_a_sentence(tmp_path, monkeypatch):
    def none(*_):
        raise MemoryError

    monkeypatch.setattr(cv2, "imread", none)
    with pytest.raises(SourceError, match="not enough memory"):
        read_picture(write_picture(tmp_path / "a.jpg"))


@pytest.mark.parametrize("shape", [(200, 6000), (6000, 200), (1, 6000), (3, 3)])
def test_pictures_of_any_shape_are_read(tmp_path, shape):
    frames, said = read(write_picture(tmp_path / "a.png", np.zeros(shape, np.uint8)))
    assert frames[0].image.shape == shape and said == ""
