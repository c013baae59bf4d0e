"""Every option is used by the job that it is given to, or refused: over all pairs of options."""

from itertools import combinations

import pytest
from click.testing import CliRunner
from conftest import FakePipeline, write_clip

import run_camera
from realtime import pad, setup
from realtime.archive import run as archive
from realtime.cli.rules import EXCLUDES, NEEDS, USED_BY, Job, spelled
from realtime.stats import Summary

VALUES = {
    "mode": "plates", "threshold": "0.5", "unsure": "0.5", "region": "DE", "roi": "1,1,30,30", "search_size": "640",
    "models": "models", "threads": "2", "size": "64x48", "fps": "5", "rotate": "90", "max_frames": "5", "every": "2",
    "max_fps": "5", "save": "OUT/a.mp4", "serve": "127.0.0.1:0", "token": "secret", "jsonl": "OUT/a.jsonl",
    "csv": "OUT/a.csv", "reads": "all", "db": "OUT/a.db", "crops": "OUT/crops", "on_reading": "true",
    "mqtt": "mqtt://127.0.0.1:1", "keep": "3", "hash_texts": "OUT/salt", "workers": "2", "scheduler": "tcp://h:1",
    "pattern": "LLDD", "known": "KNOWN", "words": "KNOWN", "only": "known", "candidates": "3", "min_length": "4",
    "min_height": "9", "line": "0,30,60,30", "again_after": "5",
    "log_level": "error", "max_rate": "5", "interval": "60", "name": "gate",
    "config": "OUT/glyphcam.toml", "overlay": "full", "measures": "gas",
    "moments": "OUT/moments", "around": "5", "anonymise": "plates",
}  # fmt: skip
FLAGS = ("whole_frame", "rising", "plain", "flip", "skip_still", "skip_blurred", "overwrite", "demo", "draw", "show",
         "pace", "loop", "check")  # fmt: skip
OPTIONS = (*VALUES, *FLAGS)


def words(option, folder):
    """An option as it is written."""
    return [spelled(option), *([VALUES[option].replace("OUT", str(folder))] if option in VALUES else [])]


@pytest.fixture
def asked(monkeypatch):
    """The jobs that were begun, in the place of doing them; each with its options."""
    begun = []

    def begin(o, _):
        begun.append(o)
        return Summary()

    monkeypatch.setattr(run_camera, "watch", begin)
    monkeypatch.setattr(run_camera, "JOBS", dict.fromkeys((Job.PAD, Job.PAGE, Job.ARCHIVE, Job.SEVERAL), begin))
    return begun


def run(*arguments):
    return CliRunner().invoke(run_camera.main, [str(a) for a in arguments])


def test_every_option_has_its_place():
    names = {param.name for param in run_camera.main.params} - {"version"}
    assert names == set(USED_BY) == {*OPTIONS, "sources"}
    assert {name for pair in EXCLUDES for name in pair} | set(NEEDS) | set().union(*NEEDS.values()) <= names


@pytest.mark.parametrize("source", ["0", "rtsp://camera/1", "clip.avi"])
def test_over_all_pairs_an_option_is_used_or_refused(asked, tmp_path, source):
    """A run begins exactly where its job uses both options and nothing else contradicts; else one of them is named."""
    for one, other in combinations(OPTIONS, 2):
        sources = [] if "demo" in (one, other) else [source]
        done = run(*sources, *words(one, tmp_path), *words(other, tmp_path))
        said = [spelled(option) in done.output for option in (one, other)]
        if done.exit_code == 0:
            job = run_camera.job_of(asked.pop())
            assert job in USED_BY[one] & USED_BY[other], (one, other, job)
        else:
            assert done.exit_code == 2 and any(said) and not asked, (one, other, done.output)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["CLIP", "--size", "64x48"], "--size does nothing with recordings and pictures"),
        (["CLIP", "--fps", 5], "--fps does nothing with recordings and pictures"),
        (["rtsp://h/1", "--size", "64x48"], "--size does nothing with a stream"),
        (["CLIP", "--token", "x"], "--token does nothing alone"),
        (["CLIP", "--db", "OUT/a.db", "--reads", "all"], "--reads does nothing alone"),
        (["CLIP", "--db", "OUT/a.db", "--overwrite"], "--overwrite does nothing alone"),
        (["CLIP", "--region", "DE"], "--region is for the mode plates"),
        (["CLIP", "--draw"], "SOURCE does nothing with --draw"),
        (["CLIP", "--workers", 2, "--db", "OUT/a.db", "--save", "OUT/a.mp4"], "--save does nothing with --workers"),
        (["--draw", "--mode", "digits,plates"], "--draw reads one kind"),
        (["CLIP", "--whole-frame", "--search-size", 900], "exclude each other"),
        (["--draw", "--no-show"], "--show does nothing with --draw"),
        (["--draw", "--every", 2], "--every does nothing with --draw"),
        (["rtsp://h/1", "--loop"], "--loop does nothing with a stream"),
        (["--config", "a.toml", "--mode", "plates"], "--mode does nothing with --config. Put it into the file"),
        (["CLIP", "--check"], "--check does nothing with recordings"),
        (["CLIP", "--hash-texts", "OUT/salt", "--show"], "--hash-texts does nothing alone"),
    ],
)
def test_what_was_dropped_in_silence_is_refused(asked, tmp_path, arguments, sentence):
    clip = write_clip(tmp_path / "clip.avi", 3)
    done = run(*(str(a).replace("CLIP", str(clip)).replace("OUT", str(tmp_path)) for a in arguments))
    assert done.exit_code == 2 and sentence in done.stderr and not asked


def test_every_option_that_is_accepted_is_looked_at(monkeypatch, tmp_path):
    """What the table says is true: the job that an option is given to asks for its value."""
    looked = set()

    class Options(run_camera.SimpleNamespace):
        def __getattribute__(self, name):
            looked.add(name)
            return super().__getattribute__(name)

    monkeypatch.setattr(run_camera, "SimpleNamespace", Options)
    monkeypatch.setattr(run_camera, "prepared", lambda o: run_camera.job_of(o))
    monkeypatch.setattr(setup, "load", lambda *_, **__: FakePipeline())
    monkeypatch.setattr(archive, "run", lambda *_, **__: archive.Report())
    monkeypatch.setattr(pad, "run", lambda *_, **__: None)
    clip = write_clip(tmp_path / "clip.avi", 3)
    outputs = [word for name in ("save", "jsonl", "csv", "db", "crops", "moments") for word in words(name, tmp_path)]
    runs = {
        Job.FILES: [clip, "--no-show", *outputs],
        Job.ARCHIVE: [clip, "--workers", 2, "--db", tmp_path / "b.db"],
        Job.PAD: ["--draw"],
    }
    for job, arguments in runs.items():
        looked.clear()
        assert run(*arguments).exit_code == 0
        needed = {option for option, jobs in USED_BY.items() if job in jobs} - {"sources", "token", "measures"}
        assert needed <= looked, (job, needed - looked)
