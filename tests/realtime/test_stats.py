"""Figures about a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.stats import Rate, Stopwatch, Summary, Timings, percentile


def test_no_rate_before_the_second_frame():
    rate = Rate()
    assert rate.fps == 0 and rate.tick(5.0) == 0


@given(st.integers(2, 300), st.floats(1, 240))
def test_rate_of_an_even_source_is_its_rate(count, fps):
    rate = Rate(window=1.0)
    for index in range(count):
        rate.tick(index / fps)
    assert rate.fps == pytest.approx(fps)


def test_rate_forgets_what_is_older_than_its_window():
    rate = Rate(window=1.0)
    for time in [0.1 * i for i in range(20)] + [2.0 + 0.5 * i for i in range(6)]:
        rate.tick(time)
    assert rate.fps == pytest.approx(2.0)


def test_rate_of_frames_slower_than_the_window_is_still_known():
    rate = Rate(window=1.0)
    for time in (0.0, 5.0, 10.0):
        rate.tick(time)
    assert rate.fps == pytest.approx(0.2)


def test_stopwatch_adds_up_and_starts_again():
    ticks = iter([0.0, 0.002, 1.0, 1.003, 2.0, 2.001])
    watch = Stopwatch(lambda: next(ticks))
    for stage in ("locate", "read", "locate"):
        with watch(stage):
            pass
    assert watch.take() == pytest.approx({"locate": 3.0, "read": 3.0})
    assert watch.take() == {}


def test_stopwatch_counts_a_stage_that_raised():
    ticks = iter([0.0, 0.5])
    watch = Stopwatch(lambda: next(ticks))
    with pytest.raises(ValueError), watch("read"):
        raise ValueError
    assert watch.take() == {"read": 500.0}


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values_and_grows(values, share):
    assert percentile(values, share) in values
    assert percentile(values, 0) == min(values) and percentile(values, 100) == max(values)


def test_timings_remember_a_bounded_number():
    timings = Timings(depth=3)
    for spent in (100.0, 1.0, 2.0, 3.0):
        timings.add({"read": spent})
    assert timings.percentiles(50, 95) == {"read": (2.0, 3.0)}


def test_summary_says_what_happened():
    text = str(Summary(frames=100, read=25, dropped=3, tracks=2, seconds=4.0))
    assert text == "100 frames in 4.0 s (25.0 per second), 2 readings, 3 dropped, 75 % skipped"
    assert Summary().fps == 0 and Summary().skipped == 0
