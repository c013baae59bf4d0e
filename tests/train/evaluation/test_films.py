"""Films of displays, and what becomes of their values."""

import numpy as np
import pytest
from conftest import make_sighting, make_track

from realtime.tracking.track import Tracker
from realtime.values import Result
from train.evaluation.films import (
    Outcome,
    Shown,
    calibration_error,
    compared,
    cost_rows,
    in_turn,
    plain,
    rows_of,
    watched,
)

SHOWN = [Shown("0041", 0.0, 0.9), Shown("0042", 1.0, 1.9)]


def told(text, first, last, confidence=0.9):
    reading = make_sighting(text, confidence=confidence).reading
    return make_track(text=text, reading=reading, first_time=first, last_time=last)


def test_a_record_is_right_once_with_the_text_and_in_the_time_of_its_value():
    right = [told("0041", 0.2, 0.9), told("00.42", 1.1, 2.4)]
    outcome = compared(SHOWN, right, [1.0, 1.0])
    assert outcome.told == (True, True) and outcome.others == 0
    for wrong in (told("0041", 1.0, 1.5), told("0043", 1.0, 1.5), right[0]):
        assert compared(SHOWN, [*right, wrong], [1.0, 1.0]).others == 1
    assert compared(SHOWN, right[:1], [1.0, 1.0]).told == (True, False)


def test_only_values_whose_frames_are_read_right_are_asked_for():
    outcome = compared(SHOWN, [told("0041", 0.2, 0.9)], [1.0, 0.4])
    assert outcome.readable == [True] and not outcome.clear
    (first, second) = rows_of("x", [outcome], "98 %")
    assert (first.n, first.figure, second.n, second.figure) == (1, 1.0, 2, 0.5)


def test_calibration_is_the_gap_between_confidence_and_share_right():
    assert calibration_error([(0.95, True)] * 19 + [(0.95, False)]) == pytest.approx(0)
    assert calibration_error([(0.95, True)] * 10 + [(0.95, False)] * 10) == pytest.approx(0.45)
    assert calibration_error([]) == 0


class Reader:
    """Reads the gray of the middle in tens, and follows it as the pipeline does."""

    mode, threshold = "digits", 0.5

    def __init__(self):
        self.tracker = Tracker()

    def __call__(self, frame):
        gray = round(float(frame.image[240, 320].mean()) / 10)
        seen = [make_sighting(f"{gray:02d}")] if gray < 25 else []
        step = self.tracker(frame.time, frame.index, seen, frame.image)
        return Result(frame, tuple(seen), step.tracks, step.confirmed, step.ended)

    def flush(self):
        return self.tracker.flush()


def test_pictures_in_turn_are_told_each():
    pictures = [(np.full((40, 80, 3), 10 * k, np.uint8), f"{k:02d}") for k in (3, 21, 12)]
    outcome = watched(Reader(), in_turn(np.random.default_rng(0), pictures, 2.0, 0.0))
    assert outcome.told == (True,) * 3 and outcome.legible == (1.0,) * 3 and outcome.clear
    assert [value.text for value in outcome.shown] == ["03", "21", "12"]


def test_a_gap_shows_nothing():
    film = list(in_turn(np.random.default_rng(0), [(np.zeros((40, 80, 3), np.uint8), "0")] * 2, 1.0, 0.5))
    assert [text for _, _, text in film] == (["0"] * 10 + [""] * 5) * 2
    assert film[12][1].std() < 10 < film[3][1].std()


def test_texts_are_compared_without_points():
    assert plain("12:59.5") == "12595" and Outcome((), (), (), ()).others == 0


def test_cost_is_measured_over_the_frames_asked_for():
    spent, grown = cost_rows(50)
    assert spent.n == 50 and spent.figure > 0 and grown.figure >= 0
