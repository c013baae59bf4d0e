"""An evaluation is a table of rows, and goes on where it was interrupted."""

import click
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import FakePipeline

from realtime.recognise import NOTHING
from realtime.values import Reading
from train.datasets import Example
from train.evaluation import evaluate
from train.evaluation.evaluate import Row
from train.resume import Kept, digest


@pytest.fixture
def sections(monkeypatch, tmp_path):
    """Two sections that count how often they are measured; the second is interrupted as long as `.broken`."""

    class Sections:
        calls, broken = [], False

        def first(self, bench):
            self.calls.append("first")
            bench.note(Example("set", "7", "val", pixels=np.zeros((4, 4), np.uint8)), np.zeros((4, 4), np.uint8), "1")
            return [Row("first", 3, 1 / 3, "50 %")]

        def second(self, bench):
            self.calls.append("second")
            if self.broken:
                raise KeyboardInterrupt
            return [Row("second", 2, 1.0)]

    made = Sections()
    made.calls = []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(evaluate, "SECTIONS", {"digits": (made.first, made.second)})
    monkeypatch.setattr(evaluate, "load", lambda *_, **__: FakePipeline())
    return made


def run(*words):
    return CliRunner().invoke(evaluate.command, ["digits", "--data", "data", *words], standalone_mode=False)


def test_an_interrupted_evaluation_goes_on(sections, tmp_path):
    sections.broken = True
    assert isinstance(run("--worst", "worst").exception, click.Abort)
    assert [p.name for p in tmp_path.rglob("*.png")] == ["0000_7_read_1.png"]
    sections.broken = False
    done = run("--worst", "worst")
    assert sections.calls == ["first", "second", "second"]
    table = [line.split() for line in done.stdout.splitlines() if "%" in line]
    assert [row[:3] for row in table] == [["first", "3", "33.33"], ["second", "2", "100.00"]]
    assert not list(tmp_path.rglob("*.json"))  # all is done: nothing is kept
    run()
    assert sections.calls[3:] == ["first", "second"]


def test_what_was_done_with_other_files_is_not_taken_up(tmp_path):
    (tmp_path / "m").write_bytes(b"1")
    key = digest([tmp_path / "m"], "data")
    kept = Kept(tmp_path / "kept.json", key)
    assert kept("a", lambda: [1]) == [1] and "a" in Kept(kept.path, key)
    (tmp_path / "m").write_bytes(b"2")
    assert digest([tmp_path / "m"], "data") != key != digest([tmp_path / "m"], "other")
    assert "a" not in Kept(kept.path, digest([tmp_path / "m"], "data"))


def test_an_evaluation_is_taken_up_only_for_the_same_models_pictures_and_question(tmp_path):
    for name in ("data", "mine", "models"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ("digits-reader.json" if name == "models" else "a.png")).write_bytes(b"1")
    data, mine, models = (str(tmp_path / name) for name in ("data", "mine", "models"))

    def key(mode="digits", added=(mine,), most=None):
        kept = evaluate.kept_for(mode, data, models, added, most, tmp_path / "runs")
        kept("a", lambda: 1)
        return kept.path.name, kept.path.read_text()

    first = key()
    assert key() == first and key(added=()) != first and key(most=3) != first and key("plates") != first
    for changed in (
        f"{data}/b.png",
        f"{data}/a.png",
        f"{mine}/a.png",
        f"{models}/digits-reader.json",
        f"{models}/l.npz",
    ):
        before = key()
        with open(changed, "wb") as file:
            file.write(b"22")
        assert key() != before, changed


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"key": "k"}'])
def test_a_damaged_file_counts_as_nothing(tmp_path, content):
    (tmp_path / "kept.json").write_text(content)
    kept = Kept(tmp_path / "kept.json", "k")
    assert "a" not in kept and kept("a", lambda: 2) == 2 and "a" in Kept(kept.path, "k")


def test_calibration_counts_what_was_said(sections, tmp_path):
    """Half right at a confidence of 0.9 is 40 % off; that nothing is there is no answer."""

    class Said(FakePipeline):
        def read_whole(self, image):
            return Reading("7", (0.9,), 0.9) if image.any() else NOTHING

    bench = evaluate.Bench("digits", str(tmp_path / "data"))
    bench.pipeline = Said()
    ink, blank = np.full((4, 4), 9, np.uint8), np.zeros((4, 4), np.uint8)
    bench.whole([Example("set", text, "val", pixels=image) for text, image in (("7", ink), ("1", ink), ("", blank))])
    assert bench.calibration("digits") == Row("expected calibration error, digits", 2, pytest.approx(0.4), "< 3 %")
