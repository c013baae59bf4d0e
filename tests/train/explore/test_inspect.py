"""Looking inside a small network, made and quantised here."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from realtime.errors import ModelError, SourceError, UserError
from realtime.spec import ModelSpec
from train.explore import inspect
from train.explore.inspect import (
    Layer,
    answer,
    bars,
    batch_of,
    chosen,
    command,
    exciting,
    filter_layers,
    grid,
    network_input,
    open_net,
    overlaid,
    saliency,
)

SPEC = ModelSpec("tiny", "digits", "classifier", 16, 16, "0123456789")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """tiny.keras and int8 tiny.tflite: brightness of the left half speaks for class 0, of the right for class 1."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    source = keras.Input((16, 16, 1), name="gray")
    x = keras.layers.Rescaling(1 / 255)(source)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="edges")(x)
    x = keras.layers.Conv2D(1, 1, activation="relu", name="mean")(x)
    x = keras.layers.AveragePooling2D((16, 8))(x)
    x = keras.layers.Flatten()(x)
    model = keras.Model(source, keras.layers.Dense(11, name="logits")(x))
    edges = np.zeros((3, 3, 1, 4), np.float32)
    edges[1, 1, 0] = 1
    edges[0, :, 0, 1], edges[2, :, 0, 1] = -1, 1  # filter 1 answers to brightness that grows downwards
    model.get_layer("edges").set_weights([edges, np.zeros(4, np.float32)])
    model.get_layer("mean").set_weights([np.array([1, 0, 0, 0], np.float32).reshape(1, 1, 4, 1), np.zeros(1)])
    weights = np.zeros((2, 11), np.float32)
    weights[0, 0] = weights[1, 1] = 8
    model.get_layer("logits").set_weights([weights, np.zeros(11, np.float32)])
    path = tmp_path_factory.mktemp("models")
    model.save(path / "tiny.keras")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    ramps = [np.tile(np.linspace(a, b, 16, dtype=np.float32), (16, 1)) for a, b in ((0, 0), (255, 255), (0, 255))]
    converter.representative_dataset = lambda: ([r[None, ..., None]] for r in ramps)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    (path / "tiny.tflite").write_bytes(converter.convert())
    (path / "tiny.json").write_text(json.dumps(asdict(SPEC)))
    return path


@pytest.fixture
def half() -> np.ndarray:
    """Bright on the left."""
    image = np.zeros((16, 16), np.uint8)
    image[:, :8] = 255
    return image


@pytest.mark.parametrize("name", ["tiny.keras", "tiny.tflite"])
def test_every_layer_is_shown_for_both_kinds(folder, half, name):
    net = open_net(folder / name)
    layers = net.layers(batch_of(half, net))
    shapes = [a.values.shape for a in layers]
    assert (16, 16, 4) in shapes and shapes[-1] == (11,)
    assert layers[-1].values.argmax() == 0
    assert net.spec == SPEC
    for layer in layers:
        assert grid(layer).dtype == np.uint8


def test_float_and_int8_layers_show_the_same_numbers(folder, half):
    floats, int8s = (open_net(folder / n) for n in ("tiny.keras", "tiny.tflite"))
    one = {a.values.shape: a.values for a in floats.layers(batch_of(half, floats))}
    two = {a.values.shape: a.values for a in int8s.layers(batch_of(half, int8s))}
    for shape in ((16, 16, 4), (11,)):
        assert np.abs(one[shape] - two[shape]).max() < 0.05 * np.abs(one[shape]).max() + 0.05


@pytest.mark.parametrize("name", ["tiny.keras", "tiny.tflite"])
def test_the_pixels_that_decided_are_the_bright_ones(folder, half, name):
    net = open_net(folder / name)
    heat = saliency(net, half, np.random.default_rng(2))
    assert heat.shape == half.shape and heat.max() == pytest.approx(1)
    assert heat[:, :8].mean() > 3 * heat[:, 9:].mean()
    assert overlaid(half, heat).shape == (128, 128, 3)


def test_a_filter_is_excited_by_what_it_detects(folder):
    net = open_net(folder / "tiny.keras")
    (layer,) = filter_layers(net, ["edges"])
    pictures = exciting(net, layer, 2, np.random.default_rng(3), steps=16)
    assert pictures.shape == (2, 16, 16) and pictures.dtype == np.uint8
    assert pictures[0].mean() > 200  # filter 0 copies brightness
    with pytest.raises(UserError, match=r"'nope'.*edges"):
        filter_layers(net, ["nope"])


