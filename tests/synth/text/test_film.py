"""Films of displays that change: the same for the same dice, with the text of every moment."""

import numpy as np
import pytest

from synth.text.film import ROLL, clock, counter, render_film, sample_film

SMALL = (120, 160)


def film(kind, texts, seconds=0.5):
    return sample_film(np.random.default_rng(5), "val", kind, texts, seconds, fps=10, size=SMALL)


@pytest.mark.parametrize(("kind", "texts"), [("segment", ["09", "10"]), ("print", ["9", "10"]), ("drum", ["09", "10"])])
def test_each_text_stands_for_its_time(kind, texts):
    frames = list(render_film(film(kind, texts)))
    assert [round(time, 3) for time, _, _ in frames] == [k / 10 for k in range(10)]
    assert all(image.shape == (*SMALL, 3) and image.dtype == np.uint8 for _, image, _ in frames)
    said = [text for _, _, text in frames]
    assert said[0] == texts[0] and said[-1] == texts[1] and ("" in said) is (kind == "drum")


def test_wheels_roll_over_in_the_last_moment_of_a_value():
    rolling = film("drum", ["19", "20"], seconds=2.0)
    assert rolling.at(2.0 - ROLL - 0.01) == ("19", 0.0) and rolling.at(1.85)[1] == pytest.approx(0.5)
    assert rolling.at(2.0) == ("20", 0.0) and rolling.at(3.99) == ("20", 0.0)
    line = rolling.clip.scene.panels[0].items[0].line
    assert rolling.line(line, 1.85).drum.offsets == (0.5, 0.5) and rolling.line(line, 0.5).drum.offsets == (0.0, 0.0)


def test_the_same_dice_give_the_same_film():
    first, second = (list(render_film(film("segment", ["1", "2"]))) for _ in range(2))
    assert all((a[1] == b[1]).all() for a, b in zip(first, second, strict=True))


def test_a_changed_text_is_another_picture():
    frames = [image for _, image, _ in render_film(film("segment", ["11", "88"]))]
    still, changed = (np.abs(frames[k].astype(int) - frames[4]).mean() for k in (3, 5))
    assert changed > still


def test_counters_and_clocks():
    assert counter(998, 3, 5) == ["00998", "00999", "01000"]
    assert clock(12 * 3600 - 1, 2) == ["11:59:59", "12:00:00"] and clock(13 * 3600 - 1, 2) == ["12:59:59", "1:00:00"]
    assert clock(0, 1) == ["12:00:00"]
