"""Who may talk to the web page: addresses, tokens and patience with wrong ones. Pure, the clock is an argument."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from realtime.errors import OptionError

LOOPBACK = "127.0.0.1"
UNIX = "unix:"
SHORTEST_TOKEN = 8
FAILURES = 10  # wrong tokens that one address may send ...
WINDOW = 60.0  # ... within so many seconds
REMEMBERED = 1000  # addresses whose failures are kept


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of "[HOST:]PORT"; loopback where no host is named. An IPv6 host stands in brackets.

    Of "unix:PATH", a socket in the file system, the path and -1.
    """
    if str(text).startswith(UNIX):
        return os.path.abspath(str(text).removeprefix(UNIX)), -1
    host, _, port = str(text).strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal() or not port.isascii() or int(port) > 65535:
        raise OptionError(
            f"--serve {text!r} is not a valid address.", "Write [HOST:]PORT, such as 8080 or 0.0.0.0:8080."
        )
    return host or LOOPBACK, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    if host == "localhost" or host.startswith("/"):  # a socket in the file system: whoever may open it
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def choose_token(host: str, token: str) -> str:
    """The token that guards a host: the given one, a new one, or none ("") where only this machine can reach it."""
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        raise OptionError(
            "The token for --serve is too short or has unusual characters.",
            f"Use at least {SHORTEST_TOKEN} letters and digits, or leave --token out to have one generated.",
        )
    return token or ("" if is_loopback(host) else secrets.token_urlsafe(24))


@dataclass
class Guard:
    """Checks what a client shows against one token, in constant time, and refuses those who guess.

    Without a token, clients are trusted if they ask for a loopback name: a foreign page that has its own name resolve
    to 127.0.0.1 (DNS rebinding) does not.
    """

    token: str
    clock: Callable[[], float]
    _failures: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    @property
    def cookie(self) -> str:
        """What a browser keeps instead of the token; the same after a restart with the same token."""
        return hmac.new(self.token.encode(), b"glyphcam session", hashlib.sha256).hexdigest()

    def check(self, client: str, host: str, authorization: str = "", cookie: str = "") -> int:
        """HTTP status for a request: 200 welcome, 401 no or a wrong token, 403 wrong name, 429 too many wrong ones."""
        if not self.token:
            return 200 if is_loopback(_hostname(host)) else 403
        client = neighbourhood(client)
        by_token, by_cookie = self._matches(authorization, cookie)
        if by_cookie:
            return 200  # others who guess from the same address do not shut out whoever is in
        if self.wait(client):
            return 429
        if by_token:
            return 200
        if authorization or cookie:
            self._note_failure(client)
        return 401

    def wait(self, client: str) -> float:
        """Seconds until the client may try again, 0 where it may now."""
        times = self._failures.get(neighbourhood(client), [])
        return max(0.0, times[0] + WINDOW - self.clock()) if len(times) >= FAILURES else 0.0

    def _matches(self, authorization: str, cookie: str) -> tuple[bool, bool]:
        """By token, by cookie: both comparisons are always made, each in a time that depends on nothing secret."""
        by_token = hmac.compare_digest(_digest(shown_token(authorization)), _digest(self.token))
        by_cookie = hmac.compare_digest(_digest(cookie), _digest(self.cookie))
        return by_token, by_cookie

    def _note_failure(self, client: str) -> None:
        now = self.clock()
        times = [t for t in self._failures.pop(client, []) if t > now - WINDOW]
        self._failures[client] = [*times, now][-FAILURES:]
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)


def shown_token(authorization: str) -> str:
    """The token of an Authorization header, "Bearer TOKEN" or Basic with it as password; "" for anything else."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:  # no base64, or no UTF-8 in it
        return ""


def same_origin(origin: str, host: str) -> bool:
    """Whether a request comes from this page: no Origin (not a browser), or one that names the host it asks."""
    return not origin or origin.partition("://")[2].lower() == host.lower()


def from_this_page(site: str) -> bool:
    """Whether a browser says (Sec-Fetch-Site) that the request comes from this page, or from its address line."""
    return site in ("", "same-origin", "none")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _hostname(host: str) -> str:
    """Host of a Host header: without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] or host


def neighbourhood(client: str) -> str:
    """The address that failures and connections count for.

    An IPv6 client owns a whole /64 and could change at will within it; an IPv4 client of a socket that serves both
    kinds comes as ::ffff:a.b.c.d and is that IPv4 address.
    """
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False))
