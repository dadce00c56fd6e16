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
    """A server that sends `responses` in order, repeating the last one."""

    def __init__(self, *responses: bytes, closes_after: int = 10**6) -> None:
        self.responses = list(responses) or [OK]
        self.closes_after = closes_after
        self.accepted = 0
        self.heads: list[bytes] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            for _ in range(self.closes_after):
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                writer.write(self.responses.pop(0) if len(self.responses) > 1 else self.responses[0])
                if b"until-closed" in head:
                    break
                await writer.drain()
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

    async def send(self, request: bytes) -> bytes:
        """Send `request` on a new connection; returns everything until that is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy_port)
        writer.write(request)
        response = await reader.read()
        writer.close()
        return response

    async def get(self, host: str, path: str = "/", fields: str = "") -> bytes:
        request = f"GET http://{host}:{self.port}{path} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n"
        return await self.send(request.encode())


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
