"""The connections of the page: so many in all and for one address; strangers who rest go when others come."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from realtime.sinks.web.guard import is_loopback, neighbourhood

CONNECTIONS = 64  # open at the same time, so that the program keeps its file handles
FROM_ONE = 16  # of them from one address; a proxy on this machine may have them all
log = logging.getLogger(__name__)


class Closable(Protocol):
    """A connection."""

    def force_close(self) -> None:
        """Hang up at once."""


@dataclass
class Client:
    """What is known of a connection."""

    address: str
    heard: bool = False  # a whole request has come
    trusted: bool = False  # one of its requests was let in


class Clients:
    """The connections, the one that was heard last at the end; lives on the server's thread."""

    def __init__(self) -> None:
        self._clients: OrderedDict[Closable, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._clients)

    def welcome(self, connection: Closable, address: str) -> bool:
        """Take a connection in, in the place of a stranger where there is none free; False: there is no place."""
        address = neighbourhood(address)
        same = [other for other, client in self._clients.items() if client.address == address]
        if len(same) >= (CONNECTIONS if is_loopback(address) else FROM_ONE):
            fits = self._evict(same)
        else:
            fits = len(self._clients) < CONNECTIONS or self._evict(list(self._clients))
        if fits:
            self._clients[connection] = Client(address)
        return fits

    def _evict(self, among: list[Closable]) -> bool:
        """Hang up on the stranger who has been quiet longest; False where there is no stranger."""
        stranger = next((other for other in among if not self._clients[other].trusted), None)
        if stranger is None:
            return False
        del self._clients[stranger]
        stranger.force_close()
        return True

    def hear(self, connection: Closable, trusted: bool = False) -> None:
        """A request has come, or was let in."""
        if client := self._clients.get(connection):
            client.heard, client.trusted = True, client.trusted or trusted
            self._clients.move_to_end(connection)

    def end_silence(self, connection: Closable) -> None:
        """Hang up on a connection that has not sent one request."""
        if (client := self._clients.get(connection)) and not client.heard:
            connection.force_close()

    def forget(self, connection: Closable) -> None:
        """The connection has ended."""
        self._clients.pop(connection, None)


class Connection(web.RequestHandler):
    """A connection that answers a malformed request in one line and says nothing of it in the log."""

    def __init__(self, server: web.Server, clients: Clients, **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._clients = clients

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room for another one."""
        self._clients.forget(self)
        super().connection_lost(exc)

    def log_exception(self, *args: Any, **options: Any) -> None:
        """What goes wrong outside of the page's own answers is the client's doing."""
        log.debug(*args, **options)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A plain refusal that tells nothing of the server; ConnectionError where an answer had begun."""
        self.log_exception("%s sent a malformed request: %r", request.remote, exc)
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun.")
        answer = web.json_response({"error": "This is not a request that can be answered."}, status=status)
        answer.headers["Server"] = "glyphcam"
        answer.force_close()
        return answer
