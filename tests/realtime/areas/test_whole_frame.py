"""Frames that are the object."""

import numpy as np
from conftest import make_frame

from realtime.areas.whole_frame import WholeFrame
from realtime.rules.reported import Rules
from realtime.values import Box, Reading, State


def run(texts, threshold=0.5, **changes):
    """Reads the given texts, one per frame; the results and what the end gives."""
    script = iter(texts)

    def read(image):
        text = next(script)
        return Reading(text.lower(), (0.9,) * len(text), 0.3 if text.isupper() else 0.9)

    pipeline = WholeFrame("characters", read, Rules(threshold))
    results = [pipeline(make_frame(i, **changes)) for i in range(len(texts))]
    return results, pipeline.flush()


def ended(results, last):
    return [track.reading.text for result in results for track in result.ended] + [track.reading.text for track in last]


def test_the_whole_frame_is_one_sighting():
    (result,), _ = run(["a"], image=np.zeros((30, 40, 3), np.uint8))
    (sighting,) = result.sightings
    assert sighting.box == Box(0, 0, 40, 30) and sighting.reading.text == "a" and sighting.mode == "characters"


def test_one_text_for_long_is_one_track():
    results, last = run(["a"] * 20)
    assert ended(results, last) == ["a"] and results[-1].tracks[0].state is State.CONFIRMED


def test_a_new_text_that_stays_ends_the_old_track():
    assert ended(*run(["a"] * 5 + ["b"] * 5 + ["c"] * 5)) == ["a", "b", "c"]


def test_a_single_slip_does_not():
    assert ended(*run(["a"] * 5 + ["b"] + ["a"] * 5)) == ["a"]


def test_nothing_legible_is_nothing():
    results, last = run(["", "A", ""])
    assert ended(results, last) == [] and not any(result.sightings for result in results)


def test_a_still_is_a_record_of_its_own():
    results, last = run(["a", "a", "b"], still=True)
    assert ended(results, last) == ["a", "a", "b"]
