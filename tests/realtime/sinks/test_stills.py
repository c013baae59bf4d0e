"""Drawn pictures of still sources."""

import cv2
import pytest
from conftest import make_frame, make_image, make_result

from realtime.errors import SinkError
from realtime.sinks.stills import Stills


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
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cat.png", "dog.png"]


def test_existing_pictures_are_kept_unless_told_otherwise(tmp_path):
    path = tmp_path / "dog.png"
    path.write_bytes(b"dear")
    with pytest.raises(SinkError, match="--overwrite"):
        Stills(str(path), shown)
    with pytest.raises(SinkError, match="--overwrite"), Stills(str(tmp_path), shown) as stills:
        stills.write(still())
    assert path.read_bytes() == b"dear"
    with Stills(str(path), shown, overwrite=True) as stills:
        stills.write(still())
    assert cv2.imread(str(path)) is not None


def test_a_place_that_is_not_there_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be made"), Stills(str(tmp_path / "file" / "out"), shown):
        pass
    with pytest.raises(SinkError, match="cannot be written"), Stills(str(tmp_path / "no" / "a.png"), shown) as stills:
        stills.write(still())
