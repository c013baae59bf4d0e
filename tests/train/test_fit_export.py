"""From rendered samples to an int8 file that reads them: the whole way of a model, in little."""

import csv
import json
import math
from itertools import islice

import numpy as np
import pytest
from conftest import scrambled

pytest.importorskip("tensorflow", reason="needs the extra train: pip install -e '.[train]'")
keras = pytest.importorskip("keras")

from realtime.errors import ModelError
from realtime.recognise import Recogniser, classify, softmax
from realtime.spec import ModelSpec, load_spec, sha256_of
from synth.text.crops import sample_character
from train import nets
from train.export import calibrated, check_quantisation, export, said_by
from train.losses import smooth_cross_entropy
from train.sampling.samplers import Rendered
from train.trainer import Averaged, Settings, best_so_far, cosine, fit, transfer

SPEC = ModelSpec("digits-classifier", "digits", "classifier", 24, 24, "01")  # small, to be quick
STEPS = 20


def samples(seed):
    """Endless rendered samples of SPEC, 0 or 1, each from its own generator."""
    sampler = Rendered(lambda rng: sample_character(rng, "train", SPEC.alphabet, strength=0.2), SPEC)
    for k in range(1_000_000):
        yield sampler(np.random.default_rng((seed, k)))


def batches(seed, size=16):
    stream = samples(seed)
    while True:
        images, classes = zip(*islice(stream, size), strict=True)
        yield np.stack(images)[..., None], np.stack(classes)


