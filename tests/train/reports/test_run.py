"""Calibration, plots, pages and comparisons, on answers made up here."""

import base64
import csv
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import SinkError, SourceError, UserError
from train import files
from train.export import delivered
from train.metrics import fit_temperature, log_loss, reliability
from train.reports import html, plots
from train.reports import run as report
from train.reports.run import (
    MISSING,
    Judged,
    aligned,
    compare,
    confusion,
    read_run,
    save_disagreements,
    worst,
    write_report,
)

TEXT = st.text("AB01", max_size=6)


def judged(truth: str, answer: str, confidence: float, source: str = "set") -> Judged:
    return Judged(truth, answer, confidence, np.full((8, 12), 99, np.uint8), source, "a.png")


def write_run(folder: Path, scores: list[float], stored: dict | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text("{}")
    with (folder / "history.csv").open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["epoch", "minutes", "loss", "score", "exact"])
        writer.writerows([i + 1, 2.5 * (i + 1), 1 / (i + 1), s, s] for i, s in enumerate(scores))
    if stored is not None:
        (folder / "scores.json").write_text(json.dumps(stored))
    return folder


# --- calibration


def test_reliability_compares_what_is_said_with_what_is_right():
    bins = reliability([0.95, 0.95, 0.15, 1.0], [True, False, False, True])
    assert bins.count.tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 3]
    assert bins.accuracy[9] == pytest.approx(2 / 3) and bins.confidence[1] == pytest.approx(0.15)
    assert bins.error == pytest.approx((abs(2.9 / 3 - 2 / 3) * 3 + 0.15) / 4)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_the_calibration_error_stays_a_share(answers):
    bins = reliability(*zip(*answers, strict=True))
    assert 0 <= bins.error <= 1 and bins.count.sum() == len(answers)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_fitted_temperature_makes_confidence_mean_itself(true_temperature):
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, 6000)  # of "my answer is right" against "wrong", once calibrated
    right = rng.random(6000) < 1 / (1 + np.exp(-logits))

    def confidences_at(t):
        return 1 / (1 + np.exp(-logits * true_temperature / t))

    found = fit_temperature(confidences_at, right)
    assert found == pytest.approx(true_temperature, rel=0.08)
    assert log_loss(confidences_at(found), right) <= log_loss(confidences_at(1.0), right) + 1e-9
    assert reliability(confidences_at(found), right).error < 0.03


def test_no_answers_leave_the_temperature_alone():
    assert fit_temperature(lambda t: np.array([]), np.array([])) == 1.0


# --- confusion


@given(TEXT, TEXT)
def test_an_alignment_spells_both_texts_and_is_a_shortest(truth, answer):
    pairs = aligned(truth, answer)
    assert "".join(t for t, _ in pairs if t != MISSING) == truth
    assert "".join(a for _, a in pairs if a != MISSING) == answer
    edits = sum(t != a for t, a in pairs)
    assert abs(len(truth) - len(answer)) <= edits <= max(len(truth), len(answer))
    assert (edits == 0) == (truth == answer)


def test_a_lost_first_character_is_one_mistake_not_all():
    counts, labels = confusion([judged("AB10", "B10", 0.9)], "AB01")
    assert counts.sum() == 4 and np.trace(counts) == 3
    assert counts[labels.index("A"), labels.index(MISSING)] == 1


def test_rows_are_truth_and_columns_answers():
    counts, labels = confusion([judged("0", "B", 0.9), judged("", "1", 0.2)], "AB01")
    assert counts[labels.index("0"), labels.index("B")] == 1
    assert counts[labels.index(MISSING), labels.index("1")] == 1


# --- pictures and pages


def test_the_report_of_a_run_has_its_pictures_and_its_page(tmp_path):
    run = write_run(tmp_path / "runs/tiny", [0.2, 0.6])
    bins = write_report(run, [judged("A", "A", 0.9), judged("B", "0", 0.8), judged("1", "A", 0.99)], "AB01")
    assert bins.count.sum() == 3
    for name in ("confusion.png", "reliability.png", "worst.png", "curves.png"):
        assert cv2.imread(str(run / name)).size
    text = (run / "worst.html").read_text()
    assert text.index("1 read as A") < text.index("B read as 0") and "A read as A" not in text
    assert not list(run.glob(".partial*"))


def test_the_surest_mistake_comes_first_and_right_answers_never():
    found = worst([judged("A", "B", 0.2), judged("A", "A", 1.0), judged("A", "1", 0.7)], most=5)
    assert [j.confidence for j in found] == [0.7, 0.2]


def test_a_run_without_mistakes_still_has_its_pages(tmp_path):
    write_report(tmp_path / "run", [judged("A", "A", 0.9)], "AB01")
    assert (tmp_path / "run/worst.html").is_file()


def test_a_report_on_nothing_is_refused(tmp_path):
    with pytest.raises(SourceError, match="nothing to report"):
        write_report(tmp_path, [], "AB")


