"""What stands beside a plate's text: it leaves the characters their room, and the text is not changed by it."""

from dataclasses import replace

import numpy as np
import pytest

from synth.plates import plate as plates
from synth.plates.clutter import MARKS, Clutter, Mark, Spot, paint_spots, sample_clutter
from synth.plates.layouts import load_layouts, pattern, plain, rows_of, sample_lines
from synth.plates.light import headlights, infrared

LAYOUTS = {layout.name: layout for layout in load_layouts()}


@pytest.fixture
def clean():
    """A plain plate with nothing beside its text."""
    plate = plates.sample_plate(np.random.default_rng(3), (LAYOUTS["new zealand"],))
    return replace(plate, clutter=Clutter(), wear=0.0, dirt=0.0, stickers=0, bolts=False, frame=False)


def columns_of(plate, bare):
    """Columns in which two plates differ, as shares of the width."""
    image, other = (plates.render_plate(p, 40)[0].astype(int) for p in (plate, bare))
    return np.flatnonzero((np.abs(image - other).max(2) > 40).any(0)) / image.shape[1]


@pytest.mark.parametrize("kind", MARKS)
@pytest.mark.parametrize("left", [True, False])
def test_a_mark_stands_at_its_end_and_is_no_text(clean, kind, left):
    empty = replace(clean, lines=((" ",),))
    marked = replace(empty, clutter=Clutter(marks=(Mark(left, kind, "12", 0.8, 0.4),)))
    places = columns_of(marked, empty)
    assert len(places) and (places.max() < 0.3 if left else places.min() > 0.7)
    assert marked.text == clean.text


def test_mud_covers_where_it_lies_and_nothing_else():
    canvas = np.full((40, 120, 3), 200, np.uint8)
    paint_spots(canvas, (Spot((0.5, 0.5), (0.1, 0.1), 40, 1.0),))
    changed = np.argwhere((canvas != 200).any(2))
    assert canvas[20, 60].tolist() == [40] * 3
    assert changed.min(0).tolist() >= [14, 54] and (changed.max(0) <= [26, 66]).all()


def test_some_plates_have_clutter_and_most_of_a_kind_have_none():
    drawn = [sample_clutter(np.random.default_rng(k)) for k in range(300)]
    for part in ("marks", "screws", "spots"):
        assert 0.05 < np.mean([bool(getattr(c, part)) for c in drawn]) < 0.35
    assert 0.05 < np.mean([bool(c.slogan[0]) for c in drawn]) < 0.3


def test_two_short_lines_before_large_characters_are_text_in_their_order():
    layout = replace(LAYOUTS["india"], forms=("{[KA|MH]-DD~LL} DDDD",))
    lines = sample_lines(np.random.default_rng(0), layout)
    upper, lower = rows_of(lines[0][0])
    assert upper[:2] in ("KA", "MH") and len(upper) == 4 and len(lower) == 2
    assert plain(lines) == upper + lower + "".join(lines[0][2:])
    assert pattern(layout).fullmatch(plain(lines))


def test_lamps_light_the_plate_or_its_side():
    crop = np.full((40, 160), 60, np.uint8)
    crop[8:-8, 20:-20] = 150
    lit = infrared(np.random.default_rng(1), crop)
    assert lit[20, 80] > 200 and lit[2, 2] <= 60
    sides = [headlights(np.random.default_rng(k), crop).astype(int) for k in range(20)]
    assert any(s[:, :4].mean() > crop[:, :4].mean() + 60 or s[:, -4:].mean() > crop[:, -4:].mean() + 60 for s in sides)
