"""What the networks are fed: colour, crops, padding, contrast."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.modes import DIGITS
from realtime.preprocess import (
    crop,
    expand,
    fit,
    fit_square,
    natural_width,
    normalise_contrast,
    padded,
    rectify,
    straightened,
    to_gray,
)
from realtime.spec import ModelSpec
from realtime.values import Box, Curve, Quad

LINE = ModelSpec("line", "digits", "reader", 32, 160, DIGITS, keep_aspect=True)
PLATE = ModelSpec("plate", "plates", "reader", 48, 144, DIGITS)
SQUARE = ModelSpec("square", "digits", "classifier", 32, 32, DIGITS)
SPECS = pytest.mark.parametrize("spec", [LINE, PLATE, SQUARE], ids=lambda spec: spec.name)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def smooth(height, width):
    return cv2.GaussianBlur(noise(height, width), (0, 0), 3)


# --- colour


@given(st.integers(0, 255))
def test_gray_is_the_same_from_every_kind_of_picture(value):
    gray = np.full((5, 7), value, np.uint8)
    others = [gray[..., None], cv2.merge([gray] * 3), cv2.merge([gray] * 4), gray.astype(np.uint16) * 257]
    for other in others:
        assert to_gray(other).dtype == np.uint8 and (to_gray(other) == gray).all()


def test_colours_are_blue_green_red():
    blue, green, red = (to_gray(np.full((1, 1, 3), c, np.uint8))[0, 0] for c in np.eye(3, dtype=np.uint8) * 255)
    assert (blue, green, red) == (29, 150, 76)  # ITU-R BT.601


def test_16_bits_in_colour_become_8():
    image = np.full((2, 2, 3), 40000, np.uint16)
    assert (to_gray(image) == 40000 >> 8).all()


# --- rectify


@given(st.integers(0, 40), st.integers(0, 30), st.integers(4, 60), st.integers(4, 40))
def test_an_upright_box_at_its_own_size_is_a_plain_crop(x, y, width, height):
    gray = noise(80, 110)
    quad = Quad.from_box(Box(x, y, x + width, y + height))
    assert np.abs(rectify(gray, quad, height, width).astype(int) - gray[y : y + height, x : x + width]).max() <= 1


def test_the_first_corner_comes_to_the_top_left():
    gray = smooth(60, 60)
    turned = Quad(((50, 10), (50, 40), (10, 40), (10, 10)))  # text that runs downwards
    expected = np.rot90(gray[10:40, 10:50])
    assert np.abs(rectify(gray, turned, 40, 30).astype(int) - expected).max() <= 1


def test_a_tilted_object_stands_upright():
    upright = np.full((120, 200), 200, np.uint8)
    cv2.rectangle(upright, (60, 45), (139, 74), 20, -1)
    matrix = cv2.getRotationMatrix2D((100, 60), 20, 1.0)
    gray = cv2.warpAffine(upright, matrix, (200, 120), borderMode=cv2.BORDER_REPLICATE)
    corners = np.array([[60, 45], [140, 45], [140, 75], [60, 75]]) @ matrix[:, :2].T + matrix[:, 2]
    inside = rectify(gray, Quad.of(corners), 30, 80)[3:-3, 3:-3]
    around = rectify(gray, Quad.of(corners), 30, 80, margin=0.5)
    assert inside.max() < 40 and (around[[0, -1]] > 180).all() and (around[:, [0, -1]] > 180).all()


def test_the_margin_is_a_share_of_width_and_of_height():
    quad = Quad.from_box(Box(10, 20, 110, 40))
    assert tuple(Quad.of(expand(quad.array(), 0.3)).box) == pytest.approx((-20, 14, 140, 46), abs=1e-3)


def test_outside_the_picture_its_edge_repeats():
    gray = np.full((20, 20), 10, np.uint8)
    gray[:, 0] = 99
    crop = rectify(gray, Quad.from_box(Box(-20, 0, 0, 20)), 20, 20)
    assert (crop == 99).all()


def test_thin_lines_shrunk_tenfold_keep_their_tone():
    """Sampling every tenth pixel of a grid of lines would give black or white, not gray."""
    gray = np.zeros((400, 1600), np.uint8)
    gray[:, ::4] = gray[:, 1::4] = 255
    small = rectify(gray, Quad.from_box(Box(0, 0, 1600, 400)), 40, 160)
    assert np.abs(small.astype(int) - 128).max() < 30


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=4, max_size=4))
def test_any_corners_give_a_picture_of_the_right_size(corners):
    """A network may say anything, an object of no size included."""
    for spec in (LINE, PLATE):
        out = crop(smooth(48, 64), Quad(tuple(corners)), spec)
        assert out.shape == (spec.height, spec.width) and out.dtype == np.uint8


# --- network input


@SPECS
@given(height=st.integers(1, 90), width=st.integers(1, 200))
def test_every_picture_becomes_the_networks_size(spec, height, width):
    for press in (fit, fit_square):
        out = press(noise(height, width), spec)
        assert out.shape == (spec.height, spec.width) and out.dtype == np.uint8


@given(st.floats(0.2, 1.0), st.integers(0, 60))
def test_contrast_and_brightness_of_the_light_do_not_matter(gain, offset):
    gray = (smooth(40, 120) // 2 + 40).astype(np.uint8)
    dim = np.clip(gray * gain + offset, 0, 255)
    if np.std(gray * gain) < 6:  # as good as flat
        return
    a, b = fit(gray, LINE), fit(dim.round().astype(np.uint8), LINE)
    assert np.abs(a.astype(int) - b).mean() < 6


def test_contrast_is_normalised_to_mean_128_and_deviation_48():
    out = normalise_contrast(smooth(60, 60))
    assert abs(out.mean() - 128) < 1.5 and abs(out.std() - 48) < 3


def test_a_flat_picture_stays_flat():
    assert (normalise_contrast(np.full((20, 20), 77, np.uint8)) == 128).all()


def test_faint_noise_is_not_blown_up():
    assert normalise_contrast(np.where(noise(50, 50) > 127, 100, 101).astype(np.uint8)).std() < 10


def test_lines_keep_their_proportions_and_are_filled_up_on_the_right():
    quad = Quad.from_box(Box(0, 0, 60, 30))
    assert natural_width(quad, LINE) == 64
    out = crop(noise(30, 60), quad, LINE)
    assert (out[:, 64:] == 128).all() and out[:, :64].std() > 30


def test_lines_too_long_are_squeezed_and_slivers_keep_some_width():
    assert natural_width(Quad.from_box(Box(0, 0, 900, 30)), LINE) == 160
    assert natural_width(Quad.from_box(Box(0, 0, 1, 300)), LINE) == 8


def test_plates_fill_the_whole_width():
    assert crop(noise(30, 30), Quad.from_box(Box(0, 0, 30, 30)), PLATE)[:, -1].std() > 10


def test_padding_adds_columns_only_where_they_are_missing():
    gray = noise(32, 160)
    assert padded(gray, LINE) is gray
    assert (padded(gray[:, :100], LINE)[:, :100] == gray[:, :100]).all()


def test_a_character_stands_in_the_middle_with_its_proportions():
    gray = np.full((40, 10), 200, np.uint8)
    gray[10:30, 4:6] = 20
    dark = np.argwhere(fit_square(gray, SQUARE) < 80)
    assert dark[:, 0].min() >= 7 and dark[:, 0].max() <= 24 and np.ptp(dark[:, 1]) <= 2
    assert dark[:, 1].mean() == pytest.approx(15.5, abs=1)


# --- bent text


@pytest.mark.parametrize("up", [1, -1])
def test_a_bent_text_is_laid_straight(up):
    flat = np.full((64, 400), 200, np.uint8)
    cv2.putText(flat, "4820 517", (40, 50), cv2.FONT_HERSHEY_DUPLEX, 1.6, 20, 3)
    radius, angles = 260.0, (np.arange(0, 401, 10) - 200) / 260.0
    x, y = np.meshgrid(np.arange(600) - 300.0, up * (np.arange(360) - 180.0 - up * 100))
    columns, rows = radius * np.arctan2(x, -y) + 200, up * (radius - np.hypot(x, y)) + 32
    bent = cv2.remap(flat, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderValue=200)

    def edge(across):
        away = radius - up * across
        return np.stack([300 + away * np.sin(angles), 180 + up * 100 - up * away * np.cos(angles)], 1)

    strip, quad = straightened(bent, Curve.of(edge(-32), edge(32)))
    box = quad.box
    found = strip[round(box.y0) : round(box.y1), round(box.x0) : round(box.x1)]
    assert found.shape == pytest.approx(flat.shape, abs=3)
    same = cv2.resize(found, flat.shape[::-1])
    assert np.corrcoef(same.ravel(), flat.ravel())[0, 1] > 0.95
