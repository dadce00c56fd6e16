"""The firewall proxy in front of another proxy."""

import asyncio
import base64

import pytest
from proxy_harness import OK, Origin, firewall_proxy, run, serving

from screenwright.envs.browser.firewall.upstream import Upstream


def test_plain_request_goes_to_the_upstream_proxy_in_absolute_form_with_credentials() -> None:
    async def check() -> None:
        upstream = Origin()
        async with (
            serving(upstream.handle) as port,
            firewall_proxy("allowed.example", upstream=f"http://me:s%20t@127.0.0.1:{port}") as proxy,
        ):
            response = await proxy.send(
                b"GET http://allowed.example/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            assert response.endswith(b"hello")
            (head,) = upstream.heads
            assert head.startswith(b"GET http://allowed.example/a HTTP/1.1\r\n")
            assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:s t") in head
            refused = await proxy.send(b"GET http://closed.example/ HTTP/1.1\r\nHost: a\r\n\r\n")
            assert refused.startswith(b"HTTP/1.1 403 ")
            assert upstream.accepted == 1
            assert proxy.resolved == []

    run(check())


def test_tunnel_goes_through_the_upstream_proxy() -> None:
    async def check() -> None:
        names = {"allowed.example": "127.0.0.1"}
        async with (
            firewall_proxy("allowed.example", "127.0.0.1", names=names) as second,
            firewall_proxy("allowed.example", upstream=f"127.0.0.1:{second.proxy_port}") as proxy,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.proxy_port)
            writer.write(f"CONNECT allowed.example:{second.port} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            closed = await proxy.send(b"CONNECT closed.example:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert closed.startswith(b"HTTP/1.1 403 ")
            assert second.resolved == ["allowed.example"]

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
            response = await proxy.send(
                b"GET http://allowed.example:81/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            assert response.endswith(b"hello")
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
        async with firewall_proxy("closed.example") as second:
            async with firewall_proxy("allowed.example", upstream=f"127.0.0.1:{second.proxy_port}") as proxy:
                response = await proxy.send(b"CONNECT allowed.example:443 HTTP/1.1\r\nHost: a\r\n\r\n")
                assert response.startswith(b"HTTP/1.1 502 ")
            async with firewall_proxy("allowed.example", upstream="127.0.0.1:1") as proxy:
                response = await proxy.send(b"GET http://allowed.example/ HTTP/1.1\r\nHost: a\r\n\r\n")
                assert response.startswith(b"HTTP/1.1 502 ")
                assert b"the proxy 127.0.0.1:1 cannot be reached" in response

    run(check())


def test_unknown_proxy_scheme_is_an_error() -> None:
    with pytest.raises(ValueError, match="write http://, https:// or socks5://"):
        Upstream.parse("socks4://127.0.0.1:1")
