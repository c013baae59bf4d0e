"""Drawn pictures of still sources."""

import re

import cv2
import pytest
from conftest import make_frame, make_image, make_result

from realtime.errors import SinkError
from realtime.sinks.stills import Stills, name_of


def shown(result):
    return result.frame.image


def still(name="photos/dog.jpg", value=90):
    return make_result(make_frame(source=name, still=True, image=make_image(value=value)))


def test_one_picture_goes_where_it_is_told(tmp_path):
    path = tmp_path / "out.png"
    with Stills(str(path), shown) as stills:
        stills.write(still())
    assert (cv2.imread(str(path)) == make_image()).all()


def test_many_go_into_a_folder_under_their_own_names(tmp_path):
    cat = still("photos/cat.jpg")
    with Stills(str(tmp_path / "out"), shown) as stills:
        stills.write(still("photos/dog.jpg"))
        for _ in range(2):
            stills.write(cat)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert [re.sub("-[0-9a-f]{10}", "", name) for name in names] == ["cat.png", "dog.png"]


def test_existing_pictures_are_kept_unless_told_otherwise(tmp_path):
    path, own = tmp_path / "dog.png", tmp_path / name_of(still().frame)
    path.write_bytes(b"dear")
    own.write_bytes(b"dear")
    with pytest.raises(SinkError, match="--overwrite"):
        Stills(str(path), shown)
    with pytest.raises(SinkError, match="--overwrite"), Stills(str(tmp_path), shown) as stills:
        stills.write(still())
    assert path.read_bytes() == own.read_bytes() == b"dear"
    with Stills(str(path), shown, overwrite=True) as stills:
        stills.write(still())
    assert cv2.imread(str(path)) is not None


def test_a_place_that_is_not_there_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be created"), Stills(str(tmp_path / "file" / "out"), shown):
        pass
    with pytest.raises(SinkError, match="cannot be written"), Stills(str(tmp_path / "no" / "a.png"), shown) as stills:
        stills.write(still())


def test_pictures_of_one_name_and_pages_of_one_file_do_not_meet(tmp_path):
    with Stills(str(tmp_path), shown) as stills:
        for source, page in (("day1/a.jpg", 0), ("day2/a.jpg", 0), ("day1/a.jpg", 1)):
            stills.write(make_result(make_frame(page, source=source, still=True)))
    assert len(list(tmp_path.iterdir())) == 3


def test_one_file_does_not_take_a_second_picture(tmp_path):
    with pytest.raises(SinkError, match="holds one picture"), Stills(str(tmp_path / "a.png"), shown) as stills:
        stills.write(still("a.png"))
        stills.write(still("b.png"))
