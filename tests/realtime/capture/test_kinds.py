"""What a file is, by its first bytes."""

import numpy as np
import pytest
from conftest import make_image, write_clip
from hypothesis import given
from hypothesis import strategies as st
from reports.made import encoded

from realtime.capture.kinds import Kind, end_of_jpeg, is_text, kind_of
from realtime.errors import SourceError


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".tiff", ".webp", ".ppm", ".pgm", ".jp2", ".ras"])
def test_what_opencv_writes_is_a_picture(tmp_path, ending):
    (tmp_path / "a").write_bytes(encoded(ending, make_image()[..., 0] if ending == ".pgm" else None))
    assert kind_of(str(tmp_path / "a")) is Kind.PICTURE


@pytest.mark.parametrize("ending", [".avi", ".mp4", ".mkv", ".mov"])
def test_what_opencv_writes_is_a_video(tmp_path, ending):
    write_clip(tmp_path / f"a{ending}", 3).rename(tmp_path / "a")
    assert kind_of(str(tmp_path / "a")) is Kind.VIDEO


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypheic", Kind.PICTURE), (b"\0\0\0\x18ftypavif", Kind.PICTURE),
        (b"\0\0\0\x18ftypisom", Kind.VIDEO), (b"DHAV\xfd", Kind.VIDEO), (b"GIF89a", Kind.VIDEO),
        (b"G" + bytes(187) + b"G" + bytes(187) + b"G", Kind.VIDEO),
        (bytes(4) + b"G" + bytes(191) + b"G" + bytes(191) + b"G", Kind.VIDEO),
        (b"#EXTM3U\n", Kind.TEXT), (b"<svg/>", Kind.TEXT), (b"BM is a make of car\n", Kind.TEXT),
        ("Zähler 4711\n".encode(), Kind.TEXT), (b"\xff\xfeZ\0", Kind.TEXT), (b"PK\x03\x04\x14\0", Kind.UNKNOWN),
    ],
)  # fmt: skip
def test_heads(tmp_path, head, kind):
    (tmp_path / "a").write_bytes(head + (bytes(300) if kind is not Kind.TEXT else b""))
    assert kind_of(str(tmp_path / "a")) is kind


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
def test_any_text_is_one_even_if_its_last_character_is_cut(text):
    data = text.encode()
    assert is_text(data) and (len(data) < 8 or is_text(data[:-1]))


@given(st.binary(min_size=1).map(lambda data: data + b"\0"))
def test_bytes_with_a_zero_are_no_text(data):
    assert not is_text(data) or data.startswith((b"\xff\xfe", b"\xfe\xff"))


def test_a_jpeg_ends_behind_the_thumbnail_in_it():
    data = encoded(".jpg", np.zeros((8, 8), np.uint8))
    inside = data[:2] + b"\xff\xe1" + (2 + len(data)).to_bytes(2, "big") + data + data[2:]
    assert end_of_jpeg(inside + b"trailer") == len(inside)
    assert end_of_jpeg(inside[:-2]) is None


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / "empty").touch()
    for name, words in (("none", "does not exist"), ("empty", "is empty"), (".", "is no regular file")):
        with pytest.raises(SourceError, match=words):
            kind_of(str(tmp_path / name))
