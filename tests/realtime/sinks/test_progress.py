"""The progress bar counts frames, and keeps still where nobody looks."""

import io
import logging
from contextlib import redirect_stderr

import pytest
import tqdm
from conftest import make_frame, make_result

from realtime.sinks.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    stream = Terminal()
    real = tqdm.tqdm
    monkeypatch.setattr("tqdm.tqdm", lambda **settings: real(file=stream, mininterval=0, **settings))
    return stream


def test_frames_are_counted_once_with_rate_and_time_left(terminal):
    frames = [make_frame(i) for i in range(3)]
    with redirect_stderr(terminal), Progress(10) as progress:
        for frame in (*frames, frames[-1]):
            progress.write(make_result(frame))
    assert "3/10" in terminal.getvalue() and "frames/s" in terminal.getvalue() and "4/10" not in terminal.getvalue()


def test_nothing_is_drawn_into_a_file():
    stream = io.StringIO()
    with redirect_stderr(stream), Progress(None) as progress:
        progress.write(make_result())
    assert stream.getvalue() == ""


def test_messages_do_not_tear_the_bar(terminal):
    logging.getLogger().addHandler(handler := logging.StreamHandler(terminal))
    try:
        with redirect_stderr(terminal), Progress(10) as progress:
            progress.write(make_result())
            logging.getLogger("realtime").warning("a word")
    finally:
        logging.getLogger().removeHandler(handler)
    assert "1/10" in terminal.getvalue() and "a word" in terminal.getvalue()
