"""The documentation is true: its commands run or are understood, its links lead somewhere, its lists are complete.

`python tests/test_docs.py` writes the help into docs/running.md.
"""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from conftest import ROOT, write_clip, write_picture

import run_camera
from realtime.bench.__main__ import main as bench
from realtime.cli.help import SECTIONS, VALID
from realtime.output.record import FIELDS
from synth.__main__ import main as synth
from train.__main__ import main as train

README, RUNNING = ROOT / "README.md", ROOT / "docs" / "running.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
OPTIONS = re.compile(r"(<!-- options: .* -->\n)(.*?)(<!-- /options -->\n)", re.DOTALL)
BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
FOREIGN = {  # programs of others, whose options are not checked
    "activate", "apt", "apt-get", "cat", "cp", "dask", "docker", "echo", "grep", "lint-imports", "mypy", "pip",
    "pytest", "py", "python3", "ruff", "sh", "systemctl", "xargs",
}  # fmt: skip


RECORD = {"text": "KAB99", "confidence": 0.99, "known": "K-AB 99", "known_name": "Anna", "known_list": "family"}


@dataclass(frozen=True)
class Block:
    """A fenced block: the comment before it, its language, its text."""

    mark: str
    language: str
    text: str


def blocks(page):
    """All fenced blocks of a page."""
    return [Block(m["mark"] or "", m["language"], m["text"]) for m in BLOCK.finditer(OPTIONS.sub("", page.read_text()))]


def marked(page, mark, *languages):
    """The blocks in some languages whose comment begins with a word."""
    return [b for b in blocks(page) if b.mark.split(":")[0] == mark and b.language in languages]


def commands(text):
    """The commands of shell lines as lists of words, without the shell's own signs and what it sets or raises."""
    for line in text.splitlines():
        lexer = shlex.shlex(line.replace("\\", "/"), posix=True, punctuation_chars="|&;")
        lexer.whitespace_split, words = True, []
        for word in [*lexer, "&&"]:
            if word in ("&&", "|", ";"):
                yield words
                words = []
            elif words or (word not in ("sudo", ".") and "=" not in word):
                words.append(word)


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A folder with all that the examples read, beside one of data; they are run in it."""
    (tmp_path / "shared/data").mkdir(parents=True)
    tmp_path = tmp_path / "glyphcam"
    for name in ("drive.mp4", "recordings/a.avi", "recordings/b.avi"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_clip(tmp_path / name)
        os.utime(tmp_path / name, (1e9, 1e9))  # an archive leaves alone what may still be written
    for name in (
        "meters",
        "runs/a",
        "runs/b",
        "runs/latent",
        "runs/digits-classifier",
        "runs/plates-reader",
        "data",
        "gate",
    ):
        (tmp_path / name).mkdir(parents=True)
    for name in ("picture.jpg", "7.png", "meters/1.jpg", "meters/2.jpg"):
        write_picture(tmp_path / name)
    (tmp_path / "gate/labels.csv").write_text("file,text\n")
    (tmp_path / "runs/plates-reader/settings.json").write_text('{"task": "plates-reader"}')
    for name, text in {
        "camera": "rtsp://u:p@camera/1",
        "broker": "mqtt://u:p@broker/meter",
        "token": "secret-token",
        "gate": "rtsp://u:p@camera/1",
    }.items():
        (tmp_path / f"{name}.txt").write_text(text)
    recipe = ROOT / "docs/recipes/several-cameras.md"
    (tmp_path / "glyphcam.toml").write_text(next(b.text for b in blocks(recipe) if b.language == "toml"))
    (tmp_path / "known.csv").write_text("text,name,list\nKA B 99,Anna,family\n")
    for name in ("models", "tests", "synth", "deploy"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- what runs


def run_line(line):
    """Run a command of this project as a shell would, in this process."""
    words = shlex.split(line)
    program, rest = (words[0], words[1:]) if words[0] == "glyphcam" else (words[2], words[3:])
    done = CliRunner().invoke(run_camera.main if program == "glyphcam" else group_of(program), rest)
    assert done.exit_code == 0, (line, done.output, done.stderr)


def run_python(code, monkeypatch):
    """Run a block of Python, which may find a record on its standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(RECORD)))
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    "name", [name for name, page in zip(NAMES, PAGES, strict=True) if marked(page, "run", "bash", "python")]
)
def test_what_is_marked_to_run_runs_in_the_order_of_the_page(name, world, monkeypatch):
    for block in marked(ROOT / name, "run", "bash", "python"):
        if block.language == "python":
            run_python(block.text, monkeypatch)
        else:
            for line in block.text.splitlines():
                run_line(line)


def test_the_example_of_a_gate_opens_for_a_known_plate(world, monkeypatch, capsys):
    code = marked(ROOT / "docs/recipes/gate.md", "run", "python")[0].text
    run_python(code, monkeypatch)
    assert capsys.readouterr().out == "open\n"


# --- what cannot run here


