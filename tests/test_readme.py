"""README says what is: options as --help prints them, command lines that the checks run, files that exist.

`python tests/test_readme.py` writes the option list into README.
"""

import re
import shlex
from configparser import ConfigParser

import pytest
from click.testing import CliRunner
from conftest import ROOT

import run_camera
from realtime.bench import __main__ as bench

README = ROOT / "README.md"
OPTIONS = re.compile(r"(<!-- options: .* -->\n)(.*?)(<!-- /options -->\n)", re.DOTALL)


def help_text() -> str:
    """What --help prints on a terminal 100 columns wide."""
    done = CliRunner().invoke(run_camera.main, ["--help"], prog_name="run_camera.py", terminal_width=100)
    assert done.exit_code == 0
    return done.output


def with_options(text: str) -> str:
    """README with the option list that --help prints."""
    assert OPTIONS.search(text), "README has lost the marks around its option list."
    return OPTIONS.sub(lambda m: f"{m[1]}```\n{help_text()}```\n{m[3]}", text)


def command_lines() -> list[str]:
    """The lines that the checks run: the blocks marked as "sh"."""
    return [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.M | re.S)
        for line in block.splitlines()
    ]


def test_the_option_list_is_what_help_prints():
    assert README.read_text() == with_options(README.read_text()), "Run: python tests/test_readme.py"


def test_one_line_runs_the_main_job_and_one_the_tests():
    first, second = command_lines()
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/python run_camera.py")
    assert second.endswith(" && .venv/bin/python -m pytest")


def test_the_line_for_the_tests_installs_every_extra_but_other_peoples_readers():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = re.search(r"\[([\w,]+)\]", command_lines()[1])[1].split(",")
    assert sorted([*named, "bench"]) == sorted(setup["options.extras_require"])


@pytest.mark.parametrize("line", re.findall(r"run_camera\.py (?!\d)[^\n`]*", README.read_text()))
def test_every_command_shown_has_options_that_exist(line):
    known = {name for option in run_camera.main.params for name in (*option.opts, *option.secondary_opts)}
    words = shlex.split(line.split("    ")[0].split(" from anywhere")[0])
    assert {word for word in words if word.startswith("--")} <= known


def test_every_option_named_anywhere_in_the_text_exists():
    text = OPTIONS.sub("", README.read_text())
    commands = (run_camera.main, *bench.main.commands.values())
    known = {name for c in commands for option in c.params for name in (*option.opts, *option.secondary_opts)}
    known |= {
        "--system-site-packages",
        "--help",
        "--nworkers",
        "--nthreads",
        "--now",
    }  # of venv, click, dask, systemctl
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known


def test_every_file_and_link_named_exists():
    text = README.read_text()
    names = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(
        r"`((?:realtime|deploy|tests|docs|synth)/[\w./-]+)`", text
    )
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", re.findall(r"python -m (train|synth) (\w+)", README.read_text()), ids=" ".join)
def test_every_command_for_making_models_exists(name):
    from synth.__main__ import main as synth
    from train.__main__ import COMMANDS

    program, command = name
    assert command in (COMMANDS if program == "train" else synth.commands)


def test_figures_of_the_program_are_its_own():
    from realtime.regions import names
    from realtime.track import LOST_AFTER
    from train.sampling.recipes import STRIDE, WINDOW

    text = " ".join(README.read_text().split())
    assert f"formats of {len(names())} countries and states" in text
    assert f"unseen for {LOST_AFTER} seconds" in text
    assert f"window of {WINDOW} pixels at {STRIDE} times" in text


def test_the_checks_take_their_commands_from_here():
    script = (ROOT / ".ci/run").read_text()
    assert "README.md" in script and "$(readme 1)" in script and "$(readme 2)" in script
    assert not any(line in script for line in command_lines())


if __name__ == "__main__":
    README.write_text(with_options(README.read_text()))
