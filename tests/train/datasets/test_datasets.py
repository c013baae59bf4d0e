"""Readers of the data sets, on small sets written here in each publisher's own layout."""

import gzip
import struct
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from realtime.errors import SourceError
from realtime.values import Box
from train.datasets import SETS, held_out, load_shared, read_folder
from train.datasets.chars74k import read_chars74k
from train.datasets.idx import read_emnist, read_idx, read_mnist
from train.datasets.iiit5k import read_iiit5k
from train.datasets.shared import HELD_OUT_METERS, device_of, matching, validates
from train.datasets.svhn import read_svhn_digits, read_svhn_numbers
from train.datasets.unipen import delineated, draw, read_unipen


def picture(path: Path, value: int = 90, size: tuple[int, int] = (12, 9)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# --- one's own folder


def test_a_row_of_a_folder_becomes_an_example(tmp_path):
    picture(tmp_path / "images/a.png")
    write(tmp_path / "labels.csv", "file,text,x,y,w,h,split,camera\nimages/a.png,AB1,1,2,3,4,val,north\n")
    (example,) = read_folder(tmp_path, name="mine", group="camera")
    assert (example.source, example.text, example.split, example.group) == ("mine", "AB1", "val", "north")
    assert example.quad.box == Box(1, 2, 4, 6)
    assert example.image().shape == (12, 9, 3)


def test_four_corners_go_before_a_box_and_other_columns_become_tags(tmp_path):
    header = "file,text,x1,y1,x2,y2,x3,y3,x4,y4,quality"
    write(tmp_path / "labels.csv", f"{header}\na.png,X,0,0,9,1,9,5,0,4,hard\n")
    (example,) = read_folder(tmp_path)
    assert example.quad.corners == ((0, 0), (9, 1), (9, 5), (0, 4))
    assert example.tags == {"quality": "hard"}
    assert example.split == "train"


def test_no_text_column_means_unknown_and_an_empty_cell_means_nothing_legible(tmp_path):
    write(tmp_path / "labels.csv", "file\na.png\n")
    write(tmp_path / "b/labels.csv", "file,text\na.png,\n")
    assert next(read_folder(tmp_path)).text is None
    assert next(read_folder(tmp_path / "b")).text == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [("name,text\na,b\n", "no 'file' column"), ("file,x,y,w,h\na.png,1,2,three,4\n", "not a number")],
)
def test_a_wrong_table_is_said_in_one_sentence(tmp_path, content, says):
    write(tmp_path / "labels.csv", content)
    with pytest.raises(SourceError, match=says):
        list(read_folder(tmp_path))


def test_a_missing_table_and_a_missing_picture_name_the_file(tmp_path):
    with pytest.raises(SourceError, match=r"labels\.csv is missing"):
        list(read_folder(tmp_path))
    write(tmp_path / "labels.csv", "file,text\ngone.png,A\n")
    with pytest.raises(SourceError, match=r"gone\.png"):
        next(read_folder(tmp_path)).image()


# --- names, splits, devices


def test_a_prefix_names_all_sets_below_it_and_a_wrong_name_lists_the_known():
    assert matching("plates/crops/") == [n for n in SETS if n.startswith("plates/crops/")]
    assert matching("characters/iiit5k_words") == ["characters/iiit5k_words"]
    with pytest.raises(SourceError, match="plates/crops/taiwan"):
        list(load_shared(Path("."), ["plates/crop"]))


@given(st.lists(st.text(), min_size=300, max_size=300, unique=True))
def test_held_out_takes_about_its_share_and_always_the_same(keys):
    first = [held_out(k, 0.25) for k in keys]
    assert first == [held_out(k, 0.25) for k in keys]
    assert 0.1 < np.mean(first) < 0.4