def understood(words):
    """Parse a command of this project as its program does; False where it is somebody else's."""
    if words[:2] == ["docker", "run"]:
        words = words[words.index("glyphcam") :]
    if Path(words[0]).name == "python":
        words = words[2:] if words[1] == "-m" else words[1:]
    program, rest = Path(words[0]).name, words[1:]
    if program in ("glyphcam", "run_camera.py"):
        context = run_camera.main.make_context("glyphcam", list(rest))
        with context:
            run_camera.prepared(SimpleNamespace(**context.params, given=run_camera.given_options(context)))
    elif program in ("train", "synth", "realtime.bench"):
        parse(group_of(program), rest)
    else:
        return False
    return True


def group_of(program):
    """The commands of a package that is run with python -m."""
    return {"train": train, "synth": synth, "realtime.bench": bench}[program]


def command_of(group, name):
    """A command of a group."""
    found = group.get_command(click.Context(group), name)
    assert found is not None, name
    return found


def parse(command, words):
    """Parse the words of a command, or of the one that they name below it. Raises click.UsageError."""
    if isinstance(command, click.Group):
        parse(command_of(command, words[0]), words[1:])
    else:
        command.make_context(command.name, list(words))


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_run_here_is_at_least_understood(name, world):
    for block in marked(ROOT / name, "check", "bash", "powershell"):
        assert block.mark.removeprefix("check: ").strip(), "It does not say why it cannot run."
        for words in commands(block.text):
            assert understood(words) or Path(words[0]).name in FOREIGN, words


@pytest.mark.parametrize("name", NAMES)
def test_every_block_of_a_language_says_whether_it_runs(name):
    for block in blocks(ROOT / name):
        known = {
            "": [""],
            "sh": [""],
            "json": ["record"],
            "toml": [""],
            "bash": ["run", "check"],
            "powershell": ["check"],
            "python": ["run"],
        }
        assert block.mark.split(":")[0] in known[block.language], block
        assert block.language != "sh" or name == "README.md"


def test_the_check_finds_an_option_that_does_not_exist(world):
    for line in (
        "glyphcam 0 --no-such",
        "python -m train fit digits-reader --no-such",
        "glyphcam 0 --token secret-token",
    ):
        with pytest.raises((click.UsageError, run_camera.UserError)):
            understood(shlex.split(line))


# --- README


def command_lines():
    """The lines that .ci/run executes."""
    return [line for block in blocks(README) if block.language == "sh" for line in block.text.splitlines()]


def test_one_line_runs_the_main_job_and_one_the_tests():
    first, second = command_lines()
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/python run_camera.py")
    assert second.endswith(" && .venv/bin/python -m pytest")
    assert understood(first.split(" && ")[-1].split())


def test_the_line_for_the_tests_installs_every_extra_but_other_peoples_readers():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = re.search(r"\[([\w,]+)\]", command_lines()[1])[1].split(",")
    assert sorted([*named, "bench"]) == sorted(setup["options.extras_require"])


def test_the_checks_take_their_commands_from_here():
    script = (ROOT / ".ci/run").read_text()
    assert "README.md" in script and "$(readme 1)" in script and "$(readme 2)" in script
    assert not any(line in script for line in command_lines())


def test_readme_is_short_and_links_every_page():
    text = README.read_text()
    assert len(text.splitlines()) < 200
    assert [name for name in NAMES if name != "README.md" and f"({name})" not in text] == []


def test_the_moving_picture_is_small():
    assert 0 < (ROOT / "docs" / "glyphcam.gif").stat().st_size < 1_500_000


# --- lists


def help_text():
    """What --help prints on a terminal 100 columns wide."""
    done = CliRunner().invoke(run_camera.main, ["--help"], prog_name="glyphcam", terminal_width=100)
    assert done.exit_code == 0
    return done.output


def with_options(text):
    """The page with the help that the program prints."""
    assert OPTIONS.search(text), "The page has lost the marks around the help."
    return OPTIONS.sub(lambda m: f"{m[1]}```\n{help_text()}```\n{m[3]}", text)


def test_the_help_is_what_help_prints():
    assert RUNNING.read_text() == with_options(RUNNING.read_text()), "Run: python tests/test_docs.py"


def test_every_option_is_described_once_with_an_example_that_is_understood(world):
    lines = OPTIONS.sub("", RUNNING.read_text()).splitlines()
    examples = [
        span for line in lines if line.startswith("| `--") for span in re.findall(r"`(--[^`]+)`", line.split("|")[1])
    ]
    known = [option.opts[-1] for option in run_camera.main.params if isinstance(option, click.Option)]
    assert sorted(shlex.split(example)[0].replace("--no-show", "--show") for example in examples) == sorted(
        [*known, "--help"]
    )
    for example in examples:
        if example not in ("--version", "--help"):
            run_camera.main.make_context("glyphcam", shlex.split(example))


