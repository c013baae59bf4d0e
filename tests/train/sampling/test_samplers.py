"""Training samples: targets, shaken and damaged pictures, mixtures, workers."""

from functools import partial

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import SourceError
from realtime.modes import DIGITS, PLATES
from realtime.spec import ModelSpec
from realtime.values import Box, Detection, Quad, iou
from train.sampling.augment import cut_loosely, jittered, shaken, some_patch, surrounded, written
from train.sampling.batches import Recipe, batches
from train.sampling.load import Labelled, around, load_backgrounds, load_labelled
from train.sampling.recipes import located
from train.sampling.samplers import (
    MAX_TEXT,
    Characters,
    RealCrops,
    Rendered,
    RenderedTexts,
    class_of,
    frame_quad,
    reader_target,
)

LINE = ModelSpec("digits-reader", "digits", "reader", 32, 160, DIGITS, slots=40, keep_aspect=True)
SQUARE = ModelSpec("digits-classifier", "digits", "classifier", 32, 32, DIGITS)
SEEDS = st.integers(0, 2**32 - 1)


def picture(height=40, width=90, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


# --- plates


def test_a_plate_is_cut_too_wide_more_often_than_too_tight_and_never_loses_a_character():
    quad = Quad(((100, 50), (220, 50), (220, 80), (100, 80)))
    cuts = np.stack([cut_loosely(quad, np.random.default_rng(k)).array() for k in range(400)])
    beside = np.stack([100 - cuts[:, [0, 3], 0].mean(1), cuts[:, [1, 2], 0].mean(1) - 220]) / 120
    over = np.stack([50 - cuts[:, :2, 1].mean(1), cuts[:, 2:, 1].mean(1) - 80]) / 30
    assert np.median(beside) > 0.02 and np.quantile(beside, 0.97) > 0.1 and np.quantile(beside, 0.02) > -0.04
    assert np.median(over) > 0.03 and np.quantile(over, 0.95) > 0.15
    assert len({tuple(np.round(c[1] - c[0], 1)) for c in cuts}) > 300


def test_a_plate_on_a_car_is_cut_at_the_widest_detection_and_left_out_where_there_is_none():
    wide, narrow = (Detection(Quad(((0, 0), (w, 0), (w, 9), (0, 9))), 0.9) for w in (40, 20))
    cars = [Labelled(picture(60, 90), "AB1"), Labelled(picture(61, 90), "AB2")]
    placed = located(cars, lambda gray: [narrow, wide] if gray.shape[0] == 60 else [])
    assert [(item.text, item.quad) for item in placed] == [("AB1", wide.quad)]


# --- targets


@given(st.text(PLATES, max_size=MAX_TEXT), st.booleans())
def test_a_target_spells_its_text(text, folded):
    target = reader_target(text, PLATES, folded)
    assert target.shape == (MAX_TEXT + 2,) and target.dtype == np.int32
    assert "".join(PLATES[i] for i in target[2 : 2 + target[1]]) == text and target[0] == folded


def test_a_text_that_is_too_long_is_cut_to_the_steps_there_are():
    assert reader_target("1" * 40, DIGITS)[1] == MAX_TEXT


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("9", 9), ("", 10), ("A", 10)])
def test_what_is_no_character_has_the_last_class(text, expected):
    assert class_of(text, DIGITS) == expected


# --- geometry


@given(SEEDS)
def test_shaking_corners_keeps_them_near(seed):
    quad = Quad.from_box(Box(20, 10, 120, 40))
    moved = jittered(quad, np.random.default_rng(seed), loose=0.14, corner=0.025, turn=1.5)
    assert iou(moved.box, quad.box) > 0.5
    assert jittered(quad, np.random.default_rng(seed), loose=0.14, corner=0.025, turn=1.5) == moved


@given(st.integers(8, 60), st.integers(8, 120), st.floats(0, 0.5))
def test_a_surrounded_picture_stands_in_the_middle_of_something_else(height, width, share):
    gray = picture(height, width)
    canvas, quad = surrounded(gray, np.full((50, 70), 7, np.uint8), share)
    x0, y0, x1, y1 = map(int, quad.box)
    assert (canvas[y0:y1, x0:x1] == gray).all()
    assert (canvas[:y0] == 7).all() and (canvas[:, x1:] == 7).all() and y0 >= 2


def test_around_an_object_half_its_height_is_kept():
    gray = picture(200, 300)
    part, quad = around(gray, Quad.from_box(Box(100, 80, 160, 100)))
    assert part.shape == (40, 80) and quad.box == Box(10, 10, 70, 30)
    assert (part[10:30, 10:70] == gray[80:100, 100:160]).all()


def test_an_object_in_the_corner_of_its_picture_is_kept_whole():
    gray = picture(50, 60)
    part, quad = around(gray, Quad.from_box(Box(0, 0, 30, 20)))
    assert (part[:20, :30] == gray[:20, :30]).all() and quad.box == Box(0, 0, 30, 20)


