"""The only way out of a browser behind the firewall: a loopback proxy that allows some hosts and refuses the rest.

It takes requests with a whole address (plain HTTP) and CONNECT (everything else, WebSockets included), looks names up
itself, and connects to the very address that it checked.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import TypeAlias
from urllib.parse import urlsplit

from .dial import ConnectionRefused, Dialer, Refusal, Resolver, Streams, resolve
from .hosts import Host, HostError, read_host, url_host
from .http import LONGEST_HEAD, BadMessage, Body, Head, pass_on, tunnel
from .rules import Firewall
from .upstream import Upstream

Place: TypeAlias = tuple[Host, int]

_KEEP = (b"Connection", b"keep-alive")
_CLOSE = (b"Connection", b"close")
_NO_HTTP = "what it answers is not HTTP"
_LOOK_S = 0.5
"""A browser that has turned away from a server that does not answer is noticed within this."""
_NO_BODY = frozenset({b"204", b"304"})

_PAGE = """<!doctype html><meta charset=utf-8><title>{title}</title>
<style>body{{font:20px/1.5 sans-serif;margin:15vh auto;max-width:40em;padding:0 1em}}</style>
<h1>{title}</h1><p>{text}</p>"""


class FirewallProxy:
    """Lets through what `firewall` allows, and tells `refused` of everything else.

    With `upstream`, everything goes through that proxy in turn.
    """

    def __init__(
        self,
        firewall: Firewall,
        refused: Callable[[Refusal], None],
        *,
        upstream: Upstream | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._firewall = firewall
        self._refused = refused
        self._dialer = Dialer(firewall, upstream, resolver)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Begin; returns the port on 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LONGEST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Break off every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve((reader, writer)))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, client: Streams) -> None:
        """Answer what comes in on one connection, until it ends."""
        visit = _Visit(client, self._dialer)
        answering = asyncio.ensure_future(self._answer_all(visit))
        try:
            while not answering.done() and not client[0].at_eof():
                await asyncio.wait([answering], timeout=_LOOK_S)
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            visit.leave()
            client[1].close()

    async def _answer_all(self, visit: "_Visit") -> None:
        with suppress(OSError, BadMessage):  # one side is gone; so is the connection
            while await self._answer(visit):
                pass

    async def _answer(self, visit: "_Visit") -> bool:
        """Answer one request; returns whether there may be another."""
        try:
            head = await Head.read(visit.client[0])
            if head is None:
                return False
            place = _place(head)
        except (BadMessage, ValueError):
            await visit.say(b"400 Bad Request", "Bad request", "This is a proxy.")
            return False
        try:
            if head.start[0] == b"CONNECT":
                await visit.connect(place)
                return False
            return await visit.forward(head, place)
        except ConnectionRefused as error:
            self._refused(error.refusal)
            text = f"{error.refusal.where} is {error.refusal.why}, so it was not opened; {self._firewall.reach()}."
            await visit.say(b"403 Forbidden", "This page is closed here", text)
        except _Unreachable as error:
            await visit.say(b"502 Bad Gateway", "This page cannot be reached", f"{url_host(place[0])}: {error}.")
        return False


class _Unreachable(Exception):
    """A server cannot be reached, or does not answer; nothing was passed on of it."""


class _Visit:
    """One connection of the browser, and the server that its last request went to."""

    def __init__(self, client: Streams, dialer: Dialer) -> None:
        self.client = client
        self._dialer = dialer
        self._server: Streams | None = None
        self._place: Place | None = None

    async def connect(self, place: Place) -> None:
        """Become a tunnel to `place`."""
        server = await self._dial(place)
        try:
            self.client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await tunnel(self.client, server)
        finally:
            server[1].close()

    async def forward(self, head: Head, place: Place) -> bool:
        """Pass on a request and the answer to it; returns whether the connection may be used again."""
        self._dialer.check(*place)
        is_kept = self._place == place
        server = await self._reach(place)
        request = self._request(head, place)
        body = head.body(without=0)
        answer = await self._ask(server, request, body)
        if answer is None and is_kept and body == 0:  # it had tired of waiting for another request
            self.leave()
            server = await self._reach(place)
            answer = await self._ask(server, request, body)
        if answer is None:
            raise _Unreachable("it does not answer")
        return await self._hand_back(head, answer, server)

    def leave(self) -> None:
        """Let go of the server."""
        if self._server is not None:
            self._server[1].close()
        self._server = self._place = None

    async def say(self, status: bytes, title: str, text: str) -> None:
        """Answer with a page of our own, and close."""
        page = _PAGE.format(title=escape(title), text=escape(text)).encode()
        fields = (
            (b"Content-Type", b"text/html; charset=utf-8"),
            (b"Content-Length", str(len(page)).encode()),
            (b"Cache-Control", b"no-store"),
        )
        code, _, reason = status.partition(b" ")
        self.client[1].write(Head((b"HTTP/1.1", code, reason), fields, closes=True).write(_CLOSE) + page)
        with suppress(OSError):
            await self.client[1].drain()

    async def _dial(self, place: Place) -> Streams:
        try:
            return await self._dialer.open(*place)
        except OSError as error:
            raise _Unreachable(error.strerror or str(error) or "it cannot be reached") from error

    async def _reach(self, place: Place) -> Streams:
        """The connection for requests to `place`: the one of the last request if it goes there."""
        if self._server is not None and self._place == place and not self._server[0].at_eof():
            return self._server
        self.leave()
        upstream = self._dialer.way(place[0])
        if upstream is not None and upstream.takes_whole_addresses:
            try:
                self._server = await upstream.connect()
            except OSError as error:
                raise _Unreachable(str(error)) from error
        else:
            self._server = await self._dial(place)
        self._place = place
        return self._server

    def _request(self, head: Head, place: Place) -> bytes:
        """`head` as the server is to have it: the host is the one that was checked, whatever else the request says."""
        method, target, _ = head.start
        host, port = place
        name = url_host(host) if port == 80 else f"{url_host(host)}:{port}"
        upstream = self._dialer.way(host)
        whole = upstream is not None and upstream.takes_whole_addresses
        path = _path(target)
        start = (method, b"http://" + name.encode() + path if whole else path, b"HTTP/1.1")
        login = upstream.login if whole and upstream is not None else ()
        return replace(head, start=start).write((b"Host", name.encode()), _KEEP, *login, without=(b"host",))

    async def _ask(self, server: Streams, request: bytes, body: Body) -> Head | None:
        """Send a request; returns the head of the answer, None if none comes."""
        reader, writer = server
        sending = asyncio.ensure_future(self._send(writer, request, body))
        try:
            while True:
                answer = await Head.read(reader, strict=False)
                if answer is not None and not answer.start[0].startswith(b"HTTP/1."):
                    raise BadMessage
                if answer is None or not answer.start[1].startswith(b"1"):
                    break
            if not sending.done():  # it knows enough without the rest
                if answer is not None:
                    answer = replace(answer, closes=True)
            else:
                sending.result()
        except OSError:
            return None
        except BadMessage:
            raise _Unreachable(_NO_HTTP) from None
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return answer

    async def _send(self, writer: asyncio.StreamWriter, request: bytes, body: Body) -> None:
        writer.write(request)
        await writer.drain()
        await pass_on(body, self.client[0], writer)

    async def _hand_back(self, request: Head, answer: Head, server: Streams) -> bool:
        status = answer.start[1]
        is_empty = request.start[0] == b"HEAD" or status in _NO_BODY
        try:
            body: Body = 0 if is_empty else answer.body(without="until closed")
        except BadMessage:
            raise _Unreachable(_NO_HTTP) from None
        server_closes = answer.closes or body == "until closed"
        closes = request.closes or server_closes
        start = (b"HTTP/1.1", *answer.start[1:])
        self.client[1].write(replace(answer, start=start).write(_CLOSE if closes else _KEEP))
        await pass_on(body, server[0], self.client[1])
        await self.client[1].drain()
        if server_closes:
            self.leave()
        return not closes


def _place(head: Head) -> Place:
    """Where a request wants to go.

    Raises:
        BadMessage, ValueError: it does not say, or not in a way that a proxy understands.
    """
    method, target, _ = head.start
    text = target.decode("ascii", errors="strict")
    if method == b"CONNECT":
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdigit():
            raise BadMessage
        return _checked(host, int(port))
    parts = urlsplit(text)
    if parts.scheme.lower() != "http" or "@" in parts.netloc or "\\" in parts.netloc:
        raise BadMessage
    host = parts.netloc
    if parts.port is not None:
        host = host.rpartition(":")[0]
    return _checked(host.removesuffix(":"), 80 if parts.port is None else parts.port)


def _checked(host: str, port: int) -> Place:
    if not 0 < port < 65536:
        raise HostError("there is no such port")
    return read_host(host), port


def _path(target: bytes) -> bytes:
    """The part of a whole address that the server is to have."""
    rest = target.partition(b"://")[2]
    cut = min([index for mark in (b"/", b"?") if (index := rest.find(mark)) >= 0], default=len(rest))
    path = rest[cut:].partition(b"#")[0]
    return path if path.startswith(b"/") else b"/" + path
