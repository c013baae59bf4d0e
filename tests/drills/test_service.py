"""The service: what its unit says is so, exit codes tell whether another try may help, and no password is in sight."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

import run_camera

HERE = Path(__file__).resolve().parent
UNIT = ROOT / "deploy" / "glyphcam.service"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE.parent)))}
MOST_EXPOSED = 30  # tenths, of the 100 that systemd gives a service without any protection
SECRET = "swordfish"


def joined():
    """The unit with its continued lines in one."""
    return UNIT.read_text().replace("\\\n", "")


def start_line():
    """The words that systemd starts."""
    return re.search(r"^ExecStart=(.*)$", joined(), re.MULTILINE)[1].replace("${STATE_DIRECTORY}", "/state").split()


# ---- the unit


def test_the_unit_starts_what_it_installs():
    program, *arguments = start_line()
    assert program == "/opt/glyphcam/bin/glyphcam"
    assert "glyphcam = run_camera:main" in (ROOT / "setup.cfg").read_text()
    options = run_camera.main.make_context("glyphcam", list(arguments)).params
    extras = re.search(r"pip install '\.\[([\w,]+)\]'", UNIT.read_text())[1].split(",")
    assert options["serve"] and {"web", "mqtt"} <= set(extras)
    assert f"python3 -m venv {Path(program).parents[1]}" in UNIT.read_text()


def test_the_documentation_installs_it_in_the_same_words():
    said = [line.removeprefix("#   ") for line in UNIT.read_text().splitlines() if line.startswith("#   ")]
    assert "\n".join(said[:5]) in (ROOT / "docs/raspberry-pi.md").read_text()


def test_the_unit_names_variables_that_the_program_reads():
    read = {"GLYPHCAM_SOURCE", *(f"GLYPHCAM_{param.name.upper()}" for param in run_camera.main.params)}
    named = set(re.findall(r"GLYPHCAM_[A-Z_]+(?==)", UNIT.read_text()))
    assert named and named <= read


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_the_unit_is_understood_and_little_exposed():
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", UNIT]
    done = subprocess.run(command, capture_output=True, text=True)
    if "unrecognized option" in done.stderr:
        pytest.skip("needs systemd 250 or later")
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
    verified = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True).stderr
    assert [line for line in verified.splitlines() if UNIT.name in line and "is not executable" not in line] == []


# ---- exit codes


def ends(*arguments):
    command = [sys.executable, HERE / "drive.py", *map(str, arguments), "--no-show"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr and "Error: " in done.stderr
    return done.returncode


def test_what_another_try_cannot_help_ends_with_the_code_that_systemd_does_not_restart(tmp_path):
    (tmp_path / "a.csv").touch()
    never = int(re.search(r"^RestartPreventExitStatus=(\d+)$", joined(), re.MULTILINE)[1])
    assert ends("--threshold", 2) == ends("--serve", "nonsense", "--demo") == never
    assert ends("--demo", "--csv", tmp_path / "a.csv") == ends("--demo", "--save", tmp_path / "a.txt") == never


def test_what_may_be_there_later_ends_with_another_code(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert ends("--demo", "--serve", taken.getsockname()[1]) == 3
    assert ends("/dev/video97") == ends("--demo", "--db", tmp_path / "unmounted" / "a.sqlite") == 3


# ---- passwords


def processes(number):
    """What a list of processes shows of a program."""
    return Path(f"/proc/{number}/cmdline").read_bytes().decode()


@pytest.fixture
def broker():
    """An address where a broker would be, and nobody takes calls."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"mqtt://me:{SECRET}@127.0.0.1:{listener.getsockname()[1]}"


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("way", ["file", "environment"])
def test_a_password_in_a_file_or_the_environment_is_in_no_list_of_processes(tmp_path, broker, way):
    pytest.importorskip("paho.mqtt.client")
    (tmp_path / "broker").write_text(broker + "\n")
    fifo = tmp_path / "environment"
    os.mkfifo(fifo)
    named = ["--mqtt", f"@{tmp_path / 'broker'}"] if way == "file" else []
    environment = ENVIRONMENT | ({"GLYPHCAM_MQTT": broker} if way == "environment" else {})
    command = [sys.executable, HERE / "drive.py", "--demo", "--no-show", *named]
    command += ["--on-reading", f"sh -c 'env > {fifo}; sleep 2'"]
    with (tmp_path / "said").open("w") as said:
        program = subprocess.Popen([*map(str, command)], env=environment, stderr=said)
    seen = fifo.read_text()  # as soon as a reading has come
    assert SECRET not in processes(program.pid) and SECRET not in seen
    program.send_signal(signal.SIGKILL)
    program.wait()
    assert SECRET not in (tmp_path / "said").read_text()


def test_a_password_on_the_command_line_is_warned_of(tmp_path):
    command = [sys.executable, HERE / "drive.py", f"rtsp://me:{SECRET}@127.0.0.1:9/", "--no-show"]
    said = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60).stderr
    assert "can see the password" in said and SECRET not in said


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    command = [sys.executable, HERE / "drive.py", f"@{tmp_path / 'none'}"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "cannot be read (No such file or directory)" in done.stderr
