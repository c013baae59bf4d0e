"""What cannot be written waits, in order, bounded, and is counted where it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import BusyError, SinkError
from realtime.output.outbox import RETRY, Outbox


class Place:
    """Takes items, or fails with the error that it was given."""

    def __init__(self):
        self.items, self.error, self.tries = [], None, 0

    def __call__(self, items):
        self.tries += 1
        if self.error:
            raise self.error
        self.items += items


def opened(place, now, **options):
    return Outbox(place, **{"patient": True, "clock": lambda: now[0], **options})


FULL = SinkError("The disk is full.")


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40))
def test_everything_arrives_in_order_whatever_fails_meanwhile(steps):
    place, now = Place(), [0.0]
    outbox = opened(place, now)
    for item, broken in steps:
        place.error = FULL if broken else None
        outbox.put(item)
        outbox.flush()
        assert bool(outbox.trouble) or not len(outbox)
        now[0] += RETRY / 2
    place.error = None
    outbox.close()
    assert place.items == [item for item, _ in steps] and not outbox.trouble


def test_what_fails_is_not_tried_at_every_turn():
    place, now = Place(), [0.0]
    outbox = opened(place, now)
    place.error = FULL
    for _ in range(100):
        outbox.put(1)
        outbox.flush()
        now[0] += RETRY / 10
    assert place.tries <= 11 and outbox.trouble == "The disk is full."


def test_the_oldest_are_spilled_and_what_has_no_place_is_counted():
    place, now, aside = Place(), [0.0], []
    outbox = opened(place, now, most=4, spill=aside.extend)
    place.error = FULL
    for item in range(10):
        outbox.put(item)
        outbox.flush()
        now[0] += RETRY
    assert len(outbox) <= 5 and aside == list(range(len(aside))) and aside
    with pytest.raises(SinkError, match="Rows kept beside it for the next run: "):
        outbox.close()
    assert aside == list(range(10)) and outbox.lost == 0
    lossy = opened(place, now, most=4)
    for item in range(10):
        lossy.put(item)
        lossy.flush()
        now[0] += RETRY
    with pytest.raises(SinkError, match="Rows lost: 10"):
        lossy.close()


def test_a_newer_state_takes_the_place_of_an_older_one_until_the_last():
    place, now = Place(), [0.0]
    outbox = opened(place, now)
    for item, last in (("a1", False), ("b1", False), ("a2", False), ("a3", True), ("a4", False)):
        outbox.put(item, item[0], last)
    outbox.flush()
    assert place.items == ["b1", "a3", "a4"]


def test_without_patience_the_first_failure_is_raised_unless_the_place_is_in_use():
    place, now = Place(), [0.0]
    outbox = opened(place, now, patient=False)
    place.error = BusyError("It is locked.")
    outbox.put(1)
    outbox.flush()
    place.error, now[0] = FULL, RETRY
    with pytest.raises(SinkError, match=r"The disk is full\. Rows lost: 1"):
        outbox.flush()
    outbox.close()
