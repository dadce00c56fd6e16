"""The only network access of a browser behind the firewall: a loopback proxy that refuses all but the allowed hosts.

It speaks SOCKS5 (RFC 1928): Chromium names the host of every connection, for HTTP, HTTPS and WebSockets. The proxy
resolves the name itself, connects to the address that it checked, and then only passes on bytes.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from html import escape
from ipaddress import ip_address
from pathlib import Path

from .dial import ConnectionRefused, ConnectionRules, Dialer, Refusal, Resolver, resolve
from .hosts import Host, read_host, url_host
from .upstream import (
    ADDRESS_BYTES,
    CHUNK,
    CONNECT,
    DOMAIN_NAME,
    NO_AUTHENTICATION,
    SOCKS_VERSION,
    Streams,
    Upstream,
)

_SUCCEEDED = bytes([SOCKS_VERSION, 0, 0, 1, 0, 0, 0, 0, 0, 0])

_MAX_HEAD = 2**18
"""Bytes; the limit of Chromium."""

_PAGE = """HTTP/1.1 {status}\r
Content-Type: text/html; charset=utf-8\r
Cache-Control: no-store\r
Connection: close\r
\r
<!doctype html><meta charset=utf-8><title>{title}</title>
<style>body{{font:20px/1.5 sans-serif;margin:15vh auto;max-width:40em;padding:0 1em}}</style>
<h1>{title}</h1><p>{text}</p>"""


class FirewallProxy:
    """Connects to what `rules` allow, through `upstream` if given, and reports everything else to `on_refused`."""

    def __init__(
        self,
        rules: ConnectionRules,
        on_refused: Callable[[Refusal], None],
        *,
        upstream: Upstream | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._rules = rules
        self._on_refused = on_refused
        self._dialer = Dialer(rules, upstream, resolver)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Start listening; returns the port on 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def start_at(self, socket: Path) -> None:
        """Start listening on a Unix socket at that path."""
        self._server = await asyncio.start_unix_server(self._accept, socket)

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

    async def _serve(self, client: Streams) -> None:
        """Handle one connection until it ends."""
        try:
            with suppress(OSError, EOFError, ValueError):  # it has disconnected, or does not speak SOCKS5
                await self._handle(client, *await _requested_host(client))
        finally:
            client[1].close()

    async def _handle(self, client: Streams, host: Host, port: int) -> None:
        """Connect `client` to `host`; if that fails, show why: an HTTP request gets a page, other data a closed end."""
        head, refusal = b"", None
        try:
            self._dialer.check(host, port)
            upstream = self._dialer.upstream_for(host)
            if upstream is not None and upstream.takes_absolute_form:
                head = await _head(client[0])
            if upstream is not None and _is_http(head) and b"\r\nupgrade:" not in head.lower():
                server = await upstream.connect()
                head = upstream.absolute_form(head, url_host(host), port)
            else:
                server = await self._dialer.open(host, port)
        except ConnectionRefused as error:
            refusal = error.refusal
            status, title = "403 Forbidden", "Access to this page is blocked"
            text = f"{refusal.where} is {refusal.why}, so it was not opened; {self._rules.summary()}."
        except OSError as error:
            status, title = "502 Bad Gateway", "This page cannot be reached"
            text = f"{url_host(host)}: {error.strerror or str(error) or 'it cannot be reached'}."
        else:
            server[1].write(head)
            await _relay(client, server)
            return
        head = head or await _head(client[0])
        if refusal and head:  # Chromium also opens connections ahead that no page has asked for
            self._on_refused(refusal)
        if _is_http(head):
            client[1].write(_PAGE.format(status=status, title=escape(title), text=escape(text)).encode())
            await client[1].drain()


async def _requested_host(client: Streams) -> tuple[Host, int]:
    """Accept a SOCKS5 connection and return the host that it is for.

    Raises:
        ValueError: it is not a valid request; nothing was accepted.
        EOFError: the client disconnected.
    """
    reader, writer = client
    version, methods = await reader.readexactly(2)
    if version != SOCKS_VERSION or NO_AUTHENTICATION not in await reader.readexactly(methods):
        raise ValueError("not SOCKS5")
    writer.write(bytes([SOCKS_VERSION, NO_AUTHENTICATION]))
    version, command, _, kind = await reader.readexactly(4)
    host: Host
    if kind == DOMAIN_NAME:
        name = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii")
        host = read_host(f"[{name}]" if ":" in name else name)
    else:
        host = ip_address(await reader.readexactly(ADDRESS_BYTES.get(kind, 0)))
    port = int.from_bytes(await reader.readexactly(2))
    if version != SOCKS_VERSION or command != CONNECT or port == 0:
        raise ValueError("not a connection")
    # before the server is reached: the error page needs a connection, and some requests are sent to an upstream proxy
    writer.write(_SUCCEEDED)
    return host, port


def _is_http(sent: bytes) -> bool:
    """Whether the first bytes of a connection are an HTTP request and not TLS."""
    return sent[:1].isalpha()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The first bytes of a connection, with the whole head if they are an HTTP request."""
    head = await reader.read(CHUNK)
    while _is_http(head) and b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
        more = await reader.read(CHUNK)
        if not more:
            raise EOFError
        head += more
    return head


async def _relay(client: Streams, server: Streams) -> None:
    """Pass on bytes in both directions until the client has disconnected."""
    down = asyncio.ensure_future(_copy(server[0], client[1]))
    up = asyncio.ensure_future(_copy(client[0], server[1]))
    try:
        await up  # a browser does not close one direction only
    finally:
        server[1].close()
        down.cancel()
        up.cancel()
        await asyncio.gather(down, up, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except OSError:
        writer.close()
