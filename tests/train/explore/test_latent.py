"""The autoencoder, its walks and its map, on a few shapes drawn here."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from realtime.errors import ModelError, SourceError, UserError
from train.explore import latent
from train.explore.latent import (
    CODE,
    LatentSettings,
    cells,
    command,
    fit,
    flattened,
    halves,
    load,
    load_model,
    map_picture,
    path_between,
)

HANDS = ("characters/handwriting",)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Sixty drawn characters: rings ("0") and bars ("1")."""
    root = tmp_path_factory.mktemp("data")
    rng, images, labels = np.random.default_rng(1), [], []
    for i in range(60):
        image = np.zeros((40, 40), np.uint8)
        x, y = (int(n) for n in rng.integers(-4, 5, 2) + 20)
        if i % 2:
            cv2.line(image, (x, 6), (x, 34), 255, 3)
        else:
            cv2.circle(image, (x, y), 12, 255, 3)
        images.append(image)
        labels.append("01"[i % 2])
    (root / "characters/handwriting").mkdir(parents=True)
    np.savez(
        root / "characters/handwriting/strokes_40x40.npz",
        images=np.stack(images), labels=np.array(labels), writer=np.array(["w"] * 60), split=np.array(["train"] * 60),
    )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def run(data, tmp_path_factory) -> Path:
    """Trained for a few seconds."""
    out = tmp_path_factory.mktemp("run") / "latent"
    fit(LatentSettings(str(data), HANDS, epochs=12, batch=20), out, lambda text: None)
    return out


def test_it_learns_to_draw_what_it_saw(run, data):
    losses = latent.plots.read_history(run / "history.csv")["loss"]
    assert len(losses) == 12 and losses[-1] < 0.8 * losses[0]
    encode, decode = halves(load_model(run))
    images, _ = load(LatentSettings(str(data), HANDS), np.random.default_rng(0))
    codes = encode(images)
    assert codes.shape == (60, CODE)
    drawn = decode(codes)
    whole = np.asarray(load_model(run).predict(images[..., None].astype(np.float32) / 255, verbose=0))[..., 0]
    assert np.abs(drawn.astype(int) - whole * 255).max() <= 1  # the two halves are the whole
    assert drawn.dtype == np.uint8 and (run / "curves.png").is_file()


def test_an_interrupted_run_goes_on_and_ends_where_a_whole_one_does(data, tmp_path, monkeypatch):
    whole, parts = LatentSettings(str(data), HANDS, epochs=3, batch=30), tmp_path / "parts"
    fit(whole, tmp_path / "whole", lambda text: None)
    real = latent.train_epoch
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(
            latent, "train_epoch", lambda *a: real(*a) if a[-1] < 1 else (_ for _ in ()).throw(KeyboardInterrupt)
        )
        fit(whole, parts, lambda text: None)
    assert len(latent.plots.read_history(parts / "history.csv")["loss"]) == 1
    said = []
    fit(whole, parts, said.append)
    assert "1 epochs already" in said[0]
    losses = [latent.plots.read_history(p / "history.csv")["loss"] for p in (tmp_path / "whole", parts)]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_other_settings_do_not_mix_into_a_run(run, data):
    with pytest.raises(UserError, match="other settings"):
        fit(LatentSettings(str(data), HANDS, epochs=12, batch=20, seed=2), run, lambda text: None)


@given(arrays(np.float64, st.tuples(st.integers(2, 6), st.just(5)), elements=st.floats(-9, 9)), st.integers(1, 7))
@settings(max_examples=40)
def test_a_walk_passes_through_every_stop(codes, steps):
    closed, opened = path_between(codes, steps), path_between(codes, steps, closed=False)
    assert closed.shape == (len(codes) * steps, 5) and opened.shape == ((len(codes) - 1) * steps + 1, 5)
    assert np.allclose(closed[::steps], codes, atol=1e-4) and np.allclose(opened[::steps], codes, atol=1e-4)