def test_one_page_holds_everything(folder, tmp_path):
    cv2.imwrite(str(tmp_path / "seven.png"), np.full((30, 20, 3), 180, np.uint8))
    out = tmp_path / "deep/page.html"
    arguments = [str(folder / "tiny.keras"), str(tmp_path / "seven.png"), "--out", str(out), "--saliency"]
    result = CliRunner().invoke(command, [*arguments, "--filters", "1", "--layer", "edges"], catch_exceptions=False)
    assert result.exit_code == 0
    text = out.read_text()
    for part in ("seven.png", "what the network receives", "which pixels decided", "edges", "logits", "excites"):
        assert part in text
    assert "http" not in text


@pytest.mark.parametrize(
    ("name", "content"), [("a.keras", b"not a model"), ("a.tflite", b"not a model"), ("a.txt", b"")]
)
def test_what_is_no_model_is_said_in_one_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name) as error:
        open_net(tmp_path / name)
    assert "\n" not in str(error.value)
    with pytest.raises(ModelError, match="is not a model file"):
        open_net(tmp_path / "gone.keras")


def test_what_is_no_picture_is_said(folder, tmp_path):
    (tmp_path / "a.png").write_bytes(b"text")
    result = CliRunner().invoke(command, [str(folder / "tiny.keras"), str(tmp_path / "a.png")])
    assert isinstance(result.exception, SourceError)


def test_filters_of_an_int8_model_are_refused(folder):
    with pytest.raises(UserError, match=r"\.keras"):
        list(inspect.filter_parts(open_net(folder / "tiny.tflite"), 1, ()))


def test_without_a_sidecar_the_shapes_tell(tmp_path):
    spec = inspect.spec_of(tmp_path / "m.keras", (None, 32, 32, 1), (None, 63))
    assert (spec.mode, spec.kind, spec.height, len(spec.alphabet)) == ("characters", "classifier", 32, 62)
    reader = inspect.spec_of(tmp_path / "m.keras", (None, 48, 144, 1), (None, 72, 37))
    assert (reader.mode, reader.kind) == ("plates", "reader")
    locator = inspect.spec_of(tmp_path / "m.keras", (None, None, None, 1), {"corners": (0,), "objectness": (0,)})
    assert locator.kind == "locator"


def test_answers_in_words():
    logits = np.full((1, 11), -9.0)
    logits[0, [7, 10]] = 3, 1
    assert answer({"": logits}, SPEC).startswith("7 0.88") and "none 0.11" in answer({"": logits}, SPEC)
    steps = np.full((1, 5, 11), -9.0)
    steps[0, range(5), [1, 10, 1, 2, 10]] = 9
    assert answer({"": steps}, replace(SPEC, kind="reader")).startswith("'112'")
    assert "0.500" in answer({"objectness": np.full((1, 2, 2, 1), 0.5)}, SPEC)


def test_blank_steps_do_not_decide():
    steps = np.zeros((1, 3, 4))
    steps[0, range(3), [2, 3, 1]] = 1
    assert chosen({"": steps})[1].sum(-1).tolist() == [[1, 0, 1]]
    steps[:] = [0, 0, 0, 1]
    assert chosen({"": steps})[1].sum() == 3


@pytest.mark.parametrize("shape", [(5, 7, 3), (5, 7, 200), (40, 12), (10,), (700,)])
def test_layers_of_any_shape_become_pictures(shape):
    picture = grid(Layer("x", "Conv", np.random.default_rng(0).normal(size=shape).astype(np.float32)))
    assert picture.dtype == np.uint8 and min(picture.shape[:2]) > 0


def test_bars_grow_from_the_middle():
    picture = bars(np.array([1.0, -1.0]))
    assert (picture[10, 10], picture[-10, 10]) == (60, 255)
    assert (picture[10, -10], picture[-10, -10]) == (255, 60)


def test_the_input_is_what_realtime_feeds():
    class Net:
        spec, channels = SPEC, 1

    gray = network_input(np.zeros((20, 30, 3), np.uint8), Net)
    assert gray.shape == (16, 16)
    Net.spec = replace(SPEC, kind="locator")
    assert network_input(np.zeros((20, 30, 3), np.uint8), Net).shape == (20, 30)
    assert batch_of(gray, type("Rgb", (), {"spec": SPEC, "channels": 3})).shape == (1, 16, 16, 3)


def test_a_locator_gets_blocks_of_pixels_as_channels():
    class Net:
        spec, channels = replace(SPEC, kind="locator"), 16

    gray = np.arange(10 * 21, dtype=np.uint8).reshape(10, 21)
    batch = batch_of(gray, Net)
    assert batch.shape == (1, 8 // 4, 16 // 4, 16)  # whole steps of the locator only
    assert (batch[0, 1, 2].reshape(4, 4) == gray[4:8, 8:12]).all()
