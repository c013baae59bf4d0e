"""The command line: options become sources, pipelines and sinks; mistakes become one sentence and an exit code."""

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from conftest import ROOT, FakePipeline, make_frame, write_clip, write_picture

import run_camera
from realtime import setup
from realtime.areas.roi import parse_roi
from realtime.capture import live
from realtime.capture.open import open_source
from realtime.cli.help import SECTIONS
from realtime.errors import SourceError
from realtime.output.pictures import digest


@pytest.fixture
def pipeline(monkeypatch):
    """A pipeline without networks, in the place of the shipped ones; what `load` was asked for stands in `.asked`."""
    fake = FakePipeline()

    def load(*args, **settings):
        fake.asked = (*args, settings)
        fake.threshold = 0.5 if settings.get("threshold") is None else settings["threshold"]
        return fake

    monkeypatch.setattr(setup, "load", load)
    monkeypatch.setattr(run_camera, "load", load)
    return fake


@pytest.fixture
def clip(tmp_path):
    return str(write_clip(tmp_path / "clip.avi", 12))


def run(*arguments):
    return CliRunner().invoke(run_camera.main, [str(a) for a in arguments])


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_records_go_to_standard_output_where_nothing_else_is_named(pipeline, clip, caplog):
    done = run(clip, "--no-show")
    assert done.exit_code == 0
    assert [(row["text"], row["source"]) for row in records(done.stdout)] == [("42", clip)]
    assert "12 frames" in caplog.text and "1 reading" in caplog.text


def test_every_output_at_once(pipeline, clip, tmp_path):
    out = {name: tmp_path / name for name in ("a.mp4", "a.jsonl", "a.csv", "a.sqlite", "crops")}
    done = run(
        clip, "--save", out["a.mp4"], "--jsonl", out["a.jsonl"], "--csv", out["a.csv"], "--db", out["a.sqlite"],
        "--crops", out["crops"],
    )  # fmt: skip
    assert done.exit_code == 0 and done.stdout == ""
    (row,) = records(out["a.jsonl"].read_text())
    assert Path(row["crop"]).parent == out["crops"] and Path(row["crop"]).is_file()
    with open(out["a.csv"], newline="") as file:
        assert [line["text"] for line in csv.DictReader(file)] == ["42"]
    base = sqlite3.connect(out["a.sqlite"])
    assert base.execute("SELECT text, crop FROM tracks").fetchall() == [("42", row["crop"])]
    base.close()
    with open_source(str(out["a.mp4"])) as source:
        assert [frame.time for frame in source] == pytest.approx([i / 10 for i in range(12)], abs=0.002)


def test_options_reach_the_pipeline(pipeline, clip):
    run(clip, "--no-show", "--mode", "plates", "--threshold", 0.8, "--region", "DE,FR", "--threads", 2)
    assert pipeline.asked[:3] == ("plates", None, 2)
    assert pipeline.asked[3].items() >= {"threshold": 0.8, "regions": ("DE", "FR"), "rois": ()}.items()


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ((), range(12)),
        (("--every", 4), (0, 4, 8)),
        (("--max-fps", 2), (0, 5, 10)),
        (("--max-frames", 3), (0, 1, 2)),
        (("--skip-blurred",), range(12)),
    ],
)
def test_which_frames_are_read(pipeline, clip, options, read):
    assert run(clip, "--no-show", *options).exit_code == 0
    assert [frame.index for frame in pipeline.seen] == list(read)


def test_the_gates_share_is_told(pipeline, clip, caplog):
    run(clip, "--no-show", "--every", 4)
    assert "75 % skipped" in caplog.text


def test_all_reads_are_a_row_each(pipeline, clip):
    rows = records(run(clip, "--no-show", "--reads", "all").stdout)
    assert [row["frame"] for row in rows] == list(range(12)) and {row["track"] for row in rows} == {1}


def test_a_region_narrows_the_locator(pipeline, clip):
    assert run(clip, "--no-show", "--roi", "5,5,20,20").exit_code == 0
    assert pipeline.asked[-1]["rois"] == (parse_roi("5,5,20,20"),)


