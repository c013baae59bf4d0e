"""When a value is written down."""

from conftest import make_frame, make_result, make_track

from realtime.output.occasions import Occasions
from realtime.values import State


def told(occasions, *results):
    return [(event, track.key, track.reading.text) for result in results for event, track in occasions(result)]


def at(time, source="0", **changes):
    return make_result(make_frame(round(10 * time), time, source=source), **changes)


def test_a_value_is_told_when_it_is_confirmed_and_when_it_ends_and_once_each():
    track = make_track()
    film = [at(0, tracks=(track,), confirmed=(track,)), *(at(k / 10, tracks=(track,)) for k in range(1, 30))]
    assert told(Occasions(), *film, at(3, ended=(track,))) == [("begin", (1, 1), "42"), ("end", (1, 1), "42")]


def test_what_stands_is_told_every_so_often():
    track = make_track()
    film = [at(0, tracks=(track,), confirmed=(track,)), *(at(k / 10, tracks=(track,)) for k in range(1, 26))]
    events = [event for event, _, _ in told(Occasions(1.0), *film)]
    assert events == ["begin", "present", "present"]


def test_a_correction_is_told_at_once_and_begins_nothing():
    before, after = make_track(text="417"), make_track(text="477")
    film = [at(0, tracks=(before,), confirmed=(before,)), at(0.3, tracks=(after,), confirmed=(after,))]
    assert told(Occasions(1.0), *film, at(1.2, tracks=(after,)), at(1.3, tracks=(after,))) == [
        ("begin", (1, 1), "417"), ("present", (1, 1), "477"), ("present", (1, 1), "477"),
    ]  # fmt: skip


def test_the_end_of_a_value_is_told_before_the_next_one_begins():
    old, new = make_track(text="41"), make_track(text="42", value=2)
    assert told(Occasions(), at(0, confirmed=(new,), ended=(old,), tracks=(new,))) == [
        ("end", (1, 1), "41"), ("begin", (1, 2), "42"),
    ]  # fmt: skip


def test_a_value_that_begins_and_ends_in_one_picture_only_ends():
    track = make_track()
    assert told(Occasions(), at(0, confirmed=(track,), ended=(track,), tracks=(track,))) == [("end", (1, 1), "42")]


def test_what_is_doubtful_is_told_as_such_and_what_is_tentative_not_at_all():
    doubtful, tentative = make_track(state=State.DOUBTFUL), make_track(2, state=State.TENTATIVE)
    assert told(Occasions(0.1), at(0, doubtful=(doubtful,), tracks=(tentative,)), at(1, tracks=(tentative,))) == [
        ("doubtful", (1, 1), "42")
    ]


def test_only_what_stands_is_remembered():
    occasions = Occasions(1.0)
    for k in range(100):
        track = make_track(k)
        told(occasions, at(k, confirmed=(track,), tracks=(track,)), at(k + 0.5, ended=(track,)))
    assert not occasions._due


def test_equal_numbers_of_two_sources_are_two_values():
    track, occasions = make_track(), Occasions()
    for source in ("a", "b"):
        assert told(occasions, at(0, source, confirmed=(track,), tracks=(track,)))[0][0] == "begin"
