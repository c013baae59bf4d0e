"""A folder of one's own is checked before hours are spent on it."""

import shutil

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from train.__main__ import main

GOOD = "file,text,x,y,w,h,split\na.png,AB1,2,2,20,10,train\nb.png,CD2,2,2,20,10,val\n"


@pytest.fixture
def folder(tmp_path):
    """Two pictures, one in each split."""
    for name in "ab":
        noise = np.random.default_rng(ord(name)).integers(0, 255, (30, 40), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{name}.png"), noise)
    (tmp_path / "labels.csv").write_text(GOOD)
    return tmp_path


def check(folder, *words):
    return CliRunner().invoke(main, ["check", str(folder), *words])


def test_a_good_folder_passes_and_is_counted(folder):
    done = check(folder, "--mode", "plates")
    assert done.exit_code == 0, done.output
    assert "train: 1 rows, 1 of them with a place" in done.output and "plates: 2 texts" in done.output


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("c.png,X,0,0,9,9,train", "1 files are missing or are not pictures: c.png"),
        ("labels.csv,X,0,0,9,9,train", "not pictures: labels.csv"),
        ("a.png,X,30,2,20,10,train", "1 boxes lie outside their picture: a.png"),
        ("a.png,X,-3,2,20,10,train", "1 boxes lie outside"),
        ("a.png,X,5,25,20,10,train", "1 boxes lie outside"),
        ("a.png,ß,1,1,5,5,train", "not in the alphabet: 'ß' ('ß')"),
        ("a.png,ab,1,1,5,5,train", "not in the alphabet: 'ab' ('ab')"),
        ("a.png,AB1,2,2,20,10,train", "1 rows stand twice: a.png"),
        ("a.png,AB1,2,2,20,10,test", "1 splits are neither train nor val: a.png"),
    ],
)
def test_a_bad_row_is_named(folder, row, said):
    (folder / "labels.csv").write_text(GOOD + row + "\n")
    done = check(folder, "--mode", "plates")
    assert done.exit_code == 1 and said in done.output, done.output


def test_a_picture_on_both_sides_and_one_with_two_texts_are_found(folder):
    shutil.copy(folder / "a.png", folder / "c.png")
    (folder / "labels.csv").write_text(GOOD + "c.png,AB3,2,2,20,10,val\n")
    done = check(folder)
    assert (
        "1 pictures are there twice with other texts: " in done.output
        and "1 pictures stand in train and in val" in done.output
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("file,text\n", "has no rows"),
        (None, "holds no labels.csv"),
        ("file,text,split\na.png,1,train\n", "0 rows of the split val"),
    ],
)
def test_a_folder_that_cannot_train_or_validate_is_told(folder, table, said):
    (folder / "labels.csv").unlink() if table is None else (folder / "labels.csv").write_text(table)
    done = check(folder)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output