@pytest.mark.parametrize(
    ("folders", "device"),
    [
        (["collected/powermeter/ISKRA T3F-01S1", "collected/powermeter/ISKRA T3F-01S1/20230604"],
         "power/iskra t3f-01s1"),
        (["collected/powermeter/ISKRA.T3F-01S1_20250630/20250630"], "power/iskra t3f-01s1"),
        (["collected/powermeter/unknown/iotson/emeter1", "collected/powermeter/unknown/iotson/emeter1/20220516/01"],
         "power/unknown/iotson"),
        (["collected/gasmeter/GMT/iotson/20220517/23"], "gas/gmt/iotson"),
        (["collected/powermeter/ itron_C114U_2"], "power/itron_c114u_2"),
        (["collected/watermeter/Techem/V_DR/labeled_untilMay"], "water/techem/v_dr"),
        (["", "jomjol_images", "neural-network-autotrain-digital-counter/ziffer_raw"], "ziffer"),
    ],
)  # fmt: skip
def test_folders_of_one_meter_are_one_device(folders, device):
    assert {device_of(f) for f in folders} == {device}


def test_meters_are_split_by_device(tmp_path):
    folders = ["collected/watermeter/pp", "collected/watermeter/pp/20230101", "collected/watermeter/jvi"]
    rows = "".join(f"{i}.jpg,{i},{f}\n" for i, f in enumerate(folders))
    write(tmp_path / "digits/meters/labels.csv", "file,text,source_dir\n" + rows)
    assert [e.split for e in load_shared(tmp_path, ["digits/meters"])] == ["val", "val", "train"]
    assert {d.split("/")[0] for d in HELD_OUT_METERS} == {"water", "power", "gas", "lcd"}


def test_world_boxes_keep_the_augmented_part_on_one_side():
    names = [f"{part}_{i:04d}" for part in ("train", "valid", "test") for i in range(400)]
    share = {p: np.mean([validates(n) for n in names if n.startswith(p)]) for p in ("train", "valid", "test")}
    assert share["valid"] == 0 and share["test"] == 1 and 0.03 < share["train"] < 0.18


def test_characters_of_words_come_as_boxes_of_the_words_picture(tmp_path):
    write(tmp_path / "characters/iiit5k_words/chars.csv", "file,char,x,y,w,h,split\nimages/a.jpg,Y,5,6,7,8,val\n")
    (example,) = load_shared(tmp_path, ["characters/iiit5k_words/chars"])
    assert (example.text, example.group, example.split) == ("Y", "a", "val")
    assert example.quad.box == Box(5, 6, 12, 14)


def test_stored_arrays_come_with_writer_and_split(tmp_path):
    (tmp_path / "characters/handwriting").mkdir(parents=True)
    images = np.arange(2 * 40 * 40, dtype=np.uint8).reshape(2, 40, 40)
    np.savez(
        tmp_path / "characters/handwriting/strokes_40x40.npz",
        images=images, labels=np.array(["a", "7"]), writer=np.array(["w1", "w2"]), split=np.array(["train", "val"]),
    )  # fmt: skip
    one, two = load_shared(tmp_path, ["characters/handwriting"])
    assert (one.text, one.group, one.split) == ("a", "w1", "train")
    assert (two.image() == images[1]).all()


def test_backgrounds_say_nothing(tmp_path):
    for i in range(40):
        picture(tmp_path / f"backgrounds/bsds500/{i:05d}.jpg")
    examples = list(load_shared(tmp_path, ["backgrounds/bsds500"]))
    assert {e.text for e in examples} == {""} and {e.split for e in examples} == {"train", "val"}
    assert {int(e.stem) for e in examples} == set(range(40)) - {6}  # "036" is written on an aeroplane
    with pytest.raises(SourceError, match="no picture"):
        list(load_shared(tmp_path, ["backgrounds/dtd10"]))


