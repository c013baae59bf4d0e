"""The page among strangers: they crowd in, send without reading, guess; who knows the token is served all the same."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import make_frame, make_result

aiohttp = pytest.importorskip("aiohttp")

from realtime.sinks.web import server
from realtime.sinks.web.clients import CONNECTIONS
from realtime.sinks.web.guard import FAILURES

TOKEN = "correct horse"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
MEGABYTE = 1 << 20


@pytest.fixture
def page():
    pipeline = SimpleNamespace(mode="digits", threshold=0.5)
    with server.Web("0", TOKEN, pipeline=pipeline, draw=lambda result: result.frame.image) as sink:
        sink.write(make_result(make_frame()))
        yield sink


async def status(page, **headers):
    url = f"http://127.0.0.1:{page.port}/api/picture.jpg"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status


def test_a_crowd_of_strangers_takes_no_place_from_those_who_know_the_token(page):
    known = {"Authorization": f"Bearer {TOKEN}"}

    async def watch():
        live = f"ws://127.0.0.1:{page.port}/api/live"
        async with aiohttp.ClientSession() as session, session.ws_connect(live, headers=known) as viewer:
            with contextlib.ExitStack() as crowd:
                for _ in range(2 * CONNECTIONS):
                    client = crowd.enter_context(socket.create_connection(("127.0.0.1", page.port), 5))
                    client.sendall(REQUEST)
                    client.recv(100)
                assert [await status(page, **known) for _ in range(3)] == [200] * 3
                await viewer.send_str("next")
                while (await asyncio.wait_for(viewer.receive(), 10)).type is not aiohttp.WSMsgType.BINARY:
                    pass

    asyncio.run(watch())


def test_guesses_from_the_same_address_do_not_shut_a_viewer_out(page):
    cookie = {"Cookie": f"glyphcam={page._site._door._guard.cookie}"}
    assert [asyncio.run(status(page, Authorization="Bearer no")) for _ in range(FAILURES + 1)][-1] == 429
    assert asyncio.run(status(page, **cookie)) == 200


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_requests_sent_without_reading_are_not_piled_up(page):
    before, sent = resident(), 0
    with socket.create_connection(("127.0.0.1", page.port)) as client:
        client.settimeout(1.0)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while sent < 100 * MEGABYTE:
                sent += client.send(REQUEST * 1000)
    assert sent < 50 * MEGABYTE and resident() - before < 50 * MEGABYTE
