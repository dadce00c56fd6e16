"""What keeps other programs, people and web pages out of the application.

- The printed address holds a secret after its `#`, which browsers send to no server. The page exchanges it for a cookie
  that scripts cannot read and that no other site's request carries (`HttpOnly`, `SameSite=Strict`).
- The `Host` must name this machine, so that a web page cannot reach it under a name of its own (DNS rebinding).
- A request that changes something is a POST of JSON with our own `Origin`; other ports are other origins.
- A response loads nothing from elsewhere, runs no inline script and cannot be framed.
- Bodies are limited, and a client that neither sends nor receives is disconnected.
"""

import asyncio
import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024
_BODY_S, _SEND_S = 10.0, 30.0
_WRONG_SECRETS, _WRONG_SECRETS_S = 10, 60.0
"""After so many wrong secrets in so many seconds, none is compared until some time has passed."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Refused(Exception):
    """The request is refused with `status`; the message is one line for the user."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


def refusal_response(_request: Request | None, error: Exception) -> JSONResponse:
    """The response for a `Refused`."""
    return JSONResponse({"error": str(error)}, error.status if isinstance(error, Refused) else 500)


@dataclass(slots=True)
class Access:
    """The secret of a running application, and the cookie that it is exchanged for."""

    port: int
    hosts: tuple[str, ...] = ()
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _session: str = field(init=False, default_factory=lambda: secrets.token_urlsafe(32))
    _wrong: deque[float] = field(init=False, default_factory=lambda: deque[float](maxlen=_WRONG_SECRETS))

    @property
    def cookie(self) -> str:
        """The name of the cookie; browsers share cookies between the ports of a host."""
        return f"screenwright_{self.port}"

    def log_in(self, secret: str) -> str:
        """The `Set-Cookie` header for a client that knows the secret.

        Raises:
            Refused: the secret is wrong, or there were too many wrong ones.
        """
        now = time.monotonic()
        if len(self._wrong) == _WRONG_SECRETS and now - self._wrong[0] < _WRONG_SECRETS_S:
            raise Refused(429, "too many wrong secrets: wait a minute")
        if not compare_digest(secret.encode(errors="replace"), self.secret.encode()):
            self._wrong.append(now)
            raise Refused(401, "wrong secret: open the address that the terminal shows")
        return f"{self.cookie}={self._session}; HttpOnly; SameSite=Strict; Path=/"

    def is_logged_in(self, headers: Headers) -> bool:
        """Whether the request has the cookie."""
        try:
            sent = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return sent is not None and compare_digest(sent.value.encode(), self._session.encode())

    def check_host(self, headers: Headers) -> None:
        """Refuse a name that anyone else may have given to this machine's address; an address cannot be rebound.

        Raises:
            Refused: it is such a name.
        """
        hosts = headers.getlist("host")
        name = hosts[0].rpartition(":")[0] if len(hosts) == 1 and ":" in hosts[0].rpartition("]")[2] else "".join(hosts)
        if name == "localhost" or name in self.hosts or _is_address(name.strip("[]")):
            return
        raise Refused(421, "the Host of the request is not this machine")

    def check(self, scope: Scope, headers: Headers) -> None:
        """Refuse a request that does not come from our own page in a browser that has logged in.

        Raises:
            Refused: it does not.
        """
        path, is_post = scope["path"], scope["method"] == "POST"
        self.check_host(headers)
        if is_post and headers.get("origin") not in [f"{way}://{headers['host']}" for way in ("http", "https")]:
            raise Refused(403, "the request does not come from this page")
        if not path.startswith("/api/"):
            return  # pages and scripts hold no data
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused(403, "the request does not come from this page")
        if path != "/api/login" and not self.is_logged_in(headers):
            raise Refused(401, "open the address that the terminal shows")


@dataclass(frozen=True, slots=True)
class Safe:
    """An ASGI application around `app` that refuses what `access` does not allow, and bounds what a client may cost."""

    app: ASGIApp
    access: Access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            async with asyncio.timeout(_SEND_S):  # a client that does not read
                await send(message)

        try:
            self.access.check(scope, Headers(scope=scope))
        except Refused as refused:
            return await refusal_response(None, refused)(scope, receive, send_safely)
        try:
            await self.app(scope, receive, send_safely)
        except TimeoutError:
            return None


async def body_of(request: Request) -> bytes:
    """The body of a request, which must be JSON: browsers let other sites' pages send simpler types unasked.

    Raises:
        Refused: it is something else, too large or too slow.
    """
    length, kind = request.headers.get("content-length", ""), request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "the Content-Type must be application/json")
    if not (length.isascii() and length.isdigit()):
        raise Refused(411, "the request needs a Content-Length")
    if len(length) > 12 or int(length) > MAX_BODY_BYTES:
        raise Refused(413, f"the request is larger than {MAX_BODY_BYTES} bytes")
    try:
        async with asyncio.timeout(_BODY_S):
            return await request.body()
    except TimeoutError as error:
        raise Refused(408, f"the body was not sent within {_BODY_S:g} s") from error


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
