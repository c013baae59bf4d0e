"""One page for several cameras: each camera's own page behind it, its picture and its state in front.

The page of a camera is served by the camera's process, on a socket in the file system; what is asked for below
/cameras/NAME/ is handed on to it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

from realtime.sinks.web.door import Door, failure
from realtime.sinks.web.guard import Guard
from realtime.sinks.web.records import Database, Records

LARGEST = 1 << 20  # bytes of a request that is handed on
PATIENCE = 10.0  # seconds for a camera's process to begin its answer
CHUNK = 1 << 16  # bytes
NEVER_PASSED = ("Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Set-Cookie", "Server", "Date")


class Front:
    """What the addresses of the common page answer; `states` gives how each camera's process is, as dataclasses.

    `sockets` names the socket of each camera; `history` finds old records of all of them.
    """

    def __init__(
        self,
        guard: Guard,
        sockets: Mapping[str, str],
        states: Callable[[], Sequence[Any]],
        history: Database | None = None,
    ) -> None:
        self._records = Records(history)
        self._door, self._sockets, self._states = Door(guard, "cameras.html"), dict(sockets), states
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._watching: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """All routes behind one gate."""
        app = self._door.application(
            [
                web.get("/api/cameras", self.cameras),
                *self._records.routes(),
                web.post(r"/cameras/{name:[\w-]+}/api/session", self._door.session),
                web.get(r"/cameras/{name:[\w-]+}/api/live", self.live),
                web.route("*", r"/cameras/{name:[\w-]+}/{rest:.*}", self.page),
            ],
            LARGEST,
        )
        app.cleanup_ctx.append(self._connected)
        app.on_shutdown.append(self._hang_up)
        app.on_cleanup.append(self._records.close)
        return app

    async def _connected(self, _app: web.Application) -> AsyncIterator[None]:
        for name, path in self._sockets.items():
            self._sessions[name] = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(path), auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)
            )
        yield
        for session in self._sessions.values():
            await session.close()

    async def _hang_up(self, _app: web.Application) -> None:
        for viewer in list(self._watching):
            await viewer.close(code=1001)

    async def cameras(self, _request: web.Request) -> web.Response:
        """How every camera's process is."""
        return web.json_response([asdict(state) for state in self._states()])

    def _session(self, request: web.Request) -> aiohttp.ClientSession:
        name = request.match_info["name"]
        if name not in self._sessions:
            raise web.HTTPNotFound(text="There is no such camera.")
        return self._sessions[name]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Anything of a camera's own page."""
        session = self._session(request)
        target = URL.build(
            scheme="http", host="localhost", path="/" + request.match_info["rest"], query_string=request.query_string
        )
        kind = {"Content-Type": request.content_type} if request.can_read_body else {}
        body = await request.read() if request.can_read_body else None
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await session.request(request.method, target, data=body, headers=kind)
        except (aiohttp.ClientError, OSError):
            return failure(503, "This camera does not answer at the moment.")
        async with answer:
            return await self._handed_on(request, answer)

    async def _handed_on(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """The answer, piece by piece as it comes: it may never end."""
        kept = {name: value for name, value in answer.headers.items() if name not in NEVER_PASSED}
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
            async for piece in answer.content.iter_any():
                async with asyncio.timeout(PATIENCE):
                    await response.write(piece)
        return response

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The stream of a camera's page, in both directions."""
        session = self._session(request)
        try:
            upstream = await session.ws_connect("http://localhost/api/live", max_msg_size=0)
        except (aiohttp.ClientError, OSError):
            return failure(503, "This camera does not answer at the moment.")
        viewer = web.WebSocketResponse(heartbeat=PATIENCE, max_msg_size=64, compress=False)
        await viewer.prepare(request)
        self._watching.add(viewer)
        try:
            both = [asyncio.create_task(passed(upstream, viewer)), asyncio.create_task(passed(viewer, upstream))]
            _, pending = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        finally:
            self._watching.discard(viewer)
            await upstream.close()
            await viewer.close()
        return viewer


async def passed(
    source: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
    target: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
) -> None:
    """Hand messages on until one side is gone, or too slow."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async for message in source:
            async with asyncio.timeout(PATIENCE):
                if message.type is WSMsgType.TEXT:
                    await target.send_str(message.data)
                elif message.type is WSMsgType.BINARY:
                    await target.send_bytes(message.data)
