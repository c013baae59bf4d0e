"""Only those who know the token come in, and guessing is slow."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import SinkError
from realtime.sinks.web.guard import (
    FAILURES,
    REMEMBERED,
    WINDOW,
    Guard,
    choose_token,
    neighbourhood,
    parse_address,
    same_origin,
    shown_token,
)

TOKEN = "correct horse"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8080", ("127.0.0.1", 8080)),
        ("0", ("127.0.0.1", 0)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:81", ("::1", 81)),
        ("pi.local:82", ("pi.local", 82)),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "x", "host:", "1:99999", "-1", "80:http", "٨٠"])
def test_addresses_that_are_none(text):
    with pytest.raises(SinkError, match="--serve"):
        parse_address(text)


def test_other_machines_always_need_a_token():
    assert choose_token("127.0.0.1", "") == choose_token("::1", "") == choose_token("localhost", "") == ""
    assert choose_token("127.0.0.1", TOKEN) == TOKEN
    assert len(choose_token("0.0.0.0", "")) >= 32 and choose_token("::", "") != choose_token("::", "")
    with pytest.raises(SinkError, match="token"):
        choose_token("0.0.0.0", "short")


def test_token_as_bearer_basic_or_cookie():
    guard = Guard(TOKEN, lambda: 0.0)
    basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()
    assert guard.check("c", "h", f"Bearer {TOKEN}") == 200
    assert guard.check("c", "h", f"basic {basic}") == 200
    assert guard.check("c", "h", cookie=guard.cookie) == 200
    assert guard.check("c", "h") == 401
    assert TOKEN not in guard.cookie and guard.cookie == Guard(TOKEN, lambda: 9.0).cookie


@given(st.text(max_size=20), st.text(max_size=20))
def test_nothing_else_opens(authorization, cookie):
    assert Guard(TOKEN, lambda: 0.0).check("c", "localhost", authorization, cookie) == 401


@given(st.text(max_size=30))
def test_any_header_is_understood_or_refused(value):
    assert isinstance(shown_token(value), str) and isinstance(shown_token("Basic " + value), str)


def test_guessing_is_slow_even_with_the_right_token_at_last():
    now = [0.0]
    guard = Guard(TOKEN, lambda: now[0])
    assert [guard.check("1.2.3.4", "h", "Bearer no") for _ in range(FAILURES)] == [401] * FAILURES
    assert guard.check("1.2.3.4", "h", f"Bearer {TOKEN}") == 429
    assert guard.wait("1.2.3.4") == WINDOW
    assert guard.check("1.2.3.5", "h", f"Bearer {TOKEN}") == 200
    now[0] = WINDOW + 1
    assert guard.check("1.2.3.4", "h", f"Bearer {TOKEN}") == 200


def test_coming_without_a_token_is_no_guess():
    guard = Guard(TOKEN, lambda: 0.0)
    assert {guard.check("c", "h") for _ in range(100)} == {401}
    assert guard.wait("c") == 0


def test_ipv6_neighbours_count_as_one():
    guard = Guard(TOKEN, lambda: 0.0)
    for i in range(FAILURES):
        guard.check(f"2001:db8::{i}", "h", "Bearer no")
    assert guard.check("2001:db8::ffff", "h", f"Bearer {TOKEN}") == 429
    assert guard.check("2001:db8:1::", "h", f"Bearer {TOKEN}") == 200


def test_ipv4_clients_of_a_socket_for_both_are_told_apart():
    guard = Guard(TOKEN, lambda: 0.0)
    for _ in range(FAILURES):
        guard.check("::ffff:192.168.0.7", "h", "Bearer no")
    assert guard.check("::ffff:192.168.0.7", "h", f"Bearer {TOKEN}") == 429
    assert guard.check("::ffff:192.168.0.8", "h", f"Bearer {TOKEN}") == 200


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("fe80::1%eth0", "fe80::/64"), ("::1", "::1"),
        ("2001:db8::5", "2001:db8::/64"), ("pipe", "pipe"),
    ],
)  # fmt: skip
def test_what_an_address_counts_as(client, counted):
    assert neighbourhood(client) == counted


def test_who_has_the_cookie_stays_in_whatever_others_try():
    guard = Guard(TOKEN, lambda: 0.0)
    for _ in range(FAILURES):
        guard.check("10.0.0.1", "h", "Bearer no")
    assert guard.check("10.0.0.1", "h", f"Bearer {TOKEN}") == 429
    assert guard.check("10.0.0.1", "h", cookie=guard.cookie) == 200


def test_memory_of_failures_is_bounded():
    guard = Guard(TOKEN, lambda: 0.0)
    for i in range(3 * REMEMBERED):
        guard.check(f"client {i}", "h", "Bearer no")
    assert len(guard._failures) == REMEMBERED


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080"])
def test_without_a_token_only_loopback_names(host):
    assert Guard("", lambda: 0.0).check("127.0.0.1", host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "", "192.168.0.2:8080", "127.0.0.1.evil.example"]
)
def test_rebound_names_are_refused(host):
    assert Guard("", lambda: 0.0).check("127.0.0.1", host) == 403


def test_same_origin():
    assert same_origin("", "a:1") and same_origin("http://A:1", "a:1")
    assert not same_origin("http://b:1", "a:1") and not same_origin("null", "a:1")
