"""A sink behind a function sees what the function makes."""

import pytest
from conftest import make_result, make_track

from realtime.output.record import doubtful
from realtime.sinks.rewrite import Mapped
from realtime.values import Reading


class Note:
    def __init__(self):
        self.said = []

    def __enter__(self):
        self.said.append("enter")

    def __exit__(self, *_):
        self.said.append("exit")

    def write(self, result):
        self.said.append(result)


def test_results_are_changed_on_their_way():
    note = Note()
    with Mapped(lambda result: result.fps, note) as sink:
        sink.write(make_result(fps=7.0))
    assert note.said == ["enter", 7.0, "exit"]


def test_errors_of_the_sink_come_through():
    with pytest.raises(AttributeError), Mapped(lambda result: result, object()):
        pass


def test_unsure_characters_become_question_marks():
    track = make_track(reading=Reading("407", (0.9, 0.3, 0.6), 0.5))
    result = doubtful(make_result(tracks=(track,), ended=(track,)), 0.5)
    assert [t.reading.text for t in (*result.tracks, *result.ended)] == ["4?7", "4?7"]