def logits_of(model, images):
    return keras.ops.convert_to_numpy(model(images.astype("float32"), training=False))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A classifier fitted for a few steps: its folder, the network, held-out pictures and their classes."""
    out = tmp_path_factory.mktemp("run")
    images, classes = next(batches(99, 64))

    def score(model):
        return {"score": float((logits_of(model, images).argmax(-1) == classes).mean())}

    settings = Settings("digits-classifier", "", str(out), steps=STEPS, batch=16, every=10, average=0.5, rate=4e-3)
    keras.utils.set_random_seed(1)
    model = fit(nets.build(SPEC), smooth_cross_entropy(), batches(1), score, settings)
    return out, model, images, classes


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    _, model, images, _ = run
    folder = tmp_path_factory.mktemp("models") / "new"
    return export(model, SPEC, iter(images[:32, None]), folder), folder


def test_a_few_steps_on_rendered_pictures_learn(run):
    _, model, images, classes = run
    right = (logits_of(model, images).argmax(-1) == classes).mean()
    assert right > 0.75


def test_a_run_explains_itself(run):
    out, model, images, classes = run
    rows = list(csv.DictReader((out / "history.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"] and float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert json.loads((out / "settings.json").read_text())["steps"] == STEPS
    best = keras.models.load_model(out / "model.keras", compile=False)
    assert np.array_equal(logits_of(best, images), logits_of(model, images))
    right = (logits_of(best, images).argmax(-1) == classes).mean()
    assert max(float(row["score"]) for row in rows) == pytest.approx(right, abs=1e-3)


def test_int8_answers_as_float_does(run, exported):
    _, model, images, _ = run
    int8, _ = exported
    floats = logits_of(model, images)
    ints = np.concatenate([int8(image[None]) for image in images])
    assert np.abs(floats - ints).mean() < 0.1 * floats.std()
    assert (floats.argmax(-1) == ints.argmax(-1)).mean() > 0.95


def test_what_is_exported_reads_pictures(run, exported):
    _, _, images, classes = run
    int8, _ = exported
    texts = [r.text for r in Recogniser(int8, int8.spec).read(list(images[..., 0]))]
    truths = [[*SPEC.alphabet, ""][k] for k in classes]
    assert np.mean([a == b for a, b in zip(texts, truths, strict=True)]) > 0.7
    assert texts[0] == classify(softmax(int8(images[:1]))[0], SPEC).text


def test_an_exported_file_is_whole_small_and_described(exported):
    int8, folder = exported
    assert sorted(path.name for path in folder.iterdir()) == ["digits-classifier.json", "digits-classifier.tflite"]
    spec = load_spec(folder / "digits-classifier.json")
    assert spec == int8.spec and spec.sha256 == sha256_of(int8.path)
    assert int8.path.stat().st_size < 1.3 * nets.build(SPEC).count_params()


def test_a_reader_of_any_width_answers_in_int8_as_float_does_at_each(tmp_path):
    spec = ModelSpec("digits-reader", "digits", "reader", 32, 96, "01", slots=24, keep_aspect=True, any_width=True)
    rng = np.random.default_rng(4)
    model = scrambled(nets.reader(spec, any_width=True))
    pictures = rng.integers(0, 256, (16, 32, 96, 1), dtype=np.uint8)
    int8 = export(nets.sized(model, spec), spec, iter(pictures[:, None]), tmp_path)
    int8.check()
    for width in (64, 96):
        floats, ints = logits_of(model, pictures[:, :, :width]), int8(pictures[:, :, :width])
        assert ints.shape == floats.shape == (16, width // 4, 3)
        assert np.abs(floats - ints).mean() < 0.15 * floats.std()


def test_what_loses_too_much_is_not_shipped():
    check_quantisation(SPEC, same=0.995, loss=0.001)
    with pytest.raises(ModelError, match=r"agrees with float on 98\.00%"):
        check_quantisation(SPEC, same=0.98, loss=0.0)
    with pytest.raises(ModelError, match=r"loses 1\.00%"):
        check_quantisation(SPEC, same=1.0, loss=0.01)


# --- fitting


def test_answers_that_no_text_is_there_are_not_calibrated():
    """They have no confidence: counted as 0, though right, they would make all the others surer."""
    logits = np.array([[3.0, 0.0, 0.0]] * 10 + [[0.0, 0.0, 9.0]] * 10)  # ten read "0", ten read nothing
    right = np.array([True] * 9 + [False] + [True] * 10)
    said = np.array(said_by(logits, SPEC))
    spec, bins = calibrated(SPEC, logits, said, right)
    assert bins.count.sum() == 10 and bins.error < 0.01
    assert spec.temperature == calibrated(SPEC, logits[:10], said[:10], right[:10])[0].temperature


def test_the_rate_warms_up_then_falls():
    schedule = cosine(Settings("t", "", "", steps=1000, rate=1e-3))
    rates = [float(schedule(step)) for step in (0, 10, 20, 500, 999)]
    assert rates[0] < rates[1] < rates[2] == pytest.approx(1e-3) and rates[2] > rates[3] > rates[4] > 0


def test_averaged_weights_lie_between_and_come_back():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    averaged = Averaged(0.5)
    averaged.set_model(model)
    for value in (0.0, 1.0):
        model.set_weights([np.array([[value]], np.float32)])
        averaged.on_train_batch_end(0)
    averaged.swap()
    assert 0 < float(model.get_weights()[0][0, 0]) < 1
    averaged.swap()
    assert model.get_weights()[0] == 1.0


def test_weights_travel_to_another_alphabet_all_but_the_last_layer():
    source, target = nets.build(SPEC), nets.build(ModelSpec("c", "characters", "classifier", 24, 24, "0123456789"))
    fresh = target.layers[-1].get_weights()
    transfer(source, target)
    assert all(
        np.array_equal(a, b)
        for old, new in zip(source.layers[:-1], target.layers[:-1], strict=True)
        for a, b in zip(old.get_weights(), new.get_weights(), strict=True)
    )
    assert np.array_equal(target.layers[-1].get_weights()[0], fresh[0])


def test_a_run_that_goes_on_keeps_its_best_score(tmp_path):
    assert best_so_far(tmp_path) == -math.inf
    (tmp_path / "history.csv").write_text("epoch,score\n1,0.5\n2,0.75\n3,0.6\n")
    assert best_so_far(tmp_path) == -math.inf  # finished: what starts here is new
    (tmp_path / "backup").mkdir()
    assert best_so_far(tmp_path) == 0.75
