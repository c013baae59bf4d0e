"""The whole pipeline on networks that look for bright bars, and what its rules let through."""

import cv2
import numpy as np
import pytest
from conftest import make_frame

from realtime.errors import ModelError, UserError
from realtime.locate.locator import Locator, pad_edges, pyramid
from realtime.locate.refine import Refiner
from realtime.modes import DIGITS, MODES
from realtime.pipeline import CROP, Pipeline, inside, load, single_or_string, suppress_overlaps
from realtime.recognise import Recogniser
from realtime.rules.reported import rules_of
from realtime.spec import ModelSpec
from realtime.stats import Stopwatch
from realtime.values import Box, Detection, Frame, Quad, Reading, Sighting, State
from train.sampling.detection import SIZES, cell_targets

LOCATOR = ModelSpec("l", "digits", "locator", 96, 96, stride=8)
CORNERS = ModelSpec("k", "plates", "corners", 48, 128)


def bars(*rows, size=(240, 320)):
    """A BGR picture with bars: left, top and a text told by stripes; 24 pixels high, 80 wide."""
    image = np.full((*size, 3), 60, np.uint8)
    for x, y, stripes in rows:
        image[y : y + 24, x : x + 80] = 255
        for k in range(stripes):
            image[y + 5 : y + 19, x + 8 + 12 * k : x + 12 + 12 * k] = 0
    return image


def see_bars(batch):
    """What an ideal locator says: bars are what is bright."""
    picture = batch[0, ..., 0]
    solid = cv2.morphologyEx((picture > 150).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 9), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    quads = [Quad.from_box(Box(x, y, x + w, y + h)).array() for x, y, w, h, _ in stats[1:]]
    target = cell_targets(quads, picture.shape, SIZES["text"], 1.0, LOCATOR)[None]
    return target[..., 1:9], np.maximum(target[..., :1], 0)


class Stripes:
    """Reads a text of as many characters as a bar has stripes; so sure."""

    def __init__(self, spec, text, sure=0.95):
        self.spec, self.text, self.sure, self.calls = spec, text, sure, 0

    def __call__(self, batch):
        self.calls += 1
        return np.stack([self._logits(gray) for gray in batch[..., 0]])

    def _logits(self, gray):
        middle = gray[gray.shape[0] // 2] < 128
        count = int((np.diff(middle.astype(int)) == 1).sum())
        steps, blank = 24, len(self.spec.alphabet)
        p = np.full((steps, blank + 1), 1e-9)
        p[:, blank] = 1 - 1e-6
        for k, character in enumerate(self.text[:count]):
            p[2 * k + 1] = (1 - self.sure) / (blank + 1)
            p[2 * k + 1, self.spec.alphabet.index(character)] = self.sure
        return np.log(p)


def make(mode="digits", text="4217", sure=0.95, **changes):
    spec = ModelSpec("r", mode, "reader", 32, 160, MODES[mode].alphabet, slots=24)
    parts = {"locator": Locator(see_bars, LOCATOR), "recogniser": Recogniser(Stripes(spec, text, sure), spec)}
    wanted = {name: changes.pop(name) for name in ("threshold", "regions") if name in changes}
    return Pipeline(MODES[mode], rules=rules_of(MODES[mode], spec.threshold, **wanted), **{**parts, **changes})


def texts(sightings):
    return [s.reading.text for s in sightings]


# --- one picture


def test_objects_are_found_and_read():
    sightings = make().read(bars((40, 40, 4), (180, 150, 2)))
    assert sorted(texts(sightings)) == ["42", "4217"]
    boxes = {s.reading.text: s.box for s in sightings}
    assert tuple(boxes["4217"]) == pytest.approx((40, 40, 120, 64), abs=3)
    assert {s.mode for s in sightings} == {"digits"}


def test_the_best_of_a_picture_comes_first_and_frames_are_read_line_by_line():
    image = bars((40, 40, 4), (180, 150, 1), (40, 180, 2))
    pipeline = make(sure=0.9)
    assert [len(t) for t in texts(pipeline.read(image))] == [1, 2, 4]
    sightings = pipeline(Frame(0, 0.0, image)).sightings
    assert [len(t) for t in texts(sightings)] == [4, 1, 2] and [s.line for s in sightings] == [1, 2, 3]


def test_gray_colour_alpha_and_16_bits_are_read_alike():
    image = bars((40, 40, 4))
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    kinds = [image, gray, cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), gray.astype(np.uint16) * 257]
    assert [texts(make().read(kind)) for kind in kinds] == [["4217"]] * 4


def test_an_empty_view_gives_nothing():
    assert make().read(np.full((240, 320, 3), 60, np.uint8)) == []


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 7), (30, 30)])
def test_tiny_and_thin_pictures_give_nothing_and_no_error(size):
    assert make().read(np.full(size, 60, np.uint8)) == []