def test_a_walk_is_smooth():
    codes = np.random.default_rng(2).normal(size=(5, CODE))
    way = path_between(codes, 50)
    steps = np.linalg.norm(np.diff(np.concatenate([way, way[:1]]), axis=0), axis=1)
    legs = np.linalg.norm(codes - np.roll(codes, -1, axis=0), axis=1)
    assert steps.max() < 3 * legs.max() / 50
    turns = np.linalg.norm(np.diff(way, n=2, axis=0), axis=1)
    assert turns.max() < 0.3 * steps.max()


def test_the_walk_becomes_a_video_and_a_gif(run, data, tmp_path):
    for i, kind in enumerate((0, 255)):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.pad(np.full((20, 6), 255 - kind, np.uint8), 9, constant_values=kind))
    out = tmp_path / "deep/walk.mp4"
    pictures = [str(tmp_path / f"{i}.png") for i in range(2)]
    arguments = ["walk", str(run), *pictures, "--steps", "5", "--seconds", "2", "--out", str(out)]
    assert CliRunner().invoke(command, arguments, catch_exceptions=False).exit_code == 0
    video = cv2.VideoCapture(str(out))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 10 and video.get(cv2.CAP_PROP_FPS) == pytest.approx(5)
    with Image.open(out.with_suffix(".gif")) as gif:
        assert gif.n_frames > 1 and gif.info["duration"] >= 200
    assert sorted(p.name for p in out.parent.iterdir()) == ["walk.gif", "walk.mp4"]


def test_random_stops_and_the_map_come_from_the_data(run, data, tmp_path):
    source = ["--data", str(data), "--set", *HANDS]
    walk = ["walk", str(run), "--random", "2", "--steps", "2", *source, "--out", str(tmp_path / "w.mp4")]
    assert CliRunner().invoke(command, walk, catch_exceptions=False).exit_code == 0
    assert cv2.VideoCapture(str(tmp_path / "w.mp4")).get(cv2.CAP_PROP_FRAME_COUNT) == 4
    drawn = ["map", str(run), *source, "--out", str(tmp_path / "map.png")]
    assert CliRunner().invoke(command, drawn, catch_exceptions=False).exit_code == 0
    assert min(cv2.imread(str(tmp_path / "map.png")).shape[:2]) > 28


def test_like_codes_come_to_lie_beside_each_other():
    rng = np.random.default_rng(3)
    kinds = np.repeat(np.arange(4), 20)
    codes = 5 * rng.normal(size=(4, CODE))[kinds] + rng.normal(size=(80, CODE))
    points = flattened(codes)
    assert points.shape == (80, 2) and np.array_equal(points, flattened(codes))
    far = ((points[:, None] - points) ** 2).sum(-1) + 1e9 * np.eye(80)
    assert (kinds[far.argmin(1)] == kinds).all()


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_no_two_characters_share_a_cell(count, seed):
    side = int(np.ceil(1.15 * count**0.5))
    found = cells(np.random.default_rng(seed).normal(size=(count, 2)), side)
    assert len({tuple(c) for c in found.tolist()}) == count and found.min() >= 0 and found.max() < side


def test_the_map_shows_each_character_where_its_code_lies():
    images = np.full((3, 32, 32), 77, np.uint8)
    canvas = map_picture(images, ["0", "z", "A"], np.array([[-1.0, -1.0], [1.0, 1.0], [1.0, -1.0]]), tile=28)
    assert canvas.shape == (56, 56, 3)
    assert (canvas[12, 12] == 77).all() and (canvas[40, 40] == 77).all() and (canvas[12, 40] == 77).all()
    assert (canvas[40, 12] == 255).all()
    assert not (canvas[0, 0] == canvas[55, 55]).all()  # framed by class


def test_no_model_and_no_data_are_said(tmp_path, data):
    with pytest.raises(ModelError, match=r"missing.*latent fit"):
        load_model(tmp_path)
    (tmp_path / "latent.keras").write_bytes(b"text")
    with pytest.raises(ModelError, match="not an autoencoder"):
        load_model(tmp_path)
    with pytest.raises(SourceError):
        fit(LatentSettings(str(tmp_path), HANDS), tmp_path / "new", lambda text: None)
    result = CliRunner().invoke(command, ["walk", str(tmp_path), "one.png"])
    assert isinstance(result.exception, UserError) and "two pictures" in str(result.exception)