def test_a_page_opens_offline_and_escapes_what_it_is_given(tmp_path):
    image = np.arange(48, dtype=np.uint8).reshape(6, 8)
    path = html.save_page(tmp_path / "p.html", "<b>", [html.figure(image, 'a"<c>'), html.table(["x"], [["<d>", 0.25]])])
    text = path.read_text()
    assert "&lt;b&gt;" in text and "<d>" not in text and "<c>" not in text
    assert not re.search(r"""(src|href)\s*=\s*["']?(http|//)""", text)
    packed = base64.b64decode(re.search(r"base64,([^\"]+)", text)[1])
    assert (cv2.imdecode(np.frombuffer(packed, np.uint8), 0) == image).all()


def test_a_sheet_keeps_the_order_and_the_proportions():
    tiles = [np.full((10, 40), 10, np.uint8), np.full((40, 10, 3), 200, np.uint8), np.full((5, 5), 90, np.uint8)]
    whole_sheet = plots.sheet(tiles, columns=2, height=40, width=40)
    assert whole_sheet.shape == (88, 88, 3)
    assert whole_sheet[20, 20, 0] == 10 and whole_sheet[2, 20, 0] == 255  # wide: full width, white above
    assert whole_sheet[20, 64, 0] == 200 and whole_sheet[64, 20, 0] == 90


def test_float_and_int8_are_set_side_by_side(tmp_path):
    floats = [judged("A", "A", 0.9), judged("B", "0", 0.5), judged("1", "1", 0.8), judged("0", "0", 0.9)]
    int8s = [judged("A", "A", 0.9), judged("B", "B", 0.5), judged("1", "A", 0.6), judged("0", "0", 0.9)]
    assert save_disagreements(tmp_path, floats, int8s) == 0.5
    text = (tmp_path / "int8.html").read_text()
    assert "int8 alone is wrong on 1, float alone on 1" in text and text.count("<figure>") == 2


# --- runs against runs


def test_runs_are_compared_by_their_best_epoch(tmp_path):
    first = write_run(tmp_path / "first", [0.5, 0.9, 0.7])
    second = write_run(tmp_path / "second", [0.4], {"score": 0.8, "latency_ms": 0.25, "bytes": 400_000, "sets": {}})
    rows = compare([first, second], tmp_path / "out/compare.html")
    table = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [(r["run"], r["score"], r["epochs"]) for r in table] == [("first", "0.9", "3"), ("second", "0.8", "1")]
    assert table[1]["ms"] == "0.25" and table[1]["kB"] == "400"
    assert cv2.imread(str(tmp_path / "out/compare.png")).size
    assert "second" in (tmp_path / "out/compare.html").read_text()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "is not a run"),
        ({"settings.json": "{}"}, "never finished"),
        ({"settings.json": "{}", "history.csv": "epoch,loss\n"}, "never finished"),
        ({"history.csv": "epoch,loss\n1,abc\n"}, "not a training history"),
        ({"history.csv": "epoch,loss\n1,0.5\n", "scores.json": "[1"}, "not a table of scores"),
    ],
)
def test_a_folder_that_is_no_finished_run_is_said(tmp_path, files, says):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=says) as error:
        read_run(tmp_path)
    assert "\n" not in str(error.value)


def test_the_command_prints_the_table(tmp_path):
    run = write_run(tmp_path / "one", [0.5])
    result = CliRunner().invoke(report.command, [str(run), "--out", str(tmp_path / "c.html")])
    assert result.exit_code == 0 and "score" in result.output and "c.html" in result.output
    assert isinstance(CliRunner().invoke(report.command, [str(tmp_path / "none")]).exception, UserError)


# --- whole files


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = files.write(tmp_path / "a/b.txt", "old")
    with pytest.raises(RuntimeError), files.beside(path) as work:
        work.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_a_full_disk_is_one_sentence(tmp_path):
    with pytest.raises(SinkError, match=r"No space.*Make room"), files.beside(tmp_path / "x.png"):
        raise OSError(28, "No space left on device")
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="Choose another"):
        files.write(tmp_path / "file/below.txt", "x")


def test_the_score_that_counts_is_bold_and_every_line_is_named():
    _, (axis,) = plots.new_figure(4, 3)
    plots.draw_curves(axis, np.arange(2), {"exact": np.zeros(2), "score": np.ones(2)}, "score")
    widths = {line.get_label(): line.get_linewidth() for line in axis.lines}
    assert widths["score"] > widths["exact"] and len({str(line.get_color()) for line in axis.lines}) == 2
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["exact", "score"]


def test_what_a_run_exported_is_delivered_and_stays_in_its_folder(tmp_path):
    models, run = tmp_path / "models", tmp_path / "run"
    run.mkdir()
    (run / "m.tflite").write_bytes(b"net")
    (run / "m.json").write_text("{}")
    assert delivered(run / "m.tflite", models) == models / "m.tflite"
    for folder in (run, models):
        assert (folder / "m.tflite").read_bytes() == b"net" and (folder / "m.json").read_text() == "{}"