def test_pictures_are_turned_before_they_are_read(pipeline, clip):
    assert run(clip, "--no-show", "--rotate", 90, "--flip").exit_code == 0
    assert {frame.image.shape for frame in pipeline.seen} == {(64, 48, 3)}


def test_the_size_to_search_in_reaches_the_pipeline(pipeline, clip):
    assert run(clip, "--no-show", "--search-size", 1280).exit_code == 0
    assert pipeline.asked[-1]["search_size"] == 1280


def test_parts_of_the_frame_are_read_whole(pipeline, clip):
    done = run(clip, "--no-show", "--whole-frame", "--roi", "5,5,20,10", "--roi", "30,5,20,10")
    assert done.exit_code == 0
    assert [row["box"] for row in records(done.stdout)] == [[5, 5, 25, 15], [30, 5, 50, 15]]


def test_the_whole_frame_is_read(pipeline, clip):
    (row,) = records(run(clip, "--no-show", "--whole-frame").stdout)
    assert (row["text"], row["box"]) == ("7", [0, 0, 64, 48])


def test_stills_give_records_and_drawn_pictures(pipeline, tmp_path):
    paths = [write_picture(tmp_path / f"{name}.png") for name in "ab"]
    done = run(*paths, "--save", tmp_path / "out", "--jsonl", "-")
    assert [row["source"] for row in records(done.stdout)] == paths
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{name}-{digest(path, 0)}.png" for name, path in zip("ab", paths, strict=True)
    )


def test_hashed_texts_are_nowhere_in_what_is_written(pipeline, clip, tmp_path):
    out = [tmp_path / name for name in ("a.jsonl", "a.sqlite", "crops")]
    salt = tmp_path / "salt"
    done = run(clip, "--hash-texts", salt, "--jsonl", out[0], "--db", out[1], "--crops", out[2])
    assert done.exit_code == 0 and salt.stat().st_mode & 0o077 == 0
    (row,) = records(out[0].read_text())
    assert len(row["text"]) == 32
    assert "42" not in row.values()
    assert not any("42" in re.split("[-.]", name) for name in os.listdir(out[2]))


def test_unsure_characters_are_marked(pipeline, clip):
    (row,) = records(run(clip, "--no-show", "--unsure", 0.95).stdout)
    assert row["text"] == "??"


# Mistakes


def refused(*arguments):
    """The one sentence of a refusal."""
    done = run(*arguments)
    assert done.exit_code in (2, 3) and done.stdout == "" and isinstance(done.exception, SystemExit)
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and "Traceback" not in done.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.mp4"], "missing.mp4 does not exist"),
        (["CLIP", "--no-show", "--jsonl", "-", "--csv", "-"], "cannot both"),
        (["CLIP", "--keep", 3], "--keep does nothing alone. Add --db or --crops or --moments."),
        (["CLIP", "--keep", 3, "--db", "TMP/a.db", "--csv", "TMP/a.csv"], "--keep and --csv exclude each other"),
        (["CLIP", "--unsure", 0.5, "--hash-texts", "TMP/salt"], "exclude each other"),
        (["CLIP", "--demo"], "--demo and SOURCE exclude each other"),
        (["CLIP", "--jsonl", "CLIP"], "is what is read"),
        (["CLIP", "--csv", "TMP/no/a.csv"], "cannot be written"),
        (["CLIP", "--save", "TMP/a.avi"], "is not an .mp4"),
        (["CLIP", "--roi", "1,2,3", "--no-show"], "neither a rectangle nor a polygon"),
        (["CLIP", "--roi", "1000,1000,30,30", "--no-show"], "outside the picture"),
        (["CLIP", "--hash-texts", "TMP/no/salt", "--no-show"], "is not a usable salt file"),
        (["CLIP", "--on-reading", "no-such-program"], "no such program"),
        (["CLIP", "--size", "big"], "is not a size"),
        (["CLIP", "--threshold", 1.5], "is not in the range"),
        (["CLIP", "--mode", "faces"], "is not a mode"),
    ],
)
def test_mistakes_are_one_sentence(pipeline, clip, tmp_path, arguments, words):
    given = [str(a).replace("CLIP", clip).replace("TMP", str(tmp_path)) for a in arguments]
    before = Path(clip).read_bytes()
    assert words in refused(*given)
    assert Path(clip).read_bytes() == before


