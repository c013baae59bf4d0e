"""A command gets each confirmed reading, and neither its slowness nor its failure reaches the loop."""

import json
import logging
import shlex
import sys
import threading

import pytest
from conftest import make_result, make_track

from realtime.errors import SinkError
from realtime.sinks import command
from realtime.sinks.command import OnReading


def script(path, code):
    """A command line that runs a line of Python with `path` as its argument."""
    return shlex.join([sys.executable, "-c", f"import sys, time; {code}", str(path)])


def confirmed(*texts):
    return make_result(confirmed=tuple(make_track(i, text) for i, text in enumerate(texts)))


def test_each_confirmed_reading_arrives_once_and_in_order(tmp_path):
    out = tmp_path / "out"
    with OnReading(script(out, "open(sys.argv[1], 'a').write(sys.stdin.read())"), "digits") as sink:
        sink.write(confirmed("1", "2"))
        sink.write(make_result(ended=(make_track(),)))
        sink.write(confirmed("3"))
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(r["text"], r["mode"], r["source"]) for r in rows] == [(t, "digits", "clip.mp4") for t in "123"]
    assert sink.dropped == 0 and not sink._thread.is_alive()


def test_no_shell_reads_the_command(tmp_path):
    assert command.parse_command(f"{sys.executable} 'a b; c' $HOME") == [sys.executable, "a b; c", "$HOME"]


@pytest.mark.parametrize("text", ["", "  ", "no-such-program-at-all x", "'open", "/"])
def test_commands_that_are_none(text):
    with pytest.raises(SinkError, match="--on-reading"):
        OnReading(text, "digits")


def test_a_slow_command_drops_readings_counts_and_says_them(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(command, "WAITING", 2)
    monkeypatch.setattr(command, "PARTING", 0.05)
    started = tmp_path / "started"
    sink = OnReading(script(started, "open(sys.argv[1], 'w').close(); time.sleep(100)"), "digits")
    with pytest.raises(SinkError, match=r"of 9 readings \d were dropped"), sink:
        sink.write(confirmed(*"123456789"))
        wait_for(started)
    assert sink.dropped >= 6  # the first was running, two waited, all others found no place
    assert not sink._thread.is_alive() and sink._process is None
    assert "some are dropped" in caplog.text


def test_a_recording_waits_for_a_slow_command(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "WAITING", 2)
    out = tmp_path / "out"
    with OnReading(script(out, "time.sleep(0.01); open(sys.argv[1], 'a').write('x')"), "digits", live=False) as sink:
        sink.write(confirmed(*"123456789"))
    assert out.read_text() == "x" * 9 and sink.dropped == 0


def test_the_signal_to_stop_does_not_wait_for_a_command(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "WAITING", 1)
    monkeypatch.setattr(command, "PARTING", 0.05)
    stop = threading.Event()
    stop.set()
    sink = OnReading(script("x", "time.sleep(100)"), "digits", live=False, stop=stop)
    with pytest.raises(SinkError, match="of 9 readings"), sink:
        sink.write(confirmed(*"123456789"))


def wait_for(path):
    for _ in range(1000):
        if path.exists():
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{path} never came")


def test_a_failing_command_is_said_and_the_next_one_runs(tmp_path, caplog):
    out = tmp_path / "out"
    sink = OnReading(script(out, "open(sys.argv[1], 'a').write('x'); sys.exit(3)"), "")
    with caplog.at_level(logging.WARNING), pytest.raises(SinkError, match="0 were dropped and 2 failed"), sink:
        sink.write(confirmed("1", "2"))
    assert out.read_text() == "xx" and caplog.text.count("ended with 3") == 2


def test_a_command_that_never_ends_is_ended(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(command, "LONGEST", 0.3)
    out = tmp_path / "out"
    code = (
        "out = open(sys.argv[1], 'a'); first = not out.tell(); out.write('x'); out.close(); first and time.sleep(100)"
    )
    sink = OnReading(script(out, code), "digits")
    with pytest.raises(SinkError, match="0 were dropped and 1 failed"), sink:
        sink.write(confirmed("1", "2"))
    assert out.read_text() == "xx" and "timed out" in caplog.text


def test_a_command_that_does_not_read_is_no_trouble(caplog):
    with OnReading(shlex.join([sys.executable, "-c", "pass"]), "digits") as sink:
        sink.write(confirmed("1" * 10))
    assert sink.dropped == 0 and not caplog.text