def test_every_object_is_read_once_per_frame_and_an_unsure_one_again_in_a_single_picture():
    pipeline, image = make(sure=0.9), bars((40, 40, 4), (180, 150, 2))
    pipeline(Frame(0, 0.0, image))
    assert pipeline.recogniser.net.calls == 2
    pipeline.read(image)
    assert pipeline.recogniser.net.calls > 4


def test_a_single_picture_that_shows_nothing_is_searched_again_with_more_contrast_and_a_frame_is_not():
    dark = np.uint8(20 + bars((100, 80, 4)) * 0.3 + np.linspace(0, 30, 320)[None, :, None])
    bar = Detection(Quad.from_box(Box(100, 80, 180, 104)), 0.9)
    seeing = make(locator=lambda gray: [bar] * bool(gray[82, 104] > 115))  # 106 as it is
    still, frame = (seeing.see(make_frame(image=dark, still=still), Stopwatch()) for still in (True, False))
    assert texts(still) == texts(seeing.read(dark)) == ["4217"] and not frame


def test_an_object_cut_by_the_edge_is_not_read():
    assert texts(make().read(bars((-40 % 320, 100, 4)))) == []
    assert not inside(Detection(Quad.from_box(Box(-9, 10, 60, 30)), 1.0), (240, 320))
    assert not inside(Detection(Quad.from_box(Box(10, 225, 60, 250)), 1.0), (240, 320))
    assert inside(Detection(Quad.from_box(Box(0, 0, 320, 240)), 1.0), (240, 320))


# --- a large and a small picture of the same moment


def halved(image):
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(gray, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)


