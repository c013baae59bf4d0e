"""The web page: live picture, latest readings, threshold, search and drawing pad, for a browser or a program.

The loop's thread only puts each result on a board that keeps the newest; a server thread reads it whenever somebody
watches. So pictures are drawn and encoded once per frame, and not at all without a viewer, and no client, however slow,
holds the loop up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from aiohttp import web

from realtime.errors import SinkError
from realtime.sinks.web.clients import Clients, Connection
from realtime.sinks.web.door import CLIENTS, log
from realtime.sinks.web.front import Front
from realtime.sinks.web.guard import LOOPBACK, Guard, choose_token, parse_address
from realtime.sinks.web.live_state import Board
from realtime.sinks.web.site import PATIENCE, Pads, Site, Turned
from realtime.values import Result

KEEP_ALIVE = 15.0  # seconds that a connection may rest between two requests


class Server:
    """Serves an application on a thread of its own; SinkError where the address cannot be served.

    `application(guard)` makes it on the caller's thread; `announce` gets the line that says where to look.
    """

    def __init__(
        self,
        address: str,
        token: str,
        application: Callable[[Guard], web.Application],
        announce: Callable[[str], None] = log.info,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host, self.port = parse_address(address)
        self.token = choose_token(self.host, token)
        self._token_is_new = self.token != token
        self._announce = announce
        self._application = application(Guard(self.token, clock))

    def __enter__(self) -> Server:
        self._listener = listen(self.host, self.port)
        if self.port >= 0:
            self.port = self._listener.getsockname()[1]
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        self._announce(f"Watch at {self.url}")
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop.set)
        self._thread.join(PATIENCE)

    @property
    def url(self) -> str:
        """Where to look; a token that was made here is part of it, behind '#', where no log sees it."""
        if self.port < 0:
            return self.host
        everywhere = self.host in ("0.0.0.0", "::")
        host = socket.gethostname() if everywhere else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/" + (f"#token={self.token}" if self._token_is_new else "")

    def call(self, action: Callable[[], None]) -> None:
        """Have the server's thread do something soon."""
        with contextlib.suppress(RuntimeError):  # the server has ended, and said why
            self._loop.call_soon_threadsafe(action)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(serve(self._application, self._listener, self._stop))
        except Exception:
            log.exception("The web page ended, the run goes on")


class Web:
    """A sink that serves a page: `Web("8080", pipeline=..., draw=...)`.

    `pipeline` has a `mode` and a settable `threshold`; `draw(result)` gives the picture to show, on another thread
    than the loop's; `history` finds old records (`.search(text, limit)`, `.crop(number)`); `open_pad(mode)` gives what
    classifies drawings (`.classify(image)`, `.network_input(image)`); `turn` is by how many degrees pictures are turned
    clockwise, and whether they are mirrored then; `announce` gets the line that says where to look.
    SinkError where the address cannot be served.
    """

    def __init__(
        self,
        address: str,
        token: str = "",
        *,
        pipeline: Any,
        draw: Callable[[Result], np.ndarray],
        history: Any = None,
        open_pad: Callable[[str], Any] | None = None,
        turn: Turned = (0, False),
        announce: Callable[[str], None] = log.info,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._board = Board(pipeline.mode, clock, now)
        pads = open_pad and Pads(open_pad)
        opened = partial(self._opened, parts=(pipeline, draw, history, pads, turn))
        self._server = Server(address, token, opened, announce, clock)
        self._wake_is_due = False

    def _opened(self, guard: Guard, parts: tuple[Any, ...]) -> web.Application:
        self._site = Site(self._board, guard, *parts)
        return self._site.application()

    def __enter__(self) -> Web:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    @property
    def url(self) -> str:
        """Where to look."""
        return self._server.url

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def token(self) -> str:
        """What it asks for; "" for nothing."""
        return self._server.token

    def write(self, result: Result) -> None:
        """Show a result: put it on the board and wake those who wait. Takes microseconds, whoever watches."""
        self._board.put(result)
        if not self._wake_is_due:
            self._wake_is_due = True
            self._server.call(self._wake)

    def _wake(self) -> None:
        self._wake_is_due = False
        self._site.wake()


def front(guard: Guard, **parts: Any) -> web.Application:
    """The common page of several cameras; `parts` as `Front` takes them."""
    return Front(guard, **parts).application()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, `host` being a path where `port` is -1; SinkError where it is taken, not ours or unknown."""
    if port < 0:
        return listen_at(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        listener = socket.create_server((host, port), family=family, backlog=32, dualstack_ipv6=both)
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror  # below 0: the name is unknown
        raise SinkError(f"Cannot serve on {host}:{port} ({reason}).", "Choose another --serve.") from None
    listener.setblocking(False)
    return listener


def listen_at(path: str) -> socket.socket:
    """A listening socket in the file system, in the place of one that nobody listens at any more."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(32)
    except OSError as error:
        raise SinkError(f"Cannot serve at {path} ({error.strerror}).", "Choose another --serve.") from None
    listener.setblocking(False)
    return listener


async def serve(application: web.Application, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then hang up on everybody."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    assert runner.server  # since the setup
    accepting = asyncio.create_task(_accept(listener, runner.server, application[CLIENTS]))
    await stop.wait()
    accepting.cancel()
    await asyncio.gather(accepting, return_exceptions=True)
    listener.close()
    await runner.cleanup()


async def _accept(listener: socket.socket, server: web.Server, clients: Clients) -> None:
    """Take clients in while there are places, and none that keeps silent."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            channel, address = await loop.sock_accept(listener)
            await _take_in(channel, address[0] if address else LOOPBACK, server, clients)
        except OSError:  # no file handles left, or the client is gone already
            await asyncio.sleep(0.1)


async def _take_in(channel: socket.socket, address: str, server: web.Server, clients: Clients) -> None:
    connection = Connection(server, clients, keepalive_timeout=KEEP_ALIVE, access_log=None)
    if not clients.welcome(connection, address):
        channel.close()
        return
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_accepted_socket(lambda: connection, channel)
    except OSError:
        clients.forget(connection)
        raise
    loop.call_later(PATIENCE, clients.end_silence, connection)