@given(SEEDS, st.integers(20, 400), st.integers(20, 400))
def test_patches_come_from_the_backgrounds(seed, height, width):
    patch = some_patch(np.random.default_rng(seed), [np.full((height, width), 9, np.uint8)])
    assert 0 < patch.shape[0] <= min(height, 160) and 0 < patch.shape[1] <= min(width, 160) and (patch == 9).all()


@given(SEEDS)
def test_a_shaken_character_is_still_a_picture(seed):
    out = shaken(picture(40, 30), np.random.default_rng(seed))
    assert out.dtype == np.uint8 and out.shape[0] == 40 and 24 <= out.shape[1] <= 36


@given(SEEDS)
def test_ink_on_paper_has_two_tones_whichever_is_brighter(seed):
    ink = np.zeros((40, 40), np.uint8)
    ink[10:30, 18:22] = ink[20, 10:30] = 255
    out = written(ink, np.random.default_rng(seed))
    tones = np.unique(out)
    assert len(tones) == 2 and tones[1] - tones[0] >= 29
    assert min(out.shape) >= 3


def test_an_empty_sheet_stays_a_sheet():
    assert written(np.zeros((40, 40), np.uint8), np.random.default_rng(0)).std() == 0


# --- samplers


def items():
    return [Labelled(picture(40, 20, seed=k), str(k), group=f"device{k % 2}") for k in range(10)]


SAMPLERS = {
    "real lines": lambda: RealCrops(items(), LINE, [picture(90, 90)]),
    "characters": lambda: Characters(items(), SQUARE),
    "ink": lambda: Characters(items(), SQUARE, inked=True),
    "rendered": lambda: Rendered(lambda rng: (picture(30, 30), "7"), SQUARE),
    "rendered texts": lambda: RenderedTexts(lambda rng: (picture(40, 80), "12"), LINE, size=3, reuse=2),
}


@pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS)
def test_samples_have_the_networks_shape_and_come_again_from_the_same_seed(make):
    samplers = make(), make()
    for seed in range(12):
        a, b = (sampler(np.random.default_rng(seed)) for sampler in samplers)
        spec = SQUARE if np.ndim(a[1]) == 0 else LINE
        assert a[0].shape == (spec.height, spec.width) and a[0].dtype == np.uint8
        assert np.asarray(a[1]).dtype == np.int32 and same(a, b)


def test_heavier_rows_are_drawn_more_often():
    rows = [Labelled(picture(), "1", weight=9.0), Labelled(picture(), "2", weight=1.0)]
    sampler = Characters(rows, SQUARE)
    drawn = [int(sampler(np.random.default_rng(k))[1]) for k in range(300)]
    assert np.mean([d == 1 for d in drawn]) == pytest.approx(0.9, abs=0.06)


# --- real pictures


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "plates/crops/us"
    folder.mkdir(parents=True)
    rows = ["file,text,split", "a.png,AB12,train", "b.png,CD34,val", "c.png,ab-1,train"]
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    for name in "abc":
        cv2.imwrite(str(folder / f"{name}.png"), picture(30, 80))
    return str(tmp_path)


def test_rows_of_a_split_that_the_alphabet_can_spell_are_loaded(data):
    (item,) = load_labelled(data, ["plates/crops/us"], "train", PLATES)
    assert (item.text, item.weight, item.folded, item.quad) == ("AB12", 2.2, True, None)
    assert item.gray.shape == (30, 80)
    assert [i.text for i in load_labelled(data, ["plates/crops/us"], "val", PLATES)] == ["CD34"]


def test_a_set_that_is_not_known_is_named(data):
    with pytest.raises(SourceError, match="'plates/nowhere' is not a data set"):
        load_backgrounds(data, "train", ["plates/nowhere"])


# --- workers


def numbered(recipe, fail=False):
    """A sampler that tells its draws; at module level, so that it travels to a worker."""

    def sample(rng):
        if fail:
            raise ValueError("broken on purpose")
        return rng.integers(0, 256, (4, 4), dtype=np.uint8), np.int32(recipe.seed)

    return sample


def test_workers_bring_batches_that_can_be_repeated():
    recipe = Recipe("digits-classifier", "", SQUARE, seed=5)
    streams = [batches(numbered, recipe, batch=3, workers=1) for _ in range(2)]
    first, second = ([next(stream) for _ in range(3)] for stream in streams)
    for stream in streams:
        stream.close()
    assert all(same(a, b) for a, b in zip(first, second, strict=True))
    assert first[0][0].shape == (3, 4, 4, 1) and first[0][1].tolist() == [5, 5, 5]
    assert not np.array_equal(first[0][0], first[1][0])


def test_a_worker_that_breaks_ends_the_run_instead_of_stopping_it_for_ever(capfd):
    stream = batches(partial(numbered, fail=True), Recipe("digits-classifier", "", SQUARE), batch=2, workers=1)
    with pytest.raises(RuntimeError, match="has ended"):
        next(stream)
    assert "broken on purpose" in capfd.readouterr().err


def test_a_whole_picture_has_its_own_corners():
    assert frame_quad(picture(40, 90)).box == Box(0, 0, 90, 40)
