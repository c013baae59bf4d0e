"""Several parts of a frame, each the object itself."""

import numpy as np
from conftest import make_frame

from realtime.areas.cut_outs import CutOuts
from realtime.areas.roi import parse_roi
from realtime.areas.whole_frame import WholeFrame
from realtime.rules.reported import Rules
from realtime.values import Box, Reading, State

PLACES = "10,20,30,15", "50,20,30,15"


def read(image):
    """A part's gray as its text."""
    text = str(int(image.mean()) // 10)
    return Reading(text, (0.9,) * len(text), 0.9)


def meters(left, right):
    """A frame with a gray window at each place."""
    image = np.zeros((60, 100, 3), np.uint8)
    image[20:35, 10:40], image[20:35, 50:80] = 10 * left, 10 * right
    return image


def cut_outs():
    return CutOuts([(parse_roi(place), WholeFrame("digits", read, Rules(0.5))) for place in PLACES])


def test_every_part_is_read_by_itself_in_the_frames_pixels():
    result = cut_outs()(make_frame(image=meters(7, 12)))
    assert [(s.reading.text, s.box) for s in result.sightings] == [
        ("7", Box(10, 20, 40, 35)), ("12", Box(50, 20, 80, 35)),
    ]  # fmt: skip


def test_every_part_is_followed_by_itself_under_numbers_of_its_own():
    pipeline = cut_outs()
    results = [pipeline(make_frame(i, image=meters(7 + i // 5, 12))) for i in range(10)]
    ended = [track for result in results for track in result.ended] + list(pipeline.flush())
    assert sorted(track.reading.text for track in ended) == ["12", "7", "8"]
    assert len({(track.id, track.value) for track in ended}) == 3 and len({track.id for track in ended}) == 2
    assert all(track.state is State.LOST for track in ended)
    assert {track.sighting.box.x0 for track in ended} == {10, 50}


def test_a_part_outside_the_frame_is_passed_over():
    result = cut_outs()(make_frame(image=meters(7, 12)[:, :45]))
    assert [s.reading.text for s in result.sightings] == ["7"]


def test_the_threshold_is_that_of_all_parts():
    pipeline = cut_outs()
    pipeline.set_threshold(0.95)
    assert pipeline.threshold == 0.95 and pipeline.mode == "digits"
    assert pipeline(make_frame(image=meters(7, 12))).sightings == ()
