"""Rendered plates: the same dice give the same pixels, texts keep to their grammar, corners are true."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.plates import decoys as plate_decoys
from synth.plates import faces as plate_faces
from synth.plates import layouts as plate_layouts
from synth.plates import plate as plates
from synth.plates import scene as plate_scene

LAYOUTS = plate_layouts.load_layouts()
SEEDS = st.integers(0, 2**32 - 1)
ALPHABET = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@pytest.fixture
def bare(monkeypatch):
    """A machine without fonts and without real glyphs."""
    monkeypatch.setattr(plate_faces, "font_files", lambda more: {})
    monkeypatch.setattr(plate_faces, "glyph_sets", dict)
    plate_faces._fonts_of.cache_clear()
    yield
    plate_faces._fonts_of.cache_clear()


@pytest.fixture
def backgrounds():
    rng = np.random.default_rng(5)
    return [plate_decoys.texture(rng, shape) for shape in ((200, 300), (480, 400), (375, 500))]


def test_layouts_are_many_and_from_everywhere():
    assert len(LAYOUTS) >= 48
    regions = {layout.region for layout in LAYOUTS}
    assert len({r for r in regions if r.startswith("US-")}) >= 10
    assert {"BR", "AR", "CN", "TW", "IN", "VN", "GB", "DE", "AU-NSW", "IL", "ZA"} <= regions
    assert sum("/" in layout.forms[0] for layout in LAYOUTS) >= 10


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_layout_renders_its_own_grammar(layout):
    rng = np.random.default_rng(1)
    grammar = plate_layouts.pattern(layout)
    for _ in range(3):
        plate = plates.sample_plate(rng, (layout,))
        image, quad = plates.render_plate(plate, 24)
        assert grammar.fullmatch(plate.text) and 2 <= len(plate.text) <= 11
        assert image.dtype == np.uint8 and image.ndim == 3
        assert quad.array().tolist()[2] == [image.shape[1], image.shape[0]]
        assert image.shape[1] / image.shape[0] == pytest.approx(layout.size[0] / layout.size[1], rel=0.08)
        assert image.std() > 3


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_same_dice_same_plate(seed):
    one, two = (plates.sample_plate(np.random.default_rng(seed)) for _ in range(2))
    assert one == two
    assert np.array_equal(plates.render_plate(one, 20)[0], plates.render_plate(two, 20)[0])


@given(SEEDS, st.floats(0, 1.5))
@settings(max_examples=40, deadline=None)
def test_crops_are_gray_and_replayable(seed, strength):
    image, text = plates.sample_plate_crop(np.random.default_rng(seed), strength)
    again, same = plates.sample_plate_crop(np.random.default_rng(seed), strength)
    assert image.dtype == np.uint8 and image.ndim == 2 and 40 <= image.shape[1] <= 260
    assert text and set(text) <= ALPHABET
    assert text == same and np.array_equal(image, again)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_unreadable_crops_are_gray(seed):
    image = plates.sample_unreadable(np.random.default_rng(seed))
    assert image.dtype == np.uint8 and image.ndim == 2 and min(image.shape) >= 8


def test_the_text_is_in_the_picture():
    """Another text on the same plate changes pixels where the characters are, and nowhere near the edge."""
    plate = plates.sample_plate(np.random.default_rng(3), (_layout("victoria"),))
    image, other = (plates.render_plate(_with_text(plate, line))[0].astype(int) for line in ("1AB-2CD", "9XY-8ZW"))
    changed = np.abs(image - other).max(2) > 40
    ys, xs = np.nonzero(changed)
    assert 0.02 < changed.mean() < 0.5
    assert ys.min() > 0.1 * len(image) and xs.min() > 2


def _layout(name):
    return next(layout for layout in LAYOUTS if layout.name == name)


def _with_text(plate, line):
    from dataclasses import replace

    return replace(plate, lines=(tuple(line),), wear=0.0, dirt=0.0)


def test_bare_machine_still_writes_every_character(bare):
    rng = np.random.default_rng(2)
    face = plate_faces.sample_face(rng, ("narrow",))
    assert face.kind == "dies"
    masks = [plate_faces.mask(face, char) for char in sorted(ALPHABET)]
    assert all(mask.shape[0] == plate_faces.CAP and mask.max() > 200 for mask in masks)
    image, text = plates.sample_plate_crop(rng)
    assert image.size and text


def test_dies_tell_characters_apart():
    face = plate_faces.PlateFace("dies", "", 1, 0.14, 1.0, 0.5)
    small = {c: cv2.resize(plate_faces.mask(face, c), (24, 40)).astype(float) / 255 for c in ALPHABET - set("0O")}
    distances = [np.abs(small[a] - small[b]).mean() for a in small for b in small if a < b]
    assert min(distances) > 0.02


def test_slab_dies_write_an_i_with_bars():
    plain, slab = (plate_faces.PlateFace("dies", "", 16, slab=slab) for slab in (False, True))
    assert plate_faces.mask(slab, "I").shape[1] > 2 * plate_faces.mask(plain, "I").shape[1]
    assert np.array_equal(plate_faces.mask(slab, "B"), plate_faces.mask(plain, "B"))


def test_locators_cut_the_band_of_some_plates_and_nothing_of_others():
    (romania,) = (layout for layout in LAYOUTS if layout.name == "romania")
    (taiwan, *_) = (layout for layout in LAYOUTS if not layout.bands)
    image = np.zeros((60, 520), np.uint8)
    widths = {
        name: [plates.without_band(np.random.default_rng(k), image, layout).shape[1] for k in range(200)]
        for name, layout in (("band", romania), ("none", taiwan))
    }
    assert set(widths["none"]) == {520} and min(widths["band"]) < 490
    assert np.mean(np.array(widths["band"]) < 520) == pytest.approx(0.4, abs=0.1)


def test_words_between_brackets_and_small_print_are_drawn_but_not_text():
    rng = np.random.default_rng(0)
    layout = plate_layouts.Layout("x", "XX", (400, 100), ("(AB)[KA|MH]-D@L#^D",), (70,), ("ffffff/000000",))
    lines = plate_layouts.sample_lines(rng, layout)
    assert plate_layouts.plain(lines)[:2] in ("KA", "MH")
    assert len(plate_layouts.plain(lines)) == 5
    assert plate_layouts.pattern(layout).fullmatch(plate_layouts.plain(lines))


@given(SEEDS, st.sampled_from([(360, 640), (240, 320)]))
@settings(max_examples=15, deadline=None)
def test_scenes_keep_their_corners_inside_and_in_order(seed, size):
    scene = plate_scene.sample_plate_scene(np.random.default_rng(seed), (), size)
    image, corners, texts = plate_scene.render_plate_scene(scene)
    again, _, _ = plate_scene.render_plate_scene(scene)
    assert image.shape == size and image.dtype == np.uint8 and np.array_equal(image, again)
    assert corners.shape == (len(texts), 4, 2) and corners.dtype == np.float32
    assert all(text and set(text) <= ALPHABET for text in texts)
    assert (corners >= -0.01).all() and (corners <= np.array(size[::-1]) + 0.01).all()
    for quad in corners:
        assert _turns_clockwise(quad) and quad[0, 0] < quad[1, 0] and quad[0, 1] < quad[3, 1]


def _turns_clockwise(quad):
    sides = np.roll(quad, -1, 0) - quad
    after = np.roll(sides, -1, 0)
    return (sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0] > 0).all()


def test_a_plate_is_drawn_where_its_corners_say():
    """A bright real crop, pasted without a car or effects, fills its corners and nothing else."""
    from dataclasses import replace

    from synth.effects import Effects

    white, black = np.full((20, 80), 250, np.uint8), np.zeros((360, 640), np.uint8)
    scene = plate_scene.sample_plate_scene(np.random.default_rng(4), [black], plates=1, crops=[(white, "ABC123")])
    place = replace(scene.places[0], car=None, light=1.0)
    image, corners, texts = plate_scene.render_plate_scene(replace(scene, places=(place,), decoys=0, effects=Effects()))
    inside = np.zeros(image.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners[0]).astype(np.int32), 1)
    core, near = cv2.erode(inside, np.ones((5, 5))), cv2.dilate(inside, np.ones((7, 7)))
    assert texts == ("ABC123",)
    assert image[core > 0].min() > 100 and image[near == 0].max() == 0


def test_street_plates_are_replaced_in_place(backgrounds):
    """Where a photograph's plate is known, the scene's corners are that plate's, moved with the window."""
    street = np.full((400, 600), 120, np.uint8)
    quad = np.array([[[250, 200], [350, 200], [350, 225], [250, 225]]], float)
    found = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scene = plate_scene.sample_plate_scene(rng, backgrounds, (240, 320), plates=1, streets=[(street, quad)])
        if scene.places and scene.places[0].covers:
            found += 1
            corners = scene.places[0].corners
            width, height = corners[1, 0] - corners[0, 0], corners[3, 1] - corners[0, 1]
            assert width / height == pytest.approx(4.0)
            assert scene.decoys == 0 and plate_scene.render_plate_scene(scene)[0].std() > 1
    assert 2 < found < 12


def test_no_plates_no_corners(backgrounds):
    scene = plate_scene.sample_plate_scene(np.random.default_rng(0), backgrounds, plates=0)
    image, corners, texts = plate_scene.render_plate_scene(scene)
    assert image.shape == (360, 640) and corners.shape == (0, 4, 2) and texts == ()
