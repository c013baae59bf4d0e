"""What every page of the program has in front: the guard, the files of the page, failures as JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import Any

from aiohttp import web

from realtime.errors import UserError
from realtime.sinks.web.clients import Clients
from realtime.sinks.web.guard import Guard, from_this_page, same_origin

COOKIE = "glyphcam"
CLIENTS = web.AppKey("clients", Clients)
FILES = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "cameras.js": "text/javascript",
    "door.js": "text/javascript",
    "history.js": "text/javascript",
    "mask.js": "text/javascript",
    "readings.js": "text/javascript",
    "pad.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "openapi.json": "application/json",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "glyphcam",
}
log = logging.getLogger(__name__)


class Door:
    """Lets those in who may, and answers every failure as JSON; `index` is the page at "/"."""

    def __init__(self, guard: Guard, index: str) -> None:
        self._guard = guard
        files = {"": (index, "text/html"), **{name: (name, kind) for name, kind in FILES.items()}}
        self._files = {f"/{path}": static(name, kind) for path, (name, kind) in files.items()}

    def application(self, routes: Iterable[web.RouteDef], largest: int) -> web.Application:
        """All routes behind one gate; `largest` is the size of a request in bytes."""
        app = web.Application(middlewares=[self._gate], client_max_size=largest)
        app[CLIENTS] = Clients()
        app.on_response_prepare.append(_harden)
        for path, handler in self._files.items():
            app.router.add_get(path, handler)
        app.add_routes([web.post("/api/session", self.session), *routes])
        return app

    @web.middleware
    async def _gate(self, request: web.Request, handler: Callable[..., Any]) -> web.StreamResponse:
        """Let those in who may, and answer every failure as JSON."""
        request.app[CLIENTS].hear(request.protocol)
        try:
            if request.path not in self._files:
                self._admit(request)
                request.app[CLIENTS].hear(request.protocol, trusted=True)
            response: web.StreamResponse = await handler(request)
            return response
        except web.HTTPException as error:
            return failure(error.status, error.text or error.reason, error.headers)
        except UserError as error:
            return failure(503, str(error))
        except TimeoutError:
            return failure(408, "The request came too slowly.")
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return failure(500, "Something went wrong; the program's log says what.")

    def _admit(self, request: web.Request) -> None:
        client, headers = request.remote or "", request.headers
        shown = headers.get("Authorization", ""), request.cookies.get(COOKIE, "")
        status = self._guard.check(client, request.host, *shown)
        if status == 429:
            wait = {"Retry-After": str(int(self._guard.wait(client)) + 1)}
            raise web.HTTPTooManyRequests(text="Too many wrong tokens. Wait a minute.", headers=wait)
        if status == 401:
            raise web.HTTPUnauthorized(text="A token is needed.", headers={"WWW-Authenticate": "Bearer"})
        origin, site = headers.get("Origin", ""), headers.get("Sec-Fetch-Site", "")
        if status == 403 or not same_origin(origin, request.host) or not from_this_page(site):
            raise web.HTTPForbidden(text="Other pages may not ask, and without a token only localhost may.")

    async def session(self, request: web.Request) -> web.Response:
        """Swap the token for a cookie."""
        response = web.json_response({"ok": True})
        if self._guard.token:
            response.set_cookie(COOKIE, self._guard.cookie, httponly=True, samesite="Strict", max_age=10**7)
        return response


def static(name: str, kind: str) -> Callable[..., Any]:
    """Handler for one file of the page, read once: no request ever names a file."""
    body = (resources.files(__package__) / "page" / name).read_bytes()

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8")

    return handler


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """A refusal as JSON."""
    kept = {k: v for k, v in (headers or {}).items() if k in ("Retry-After", "WWW-Authenticate", "Allow")}
    return web.json_response({"error": message}, status=status, headers=kept)
