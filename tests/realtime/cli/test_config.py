"""The file of several cameras: defaults, what a camera has of its own, and what is refused."""

import pytest

from realtime.cli.config import read_config, value_of
from realtime.cli.rules import Job
from realtime.errors import UserError

KNOWN = ("sources", "mode", "region", "roi", "rising", "max_fps", "serve", "token", "db", "csv", "demo", "show", "name",
         "config", "loop")  # fmt: skip


def read(tmp_path, text):
    path = tmp_path / "glyphcam.toml"
    path.write_text(text)
    return read_config(str(path), KNOWN)


def test_a_camera_has_the_defaults_and_its_own_over_them(tmp_path):
    config = read(
        tmp_path,
        """
        [defaults]
        mode = "plates"
        serve = 8080
        max-fps = 5
        [cameras.gate]
        source = "@gate.txt"
        [cameras.meter]
        source = ["a.mp4", "b c.mp4"]
        mode = "digits"
        rising = true
        roi = ["1,2,3,4", "5, 6, 7, 8"]
        """,
    )
    gate, meter = config.cameras
    assert (config.folder, config.serve, config.token) == (tmp_path, "8080", "")
    assert gate.options == {"mode": "plates", "max_fps": 5, "sources": "@gate.txt"} and gate.own == {"sources"}
    assert gate.environment() == {
        "GLYPHCAM_MODE": "plates", "GLYPHCAM_MAX_FPS": "5", "GLYPHCAM_SOURCE": "@gate.txt", "GLYPHCAM_NAME": "gate",
    }  # fmt: skip
    assert meter.environment() == {
        "GLYPHCAM_MODE": "digits", "GLYPHCAM_MAX_FPS": "5", "GLYPHCAM_RISING": "1", "GLYPHCAM_NAME": "meter",
        "GLYPHCAM_SOURCE": "a.mp4\nb c.mp4", "GLYPHCAM_ROI": "1,2,3,4 5,,6,,7,,8",
    }  # fmt: skip
    assert meter.arguments() == [
        "--mode=digits", "--max-fps=5", "--rising", "--roi=1,2,3,4", "--roi=5, 6, 7, 8", "--", "a.mp4", "b c.mp4",
    ]  # fmt: skip


def test_a_default_that_does_nothing_for_a_camera_is_left_out_and_its_own_stays(tmp_path):
    (camera,) = read(
        tmp_path, '[defaults]\nloop = true\nregion = "DE"\n[cameras.a]\nsource = "rtsp://h"\nmode = "digits"'
    ).cameras
    assert set(camera.fitting(Job.STREAM, ["digits"]).options) == {"sources", "mode"}
    assert set(camera.fitting(Job.FILES, ["plates"]).options) == {"sources", "mode", "loop", "region"}


def test_a_false_flag_turns_a_default_off(tmp_path):
    (camera,) = read(
        tmp_path, '[defaults]\nrising = true\n[cameras.a]\nsource = "0"\nrising = false\nshow = false'
    ).cameras
    assert camera.arguments() == ["--no-show", "--", "0"] and "rising" not in camera.own
    assert value_of("rising", False) == "0"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no [cameras.NAME]"),
        ("mode = 'plates'\n[cameras.a]\nsource='0'", "'mode' is unknown here"),
        ("[cameras.a", "is not valid TOML"),
        ("[cameras.a]\nsource='0'\nmaxfps=3", "'maxfps' is unknown. Did you mean max-fps?"),
        ("[cameras.a]\nsource='0'\nconfig='x'", "'config' is unknown"),
        ("[cameras.a]\nmode='plates'", "[cameras.a] names no source"),
        ("[cameras.a]\nsource='0'\ntoken='x'", "token is not for one camera"),
        ("[cameras.'a b']\nsource='0'", "a name has letters"),
        ("[cameras.a]\nsource='0'\nroi={x=1}", "roi is a table"),
        ("[cameras]\na = 3", "[cameras.a] is no table"),
        ("[cameras.a]\nsource='0'\ncsv='x'\n[cameras.b]\nsource='1'\ncsv='x'", "cameras a and b both write x"),
    ],
)
def test_what_is_refused_is_named(tmp_path, text, sentence):
    with pytest.raises(UserError) as error:
        read(tmp_path, text)
    assert sentence in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_config(str(tmp_path / "none.toml"), KNOWN)
