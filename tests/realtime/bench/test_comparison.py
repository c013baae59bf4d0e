"""Side by side: pictures and scores as they should be; this program's own reader; readers that are not there."""

import csv
import json
import sys

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from realtime.bench import __main__ as bench
from realtime.bench import comparison, engines, testcard
from realtime.bench.comparison import GroundTruth, Outcome, Score
from realtime.bench.engines import KINDS, PictureKind
from realtime.bench.page import filled
from realtime.errors import SourceError

CROPS, STREET, WORDS, DISPLAYS = KINDS
COLUMNS = {"digits/fuel_pumps": ("file", "digits_before_point", "quality", "split")}


@pytest.fixture
def data(tmp_path):
    """All the folders with three held-out pictures each, and one to train with."""
    for kind in KINDS:
        for folder in kind.folders:
            write_set(tmp_path / folder, kind)
    return tmp_path


def write_set(folder, kind):
    (folder / "images").mkdir(parents=True)
    rows = []
    for k, text in enumerate(testcard.texts(kind.mode, 4)):
        name = f"images/{k}.jpg"
        cv2.imwrite(str(folder / name), np.full((40, 160, 3), 200, np.uint8))
        place = {} if kind.whole else {"x": 10, "y": 5, "w": 100, "h": 20}
        rows.append({"file": name, kind.text: text, "split": "val" if k else "train", "quality": "clear", **place})
    with (folder / "labels.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_pictures_are_held_out_and_spread_over_the_folders(data):
    assert len(comparison.pictures(data, STREET, 100)) == 9
    few = comparison.pictures(data, STREET, 3)
    assert [picture.path.split("/")[-3] for picture in few] == ["china", "argentina", "dashcam"]
    assert few[0].truths[0][1] == (10, 5, 110, 25)
    assert not any(picture.path.endswith("/0.jpg") for picture in comparison.pictures(data, STREET, 100))


def test_texts_that_nobody_can_read_are_left_out(tmp_path):
    (tmp_path / "labels.csv").write_text("file,text,quality,split\na.jpg,AB1,clear,val\nb.jpg,CD2,unread,val\n")
    kind = PictureKind("x", "plates", False, ("",))
    assert [p.truths for p in comparison.held_out(tmp_path, kind)] == [(("AB1", None),)]
    with pytest.raises(SourceError, match=r"has no labels\.csv"):
        comparison.held_out(tmp_path / "none", kind)


def test_boxes_come_from_corners_or_from_sizes():
    corners = {"x1": "5", "y1": "2", "x2": "9", "y2": "1", "x3": "9", "y3": "4", "x4": "4", "y4": "5"}
    assert comparison.box_of(corners) == (4, 1, 9, 5)
    assert (
        comparison.box_of({"x": "1", "y": "2", "w": "3", "h": "4"}) == (1, 2, 4, 6)
        and comparison.box_of({"w": "3"}) is None
    )


@pytest.mark.parametrize("kind, truth, texts, right", [
    (CROPS, "AB1O2", ["ab-102"], True), (CROPS, "AB12", ["AB", "12"], True), (CROPS, "AB12", ["AB13"], False),
    (CROPS, "AB12", ["XAB12"], False), (WORDS, "Hello", ["HELLO!"], True), (WORDS, "Hello", ["Hell0"], False),
    (DISPLAYS, "53", ["0053.12", "1"], True), (DISPLAYS, "53", ["1253"], False), (DISPLAYS, "53", ["PUMP", "53"], True),
    (CROPS, "AB12", [], False),
])  # fmt: skip
def test_what_counts_as_read(kind, truth, texts, right):
    assert comparison.hit(truth, [(text, None) for text in texts], kind) is right


@pytest.mark.parametrize("box, found", [((0, 0, 10, 10), True), ((0, 0, 10, 5), True), ((0, 0, 10, 4), False),
                                        ((0, 0, 21, 10), False), ((20, 20, 30, 30), False)])  # fmt: skip
def test_a_box_counts_where_each_covers_half_of_the_other(box, found):
    assert comparison.located((0, 0, 10, 10), [("x", list(box))]) is found
    assert comparison.located((0, 0, 10, 10), [("x", None)]) is False


def test_scores_are_over_all_truths():
    asked = [GroundTruth("a", (("AB1", (0, 0, 9, 9)), ("CD2", (20, 0, 29, 9)))), GroundTruth("b", (("EF3", None),))]
    answers = [([("AB1", [0, 0, 9, 9])], 10.0), ([("EF3", None)], 30.0)]
    found = comparison.score(asked, answers, STREET)
    assert (found.n, found.exact, found.located, found.ms) == (3, pytest.approx(2 / 3), 0.5, 30.0)


def test_lines_of_a_reader_become_its_scores():
    jobs = {"words": [GroundTruth("a", (("Hello", None),)), GroundTruth("b", (("World", None),))]}
    said = [(0.5, {"warm": "words"}), (0.6, {"kind": "words", "answer": [["hello", None]], "ms": 3.0}),
            (0.7, {"kind": "words", "answer": [], "ms": 5.0}),
            (0.8, {"version": "1.0", "memory": 9, "size": 8})]  # fmt: skip
    found = comparison.understood("X", said, jobs)
    assert (found.version, found.start, found.memory, found.scores["words"].exact) == ("1.0", 0.5, 9, 0.5)
    assert comparison.understood("X", said[:2], jobs, "Segfault").absent == "it crashed (Segfault)"
    assert comparison.understood("X", [(0.1, {"absent": "not here"})], jobs).absent == "not here"


def test_a_reader_that_is_not_installed_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    [line] = engines.answer_all("Tesseract", {"models": None, "pictures": {}})
    assert "tesserocr" in line["absent"]


@pytest.mark.skipif(hasattr(cv2, "CascadeClassifier"), reason="this OpenCV still has cascades")
def test_opencv_5_has_no_cascades():
    [line] = engines.answer_all("OpenCV cascade", {"models": None, "pictures": {}})
    assert "no longer has cascades" in line["absent"]


def test_pictures_are_prepared_for_tesseract():
    light_on_dark = np.full((30, 120, 3), 20, np.uint8)
    cv2.putText(light_on_dark, "AB12", (5, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (230,) * 3, 2)
    gray, scale = engines.prepared(light_on_dark, CROPS)
    assert gray.shape == (64 + 20, 256 + 20) and scale == pytest.approx(64 / 30) and np.median(gray) > 200
    assert engines.segmentation(light_on_dark, CROPS) == "SINGLE_LINE"
    assert engines.segmentation(light_on_dark[:, :50], CROPS) == "SINGLE_BLOCK"
    assert [engines.segmentation(light_on_dark, kind) for kind in (WORDS, STREET)] == ["SINGLE_WORD", "SPARSE_TEXT"]


def test_lines_are_read_as_lines_and_squares_are_searched():
    asked = []

    def lines(image, **options):
        asked.append(options["use_det"])
        return []

    read = engines.with_lines(lines)
    for kind, shape in ((CROPS, (20, 80, 3)), (CROPS, (40, 60, 3)), (WORDS, (40, 60, 3)), (STREET, (40, 80, 3))):
        read(np.zeros(shape, np.uint8), kind)
    assert asked == [False, True, False, False, True]


def test_sizes_are_those_of_the_files():
    assert engines.installed(["numpy"]) > 10e6 and engines.installed(["no-such-package"]) == 0
    assert engines.installed(["click", "numpy"]) == engines.installed(["numpy", "click"])
    assert engines.installed(["glyphcam"]) > 1e5


def test_this_program_answers_where_its_models_are(data, tmp_path):
    outcome = comparison.ask(
        "glyphcam", {k.name: comparison.pictures(data, k, 3) for k in KINDS}, sys.executable, str(tmp_path)
    )
    assert outcome.absent == "" and outcome.scores == {} and outcome.memory > 1e7


def test_the_page_names_the_better_one_first_and_leaves_the_absent_ones_out():
    ours = Outcome("glyphcam", "", "", 0.3, 90_000_000, 300_000_000, {"words": Score(9, 0.8, None, 4.0, 5.0)})
    other = Outcome("Other", "2.0", "", 1.0, 500_000_000, 400_000_000, {"words": Score(9, 0.9, None, 40.0, 50.0)})
    text = comparison.score_tables([ours, other, Outcome("Third", absent="not installed")])
    assert text.index("| Other |") < text.index("| glyphcam |") and "Third" not in text
    assert "| Other 2.0 | 1.0 | 500 | 400 |" in text
    assert set(comparison.plots([ours, other])) == {"comparison-words.svg"}
    assert json.loads(comparison.as_json([ours]))[0]["scores"]["words"]["exact"] == 0.8


def test_the_command_writes_the_page(data, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "READERS", {"Brightest": None})
    done = CliRunner().invoke(bench.main, ["comparison", str(data), "--frames", "3", "--out", str(tmp_path / "docs")])
    assert done.exit_code == 0, done.output
    assert "Brightest is left out" in done.output
    assert "What they cost" in (tmp_path / "docs" / "comparison.md").read_text()


def test_every_reader_has_its_python():
    found = comparison.interpreters([sys.executable])
    assert set(found) == set(engines.READERS) and set(found.values()) == {sys.executable}
    found = comparison.interpreters(["OpenCV cascade=/bin/sh", "/bin/true"])
    assert (found["OpenCV cascade"], found["Tesseract"], found["glyphcam"]) == ("/bin/sh", "/bin/true", sys.executable)


@pytest.mark.parametrize("words, says", [("Nobody=/bin/sh", "is not a reader"), ("/no/python", "is not a program")])
def test_a_python_that_is_none_is_refused(data, words, says):
    done = CliRunner().invoke(bench.main, ["comparison", str(data), "--python", words])
    assert done.exit_code == 1 and says in done.output


def test_a_text_without_marks_stays_as_it_is():
    assert filled("no marks", "comparison", "new") == "no marks"
