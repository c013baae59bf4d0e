"""Scenes: quadrilaterals lie on their text, nothing overlaps, words are no truth where digits are looked for."""

import dataclasses

import numpy as np
import pytest

from synth.effects import Effects
from synth.shapes import KINDS, draw_shape, sample_shape
from synth.text.fonts import ALPHABET, DIGITS
from synth.text.scene import extent_of, render_scene, sample_scene

SIZE = (240, 320)


def scene_of(seed, mode="digits", **options):
    return sample_scene(np.random.default_rng(seed), mode, "train", SIZE, **options)


@pytest.mark.parametrize("mode", ["digits", "characters"])
def test_a_scene_replays_and_its_truth_is_in_the_picture(mode):
    alphabet = {"digits": DIGITS + ".-:", "characters": ALPHABET}[mode]
    found = 0
    for seed in range(25):
        scene = scene_of(seed, mode)
        image, quads, texts = render_scene(scene)
        assert image.shape == SIZE and image.dtype == np.uint8
        assert quads.shape == (len(texts), 4, 2) and quads.dtype == np.float32
        assert all(text and set(text) <= set(alphabet) for text in texts)
        assert (quads >= -0.5).all() and (quads <= np.array(SIZE[::-1]) + 0.5).all()
        assert np.array_equal(image, render_scene(scene_of(seed, mode))[0])
        found += len(texts)
    assert found > 25


def test_ink_changes_the_picture_inside_the_quadrilaterals_only():
    for seed in range(12):
        scene = dataclasses.replace(scene_of(seed, "characters", lines=(1, 3)), effects=Effects())
        with_text, quads, _ = render_scene(scene)
        bare = dataclasses.replace(
            scene,
            panels=tuple(
                dataclasses.replace(panel, items=tuple(map(without_ink, panel.items)), contrast=0.0)
                for panel in scene.panels
                if panel.ground is not None
            ),
        )
        if len(bare.panels) < len(scene.panels) or any(item.line.drum for p in scene.panels for item in p.items):
            continue
        changed = np.argwhere(np.abs(with_text.astype(int) - render_scene(bare)[0]) > 60)[:, ::-1]
        assert len(changed)
        assert np.mean([any(inside(point, quad) for quad in quads) for point in changed]) > 0.97


def without_ink(item):
    style = dataclasses.replace(
        item.line.style, ink=item.line.style.paper, outline=None, shadow=None, relief=0.0, glow=0.0, fade=0.0
    )
    return dataclasses.replace(item, line=dataclasses.replace(item.line, style=style))


def inside(point, quad, margin=3.0):
    edges = np.roll(quad, -1, 0) - quad
    normals = np.stack([-edges[:, 1], edges[:, 0]], 1) / np.linalg.norm(edges, axis=1, keepdims=True)
    return bool((((point + 0.5 - quad) * normals).sum(1) > -margin).all())


def test_panels_do_not_touch():
    for seed in range(20):
        boxes = [extent_of(panel) for panel in scene_of(seed).panels]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert (a[:2] >= b[2:]).any() or (b[:2] >= a[2:]).any()


def test_some_scenes_are_empty_and_none_is_where_lines_are_asked_for():
    assert 0 < sum(not scene_of(seed).panels for seed in range(40)) < 20
    assert all(scene_of(seed, lines=(1, 2)).panels for seed in range(20))


def test_colour_has_the_same_truth():
    scene = scene_of(3, lines=(1, 4))
    gray, quads, texts = render_scene(scene)
    bgr, same, again = render_scene(scene, colour=True)
    assert bgr.shape == (*gray.shape, 3) and np.array_equal(quads, same) and texts == again


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_are_drawn_and_replay(kind):
    shape = dataclasses.replace(
        sample_shape(np.random.default_rng(1)), kind=kind, centre=(0.5, 0.5), size=(120.0, 90.0), tones=(10.0, 240.0)
    )
    once, again = np.full((2, *SIZE), 128, np.uint8)
    draw_shape(once, shape)
    draw_shape(again, shape)
    assert np.array_equal(once, again) and np.ptp(once) > 50