def test_what_the_small_picture_shows_is_read_in_the_large_one():
    large = cv2.resize(bars((40, 40, 4), (180, 150, 2)), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    plain, looked = make(), []
    pipeline = make(
        locator=lambda gray: (looked.append(("locate", gray.shape)), plain.locator(gray))[1],
        recogniser=lambda gray, *rest, **again: (
            looked.append(("read", gray.shape)),
            plain.recogniser(gray, *rest, **again),
        )[1],
    )
    result = pipeline(Frame(0, 0.0, large, small=halved(large)))
    assert looked == [("locate", (240, 320)), ("read", (480, 640))]
    boxes = {s.reading.text: tuple(s.box) for s in result.sightings}
    assert boxes["4217"] == pytest.approx((80, 80, 240, 128), abs=6) and set(boxes) == {"4217", "42"}


def test_what_the_small_picture_does_not_show_is_not_found():
    large = bars((40, 40, 4), (180, 150, 2))
    assert make()(Frame(0, 0.0, large, small=halved(bars((40, 40, 4))))).sightings[0].reading.text == "4217"
    assert not make()(Frame(0, 0.0, large, small=halved(bars()))).sightings


# --- rules


def test_the_threshold_decides_and_can_be_moved_while_running():
    pipeline, image = make(sure=0.8), bars((40, 40, 2))
    assert texts(pipeline.read(image)) == ["42"]  # 0.64
    pipeline.set_threshold(0.95)
    assert pipeline.read(image) == []


def test_a_plate_has_three_characters_at_least():
    image = bars((40, 40, 2), (40, 140, 3))
    assert texts(make("plates", "AB12").read(image)) == ["AB1"]
    assert sorted(texts(make("characters", "AB12").read(image))) == ["AB", "AB1"]


def test_a_region_is_named():
    image = bars((40, 40, 6))
    plain, ruled, other = (make("plates", "ABC128", regions=r).read(image)[0].reading for r in ((), ("HU",), ("BR",)))
    assert [(r.text, r.region) for r in (plain, ruled, other)] == [("ABC128", ""), ("ABC128", "HU"), ("ABC128", "")]


def test_what_the_second_look_refuses_is_not_read():
    refuse = Refiner(lambda batch: (np.zeros((1, 8)), np.array([[0.1]])), CORNERS)
    assert make(refiner=refuse).read(bars((40, 40, 4))) == []


def test_two_spots_that_the_second_look_brings_together_are_one():
    image = bars((40, 40, 4))
    same = Quad.from_box(Box(40, 40, 120, 64))

    class Twice:
        def __call__(self, gray):
            return [Detection(same, 0.9), Detection(Quad.from_box(Box(130, 40, 210, 64)), 0.8)]

    class Together:
        def __call__(self, gray, detections):
            return [Detection(same, s.score) for s in detections]

    assert len(make(refiner=Together(), locator=Twice()).detections(image)) == 1


# --- frames


def frames(count, image, **changes):
    return [make_frame(i, image=image, **changes) for i in range(count)]


def test_an_object_in_several_frames_is_one_track():
    pipeline = make()
    results = [pipeline(frame) for frame in frames(5, bars((40, 40, 4)))]
    assert [[t.reading.text for t in r.confirmed] for r in results] == [[], ["4217"], [], [], []]
    (track,) = pipeline.flush()
    assert (track.reading.text, track.count, track.state) == ("4217", 5, State.LOST)
    assert pipeline.flush() == ()


def test_every_stage_is_timed():
    result = make()(make_frame(image=bars((40, 40, 4))))
    assert set(result.timings) == {"gray", "locate", "read", "track"} and min(result.timings.values()) >= 0
    refiner = Refiner(lambda batch: (np.zeros((1, 8)), np.array([[0.9]])), CORNERS)
    assert "refine" in make(refiner=refiner)(make_frame(image=bars((40, 40, 4)))).timings


def test_a_still_picture_is_confirmed_and_ended_at_once():
    pipeline = make()
    results = [pipeline(frame) for frame in frames(2, bars((40, 40, 4)), still=True)]
    assert [[t.reading.text for t in r.ended] for r in results] == [["4217"], ["4217"]]
    assert pipeline.flush() == ()


def test_reading_a_picture_leaves_no_trace_in_the_tracks():
    pipeline, image = make(), bars((40, 40, 4))
    for _ in range(3):
        pipeline.read(image)
    assert pipeline.flush() == ()


# --- whole pictures


def test_the_picture_is_the_object():
    image = bars((40, 40, 3))[40:64, 40:120]
    assert make().read_whole(image).text == "421"
    assert make("plates", "AB12").read_whole(bars((40, 40, 2))[40:64, 40:120]).text == ""


def test_a_small_single_picture_in_which_nothing_is_found_may_be_the_object():
    image = bars((40, 40, 3))[40:64, 40:120]
    blind = make(locator=lambda gray: [])
    assert [(s.reading.text, s.box) for s in blind.read(image)] == [("421", Box(0, 0, 80, 24))]
    assert make(locator=lambda gray: [], threshold=0.99).read(image) == []
    assert blind.read(cv2.resize(image, (CROP + 1, 96))) == []
    assert blind(Frame(0, 0.0, image)).sightings == ()
    assert texts(blind(Frame(0, 0.0, image, still=True)).sightings) == ["421"]


@pytest.mark.parametrize(
    ("single", "string", "shape", "chosen"),
    [
        (Reading("7", (0.6,), 0.6), Reading("71", (0.9, 0.9), 0.81), (30, 30), "71"),
        (Reading("7", (0.9,), 0.9), Reading("71", (0.9, 0.9), 0.81), (30, 30), "7"),
        (Reading("7", (0.9,), 0.9), Reading("71", (0.5, 0.5), 0.2), (30, 60), "71"),
        (Reading("7", (0.9,), 0.9), Reading("1", (1.0,), 1.0), (30, 60), "7"),
    ],
)
def test_a_sure_string_or_a_wide_picture_beats_a_single_character(single, string, shape, chosen):
    assert single_or_string(single, string, shape).text == chosen


def test_the_likeliest_characters_come_with_their_probabilities():
    spec = ModelSpec("c", "digits", "classifier", 32, 32, DIGITS)
    logits = np.log(np.array([[0.02, 0.5, 0.02, 0.3, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.04]]))
    pipeline = make(classifier=Recogniser(lambda batch: logits, spec))
    top = pipeline.classify(bars((40, 40, 1)), most=3)
    assert [name for name, _ in top] == ["1", "3", ""]
    assert [p for _, p in top] == pytest.approx([0.5, 0.3, 0.04])
    assert pipeline.network_input(bars((40, 40, 1))).shape == (32, 32)


# --- loading


def test_an_unknown_mode_names_those_there_are():
    with pytest.raises(ModelError, match=r"'faces' is not a mode.*digits, characters, plates"):
        load("faces")


def test_an_unknown_region_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(UserError, match='no plate region "XX"'):
        load("plates", tmp_path, regions=["DE", "XX"])


@pytest.mark.parametrize("mode", list(MODES))
def test_missing_models_are_named(tmp_path, mode):
    with pytest.raises(UserError, match=rf"{mode}-locator\.\w+ is missing"):
        load(mode, tmp_path)


def test_levels_and_frames_of_the_ideal_network_agree():
    """The network above sees pictures as the locator gives them: pad_edges, in whole cells."""
    for level in pyramid(np.zeros((240, 320), np.uint8)):
        picture = pad_edges(*level, 96, 8).picture
        corners, objectness = see_bars(picture[None, ..., None])
        assert corners.shape[:3] == objectness.shape[:3]


def test_of_what_lies_in_one_place_the_longest_text_stays():
    def seen(text, x0, x1, sure):
        quad = Quad.from_box(Box(x0, 0, x1, 20))
        return Sighting(quad, Reading(text, (sure,) * len(text), sure))

    part, whole, beside = seen("8", 30, 40, 0.99), seen("482", 0, 60, 0.8), seen("17", 55, 120, 0.9)
    assert suppress_overlaps([part, whole, beside]) == [beside, whole]


def test_what_is_lower_than_asked_for_is_not_read():
    image = bars((40, 40, 4))
    assert texts(make(min_height=20.0).read(image)) == ["4217"] and make(min_height=40.0).read(image) == []
