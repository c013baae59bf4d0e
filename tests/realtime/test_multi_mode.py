"""Several modes at once: what each would say alone, from one gray picture and one pyramid."""

import numpy as np
import pytest
from conftest import make_frame, make_image
from stand_in import blocks, picture, shades

from realtime.errors import ModelError
from realtime.locate.locator import pyramid
from realtime.modes import MODES
from realtime.pipeline import MultiMode, Once, Pipeline, Shared, load
from realtime.preprocess import to_gray
from realtime.recognise import NOTHING
from realtime.rules.reported import Rules
from realtime.stats import Stopwatch
from realtime.values import Frame


class Looking:
    """A locator that looks at the pyramid's first level, and notes what it was given."""

    def __init__(self, pyramid=pyramid):
        self.pyramid, self.seen = pyramid, []

    def __call__(self, gray):
        finest = next(iter(self.pyramid(gray, 640)))[0]
        self.seen.append((id(gray), id(finest)))
        return blocks(gray)


def make_pipeline(mode, shared=None):
    def read(gray, detections, again=False):
        return [type(s)(s.quad, s.reading, s.score, mode) for s in shades(gray, detections)]

    read.whole = lambda gray: NOTHING  # a small picture in which nothing is found is asked as one object
    alike = {"gray": shared.gray, "ids": shared.ids} if shared else {}
    return Pipeline(MODES[mode], Looking(shared.pyramid) if shared else Looking(), read, rules=Rules(0.1), **alike)


def make_both():
    shared = Shared()
    return MultiMode([make_pipeline("digits", shared), make_pipeline("characters", shared)], shared)


def film(count=30):
    return [Frame(k, k / 10, picture(k / 10), "film.mp4") for k in range(count)]


def test_every_mode_says_what_it_says_alone():
    both = make_both()
    alone = make_pipeline("digits")
    for frame in film():
        result, single = both(frame), alone(frame)
        assert tuple(s for s in result.sightings if s.mode == "digits") == single.sightings
        assert {s.mode for s in result.sightings} == {"digits", "characters"}
        assert both.see(frame, Stopwatch()) == list(result.sightings)
    ended = [t for t in both.flush() if t.sighting.mode == "digits"]
    assert [(t.reading, t.count) for t in ended] == [(t.reading, t.count) for t in alone.flush()]


def test_the_picture_is_made_gray_and_shrunk_once_for_all():
    both = make_both()
    for frame in film(5):
        both(frame)
    one, two = (pipeline.locator.seen for pipeline in both.pipelines)
    assert one == two and len({gray for gray, _ in one}) >= 1


def test_a_picture_in_the_same_place_is_another_picture():
    both, image = make_both(), picture(0.0)[:, :, 0].copy()
    before = both.read(image)
    image[:] = 20
    assert before and both.read(image) == []


def test_tracks_of_all_modes_have_numbers_of_their_own():
    both = make_both()
    numbers = {(t.sighting.mode, t.id) for frame in film() for t in both(frame).tracks}
    assert len({number for _, number in numbers}) == len(numbers) >= 4


def test_times_of_a_stage_are_added_up_and_the_threshold_moves_all():
    both = make_both()
    assert set(both(film(1)[0]).timings) == {"gray", "locate", "read", "track"}
    both.pipelines[1].set_threshold(0.3)
    both.set_threshold(0.2)
    assert [round(p.threshold, 6) for p in both.pipelines] == [0.2, 0.4] and both.threshold == 0.2
    both.set_threshold(1.0)
    assert [p.threshold for p in both.pipelines] == [1.0, 1.0]


def test_a_still_picture_is_done_at_once():
    both = make_both()
    result = both(make_frame(image=picture(0.0), still=True))
    assert len(result.ended) == len(result.sightings) > 0 and both.flush() == ()


def test_a_function_is_asked_once_until_told_to_forget():
    asked = []
    once = Once(lambda image, *rest: asked.append(rest) or len(asked))
    image, other = make_image(), make_image()
    assert [once(image, 1), once(image, 1), once(image, 2), once(other, 2), once(other, 2)] == [1, 1, 2, 3, 3]
    once.forget()
    assert once(other, 2) == 4 and once(make_image(), 2) == 5


def test_gray_pictures_stay_what_they_are():
    gray = to_gray(make_image())
    assert np.shares_memory(Once(to_gray)(gray), gray)


@pytest.mark.parametrize("modes", ["", ",", "digits,digits", "digits,runes"])
def test_modes_that_make_no_sense_are_refused(modes):
    with pytest.raises(ModelError):
        load(modes)


def test_one_mode_stays_one_pipeline_and_two_become_several():
    assert isinstance(load("plates"), Pipeline)
    assert load("plates,digits").mode == "plates,digits"
