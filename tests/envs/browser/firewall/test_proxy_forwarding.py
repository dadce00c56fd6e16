"""Forwarding by the firewall proxy, over real sockets: requests, responses, bodies and tunnels."""

import asyncio

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxy_harness import OK, Origin, firewall_proxy, run, serving

from screenwright.envs.browser.firewall.proxy import FirewallProxy
from screenwright.envs.browser.firewall.rules import Firewall

CHUNKS = b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"


def test_allowed_request_reaches_the_server_and_its_response_comes_back() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            response = await proxy.get("127.0.0.1", "/a?b=c", "X-Mine: 1\r\nProxy-Authorization: no\r\n")
            assert response.startswith(b"HTTP/1.1 200 OK\r\n")
            assert response.endswith(b"\r\n\r\nhello")
            (head,) = proxy.origin.heads
            assert head.startswith(b"GET /a?b=c HTTP/1.1\r\n")
            assert b"X-Mine: 1\r\n" in head
            assert b"proxy" not in head.lower()
            assert proxy.refusals == []

    run(check())


def test_host_header_is_replaced_by_the_host_that_was_checked() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            fields = b"Host: elsewhere.example\r\nConnection: close"
            await proxy.send(b"GET http://127.0.0.1:%d/ HTTP/1.1\r\n%s\r\n\r\n" % (proxy.port, fields))
            assert proxy.origin.heads[0].lower().count(b"host:") == 1
            assert f"Host: 127.0.0.1:{proxy.port}\r\n".encode() in proxy.origin.heads[0]

    run(check())


def test_tunnel_forwards_both_directions_until_the_browser_disconnects() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data[::-1])
        over.set()

    async def check() -> None:
        async with serving(echo) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.proxy_port)
            writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(b"\x00\xffabc")
            assert await reader.readexactly(5) == b"cba\xff\x00"
            writer.close()
            await over.wait()

    over = asyncio.Event()
    run(check())


def test_one_connection_serves_several_requests() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.proxy_port)
            for _ in range(3):
                writer.write(f"GET http://127.0.0.1:{proxy.port}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert proxy.origin.accepted == 1

    run(check())


def test_request_is_retried_when_the_server_closed_the_idle_connection() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT", origin=Origin(OK, closes_after=1)) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.proxy_port)
            for _ in range(3):
                writer.write(f"GET http://127.0.0.1:{proxy.port}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert proxy.origin.accepted == 3

    run(check())


def test_request_is_retried_when_the_server_closes_the_connection_without_a_response() -> None:
    async def drop_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(len(accepted))
        while await reader.readuntil(b"\r\n\r\n"):
            if len(accepted) == 1 and requests:
                return
            requests.append(1)
            writer.write(OK)

    async def check() -> None:
        async with serving(drop_second) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.proxy_port)
            for _ in range(3):
                writer.write(f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert len(accepted) == 2

    accepted, requests = list[int](), list[int]()
    run(check())


@pytest.mark.parametrize(
    ("method", "sent", "body"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, b"abc"),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", b"old"),
        ("GET", b"HTTP/1.1 200 OK\nContent-Length: 4\n\nbare", b"bare"),
        ("GET", b"HTTP/1.1 200 OK\r\nodd line\r\n folded: x\r\nContent-Length: 3\r\n\r\nodd", b"odd"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!", b"!"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b""),
    ],
)  # fmt: skip
def test_end_of_the_response_follows_from_its_head(method: str, sent: bytes, body: bytes) -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT", origin=Origin(sent)) as proxy:
            request = (
                f"{method} http://127.0.0.1:{proxy.port}/until-closed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            response = await proxy.send(request.encode())
            assert b"Connection: close" in response.partition(b"\r\n\r\n")[0]
            assert body_of(response, method) == body

    run(check())


def body_of(response: bytes, method: str) -> bytes:
    """The decoded body; nothing may follow it."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(response)
    body = b""
    while not isinstance(event := reader.next_event(), h11.EndOfMessage):
        body += event.data if isinstance(event, h11.Data) else b""
    assert reader.trailing_data == (b"", False)
    return body


@given(st.binary(max_size=200_000), st.booleans())
@settings(max_examples=15)
def test_any_body_arrives_unchanged_in_both_directions(body: bytes, chunked: bool) -> None:
    async def mirror(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"chunked" in head:
            received = b""
            while size := int(await reader.readline(), 16):
                received += await reader.readexactly(size)
                await reader.readline()
        else:
            received = await reader.readexactly(len(body))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(received) + received)
        await writer.drain()

    async def check() -> None:
        async with serving(mirror) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            half = len(body) // 2
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
            sent = chunks + b"0\r\n\r\n" if chunked else body
            length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
            head = b"POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n\r\n" % (port, length)
            response = await proxy.send(head + sent)
            assert response.partition(b"\r\n\r\n")[2] == body

    run(check())


# -- closing


def test_server_connection_is_closed_when_the_browser_disconnects() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        assert await reader.read() == b""
        left.set()

    async def check() -> None:
        async with serving(silent) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.proxy_port)
            writer.write(f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            await asked.wait()
            writer.close()
            await left.wait()

    asked, left = asyncio.Event(), asyncio.Event()
    run(check())


def test_closing_the_proxy_closes_open_connections() -> None:
    async def check() -> None:
        async with serving(Origin().handle) as port:
            proxy = FirewallProxy(Firewall.parse((f"127.0.0.1:{port}",)), lambda _: None)
            reader, writer = await asyncio.open_connection("127.0.0.1", await proxy.start())
            writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            await proxy.close()
            assert await reader.read() == b""
            writer.close()

    run(check())
