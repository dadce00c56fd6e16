"""Forwarding by the firewall proxy, over real sockets."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from proxy_harness import Origin, firewall_proxy, run, serving

from screenwright.envs.browser.firewall.proxy import FirewallProxy
from screenwright.envs.browser.firewall.rules import Firewall


def test_allowed_request_reaches_the_server_and_its_response_comes_back() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            response = await proxy.get("127.0.0.1", "/a?b=c")
            assert response == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
            assert proxy.origin.heads == [
                b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Mine: 1\r\nConnection: close\r\n\r\n"
            ]
            assert proxy.refusals == []

    run(check())


def test_connection_leads_to_the_host_that_was_checked_whatever_is_sent() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            fields = b"Host: elsewhere.example\r\nConnection: close"
            await proxy.send("127.0.0.1", b"GET http://elsewhere.example/ HTTP/1.1\r\n%s\r\n\r\n" % fields)
            assert proxy.origin.accepted == 1
            assert proxy.resolved == []

    run(check())


def test_connection_forwards_both_directions_until_the_browser_disconnects() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data[::-1])
        over.set()

    async def check() -> None:
        async with serving(echo) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            reader, writer = await proxy.connect("127.0.0.1", port)
            writer.write(b"\x00\xffabc")
            assert await reader.readexactly(5) == b"cba\xff\x00"
            writer.close()
            await over.wait()

    over = asyncio.Event()
    run(check())


def test_one_connection_serves_several_requests() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            reader, writer = await proxy.connect("127.0.0.1")
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert proxy.origin.accepted == 1

    run(check())


def test_browser_learns_that_the_server_closed_the_connection() -> None:
    async def goodbye(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    async def check() -> None:
        async with serving(goodbye) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            assert await proxy.send("127.0.0.1", b"hello", port) == b"bye"

    run(check())


@given(st.binary(min_size=1, max_size=200_000), st.binary(max_size=200_000))
@settings(max_examples=15)
def test_any_bytes_arrive_unchanged_in_both_directions(sent: bytes, answered: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readexactly(len(sent)))
        writer.write(answered)

    async def check() -> None:
        async with serving(answer) as port, firewall_proxy(f"127.0.0.1:{port}") as proxy:
            assert await proxy.send("127.0.0.1", sent, port) == answered
            assert received == [sent]

    received = list[bytes]()
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
            _, writer = await proxy.connect("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
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
            writer.write(b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + port.to_bytes(2))
            await reader.readexactly(12)
            await proxy.close()
            assert await reader.read() == b""
            writer.close()

    run(check())
