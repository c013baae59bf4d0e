"""Crossing a line: each object once, in its direction, and not for trembling on it."""

import numpy as np
import pytest
from conftest import make_sighting

from realtime.errors import UserError
from realtime.tracking.crossings import Crossings, Line, parse_line
from realtime.tracking.track import Tracker
from realtime.values import Box, Quad, Sighting

IMAGE = np.zeros((400, 400), np.uint8)
FLAT, STEEP = Line(0, 200, 400, 200), Line(200, 400, 200, 0)


def at(x, y, text="42"):
    return Sighting(Quad.from_box(Box(x - 30, y - 10, x + 30, y + 10)), make_sighting(text).reading)


def walk(line, *paths):
    """What crosses a line when objects go through points, one a frame; None where one is not seen."""
    follower, crossed = Crossings(Tracker(), line), []
    for k in range(max(map(len, paths))):
        seen = [at(*path[k], text) for path, text in zip(paths, ("42", "ABC", "777"), strict=False) if k < len(path)]
        crossed += follower(k / 10, k, seen, IMAGE).crossed
    return crossed, follower.flush()


def told(tracks):
    return [(t.reading.text, t.direction, t.crossing) for t in tracks]


@pytest.mark.parametrize(
    ("line", "forth", "back"),
    [(FLAT, "down", "up"), (Line(400, 200, 0, 200), "down", "up"), (Line(0, 150, 400, 250), "down", "up"),
     (STEEP, "right", "left"), (Line(200, 0, 200, 400), "right", "left")],
)  # fmt: skip
def test_an_object_crosses_in_a_direction(line, forth, back):
    path = [(100 + 20 * k, 100 + 20 * k) for k in range(11)]
    crossed, ended = walk(line, path)
    assert told(crossed) == told(ended) == [("42", forth, 1)]
    assert told(walk(line, path[::-1])[0]) == [("42", back, 1)]


def test_each_direction_is_counted_alone():
    down, up = [(50, 100 + 20 * k) for k in range(11)], [(350, 300 - 20 * k) for k in range(11)]
    crossed, _ = walk(FLAT, down, up, [(200, y) for _, y in down])
    assert sorted(told(crossed)) == [("42", "down", 1), ("777", "down", 2), ("ABC", "up", 1)]


def test_who_turns_back_crosses_twice():
    there = [(100, 100 + 20 * k) for k in range(11)]
    assert told(walk(FLAT, there + there[::-1])[0]) == [("42", "down", 1), ("42", "up", 1)]


def test_trembling_on_the_line_is_no_crossing():
    assert walk(FLAT, [(100, 196 + 8 * (k % 2)) for k in range(20)])[0] == []
    assert told(walk(FLAT, [(100, y) for y in (150, 170, 195, 205, 196, 204, 230, 250)])[0]) == [("42", "down", 1)]


def test_past_the_end_of_the_line_is_no_crossing():
    assert walk(Line(0, 200, 80, 200), [(100, 100 + 20 * k) for k in range(11)])[0] == []


def test_who_is_confirmed_after_the_line_counts_then():
    """The first reading is before the line, the second behind it; only then two agree."""
    assert told(walk(FLAT, [(100, 180), (100, 215)])[0]) == [("42", "down", 1)]


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "5,5,5,5", "0,0,inf,1", "nan,0,1,1"])
def test_what_is_no_line_is_refused(text):
    with pytest.raises(UserError, match="is not a line"):
        parse_line(text)


def test_a_line_must_be_in_the_picture():
    assert parse_line("0,300,640,300") == Line(0, 300, 640, 300)
    parse_line("-5,300,640,300").check((640, 360))
    with pytest.raises(UserError, match="0,400,640,400 lies outside the picture of 640x360"):
        parse_line("0,400,640,400").check((640, 360))
