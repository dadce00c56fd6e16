"""The only network access of a browser behind the firewall: a loopback proxy that refuses all but the allowed hosts.

It takes plain HTTP requests (in absolute form) and CONNECT (everything else, WebSockets included), resolves names
itself, and connects to the address that it checked.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from html import escape
from typing import TypeAlias
from urllib.parse import urlsplit

import h11

from .dial import ConnectionRefused, Dialer, Refusal, Resolver, resolve
from .hosts import Host, HostError, read_host, url_host
from .http import LONGEST_HEAD, HttpPeer, Streams, forwarded_fields, tunnel
from .rules import Firewall
from .upstream import Upstream

Destination: TypeAlias = tuple[Host, int]

_NOT_HTTP = "the server did not reply with HTTP"
_NO_RESPONSE = "the server did not respond"
_DISCONNECT_POLL_S = 0.5
"""How often to check whether the browser has disconnected while a server does not respond."""

_PAGE = """<!doctype html><meta charset=utf-8><title>{title}</title>
<style>body{{font:20px/1.5 sans-serif;margin:15vh auto;max-width:40em;padding:0 1em}}</style>
<h1>{title}</h1><p>{text}</p>"""


class FirewallProxy:
    """Forwards what `firewall` allows, through `upstream` if given, and reports everything else to `on_refused`."""

    def __init__(
        self,
        firewall: Firewall,
        on_refused: Callable[[Refusal], None],
        *,
        upstream: Upstream | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._firewall = firewall
        self._on_refused = on_refused
        self._dialer = Dialer(firewall, upstream, resolver)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Start listening; returns the port on 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LONGEST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Close every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve((reader, writer)))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, streams: Streams) -> None:
        """Handle the requests of one connection until it ends."""
        connection = _Connection(streams, self._dialer)
        handling = asyncio.ensure_future(self._handle_all(connection))
        try:
            while not handling.done() and not streams[0].at_eof():
                await asyncio.wait([handling], timeout=_DISCONNECT_POLL_S)
        finally:
            handling.cancel()
            await asyncio.gather(handling, return_exceptions=True)
            connection.close_server()
            streams[1].close()

    async def _handle_all(self, connection: "_Connection") -> None:
        with suppress(OSError, h11.ProtocolError):  # one side has disconnected
            while await self._handle(connection):
                pass

    async def _handle(self, connection: "_Connection") -> bool:
        """Handle one request; returns whether there may be another."""
        try:
            request = await connection.client.receive()
            if not isinstance(request, h11.Request):
                return False
            destination = _destination(request)
        except (h11.RemoteProtocolError, ValueError):
            await connection.reply(400, "Bad request", "This is a proxy.")
            return False
        try:
            if request.method == b"CONNECT":
                await connection.connect(destination)
                return False
            return await connection.forward(request, destination)
        except ConnectionRefused as error:
            self._on_refused(error.refusal)
            text = f"{error.refusal.where} is {error.refusal.why}, so it was not opened; {self._firewall.summary()}."
            await connection.reply(403, "Access to this page is blocked", text)
        except _Unreachable as error:
            await connection.reply(502, "This page cannot be reached", f"{url_host(destination[0])}: {error}.")
        return False


class _Unreachable(Exception):
    """A server cannot be reached or did not respond; nothing of its response was forwarded."""


class _Connection:
    """One connection of the browser, and the server that its last request went to."""

    def __init__(self, streams: Streams, dialer: Dialer) -> None:
        self.client = HttpPeer(h11.SERVER, streams)
        self._streams = streams
        self._dialer = dialer
        self._server: HttpPeer | None = None
        self._destination: Destination | None = None

    async def connect(self, destination: Destination) -> None:
        """Become a tunnel to `destination`."""
        server = await self._dial(destination)
        try:
            self.client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            server[1].write(self.client.unread)
            await tunnel(self._streams, server)
        finally:
            server[1].close()

    async def forward(self, request: h11.Request, destination: Destination) -> bool:
        """Forward a request and its response; returns whether the connection may be used again."""
        self._dialer.check(*destination)
        is_reused = self._destination == destination
        # a request with a body is not repeated: it may have been processed, and the body is consumed
        framing = (b"transfer-encoding", b"content-length")
        has_body = any(name in framing and value != b"0" for name, value in request.headers)
        if not has_body:
            await self.client.receive()  # the end of the request, so that the next event is the next request
        response = await self._exchange(request, destination, has_body)
        if response is None and is_reused and not has_body:  # the server closed an idle connection
            self.close_server()
            response = await self._exchange(request, destination, has_body)
        if response is None or self._server is None:
            raise _Unreachable(_NO_RESPONSE)
        await self.client.send(response)
        await self.client.send_body(self._server)
        if not self._server.start_next():
            self.close_server()
        return self.client.start_next()

    def close_server(self) -> None:
        """Close the connection to the server, if there is one."""
        if self._server is not None:
            self._server.writer.close()
        self._server = self._destination = None

    async def reply(self, status: int, title: str, text: str) -> None:
        """Reply with a page of our own, and close."""
        page = _PAGE.format(title=escape(title), text=escape(text)).encode()
        fields = [
            (b"Content-Type", b"text/html; charset=utf-8"),
            (b"Content-Length", str(len(page)).encode()),
            (b"Cache-Control", b"no-store"),
            (b"Connection", b"close"),
        ]
        with suppress(OSError):
            response = h11.Response(status_code=status, headers=fields, reason=title.encode())
            await self.client.send(response, h11.Data(data=page), h11.EndOfMessage())

    async def _dial(self, destination: Destination) -> Streams:
        try:
            return await self._dialer.open(*destination)
        except OSError as error:
            raise _Unreachable(error.strerror or str(error) or "it cannot be reached") from error

    async def _server_for(self, destination: Destination) -> HttpPeer:
        """The connection for requests to `destination`; the last one is reused if it is still open."""
        if self._server is not None and self._destination == destination and not self._server.reader.at_eof():
            return self._server
        self.close_server()
        upstream = self._dialer.upstream_for(destination[0])
        if upstream is not None and upstream.takes_absolute_form:
            try:
                streams = await upstream.connect()
            except OSError as error:
                raise _Unreachable(str(error)) from error
        else:
            streams = await self._dial(destination)
        self._server, self._destination = HttpPeer(h11.CLIENT, streams), destination
        return self._server

    def _rewritten(self, request: h11.Request, destination: Destination) -> h11.Request:
        """`request` for the server, with the Host that was checked instead of the original one."""
        host, port = destination
        name = (url_host(host) if port == 80 else f"{url_host(host)}:{port}").encode()
        target = _origin_form(request.target)
        fields = [(b"Host", name), *(field for field in forwarded_fields(request) if field[0].lower() != b"host")]
        upstream = self._dialer.upstream_for(host)
        if upstream is not None and upstream.takes_absolute_form:
            target = b"http://" + name + target
            fields += upstream.credentials
        return h11.Request(method=request.method, target=target, headers=fields)

    async def _exchange(self, request: h11.Request, destination: Destination, has_body: bool) -> h11.Response | None:
        """Send `request` with its body; returns the response head to forward, None if there is none."""
        server = await self._server_for(destination)
        sending = asyncio.ensure_future(self._send(self._rewritten(request, destination), server, has_body))
        try:
            response = await server.receive_response()
            if response is None:
                return None
            fields = forwarded_fields(response)
            if sending.done():
                sending.result()
            else:  # an early response: the rest of the request is never read
                fields.append((b"Connection", b"close"))
            return h11.Response(status_code=response.status_code, headers=fields, reason=response.reason)
        except OSError:
            return None
        except h11.RemoteProtocolError:
            raise _Unreachable(_NOT_HTTP) from None
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, request: h11.Request, server: HttpPeer, has_body: bool) -> None:
        await server.send(request)
        if has_body:
            await server.send_body(self.client)
        else:
            await server.send(h11.EndOfMessage())


def _destination(request: h11.Request) -> Destination:
    """The destination host and port of a request.

    Raises:
        ValueError: the target is invalid, or not in the form for proxies.
    """
    text = request.target.decode("ascii")
    if request.method == b"CONNECT":
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit():
            raise ValueError(text)
        return _checked(host, int(port))
    parts = urlsplit(text)
    if parts.scheme.lower() != "http" or "@" in parts.netloc or "\\" in parts.netloc:
        raise ValueError(text)
    host = parts.netloc
    if parts.port is not None:
        host = host.rpartition(":")[0]
    return _checked(host.removesuffix(":"), 80 if parts.port is None else parts.port)


def _checked(host: str, port: int) -> Destination:
    if not 0 < port < 65536:
        raise HostError(f"there is no port {port}")
    return read_host(host), port


def _origin_form(target: bytes) -> bytes:
    """The path and query of an absolute-form target."""
    rest = target.partition(b"://")[2]
    cut = min([index for mark in (b"/", b"?") if (index := rest.find(mark)) >= 0], default=len(rest))
    path = rest[cut:].partition(b"#")[0]
    return path if path.startswith(b"/") else b"/" + path
