"""The data at a glance, on characters drawn here with a few mistakes put in."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from realtime.errors import SourceError
from realtime.spec import ModelSpec
from realtime.values import Box, Quad
from train.datasets import Example
from train.explore import dataset as module
from train.explore.dataset import (
    FOLDS,
    Suspect,
    command,
    contradictions,
    cross_validated,
    features,
    fingerprint,
    folds_of,
    glance,
    look,
    suspects,
    twins,
)


def drawn(char: str, rng: np.random.Generator) -> np.ndarray:
    """A character of a stroke font, shaken, dark on light: uint8 (40, 40)."""
    image = np.full((40, 40), int(rng.integers(180, 240)), np.uint8)
    x, y = (int(n) for n in rng.integers(-2, 3, 2))
    cv2.putText(image, char, (9 + x, 31 + y), cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.95, 1.15)), 40, 2)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def examples(count: int, alphabet: str = "AKXE", wrong: dict[int, str] | None = None) -> list[Example]:
    rng = np.random.default_rng(4)
    texts = [alphabet[i % len(alphabet)] for i in range(count)]
    pixels = [drawn(t, rng) for t in texts]
    texts = [(wrong or {}).get(i, t) for i, t in enumerate(texts)]
    return [Example("set", t, pixels=p, group=f"g{i}") for i, (t, p) in enumerate(zip(texts, pixels, strict=True))]


def test_a_wrong_label_is_found_and_a_right_one_is_not_suspected():
    seen = [look(e) for e in examples(160, wrong={7: "A", 40: "X"})]
    found = suspects(seen, "AKXE")
    assert {f.seen.example.group for f in found} == {"g7", "g40"}
    assert {f.answer for f in found} == {"E", "A"}


def test_too_few_or_all_alike_are_not_judged():
    assert suspects([look(e) for e in examples(20)], "AKXE") == []
    assert suspects([look(e) for e in examples(80, "A")], "A") == []


def test_the_judge_never_saw_what_it_judges():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 200)
    noise = rng.normal(size=(200, 400))  # enough features to learn every label by heart
    p = cross_validated(noise, labels, np.arange(200) % FOLDS, 2)
    assert 0.35 < (p.argmax(1) == labels).mean() < 0.65
    assert p.sum(1) == pytest.approx(1)


def test_a_group_and_twins_stay_in_one_fold():
    seen = [look(e) for e in examples(60)]
    grouped = [look(Example("set", "A", pixels=s.example.pixels, group=f"w{i % 7}")) for i, s in enumerate(seen)]
    folds = folds_of(grouped)
    assert len(set(folds)) > 1
    assert all(
        len({f for f, s in zip(folds, grouped, strict=True) if s.example.group == f"w{k}"}) == 1 for k in range(7)
    )
    loose = [look(Example("set", "A", pixels=seen[i % 3].example.pixels)) for i in range(9)]
    assert folds_of(loose).tolist() == folds_of(loose).tolist()[:3] * 3


def test_case_and_one_shape_are_no_contradiction():
    seen = look(examples(1)[0])

    def suspect(label: str, answer: str, confidence: float = 0.9) -> Suspect:
        example = Example("set", label, pixels=seen.example.pixels)
        return Suspect(module.Seen(example, seen.gray, seen.size, seen.print), answer, confidence)

    alike = [suspect("s", "S"), suspect("0", "O"), suspect("l", "I"), suspect("AB1", "ABl"), suspect("A", "B", 0.3)]
    assert contradictions(alike) == []
    apart = [suspect("A", "B", 0.6), suspect("", "1", 0.8)]
    assert [f.confidence for f in contradictions([*alike, *apart])] == [0.8, 0.6]


def test_twins_are_found_after_rescaling_and_recompression():
    rng = np.random.default_rng(6)
    one = cv2.GaussianBlur(rng.integers(0, 256, (64, 96), np.uint8), (0, 0), 6)
    one = cv2.normalize(one, None, 0, 255, cv2.NORM_MINMAX)
    other = cv2.imdecode(cv2.imencode(".jpg", cv2.resize(one, (136, 128)), [cv2.IMWRITE_JPEG_QUALITY, 98])[1], 0)
    far = np.unpackbits(
        np.frombuffer(fingerprint(one[::-1]), np.uint8) ^ np.frombuffer(fingerprint(one), np.uint8)
    ).sum()
    near = np.unpackbits(np.frombuffer(fingerprint(other), np.uint8) ^ np.frombuffer(fingerprint(one), np.uint8)).sum()
    assert near < 16 < far


def test_copies_across_the_split_come_first_and_flat_pictures_are_no_copies():
    rng = np.random.default_rng(7)
    images = [drawn(c, rng) for c in "AB"]
    flat = np.full((40, 40), 100, np.uint8)
    rows = [(images[0], "A", "train"), (images[0], "A", "train"), (images[1], "B", "train"), (images[1], "B", "val")]
    seen = [look(Example("set", t, s, pixels=p)) for p, t, s in [*rows, (flat, "", "train"), (flat, "", "val")]]
    groups = twins(seen)
    assert [[s.example.text for s in g] for g in groups] == [["B", "B"], ["A", "A"]]


def test_features_tell_direction_not_polarity():
    image = drawn("K", np.random.default_rng(8))[4:36, 4:36]
    light, dark = features(np.stack([image, 255 - image]))
    assert light.shape == (512,) and np.linalg.norm(light - dark) < 0.2
    turned = features(np.rot90(image)[None])[0]
    assert np.linalg.norm(light - turned) > 0.3


def test_only_the_box_is_looked_at():
    image = np.zeros((40, 60), np.uint8)
    image[10:30, 20:30] = 255
    seen = look(Example("set", "I", pixels=image, quad=Quad.from_box(Box(20, 10, 30, 30))))
    assert seen.size == (10, 20)


def write_characters(root: Path) -> None:
    """characters/chars74k with two wrong labels and one copy across the split; one scene word."""
    folder = root / "characters/chars74k"
    (folder / "images").mkdir(parents=True)
    lines = ["file,text,split"]
    for i, example in enumerate(examples(120, wrong={9: "X"})):
        cv2.imwrite(str(folder / f"images/{i}.png"), example.pixels)
        lines.append(f"images/{i}.png,{example.text},train")
    cv2.imwrite(str(folder / "images/copy.png"), examples(1)[0].pixels)
    (folder / "labels.csv").write_text("\n".join([*lines, "images/copy.png,A,val"]) + "\n")


def test_the_page_shows_classes_samples_copies_and_suspects(tmp_path):
    write_characters(tmp_path)
    with (tmp_path / "characters/chars74k/labels.csv").open("a") as lines:
        lines.write("images/gone.png,A,train\n")
    out = tmp_path / "runs/data.html"
    result = CliRunner().invoke(
        command, ["characters", "--data", str(tmp_path), "--out", str(out)], catch_exceptions=False
    )
    assert result.exit_code == 0
    text = out.read_text()
    for part in (
        "Classes",
        "characters/chars74k",
        "121",
        "1 copies in 1 groups, 1 of them on both",
        "X, rather K",
        "gone.png",
    ):
        assert part in text, part
    assert "characters/handwriting" not in text and "http" not in text


def test_texts_are_checked_by_a_model_where_one_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "characters/iiit5k_words"
    (folder / "images").mkdir(parents=True)
    for i in range(3):
        cv2.imwrite(str(folder / f"images/{i}.png"), examples(3)[i].pixels)
    (folder / "labels.csv").write_text("file,text\nimages/0.png,AB\nimages/1.png,KK\nimages/2.png,XX\n")
    (folder / "chars.csv").write_text("file,char,x,y,w,h\n")
    asked = []

    def reader(model, seen):
        asked.append((model, len(seen)))
        return [Suspect(seen[1], "KX", 0.9)]

    monkeypatch.setattr(module, "read_by", reader)
    path = glance("characters", tmp_path, tmp_path / "p.html", tmp_path / "m.tflite")
    assert asked == [(tmp_path / "m.tflite", 3)] and "KK, rather KX" in path.read_text()


def test_a_reader_contradicts_only_what_it_can_spell(monkeypatch):
    class Net:
        """Reads "7" whatever it is shown."""

        spec = ModelSpec("digits-reader", "digits", "reader", 32, 64, "0123456789", slots=3)

        def __init__(self, path):
            pass

        def __call__(self, batch):
            return np.eye(11, dtype=np.float32)[None, [10, 7, 10]] * 20

    monkeypatch.setattr("realtime.model.Model", Net)
    seen = [look(Example("set", t, pixels=examples(1)[0].pixels)) for t in ("7", "1", "A7", None)]
    assert [(f.seen.example.text, f.answer) for f in module.read_by(Path("m.tflite"), seen)] == [("1", "7")]


def test_a_folder_without_data_is_said(tmp_path):
    with pytest.raises(SourceError, match="holds no data for digits"):
        glance("digits", tmp_path, tmp_path / "p.html")
