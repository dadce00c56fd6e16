"""The firewall proxy in front of another proxy."""

import asyncio
import base64

import pytest
from proxy_harness import OK, Origin, firewall_proxy, run, serving

from screenwright.envs.browser.firewall.upstream import Upstream


async def upstream_proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP proxy that opens a tunnel to nowhere and answers what is sent through it."""
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"CONNECT allowed.example:443 HTTP/1.1\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    writer.write((await reader.read(1000))[::-1])
    await reader.read()


def test_plain_request_goes_to_the_upstream_proxy_in_absolute_form_with_credentials() -> None:
    async def check() -> None:
        upstream = Origin()
        async with (
            serving(upstream.handle) as port,
            firewall_proxy("allowed.example", upstream=f"http://me:s%20t@127.0.0.1:{port}") as proxy,
        ):
            head = b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nProxy-Authorization: no\r\n\r\n"
            assert (await proxy.send("allowed.example", head, 80)).endswith(b"hello")
            assert upstream.heads == [
                b"GET http://allowed.example/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                b"Proxy-Authorization: Basic " + base64.b64encode(b"me:s t") + b"\r\n\r\n"
            ]
            assert (await proxy.get("closed.example", port=80)).startswith(b"HTTP/1.1 403 ")
            assert upstream.accepted == 1
            assert proxy.resolved == []

    run(check())


def test_request_that_arrives_in_pieces_reaches_the_upstream_proxy_with_its_body() -> None:
    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readexactly(len(b"POST http://allowed.example:81/ HTTP/1.1\r\n")))
        received.append(await reader.readuntil(b"body"))
        writer.write(OK)

    async def check() -> None:
        async with serving(record) as port, firewall_proxy("allowed.example", upstream=f"127.0.0.1:{port}") as proxy:
            reader, writer = await proxy.connect("allowed.example", 81)
            for piece in (b"POST / HT", b"TP/1.1\r\nHost: a\r\n", b"\r\nbo", b"dy"):
                writer.write(piece)
                await asyncio.sleep(0.01)
            assert (await reader.read()).endswith(b"hello")
            writer.close()
            assert received == [
                b"POST http://allowed.example:81/ HTTP/1.1\r\n", b"Host: a\r\nConnection: close\r\n\r\nbody",
            ]  # fmt: skip

    received = list[bytes]()
    run(check())


@pytest.mark.parametrize("sent", [b"\x16\x03\x01abc", b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"])
def test_tunnel_goes_through_the_upstream_proxy(sent: bytes) -> None:
    async def check() -> None:
        async with (
            serving(upstream_proxy) as port,
            firewall_proxy("allowed.example", upstream=f"127.0.0.1:{port}") as proxy,
        ):
            reader, writer = await proxy.connect("allowed.example", 443)
            writer.write(sent)
            assert await reader.readexactly(len(sent)) == sent[::-1]
            writer.close()
            assert (await proxy.get("closed.example", port=443)).startswith(b"HTTP/1.1 403 ")
            assert proxy.resolved == []

    run(check())


@pytest.mark.parametrize("login", ["", "me:secret@"])
def test_tunnel_goes_through_a_socks_proxy(login: str) -> None:
    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method = 2 if login else 0
        assert await reader.readexactly(3) == bytes([5, 1, method])
        writer.write(bytes([5, method]))
        if login:
            assert await reader.readexactly(11) == b"\x01\x02me\x06secret"
            writer.write(b"\x01\x00")
        asked.append(await reader.readexactly(5 + len("allowed.example") + 2))
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()

    async def check() -> None:
        async with (
            serving(socks) as port,
            firewall_proxy("allowed.example", upstream=f"socks5://{login}127.0.0.1:{port}") as proxy,
        ):
            reader, writer = await proxy.connect("allowed.example", 81)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert asked == [b"\x05\x01\x00\x03\x0fallowed.example\x00\x51"]

    asked: list[bytes] = []
    run(check())


def test_local_hosts_bypass_the_upstream_proxy() -> None:
    async def check() -> None:
        upstream = Origin()
        async with (
            serving(upstream.handle) as port,
            firewall_proxy("localhost:PORT", upstream=f"127.0.0.1:{port}") as proxy,
        ):
            assert (await proxy.get("localhost")).endswith(b"hello")
            assert upstream.accepted == 0

    run(check())


def test_unreachable_or_refusing_upstream_proxy_gets_an_error_page() -> None:
    async def check() -> None:
        refusing = Origin(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        async with serving(refusing.handle) as port:
            async with firewall_proxy("allowed.example", upstream=f"127.0.0.1:{port}") as proxy:
                assert await proxy.send("allowed.example", b"\x16\x03\x01abc", 443) == b""
                assert refusing.accepted == 1
            async with firewall_proxy("allowed.example", upstream="127.0.0.1:1") as proxy:
                response = await proxy.get("allowed.example", port=80)
                assert response.startswith(b"HTTP/1.1 502 ")
                assert b"the proxy 127.0.0.1:1 cannot be reached" in response

    run(check())


def test_unknown_proxy_scheme_is_an_error() -> None:
    with pytest.raises(ValueError, match="write http://, https:// or socks5://"):
        Upstream.parse("socks4://127.0.0.1:1")