@pytest.mark.parametrize("name", NAMES)
def test_every_option_named_in_the_text_exists(name):
    prose = BLOCK.sub("", OPTIONS.sub("", (ROOT / name).read_text()))
    groups = [
        run_camera.main,
        *bench.commands.values(),
        *(command_of(train, name) for name in ("evaluate", "fit", "export")),
    ]
    known = {word for c in groups for option in c.params for word in (*option.opts, *option.secondary_opts)} | {
        "--help"
    }
    named = {word for span in re.findall(r"`[^`]+`", prose) for word in re.findall(r"(?<![\w-])--[a-z][a-z-]+", span)}
    assert named <= known


def test_examples_in_the_help_and_values_for_refusals_are_understood(world):
    for line in run_camera.EXAMPLES.splitlines()[2:]:
        assert understood(
            shlex.split(line.split("    ")[0] if line.startswith("    ") else re.split(r"\s{3,}", line.strip())[0])
        )
    for name, value in VALID.items():
        run_camera.main.make_context("glyphcam", [f"--{name.replace('_', '-')}", value])
    valued = {
        o.name for o in run_camera.main.params if isinstance(o, click.Option) and not (o.is_flag or o.is_bool_flag)
    }
    assert set(VALID) == valued - {"help", "version"}


def test_a_wrong_value_is_answered_by_one_that_works():
    done = CliRunner().invoke(run_camera.main, ["--threshold", "5"])
    assert done.exit_code == 2 and "For example: --threshold 0.8." in done.stderr
    done = CliRunner().invoke(run_camera.main, ["--every"])
    assert done.exit_code == 2 and "For example: --every 3." in done.stderr


def test_the_help_begins_with_the_ten_options_used_most():
    assert len(next(iter(SECTIONS.values()))) == 10
    assert help_text().index("Used most:") < help_text().index("What to read:") < help_text().index("Examples:")


@pytest.mark.parametrize("name", ["README.md", "docs/running.md"])
def test_the_record_that_is_shown_has_the_fields_of_a_record(name):
    shown = [json.loads(block.text) for block in blocks(ROOT / name) if block.mark == "record"]
    assert shown and all(tuple(record) == FIELDS for record in shown)


def test_every_field_of_a_record_is_explained():
    rows = [line.split("|")[1] for line in RUNNING.read_text().splitlines() if line.startswith("| `")]
    assert {*FIELDS, "crop"} - {"event"} <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("name", [*NAMES, "models/README.md"])
def test_every_link_and_file_leads_somewhere(name):
    page = ROOT / name
    text = BLOCK.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target
    named = re.findall(r"`((?:realtime|deploy|tests|docs|synth|train)/[\w./-]+)`", text)
    assert [each for each in named if not (ROOT / each).exists()] == []


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_figures_of_the_program_are_its_own():
    from realtime.capture.gate import LONGEST
    from realtime.rules.regions import names
    from realtime.tracking.track import LOST_AFTER
    from train.sampling.recipes import STRIDE, WINDOW

    how = " ".join((ROOT / "docs/how-it-works.md").read_text().split())
    assert f"{len(names())} countries and states" in RUNNING.read_text()
    assert f"unseen for {LOST_AFTER} seconds" in how and f"window of {WINDOW} pixels at {STRIDE} times" in how
    assert LONGEST == 0.5 and "two frames per second are read in any case" in RUNNING.read_text()


def test_the_picture_of_the_packages_shows_every_file_of_realtime():
    tree = next(block.text for block in blocks(ROOT / "docs/how-it-works.md") if "run_camera.py" in block.text)
    shown = {word.strip("/:;,") for word in tree.split()}
    there = {
        path.stem for path in (ROOT / "realtime").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - {"__init__"} <= shown


# --- the container


DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_gets_what_the_wheel_is_made_of():
    copied = {name for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M) for name in line.split()}
    allowed = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M))
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    packages = {name.split(".")[0] for name in setup["options"]["packages"].split()}
    assert copied == allowed and all((ROOT / name).exists() for name in copied)
    assert packages | {"models", "run_camera.py", "setup.cfg", "pyproject.toml", "README.md"} <= copied


def test_the_image_runs_commands_that_exist():
    base = re.search(r"^FROM python:(\d+)\.(\d+)-slim$", DOCKERFILE, re.M)
    assert (3, 11) <= tuple(map(int, base.groups())) <= (3, 13)
    program, *_ = json.loads(re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.M)[1])
    started = json.loads(re.search(r"^CMD (.*)$", DOCKERFILE, re.M)[1])
    built = shlex.split(re.search(r"^RUN glyphcam (.*)$", DOCKERFILE, re.M)[1])
    assert understood([program, *started]) and understood([program, *built])
    assert re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.M)[1] == started[-1].rpartition(":")[2]


@pytest.mark.skipif(not shutil.which("hadolint"), reason="needs hadolint")
def test_the_image_is_linted():
    done = subprocess.run(["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


if __name__ == "__main__":
    RUNNING.write_text(with_options(RUNNING.read_text()))
