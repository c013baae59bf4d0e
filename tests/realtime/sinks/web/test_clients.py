"""Who may stay when there are too many connections."""

import pytest

pytest.importorskip("aiohttp")

from realtime.sinks.web.clients import CONNECTIONS, FROM_ONE, Clients


class Line:
    """A connection that remembers whether it was hung up on."""

    ended = False

    def force_close(self):
        self.ended = True


def fill(clients, addresses, trusted=False):
    lines = [Line() for _ in addresses]
    for line, address in zip(lines, addresses, strict=True):
        assert clients.welcome(line, address)
        clients.hear(line, trusted)
    return lines


def test_one_address_takes_only_its_own_places():
    clients = Clients()
    others = fill(clients, ["10.0.0.1"] * 3)
    greedy = fill(clients, ["10.0.0.2"] * 100)
    assert not any(line.ended for line in others)
    assert [line.ended for line in greedy] == [True] * (100 - FROM_ONE) + [False] * FROM_ONE
    assert len(clients) == 3 + FROM_ONE


def test_mapped_addresses_are_told_apart():
    clients = Clients()
    fill(clients, [f"::ffff:10.0.0.{k}" for k in range(FROM_ONE + 5)])
    assert len(clients) == FROM_ONE + 5


def test_strangers_go_when_others_come_and_the_quietest_first():
    clients = Clients()
    known = fill(clients, [f"10.0.1.{k}" for k in range(5)], trusted=True)
    strangers = fill(clients, [f"10.0.2.{k}" for k in range(CONNECTIONS - 5)])
    clients.hear(strangers[0])
    fill(clients, ["10.0.3.1", "10.0.3.2"])
    assert [line.ended for line in strangers[:4]] == [False, True, True, False]
    assert not any(line.ended for line in known) and len(clients) == CONNECTIONS


def test_where_all_are_known_there_is_no_place():
    clients = Clients()
    lines = fill(clients, [f"10.0.{k}.1" for k in range(CONNECTIONS)], trusted=True)
    assert not clients.welcome(Line(), "10.9.9.9")
    clients.forget(lines[0])
    assert clients.welcome(Line(), "10.9.9.9")


def test_only_those_who_said_nothing_are_ended_for_their_silence():
    clients, (said, silent) = Clients(), (Line(), Line())
    for line in (said, silent):
        clients.welcome(line, "10.0.0.1")
    clients.hear(said)
    for line in (said, silent, Line()):
        clients.end_silence(line)
    assert (said.ended, silent.ended) == (False, True)
