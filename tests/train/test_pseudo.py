"""Labels by a large reader: kept where two views agree surely, everything else marked as unsure, errors counted."""

import csv

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from realtime.errors import SourceError, UserError
from realtime.modes import CHARACTERS
from realtime.values import Box, Quad
from train import pseudo
from train.pseudo import ZOOM, Answer, label_folder, labels, noise, write_table
from train.sampling.load import load_labelled
from train.sampling.text_scenes import load_text_scenes
from train.sampling.words import load_words

PICTURE = np.zeros((100, 200, 3), np.uint8)


def answer(text: str, score: float, x: float, scale: float = 1.0) -> Answer:
    return Answer(text, score, Quad.from_box(Box(x * scale, 10 * scale, (x + 40) * scale, 30 * scale)))


def reader(first: list[tuple], second: list[tuple]):
    """Says the first answers of the picture and the second ones of the larger view."""

    def read(image: np.ndarray) -> list[Answer]:
        larger = image.shape[0] > PICTURE.shape[0]
        return [answer(*row, ZOOM if larger else 1.0) for row in (second if larger else first)]

    return read


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (("EXIT", 0.95, 10), ("EXIT", 0.97, 11), True),
        (("EXIT", 0.95, 10), ("EX1T", 0.97, 10), False),
        (("EXIT", 0.85, 10), ("EXIT", 0.97, 10), False),
        (("EXIT", 0.95, 10), ("EXIT", 0.85, 10), False),
        (("EXIT", 0.95, 10), ("EXIT", 0.97, 90), False),
        (("WAY OUT", 0.95, 10), ("WAY OUT", 0.97, 10), False),
        (("出口", 0.95, 10), ("出口", 0.97, 10), False),
    ],
)
def test_a_label_is_one_word_that_two_views_surely_agree_on(first, second, kept):
    ((found, label),) = labels(reader([first], [second]), PICTURE)
    assert found.text == first[0] and label is kept


def test_a_text_that_the_second_view_lacks_is_unsure_and_still_listed():
    assert [label for _, label in labels(reader([("EXIT", 0.95, 10)], []), PICTURE)] == [False]


def test_the_table_is_a_folder_of_ones_own(tmp_path):
    (tmp_path / "sub").mkdir()
    cv2.imwrite(str(tmp_path / "sub" / "a.png"), PICTURE)
    (tmp_path / "broken.jpg").write_text("no picture")
    read = reader([("EXIT", 0.95, 10), ("?", 0.2, 100)], [("EXIT", 0.95, 10)])
    assert write_table(tmp_path / "labels.csv", label_folder(read, tmp_path, 0.9)) == 1
    rows = list(csv.DictReader((tmp_path / "labels.csv").open()))
    assert [(r["file"], r["text"], r["care"]) for r in rows] == [("sub/a.png", "EXIT", "1"), ("sub/a.png", "?", "0")]
    assert float(rows[0]["x1"]) == 10 and float(rows[0]["y3"]) == 30
    assert {r["split"] for r in rows} <= {"train", "val"}


def test_a_picture_in_which_nothing_is_found_is_listed_and_shows_a_locator_nothing(tmp_path):
    for name in "ab":
        cv2.imwrite(str(tmp_path / f"{name}.png"), PICTURE)
    answers = iter([[answer("EXIT", 0.95, 10)], [answer("EXIT", 0.95, 10, ZOOM)], [], []])
    assert write_table(tmp_path / "labels.csv", label_folder(lambda image: next(answers), tmp_path, 0.9)) == 1
    text = (tmp_path / "labels.csv").read_text().replace(",val", ",train")
    (tmp_path / "labels.csv").write_text(text)
    full, empty = load_text_scenes("", [str(tmp_path)])
    assert full.quads.shape == (1, 4, 2) and full.known.all() and full.complete
    assert empty.quads.shape == (0, 4, 2) and empty.known.shape == (0,) and empty.complete


def test_no_reader_learns_what_nobody_could_be_sure_of(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), PICTURE)
    corners = "10,10,50,10,50,30,10,30"
    table = f"file,text,care,x1,y1,x2,y2,x3,y3,x4,y4\na.png,EXIT,1,{corners}\na.png,EX1T,0,{corners}\n"
    (tmp_path / "labels.csv").write_text(table)
    for load in (load_words, load_labelled):
        assert [item.text for item in load("", [str(tmp_path)], "train", CHARACTERS)] == ["EXIT"]


def test_noise_counts_the_labels_that_people_read_otherwise(tmp_path):
    header = "file,text,care,x1,y1,x2,y2,x3,y3,x4,y4\n"
    box, far = "0,0,40,0,40,20,0,20", "90,0,130,0,130,20,90,20"
    truth = tmp_path / "truth.csv"
    truth.write_text(f"{header}a.png,it's,1,{box}\na.png,two,1,{far}\n")
    rows = f"a.png,its,1,{box}\na.png,too,1,{far}\na.png,tow,0,{far}\nb.png,else,1,{box}\n"
    (tmp_path / "labels.csv").write_text(header + rows)
    assert noise(tmp_path, truth) == (2, 1)


def test_an_empty_folder_and_a_table_that_exists_are_said(tmp_path):
    with pytest.raises(SourceError, match="holds no picture"):
        list(label_folder(reader([], []), tmp_path, 0.9))
    (tmp_path / "labels.csv").write_text("file\n")
    result = CliRunner().invoke(pseudo.command, [str(tmp_path)])
    assert isinstance(result.exception, SourceError) and "--overwrite" in str(result.exception)


def test_a_missing_reader_says_how_to_get_it(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(pseudo.importlib, "import_module", missing)
    with pytest.raises(UserError, match="pip install rapidocr"):
        pseudo.rapidocr()
