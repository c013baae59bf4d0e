"""The networks: shapes, raw uint8 in, and a locator whose cells are windows."""

import numpy as np
import pytest
from conftest import scrambled

keras = pytest.importorskip("keras", reason="needs the extra train: pip install -e '.[train]'")

from train import nets
from train.sampling.recipes import SIGHT, SPECS, STRIDE, WINDOW

SMALL = {"reader": 1_100_000, "classifier": 1_000_000, "locator": 80_000, "text-locator": 800_000, "corners": 250_000}


@pytest.fixture(scope="module")
def locator():
    return scrambled(nets.build(SPECS["plates-locator"]))


def answer(model, images):
    """Outputs as numpy, by name where there are several."""
    out = model(images.astype("float32"), training=False)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, out)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("name", SPECS)
def test_every_network_has_the_shapes_of_its_sidecar_and_is_small(name):
    spec = SPECS[name]
    model = nets.build(spec)
    out = answer(model, noise(2, spec.height, spec.width, 1))
    shapes = {k: v.shape for k, v in out.items()} if isinstance(out, dict) else out.shape
    side = spec.height // 8, spec.width // 8
    expected = {
        "reader": (2, spec.slots, spec.classes),
        "classifier": (2, spec.classes),
        "locator": {"corners": (2, 1, 1, 8), "objectness": (2, 1, 1, 1)},
        "text-locator": {"geometry": (2, *side, 24), "kernel": (2, *side, 4)},
        "corners": {"corners": (2, 8), "objectness": (2, 1)},
    }
    assert shapes == expected[spec.kind]
    assert model.count_params() < SMALL[spec.kind]


@pytest.mark.parametrize("name", ["digits-classifier", "plates-corners"])
def test_the_same_seed_gives_the_same_network(name):
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        weights.append(nets.build(SPECS[name]).get_weights())
    assert all((a == b).all() for a, b in zip(*weights, strict=True))


def test_cells_of_the_heat_map_are_the_windows(locator):
    """One convolutional pass over a picture IS the sliding window (float; tests/test_model.py: int8, exactly)."""
    picture = noise(1, WINDOW + 5 * STRIDE, WINDOW + 3 * STRIDE, 1)
    whole = answer(locator, picture)
    assert whole["objectness"].shape == (1, 6, 4, 1) and whole["objectness"].std() > 1e-3
    places = [(i, j) for i in range(6) for j in range(4)]
    cut = [picture[0, STRIDE * i : STRIDE * i + WINDOW, STRIDE * j : STRIDE * j + WINDOW] for i, j in places]
    windows = answer(locator, np.stack(cut))
    for name in ("objectness", "corners"):
        cells = np.stack([whole[name][0, i, j] for i, j in places])
        assert np.allclose(windows[name][:, 0, 0], cells, atol=1e-4)


def test_a_cell_sees_its_window_and_nothing_beyond(locator):
    picture = noise(1, WINDOW + 2 * STRIDE, WINDOW + 2 * STRIDE, 1)
    other = noise(*picture.shape, seed=1)
    window = slice(STRIDE, STRIDE + WINDOW)
    other[:, window, window] = picture[:, window, window]
    a, b = answer(locator, picture)["corners"], answer(locator, other)["corners"]
    assert np.array_equal(a[0, 1, 1], b[0, 1, 1]) and not np.array_equal(a[0, 0, 0], b[0, 0, 0])


@pytest.mark.parametrize("edge", [(0, 47), (95, 47), (47, 0), (47, 95)])
def test_a_cell_sees_to_the_edge_of_its_window(locator, edge):
    dark, detection = np.zeros((1, WINDOW, WINDOW, 1), np.uint8), np.zeros((1, WINDOW, WINDOW, 1), np.uint8)
    detection[0, edge[0], edge[1]] = 255
    assert not np.array_equal(answer(locator, dark)["corners"], answer(locator, detection)["corners"])


def test_a_network_is_saved_and_loaded_without_its_code(tmp_path, locator):
    locator.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras", compile=False)
    picture = noise(1, WINDOW, WINDOW, 1)
    assert np.array_equal(answer(again, picture)["corners"], answer(locator, picture)["corners"])


@pytest.fixture(scope="module")
def text_locator():
    return scrambled(nets.build(SPECS["digits-locator"]))


def test_a_cell_of_the_text_locator_depends_on_its_own_window_alone(text_locator):
    """The sliding window: whatever is outside the window of SIGHT pixels around it, a place says the same."""
    side = SIGHT + 64
    picture = noise(1, side, side, 1)
    before, middle = answer(text_locator, picture), side // 2
    place = middle // 8
    for reach, changed in ((SIGHT // 2, False), (SIGHT // 4, True)):
        other = noise(1, side, side, 1, seed=1)
        inside = slice(middle - reach, middle + reach)
        other[:, inside, inside] = picture[:, inside, inside]
        after = answer(text_locator, other)
        gap = max(np.abs(before[name][0, place, place] - after[name][0, place, place]).max() for name in before)
        assert (gap > 1e-4) == changed


def test_a_moved_picture_moves_the_text_map(text_locator):
    picture = noise(1, 512, 512, 1)
    moved = np.roll(picture, 32, axis=(1, 2))
    here, there = answer(text_locator, picture)["kernel"][0], answer(text_locator, moved)["kernel"][0]
    assert np.allclose(here[28:32, 28:32], there[32:36, 32:36], atol=1e-4) and here[28:32, 28:32].std() > 1e-4
