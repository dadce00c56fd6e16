"""A firewall proxy between raw sockets and a loopback server, for the tests of the proxy."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any, TypeVar

from screenwright.envs.browser.firewall.dial import Refusal
from screenwright.envs.browser.firewall.hosts import Address
from screenwright.envs.browser.firewall.proxy import FirewallProxy
from screenwright.envs.browser.firewall.rules import Firewall
from screenwright.envs.browser.firewall.upstream import Upstream

T = TypeVar("T")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
LIMIT_S = 60


def run(test: Coroutine[Any, Any, T]) -> T:
    async def limited() -> T:
        async with asyncio.timeout(LIMIT_S):
            return await test

    return asyncio.run(limited())


class Origin:
    """A server that sends `response` to every request, and counts the connections."""

    def __init__(self, response: bytes = OK) -> None:
        self.response = response
        self.accepted = 0
        self.heads: list[bytes] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                writer.write(self.response)
                await writer.drain()
                if b"connection: close" in head.lower():
                    break
        writer.close()


@asynccontextmanager
async def serving(handle: Handler) -> AsyncGenerator[int]:
    """The port of a loopback server."""
    tasks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class ProxyHarness:
    """A proxy, its recorded refusals and lookups, and the server behind it at `port`."""

    def __init__(self, origin: Origin, port: int) -> None:
        self.origin = origin
        self.port = port
        self.proxy_port = 0
        self.refusals: list[Refusal] = []
        self.resolved: list[str] = []

    async def connect(self, host: str, port: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection to `host` through the proxy, as Chromium opens it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy_port)
        writer.write(b"\x05\x01\x00")
        assert await reader.readexactly(2) == b"\x05\x00"
        name = host.strip("[]").encode()
        writer.write(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + (port or self.port).to_bytes(2))
        assert await reader.readexactly(10) == b"\x05\x00\x00\x01" + bytes(6)
        return reader, writer

    async def send(self, host: str, sent: bytes, port: int | None = None) -> bytes:
        """Send `sent` on a new connection to `host`; returns everything until that is closed."""
        reader, writer = await self.connect(host, port)
        writer.write(sent)
        response = await reader.read()
        writer.close()
        return response

    async def send_raw(self, sent: bytes) -> bytes:
        """Send `sent` to the proxy itself."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy_port)
        writer.write(sent)
        writer.write_eof()
        response = await reader.read()
        writer.close()
        return response

    async def get(self, host: str, path: str = "/", port: int | None = None) -> bytes:
        """The response to a plain HTTP request."""
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Mine: 1\r\nConnection: close\r\n\r\n"
        return await self.send(host, request.encode(), port)


@asynccontextmanager
async def firewall_proxy(
    *hosts: str, origin: Origin | None = None, names: dict[str, str] | None = None, upstream: str = ""
) -> AsyncGenerator[ProxyHarness]:
    """A proxy that allows `hosts`, where PORT is replaced by the origin's, and resolves `names`."""
    origin = origin or Origin()

    async def resolver(name: str) -> tuple[Address, ...]:
        harness.resolved.append(name)
        if not (names and name in names):
            raise OSError("Name or service not known")
        return tuple([ip_address(text) for text in names[name].split()])

    async with serving(origin.handle) as port:
        harness = ProxyHarness(origin, port)
        proxy = FirewallProxy(
            Firewall.parse(tuple([host.replace("PORT", str(port)) for host in hosts])),
            harness.refusals.append,
            upstream=Upstream.parse(upstream) if upstream else None,
            resolver=resolver,
        )
        harness.proxy_port = await proxy.start()
        try:
            yield harness
        finally:
            await proxy.close()
