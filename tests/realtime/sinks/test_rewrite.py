"""A sink behind a function sees what the function makes."""

import dataclasses

import pytest
from conftest import make_result, make_track

from realtime.output.record import doubtful
from realtime.sinks.rewrite import Mapped, Only
from realtime.values import Match, Reading


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


# --- only known or unknown texts


def told(known, number=1, **changes):
    track = make_track(number, **changes)
    return dataclasses.replace(track, reading=dataclasses.replace(track.reading, known=known))


KNOWN, UNKNOWN = Match("4 2", "Anna"), Match()


@pytest.mark.parametrize("known", [True, False])
def test_only_known_or_unknown_texts_pass(known):
    both = told(KNOWN), told(UNKNOWN, 2)
    passed = Only(known)(make_result(tracks=both, confirmed=both, ended=both, doubtful=both, crossed=both))
    for tracks in (passed.tracks, passed.confirmed, passed.ended, passed.doubtful, passed.crossed):
        assert [t.id for t in tracks] == [1 if known else 2]


def test_what_was_told_is_ended_although_it_was_corrected():
    only = Only(True)
    assert only(make_result(confirmed=(told(UNKNOWN),))).confirmed == ()
    assert len(only(make_result(confirmed=(told(KNOWN),))).confirmed) == 1
    assert len(only(make_result(ended=(told(UNKNOWN),))).ended) == 1
    assert only(make_result(ended=(told(UNKNOWN),))).ended == ()