def test_without_a_display_the_ways_out_are_named(pipeline, clip, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "--no-show" in refused(clip)


def test_without_a_camera_the_demo_is_named(pipeline, monkeypatch):
    def no_camera(*_):
        raise SourceError("Camera 0 cannot be opened.", "See it work without: --demo.")

    monkeypatch.setattr("realtime.capture.open.open_camera", no_camera)
    assert "--demo" in refused("--no-show")


def test_a_missing_extra_names_its_install(pipeline, clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "realtime.sinks.mqtt", None)
    assert "pip install '.[mqtt]'" in refused(clip, "--mqtt", "mqtt://localhost")


def test_a_missing_model_is_named(clip, tmp_path):
    assert "digits-locator.tflite is missing" in refused(clip, "--no-show", "--models", tmp_path)


def test_a_cut_off_recording_keeps_its_records_and_exits_with_1(pipeline, tmp_path, caplog):
    whole = write_clip(tmp_path / "a.avi", 60).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    done = run(tmp_path / "cut.avi", "--no-show")
    assert done.exit_code == 1 and len(records(done.stdout)) == 1
    assert "of 60 frames" in caplog.text and "Traceback" not in caplog.text + done.stderr


def test_a_sink_that_fails_exits_with_1(pipeline, clip, caplog):
    assert run(clip, "--jsonl", "/dev/full", "--overwrite").exit_code == 1
    assert caplog.text.count("No space left") == 1


class Endless(live.Source):
    """A recording without end that asks for a signal after its first frames."""

    def __init__(self, name, stop, live):
        super().__init__(name, stop)
        self.live = live

    def __iter__(self):
        for index in range(100_000):
            if self.stop.is_set():
                return
            if index == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            yield make_frame(index)


@pytest.mark.parametrize(("live", "code"), [(True, 0), (False, 1)])
def test_a_signal_ends_the_run_in_good_order(pipeline, monkeypatch, caplog, live, code):
    monkeypatch.setattr(run_camera, "open_source", lambda texts, stop, **_: Endless("endless", stop, live))
    before = signal.getsignal(signal.SIGTERM)
    done = run("0", "--no-show")
    occasions = ["begin", "end"] if live else ["end"]
    assert done.exit_code == code and [row["event"] for row in records(done.stdout)] == occasions
    assert ("Stopped by SIGTERM" in caplog.text) is not live
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_threshold_moves_within_its_range(pipeline):
    for step in [0.3] * 5:
        run_camera.adjust(pipeline, step)
    assert pipeline.threshold == 1.0
    for step in [-0.3] * 5:
        run_camera.adjust(pipeline, step)
    assert pipeline.threshold == 0.0


def test_no_source_means_camera_0(pipeline, monkeypatch):
    asked = []

    def opened(text, *_):
        asked.append(text)
        raise SourceError("none")

    monkeypatch.setattr("realtime.capture.open.open_camera", opened)
    run("--no-show")
    assert asked == ["0"]


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_option_once_under_a_heading(flag):
    text = run(flag).stdout
    for option in run_camera.main.params:
        if option.param_type_name == "option":
            assert text.count(f"  {option.opts[-1]} ") + text.count(f"  {option.opts[-1]}\n") == 1, option.name
    for heading in (*SECTIONS, "Other"):
        assert f"\n{heading}:\n" in text


def test_it_runs_as_a_program():
    command = [sys.executable, ROOT / "run_camera.py", "missing.mp4", "--no-show"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: ")


def test_the_pad_is_served_without_any_source(monkeypatch, pipeline):
    stop = run_camera.Stop()
    told = []

    def announce(line, err):
        told.append(line)
        stop.set()

    monkeypatch.setattr(run_camera.click, "echo", announce)
    options = SimpleNamespace(serve="127.0.0.1:0", token="", db=None, crops=None, mode="characters", models=None,
                              threads=1, threshold=None, region="", whole_frame=False, search_size=None, rotate=None,
                              flip=False, roi=(), rising=False, max_rate=None, pattern=(), known=None,
                              words=None, min_length=None, min_height=None, line=None, again_after=None,
                              anonymise=None,
                              every=1, max_fps=None, skip_still=False, skip_blurred=False)  # fmt: skip
    assert run_camera.use_pad(options, stop).frames == 0
    assert told[0].startswith("Watch at http://127.0.0.1:")


def test_the_page_is_a_view_and_a_table_an_output(tmp_path, pipeline):
    words = ["--serve", "0", "--jsonl", str(tmp_path / "a.jsonl")]
    options = SimpleNamespace(**run_camera.main.make_context("glyphcam", words).params)
    source = SimpleNamespace(live=True, still=False)
    views, outputs = run_camera.open_sinks(options, source, pipeline, run_camera.Stop())
    assert [type(view).__name__ for view in views] == ["Web"] and len(outputs) == 1


# --- several cameras


def test_the_cameras_of_a_file_run_side_by_side_into_one_database(tmp_path):
    write_clip(tmp_path / "clip.avi", 5)
    (tmp_path / "secret").write_text("clip.avi")
    (tmp_path / "glyphcam.toml").write_text(
        '[defaults]\ndb = "all.sqlite"\nregion = "DE"\n[cameras.gate]\nsource = "@secret"\nmode = "plates"\n'
        '[cameras.meter]\nsource = "clip.avi"\nmax-frames = 2\n'
    )
    call = [sys.executable, str(ROOT / "run_camera.py"), "--config", str(tmp_path / "glyphcam.toml")]
    checked = subprocess.run([*call, "--check"], capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0 and "gate: plates from clip.avi (recordings and pictures)" in checked.stdout
    done = subprocess.run(call, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "XNNPACK" not in done.stderr  # the runtime's greeting
    assert "gate: INFO: 5 frames" in done.stderr and "meter: INFO: 2 frames" in done.stderr
    base = sqlite3.connect(tmp_path / "all.sqlite")
    assert sorted(mode for (mode,) in base.execute("SELECT mode FROM runs")) == ["digits", "plates"]
    base.close()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('source = "none.mp4"', "[cameras.a] none.mp4 does not exist"),
        ('source = "0"\nthreshold = 5', "[cameras.a] Invalid value for '--threshold'"),
        ('source = "0"\nmode = "plates"\nregion = "XX"', "[cameras.a] "),
        ('source = "0"\nmax-rate = 2', "[cameras.a] --max-rate does nothing alone"),
        ('source = "@none"', "[cameras.a] Invalid value for '[SOURCE]...': 'none' cannot be read"),
    ],
)
def test_what_is_wrong_with_a_camera_of_a_file_is_said_before_any_begins(tmp_path, table, sentence):
    (tmp_path / "a.toml").write_text(f"[cameras.a]\n{table}\n")
    done = run("--config", tmp_path / "a.toml", "--check")
    assert done.exit_code == 2 and sentence in done.stderr, done.output


def test_every_option_can_come_from_the_environment(pipeline, clip, monkeypatch):
    monkeypatch.setenv("GLYPHCAM_MAX_FRAMES", "3")
    monkeypatch.setenv("GLYPHCAM_ROI", "1,1,20,20 5,5,20,20")
    monkeypatch.setenv("GLYPHCAM_SOURCE", clip)
    monkeypatch.setenv("GLYPHCAM_VERSION", "7")
    assert run("--no-show").exit_code == 0
    assert len(pipeline.seen) == 3 and len(pipeline.asked[3]["rois"]) == 2


def test_a_name_stands_in_the_records(pipeline, clip):
    done = run(clip, "--no-show", "--name", "gate")
    assert [row["source"] for row in records(done.stdout)] == ["gate"]


def test_the_demo_on_the_page_never_ends_by_itself(monkeypatch):
    with run_camera.main.make_context("glyphcam", ["--demo", "--serve", "8080"]) as context:
        options = SimpleNamespace(**context.params, given=run_camera.given_options(context))
    run_camera.prepared(options)
    assert options.pace and options.loop
