"""Samples from the digits of meters: rows of one device, wheels that roll, large devices drawn less often."""

import numpy as np
import pytest

from realtime.modes import DIGITS
from realtime.spec import ModelSpec
from train.sampling.counters import DOUBT, MeterStrips, Wheels, levelled, rolled, window
from train.sampling.load import Labelled

LINE = ModelSpec("digits-reader", "digits", "reader", 32, 160, DIGITS, slots=40, keep_aspect=True)
SQUARE = ModelSpec("digits-classifier", "digits", "classifier", 32, 32, DIGITS)


def digit(value: int, device: str) -> Labelled:
    """A picture whose gray tells the digit."""
    return Labelled(np.full((40, 20), 20 * value, np.uint8), str(value), group=device)


ITEMS = [digit(k % 10, f"device{k % 2}") for k in range(100)]


@pytest.mark.parametrize("make", [lambda: MeterStrips(ITEMS, LINE), lambda: Wheels(ITEMS, SQUARE)])
def test_samples_come_again_from_the_same_seed(make):
    samplers = make(), make()
    for seed in range(10):
        a, b = (sampler(np.random.default_rng(seed)) for sampler in samplers)
        assert a[0].dtype == np.uint8 and a[0].shape in ((32, 160), (32, 32))
        assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_a_strip_is_of_one_device():
    sampler = MeterStrips(ITEMS, LINE)
    for seed in range(20):
        target = sampler(np.random.default_rng(seed))[1]
        assert 1 <= target[1] <= 7 and len(set(target[2 : 2 + target[1]] % 2)) == 1


def test_what_stands_between_two_digits_is_a_silent_place_in_a_row_and_no_wheel():
    silent = [Labelled(np.full((40, 20), 7, np.uint8), "", group="device0") for _ in range(60)]
    lengths = [int(MeterStrips(silent, LINE)(np.random.default_rng(k))[1][1]) for k in range(5)]
    assert lengths == [0] * 5
    with pytest.raises(IndexError):
        Wheels(silent, SQUARE)(np.random.default_rng(0))


def test_a_quarter_of_the_wheels_stands_between_two_digits():
    sampler = Wheels(ITEMS, SQUARE)
    classes = np.array([int(sampler(np.random.default_rng(k))[1]) for k in range(400)])
    assert set(classes) == set(range(11)) and np.mean(classes == 10) == pytest.approx(0.25, abs=0.07)


def test_displays_do_not_roll():
    with pytest.raises(IndexError):
        Wheels([digit(k % 10, "lcd") for k in range(100)], SQUARE)(np.random.default_rng(0))


def test_the_window_shows_the_middle_digit_or_half_of_two():
    parts = [np.full((40, 20), value, np.uint8) for value in (10, 90, 200)]
    strip = np.vstack(parts)
    assert (window(strip, 0) == 90).all()
    assert (window(strip, 0.5)[:20] == 90).all() and (window(strip, 0.5)[20:] == 200).all()
    assert (window(strip, -0.5)[:20] == 10).all()


def test_neighbours_on_a_wheel_are_alike_in_tone():
    rng = np.random.default_rng(1)
    dark, light = (rng.integers(low, low + 60, (40, 20)).astype(np.uint8) for low in (0, 180))
    strip = rolled([dark, light, dark], np.random.default_rng(0))
    assert strip.shape[1] == 20 and abs(strip[:20].mean() - light.mean()) < 3


def test_a_large_device_is_drawn_less_often_and_silence_less_than_a_digit():
    items = [digit(1, "large")] * 16 + [digit(1, "small")] * 4 + [Labelled(np.zeros((4, 4), np.uint8), "", group="one")]
    weights = [item.weight for item in levelled(items)]
    assert weights[0] == pytest.approx(1 / 4) and weights[16] == pytest.approx(1 / 2) and weights[20] == DOUBT