# --- MNIST, EMNIST


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_pair(folder: Path, stem: str, images: np.ndarray, labels: list[int], packed: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, content in ((f"{stem}-images-idx3", idx(images)), (f"{stem}-labels-idx1", idx(np.array(labels)))):
        path = folder / f"{kind}-ubyte{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_packed_or_not(tmp_path, packed):
    images = np.random.default_rng(1).integers(0, 256, (3, 28, 28))
    write_pair(tmp_path, "train", images[:2], [7, 0], packed)
    write_pair(tmp_path, "t10k", images[2:], [3], packed)
    examples = list(read_mnist(tmp_path))
    assert [(e.text, e.split) for e in examples] == [("7", "train"), ("0", "train"), ("3", "val")]
    assert (examples[1].image() == images[1]).all()


def test_emnist_is_turned_upright_and_mapped(tmp_path):
    upright = np.random.default_rng(2).integers(0, 256, (1, 28, 28))
    for stage in ("train", "test"):
        write_pair(tmp_path / "gzip", f"emnist-byclass-{stage}", upright.transpose(0, 2, 1), [36], True)
    write(tmp_path / "gzip/emnist-byclass-mapping.txt", "0 48\n10 65\n36 97\n")
    train, val = read_emnist(tmp_path)
    assert (train.text, train.split, val.split) == ("a", "train", "val")
    assert (train.image() == upright[0]).all()


def test_a_cut_or_foreign_idx_file_is_refused(tmp_path):
    whole = idx(np.zeros((2, 28, 28)))
    for name, content in (("cut", whole[:-9]), ("foreign", b"\x00\x00\x0d" + whole[3:]), ("short", b"\x00")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError, match=name):
            read_idx(tmp_path / name)
    (tmp_path / "x.gz").write_bytes(gzip.compress(whole)[:40])
    with pytest.raises(SourceError, match=r"x\.gz"):
        read_idx(tmp_path / "x.gz")


def test_pictures_without_their_labels_are_refused(tmp_path):
    write_pair(tmp_path, "train", np.zeros((2, 28, 28)), [1], False)
    with pytest.raises(SourceError, match="2 pictures and 1 labels"):
        list(read_mnist(tmp_path))
    with pytest.raises(SourceError, match="prepare"):
        list(read_mnist(tmp_path / "nowhere"))


# --- Chars74K


def test_photographed_characters_carry_class_and_quality(tmp_path):
    picture(tmp_path / "English/Img/GoodImg/Bmp/Sample011/img011-00003.png")
    picture(tmp_path / "English/Img/BadImag/Bmp/Sample062/img062-00001.png")
    good, bad = read_chars74k(tmp_path)
    assert (good.text, good.tags["quality"]) == ("A", "good")
    assert (bad.text, bad.tags["quality"]) == ("z", "bad")


def test_writers_and_fonts_stay_on_one_side_of_the_split(tmp_path):
    for label in (1, 11, 37):
        for sample in range(1, 31):
            picture(tmp_path / f"English/Hnd/Img/Sample{label:03d}/img{label:03d}-{sample:03d}.png")
            picture(tmp_path / f"English/Fnt/Sample{label:03d}/img{label:03d}-{sample:05d}.png")
    for part in ("EnglishHnd", "EnglishFnt"):
        sides = {}
        for example in read_chars74k(tmp_path, part=part):
            sides.setdefault(example.group, set()).add(example.split)
        assert len(sides) == 30
        assert all(len(s) == 1 for s in sides.values()) and set.union(*sides.values()) == {"train", "val"}


def test_the_publishers_trials_come_from_the_list_file(tmp_path):
    names = [f"English/Img/GoodImg/Bmp/Sample001/img001-{i:05d}" for i in (1, 2, 3)]
    for name in names:
        picture(tmp_path / f"{name}.png")
    quoted = "\n".join(f"'{n}';" if n != names[-1] else f"'{n}'" for n in names)
    text = (
        f"function list = list_English_Img\nlist.ALLlabels = [1;\n1;\n1\n];\nlist.ALLnames = [{quoted}\n];\n"
        "list.NUMclasses = 62;list.TRNind = [1 2;\n0 3\n];\nlist.TSTind = [3 1;\n];\nlist.VALind = [];\n"
    )
    write(tmp_path / "ListsTXT/list_English_Img.m", text)
    first = {e.path.stem[-1]: e.split for e in read_chars74k(tmp_path, trial=1)}
    second = {e.path.stem[-1]: e.split for e in read_chars74k(tmp_path, trial=2)}
    assert first == {"1": "train", "3": "val"}
    assert second == {"1": "val", "2": "train", "3": "train"}


def test_an_archive_that_is_not_there_names_the_way_out(tmp_path):
    with pytest.raises(SourceError, match="prepare"):
        list(read_chars74k(tmp_path))


# --- SVHN


def test_svhn_digits_count_ten_as_zero_and_come_as_bgr(tmp_path):
    images = np.random.default_rng(3).integers(0, 256, (32, 32, 3, 2)).astype(np.uint8)
    savemat(tmp_path / "train_32x32.mat", {"X": images, "y": np.array([[10], [4]], np.uint8)})
    savemat(tmp_path / "test_32x32.mat", {"X": images[..., :1], "y": np.array([[1]], np.uint8)})
    examples = list(read_svhn_digits(tmp_path))
    assert [(e.text, e.split) for e in examples] == [("0", "train"), ("4", "train"), ("1", "val")]
    assert (examples[1].image() == images[:, :, ::-1, 1]).all()


def write_digit_struct(path: Path, numbers: dict[str, list[tuple[float, ...]]]) -> None:
    """As MATLAB 7.3 stores it: columns of references; a field with one value in place, with several by reference."""
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as out:
        pool, struct_ = out.create_group("#refs#"), out.create_group("digitStruct")
        for column in ("name", "bbox"):
            struct_.create_dataset(column, (len(numbers), 1), dtype=h5py.ref_dtype)
        for i, (file, rows) in enumerate(numbers.items()):
            name = pool.create_dataset(f"n{i}", data=np.array([[ord(c)] for c in file], np.uint16))
            box = pool.create_group(f"b{i}")
            for k, field in enumerate(("label", "left", "top", "width", "height")):
                if len(rows) == 1:
                    box.create_dataset(field, data=np.array([[rows[0][k]]], float))
                    continue
                column = box.create_dataset(field, (len(rows), 1), dtype=h5py.ref_dtype)
                for j, row in enumerate(rows):
                    column[j, 0] = pool.create_dataset(f"b{i}{field}{j}", data=np.array([[row[k]]], float)).ref
            struct_["name"][i, 0], struct_["bbox"][i, 0] = name.ref, box.ref


def test_svhn_numbers_span_their_digits(tmp_path):
    write_digit_struct(
        tmp_path / "train/digitStruct.mat",
        {"1.png": [(1, 10, 5, 8, 20), (10, 18, 7, 9, 20)], "2.png": [(5, 3, 4, 6, 7)]},
    )
    picture(tmp_path / "train/1.png")
    two, one = read_svhn_numbers(tmp_path)
    assert (two.text, two.quad.box, one.text, one.quad.box) == ("10", Box(10, 5, 27, 27), "5", Box(3, 4, 9, 11))
    assert two.image().shape == (12, 9, 3)


def test_a_damaged_svhn_file_is_said(tmp_path):
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0 MAT-file, cut")
    with pytest.raises(SourceError, match="MATLAB"):
        list(read_svhn_digits(tmp_path))
    (tmp_path / "train").mkdir()
    (tmp_path / "train/digitStruct.mat").write_bytes(b"not HDF5")
    with pytest.raises(SourceError, match="digitStruct"):
        list(read_svhn_numbers(tmp_path))


# --- IIIT5K


def write_iiit5k(base: Path, kind: str) -> None:
    base.mkdir(parents=True)
    rows = {"train": ("train/1_1.png", "You", [[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3]]),
            "test": ("test/2_1.png", "A1", [[1, 1, 2, 2], [3, 1, 2, 2]])}  # fmt: skip
    for part, (file, chars, boxes) in rows.items():
        if kind == "mat":
            row = np.zeros((1, 1), dtype=[("ImgName", "O"), ("chars", "O"), ("charBB", "O")])
            row[0, 0] = (file, chars, np.array(boxes, float))
            savemat(base / f"{part}CharBound.mat", {f"{part}CharBound": row})
        else:
            write(base / f"{part}CharBound.csv", f'ImgName,chars,charBB\n{file},{chars},"{boxes}"\n')


@pytest.mark.parametrize("kind", ["mat", "csv"])
def test_iiit5k_words_and_characters(tmp_path, kind):
    write_iiit5k(tmp_path / "IIIT5K", kind)
    assert [(e.text, e.split) for e in read_iiit5k(tmp_path)] == [("You", "train"), ("A1", "val")]
    characters = list(read_iiit5k(tmp_path, characters=True))
    assert "".join(e.text for e in characters) == "YouA1"
    assert characters[1].quad.box == Box(5, 6, 12, 14)
    assert characters[1].path == tmp_path / "IIIT5K/train/1_1.png"


# --- UNIPEN


def write_unipen(root: Path) -> None:
    ink = (
        "\n.WRITER_ID Some_Body\n.COORD T X Y\n.PEN_DOWN\n\t0\t10\t0\n\t1\t10\t100\n.PEN_UP\n"
        "\t2\t500\t500\n.PEN_DOWN\n\t3\t0\t100\n\t4\t60\t100\n.PEN_UP\n.PEN_DOWN\n9\t7\t7\n.PEN_UP\n"
    )
    write(root / "train_r01_v07/include/apb/data/x.dat", ink)
    write(
        root / "train_r01_v07/data/1a/apb/apb02/x.dat",
        ".VERSION 1.0\n.INCLUDE apb/app.doc\n.INCLUDE apb/data/x.dat\n"
        '.SEGMENT CHARACTER 0-1 ? "7"\n.SEGMENT CHARACTER 0 OK "1"\n.SEGMENT CHARACTER 2 ? "\\""\n',
    )


def test_unipen_draws_the_strokes_of_each_segment_upright(tmp_path):
    write_unipen(tmp_path)
    seven, one = read_unipen(tmp_path, size=40)
    assert (seven.text, one.text, seven.group == one.group) == ("7", "1", True)
    assert "Some" not in seven.group and seven.group.startswith("apb/")
    ink = seven.image() > 128
    assert ink.shape == (40, 40) and ink[:12].any(0).sum() > ink[-12:].any(0).sum()  # the bar is on top
    assert ink[:, 20:].sum() > 0 and not (one.image() > 128)[:, :10].any()


def test_an_include_that_includes_itself_ends(tmp_path):
    write_unipen(tmp_path)
    path = tmp_path / "train_r01_v07/include/apb/data/x.dat"
    path.write_text(".INCLUDE apb/data/x.dat\n" + path.read_text())
    assert len(list(read_unipen(tmp_path))) == 2


@pytest.mark.parametrize(
    ("text", "points"),
    [("1", [[2, 3]]), ("0-1", [[0, 1], [2, 3]]), ("0:1-1:0", [[1], [2]]), ("0,2-2", [[0, 1], [4, 5]])],
)
def test_a_delineation_names_strokes_and_points(text, points):
    strokes = tuple(np.array([[i, 0], [i + 1, 0]]) for i in (0, 2, 4))
    assert [s[:, 0].tolist() for s in delineated(strokes, text)] == points


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=1, max_size=9))
def test_any_ink_lands_inside_the_picture(points):
    image = draw([np.array(points, np.float32)], 40)
    assert image.max() > 0 and not image[0].any() and not image[:, 0].any()
