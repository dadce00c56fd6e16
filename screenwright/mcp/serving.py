"""Serves MCP over the standard streams, or over HTTP."""

import asyncio
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hmac import compare_digest
from typing import Self
from urllib.parse import urlsplit

import anyio
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._web_server import WebServer, address_of, listen
from ..agent.models.http_server import LOOPBACK_NAMES
from ..agent.models.transport import is_loopback
from ..session.holder import SessionHolder
from .server import ScreenServer

PATH = "/mcp"
KEY_VARIABLE = "MCP_API_KEY"
"""The environment variable with the key that clients must send."""

_IDLE_CHECK_S = 5.0
_BODY_S = 60.0
_CLOSE_S = 3
_MAX_CONNECTIONS, _MAX_SESSIONS = 128, 64
_INTERRUPTED = 130
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def watched(holder: SessionHolder) -> Generator[None]:
    """In this block, close the screen of `holder` while it is idle, and at the end for good."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_IDLE_CHECK_S):
            holder.close_if_idle()

    watcher = threading.Thread(target=watch, name="screenwright-idle", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        holder.close()


def serve_stdio(server: ScreenServer, holder: SessionHolder) -> None:
    """Serve one client on the standard streams until it closes them. Nothing else reaches standard output."""
    with watched(holder):
        asyncio.run(_stdio(server, holder))


async def _stdio(server: ScreenServer, holder: SessionHolder) -> None:
    loop = asyncio.get_running_loop()

    def close_and_exit() -> None:
        holder.close()
        os._exit(_INTERRUPTED)  # the thread that reads standard input cannot be interrupted

    def end() -> None:
        threading.Thread(target=close_and_exit, name="screenwright-end", daemon=True).start()

    for one in _SIGNALS:
        with suppress(NotImplementedError):
            loop.add_signal_handler(one, end)
    try:
        async with stdio_server() as (reading, writing):
            await server.protocol.run(reading, writing, server.protocol.create_initialization_options())
    except* (BrokenPipeError, anyio.BrokenResourceError):
        pass  # the client is gone


class McpHttpServer:
    """Serves MCP over HTTP until closed; as a context manager, it closes at the end. Port 0 picks a free port.

    Requests are refused with another Host than that of this machine, unless other machines may connect, with the Origin
    of another page, and without the key, if there is one.

    Raises:
        ValueError: other machines can reach `host`, and there is no key.
        OSError: cannot listen on the address, such as a port in use.
    """

    def __init__(self, server: ScreenServer, host: str = "127.0.0.1", port: int = 0, key: str = "") -> None:
        if not key and not is_loopback(host):
            raise ValueError(
                f"other machines can reach --host {host!r}: set MCP_API_KEY to a key that clients must send"
            )
        listener = listen(host, port)
        self.url = f"{address_of(listener)}{PATH}"
        app = server.protocol.streamable_http_app(
            streamable_http_path=PATH,
            max_sessions=_MAX_SESSIONS,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # Gate checks
        )
        hosts = [host, *LOOPBACK_NAMES] if is_loopback(host) else ["*"]
        gate = Gate(TrustedHostMiddleware(app, hosts), key)
        self._server = WebServer(gate, listener, "mcp-server", max_connections=_MAX_CONNECTIONS, close_s=_CLOSE_S)

    def wait(self) -> None:
        """Block until another thread closes the server."""
        self._server.wait()

    def close(self) -> None:
        """Cancel the calls in progress and stop; may be called twice."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Gate:
    """ASGI middleware: refuses requests of other web pages and those without the key, and bodies that come slowly."""

    def __init__(self, app: ASGIApp, key: str = "") -> None:
        self._app, self._key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if (refused := self._refusal(Headers(scope=scope))) is not None:
            await refused(scope, receive, send)
            return
        body, has_begun = _Body(receive), False

        async def tracked(message: Message) -> None:
            nonlocal has_begun
            if has_begun or not body.is_late:
                has_begun = True
                await send(message)

        await self._app(scope, body.receive, tracked)
        if body.is_late and not has_begun:
            await PlainTextResponse("the body was not sent in time", 408)(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        origin = headers.get("origin")
        from_elsewhere = origin is not None and urlsplit(origin).netloc != headers.get("host")
        if from_elsewhere or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return PlainTextResponse("requests of other web pages are refused", 403)
        sent = headers.get("authorization", "").encode()
        if self._key and not compare_digest(sent, f"Bearer {self._key}".encode()):
            challenge = {"WWW-Authenticate": "Bearer"}
            return PlainTextResponse("send the key as Authorization: Bearer KEY", 401, challenge)
        return None


class _Body:
    """The body of a request, with a time limit; what is late counts as a client that is gone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._end = asyncio.get_running_loop().time() + _BODY_S
        self._is_complete = False
        self.is_late = False

    async def receive(self) -> Message:
        """See ASGI."""
        if self._is_complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._end):
                message = await self._receive()
        except TimeoutError:
            self.is_late = True
            return {"type": "http.disconnect"}
        self._is_complete = not message.get("more_body", False)
        return message
