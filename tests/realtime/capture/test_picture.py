"""Any picture becomes 8-bit gray or BGR."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import make_image, write_picture
from hypothesis import given
from hypothesis import strategies as st

from realtime.capture.picture import read_picture, to_8_bit
from realtime.errors import SourceError


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.webp"])
def test_a_colour_picture_is_read_as_it_is(tmp_path, name):
    image = make_image()
    got = read_picture(write_picture(tmp_path / name, image))
    assert got.dtype == np.uint8 and np.abs(got.astype(int) - image).max() <= (40 if name == "a.webp" else 0)


def test_gray_stays_gray_and_16_bits_become_8(tmp_path):
    gray = np.linspace(0, 255, 48 * 64).astype(np.uint8).reshape(48, 64)
    assert np.array_equal(read_picture(write_picture(tmp_path / "a.png", gray)), gray)
    deep = read_picture(write_picture(tmp_path / "a.png", gray.astype(np.uint16) * 257))
    assert deep.dtype == np.uint8 and np.array_equal(deep, gray)


def test_transparent_is_white(tmp_path):
    image = np.zeros((8, 8, 4), np.uint8)
    image[2:4, 2:4, 3] = 255  # black ink on nothing
    got = read_picture(write_picture(tmp_path / "a.png", image))
    assert got.shape == (8, 8, 3) and got[0, 0].tolist() == [255] * 3 and got[3, 3].tolist() == [0] * 3


@given(
    st.sampled_from([np.uint8, np.uint16, np.int16, np.float32, np.float64]),
    st.sampled_from([(), (1,), (2,), (3,), (4,)]),
    st.integers(0, 2**32 - 1),
)
def test_any_depth_and_any_channels_become_8_bit_gray_or_bgr(dtype, channels, seed):
    values = np.random.default_rng(seed).uniform(0, 255, (5, 7, *channels)).astype(dtype)
    got = to_8_bit(values)
    assert got.dtype == np.uint8 and got.shape[:2] == (5, 7)
    assert got.ndim == 2 or got.shape[2] == 3


def test_a_png_whose_parts_claim_more_than_it_holds_is_refused_before_memory_is_fetched(tmp_path, monkeypatch):
    path = write_picture(tmp_path / "a.png")
    whole = Path(path).read_bytes()
    for damaged in (whole[:33] + b"\xd9" + whole[34:], whole[:-20], whole[:40], whole[:8]):
        Path(path).write_bytes(damaged)
        with monkeypatch.context() as patch, pytest.raises(SourceError, match="damaged or truncated"):
            patch.setattr(cv2, "imread", None)
            read_picture(path)


def test_what_stands_behind_a_png_does_not_matter(tmp_path):
    path = write_picture(tmp_path / "a.png")
    with open(path, "ab") as file:
        file.write(b"a note")
    assert np.array_equal(read_picture(path), make_image())


def test_not_a_number_does_not_stop_us():
    assert to_8_bit(np.full((2, 2), np.nan, np.float32)).tolist() == [[0, 0], [0, 0]]
