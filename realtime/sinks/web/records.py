"""What the page answers from the database: search, counts per hour and day, export, pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from realtime.sinks.web.history import SPANS, Query

ANSWER = 5.0  # seconds for an answer out of the database
LONGEST = 100  # characters of a value that is asked for
MOST = 100_000  # rows of an export


class Database(Protocol):
    """What finds old records; every question may raise UserError."""

    def search(self, query: Query, limit: int, /) -> list[dict[str, Any]]: ...

    def summary(self, query: Query, span: str, /) -> dict[str, Any]: ...

    def csv(self, query: Query, limit: int, /) -> bytes: ...

    def crop(self, number: int, /) -> bytes | None: ...


class Records:
    """The addresses for a database, or for none; questions wait for each other, and for nothing else."""

    def __init__(self, database: Database | None) -> None:
        self._database = database
        self._worker = ThreadPoolExecutor(1, "web search")

    def routes(self) -> list[web.RouteDef]:
        """What is answered."""
        return [
            web.get("/api/search", self.search),
            web.get("/api/summary", self.summary),
            web.get("/api/records.csv", self.csv),
            web.get(r"/api/records/{id:\d{1,9}}/crop.jpg", self.crop),
        ]

    async def close(self, _app: web.Application) -> None:
        """End the thread."""
        self._worker.shutdown(cancel_futures=True)

    async def search(self, request: web.Request) -> web.Response:
        limit = number(request, "limit", 1, 500, 100)
        return web.json_response(await self._found(self._there.search, query_of(request), limit))

    async def summary(self, request: web.Request) -> web.Response:
        span = request.query.get("by", "day")
        if span not in SPANS:
            raise web.HTTPBadRequest(text=f"by is one of {', '.join(SPANS)}.")
        return web.json_response(await self._found(self._there.summary, query_of(request), span))

    async def csv(self, request: web.Request) -> web.Response:
        body = await self._found(self._there.csv, query_of(request), MOST)
        name = {"Content-Disposition": 'attachment; filename="readings.csv"'}
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=name)

    async def crop(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        body = self._database and await self._found(self._database.crop, number)
        if not body:
            raise web.HTTPNotFound(text="There is no picture of this record.")
        return web.Response(body=body, content_type="image/jpeg")

    @property
    def _there(self) -> Database:
        if self._database is None:
            raise web.HTTPNotFound(text="There is no database. Start the program with --db FILE.")
        return self._database

    async def _found(self, question: Callable[..., Any], *values: Any) -> Any:
        """What the database answers; 503 where it does not in time."""
        try:
            async with asyncio.timeout(ANSWER):
                return await asyncio.get_running_loop().run_in_executor(self._worker, question, *values)
        except TimeoutError:
            raise web.HTTPServiceUnavailable(text="The database is busy. Try again.") from None


def query_of(request: web.Request) -> Query:
    """What a request asks for; 400 where a time is none."""
    names = ("text", "camera", "mode", "list", "since", "until")
    text, camera, mode, known_list, since, until = (request.query.get(name, "")[:LONGEST] for name in names)
    for moment in filter(None, (since, until)):
        try:
            datetime.fromisoformat(moment)
        except ValueError:
            raise web.HTTPBadRequest(
                text="since and until are ISO 8601, such as 2026-05-17 or 2026-05-17T12:00Z."
            ) from None
    return Query(text, camera, mode, known_list, since, until)


def number(request: web.Request, name: str, least: int, most: int, default: int | None = None) -> int:
    """A whole number of the query; 400 where it is missing or out of range."""
    text = request.query.get(name, "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise web.HTTPBadRequest(text=f"{name} is a whole number from {least} to {most}.")
    return int(text)
