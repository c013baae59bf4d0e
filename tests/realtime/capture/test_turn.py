"""Frames turned before anybody sees them."""

import numpy as np
import pytest
from conftest import make_frame, make_image, write_clip

from realtime.capture.open import open_source
from realtime.capture.source import Source
from realtime.capture.turn import Turn, Turned


class Camera(Source):
    """Two frames, the second with a small picture beside the large one."""

    live, size, fps = True, (64, 48), 30.0

    def __iter__(self):
        yield make_frame(0)
        self.dropped = 3
        yield make_frame(1, small=make_image()[::2, ::2, 0])

    def close(self):
        self.closed = True


@pytest.mark.parametrize(
    ("degrees", "mirrored", "corner"),
    [(0, True, (0, -1)), (90, False, (0, -1)), (180, False, (-1, -1)), (270, False, (-1, 0)), (180, True, (-1, 0))],
)
def test_the_mark_is_where_it_belongs(degrees, mirrored, corner):
    turned = Turn(degrees, mirrored)(make_image())
    assert turned.shape == ((64, 48, 3) if degrees in (90, 270) else (48, 64, 3))
    assert turned[corner].tolist() == [0, 0, 255]


def test_the_source_stays_what_it_is_but_for_its_pictures():
    camera = Camera("0")
    with Turned(camera, Turn(90)) as source:
        first, second = source
        assert (source.live, source.size, source.fps, source.name, source.dropped) == (True, (48, 64), 30.0, "0", 3)
    assert first.image.shape == (64, 48, 3) and first.small is None and second.small.shape == (32, 24)
    assert camera.closed


def test_twice_upside_down_is_upright(tmp_path):
    clip = str(write_clip(tmp_path / "a.avi", 3))
    with open_source(clip) as plain, Turned(Turned(open_source(clip), Turn(180)), Turn(180)) as turned:
        pairs = list(zip(plain, turned, strict=True))
    assert all(np.array_equal(a.image, b.image) and a.time == b.time for a, b in pairs) and len(pairs) == 3


def test_nothing_to_turn_is_false():
    assert not Turn() and Turn(90) and Turn(0, True)
