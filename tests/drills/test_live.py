"""A network camera that dies, stalls and comes back, against the program as a process of its own."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from realtime.capture.open import open_source

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), str(HERE.parent)))}
PATIENCE = 120.0  # seconds, far more than any step needs


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Drill:
    """The server and the program, started, signalled and waited for."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.rows, self.error = folder / "rows.jsonl", folder / "error.txt"
        self.processes = []

    def start(self, name, *arguments, **pipes):
        command = [str(part) for part in (sys.executable, HERE / name, *arguments)]
        self.processes.append(subprocess.Popen(command, env=ENVIRONMENT, text=True, **pipes))
        return self.processes[-1]

    def serve(self, kind="http", size="320x240"):
        server = self.start("server.py", kind, self.port, size, stdout=subprocess.PIPE)
        assert server.stdout.readline() == "ready\n"
        return server

    def program(self, kind="http", *options):
        url = f"{kind}://127.0.0.1:{self.port}"
        with open(self.error, "w") as error:
            self.running = self.start("drive.py", url, "--jsonl", self.rows, *options, stderr=error)
        return self.running

    def read(self):
        return [json.loads(line) for line in self.rows.read_text().splitlines()] if self.rows.exists() else []

    def events(self):
        return [row["event"] for row in self.read() if row["event"].startswith("source")]

    def ended(self):
        return [row for row in self.read() if row["event"] == "end"]

    def until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end and self.running.poll() is None, self.error.read_text()
            time.sleep(0.05)

    def end(self, number=signal.SIGTERM):
        self.running.send_signal(number)
        return self.running.wait(PATIENCE)


@pytest.fixture
def drill(tmp_path):
    drill = Drill(tmp_path)
    yield drill
    for process in drill.processes:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.mark.parametrize("kind", ["http", "tcp", "rtsp"])
def test_a_camera_that_dies_and_comes_back(drill, kind):
    server = drill.serve(kind)
    drill.program(kind)
    drill.until(lambda: len(drill.read()) >= 2)
    server.kill()
    drill.until(lambda: "source lost" in drill.events())
    before = len(drill.read())
    drill.serve(kind)
    drill.until(lambda: "source back" in drill.events() and len(drill.read()) >= before + 3)
    assert drill.end() == 0
    assert drill.events()[:2] == ["source lost", "source back"]
    assert "Traceback" not in drill.error.read_text()


def test_a_camera_that_stalls_and_one_of_another_size(drill):
    video = drill.folder / "out.mp4"
    server = drill.serve()
    drill.program("http", "--save", video)
    drill.until(lambda: len(drill.read()) >= 2)
    server.send_signal(signal.SIGSTOP)
    drill.until(lambda: drill.events() == ["source lost"])
    server.kill()
    drill.serve(size="128x96")
    drill.until(lambda: len(drill.events()) == 2 and "text" in drill.read()[-1])
    assert drill.end(signal.SIGINT) == 0
    with open_source(str(video)) as source:
        frames = list(source)
    assert {frame.image.shape for frame in frames} == {(240, 320, 3)}
    lost = next(row["time"] for row in drill.read() if row.get("event") == "source lost")
    last = max(row["time"] for row in drill.read() if row.get("text") and row["time"] < lost)
    assert frames[-1].time > lost - last


def test_a_kill_loses_at_most_the_last_second(drill):
    video, base = drill.folder / "out.mp4", drill.folder / "a.sqlite"
    drill.serve()
    program = drill.program("http", "--save", video, "--db", base, "--crops", drill.folder / "crops")
    drill.until(lambda: len(drill.ended()) >= 5)
    program.kill()
    program.wait()
    rows = drill.ended()
    assert rows[-1]["frame"] >= 24 and [row["text"] for row in rows] == [str(n + 1) for n in range(len(rows))]
    connection = sqlite3.connect(base)
    texts = [text for (text,) in connection.execute("SELECT text FROM tracks ORDER BY id")]
    connection.close()
    begun = [row["text"] for row in drill.read() if row["event"] == "begin"]
    assert abs(len(texts) - len(begun)) <= 1 and len(begun) >= len(rows)  # what stood when it was killed is there too
    assert texts == [str(n + 1) for n in range(len(texts))]
    with open_source(str(video)) as source:
        frames = list(source)
    assert frames[-1].index >= rows[-1]["frame"] - 10
    for row in rows[:-1]:
        assert Path(row["crop"]).read_bytes().endswith(b"\xff\xd9")


def test_a_camera_that_never_answers_is_one_sentence(drill):
    program = drill.program()
    assert program.wait(PATIENCE) == 3
    text = drill.error.read_text()
    assert text.startswith("Error: ") and "does not deliver video" in text and text.count("\n") == 1


def test_passwords_are_nowhere_to_be_read(drill):
    drill.serve()
    base = drill.folder / "a.sqlite"
    options = ["--jsonl", drill.rows, "--db", base, "--log-level", "debug", "--max-frames", 20]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    program = drill.start("drive.py", f"http://me:secret@127.0.0.1:{drill.port}/?token=hidden", *options, **pipes)
    said = program.communicate(timeout=PATIENCE)[0]
    assert program.returncode == 0 and len(drill.read()) >= 4
    written = said + drill.rows.read_text() + base.read_bytes().decode("latin1")
    assert "secret" not in written and "hidden" not in written and "me:***@127.0.0.1" in written
