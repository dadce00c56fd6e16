"""Refusals of the firewall proxy, and how they are reported."""

import pytest
from proxy_harness import Origin, firewall_proxy, run

from screenwright.envs.browser.firewall.dial import Refusal


def test_refused_request_is_not_sent_gets_an_error_page_and_is_reported() -> None:
    async def check() -> None:
        async with firewall_proxy("allowed.example") as proxy:
            response = await proxy.get("127.0.0.1")
            assert response.startswith(b"HTTP/1.1 403 ")
            assert f"127.0.0.1:{proxy.port} is outside the allowed hosts".encode() in response
            assert b"only these hosts can be reached: allowed.example" in response
            assert proxy.refusals == [Refusal(f"127.0.0.1:{proxy.port}", "outside the allowed hosts")]
            assert proxy.origin.accepted == 0
            assert proxy.resolved == []

    run(check())


def test_refused_tunnel_is_not_opened() -> None:
    async def check() -> None:
        async with firewall_proxy("allowed.example") as proxy:
            response = await proxy.send(f"CONNECT 127.0.0.1:{proxy.port} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert response.startswith(b"HTTP/1.1 403 ")
            assert proxy.origin.accepted == 0
            assert len(proxy.refusals) == 1

    run(check())


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.0.0.1", "0177.1", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "LOCALHOST."]
)
def test_no_spelling_of_a_blocked_address_is_forwarded(host: str) -> None:
    async def check() -> None:
        async with firewall_proxy("allowed.example", "127.0.0.1:1", "localhost:1") as proxy:
            assert (await proxy.get(host)).startswith(b"HTTP/1.1 403 ")
            assert proxy.origin.accepted == 0

    run(check())


def test_every_spelling_of_an_allowed_address_is_forwarded() -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1:PORT") as proxy:
            assert (await proxy.get("0x7f.1")).startswith(b"HTTP/1.1 200 ")
            assert (await proxy.get("2130706433")).startswith(b"HTTP/1.1 200 ")

    run(check())


def test_allowed_name_that_resolves_to_this_machine_is_refused() -> None:
    async def check() -> None:
        async with firewall_proxy("rebound.example", names={"rebound.example": "127.0.0.1"}) as proxy:
            response = await proxy.get("rebound.example")
            assert response.startswith(b"HTTP/1.1 403 ")
            assert proxy.refusals == [Refusal(f"rebound.example:{proxy.port}", "at a private address (127.0.0.1)")]
            assert proxy.origin.accepted == 0

    run(check())


def test_name_is_resolved_once_and_the_checked_address_is_used() -> None:
    async def check() -> None:
        names = {"inside.example": "10.255.255.1 127.0.0.1"}
        async with firewall_proxy("inside.example", "127.0.0.1", names=names) as proxy:
            assert (await proxy.get("inside.example")).startswith(b"HTTP/1.1 200 ")
            assert proxy.resolved == ["inside.example"]
            assert proxy.origin.accepted == 1

    run(check())


def test_localhost_and_its_subdomains_are_never_resolved() -> None:
    async def check() -> None:
        async with firewall_proxy("localhost:PORT") as proxy:
            assert (await proxy.get("localhost")).startswith(b"HTTP/1.1 200 ")
            assert (await proxy.get("some.localhost")).startswith(b"HTTP/1.1 200 ")
            assert proxy.resolved == []

    run(check())


def test_unknown_name_and_unreachable_server_get_an_error_page() -> None:
    async def check() -> None:
        async with firewall_proxy("lost.example", "127.0.0.1:1") as proxy:
            response = await proxy.get("lost.example")
            assert response.startswith(b"HTTP/1.1 502 ")
            assert b"lost.example: Name or service not known" in response
            assert (await proxy.send(b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: a\r\n\r\n")).startswith(
                b"HTTP/1.1 502 "
            )
            assert proxy.refusals == []

    run(check())


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"SSH-2.0-server comment\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n",
    ],
)
def test_server_that_does_not_speak_http_gets_an_error_page(sent: bytes) -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1", origin=Origin(sent)) as proxy:
            response = await proxy.get("127.0.0.1")
            assert response.startswith(b"HTTP/1.1 502 ")
            assert b"the server did not reply with HTTP" in response

    run(check())


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1",
        b"GET https://127.0.0.1:PORT/ HTTP/1.1",
        b"GET ftp://127.0.0.1:PORT/ HTTP/1.1",
        b"GET http://me@127.0.0.1:PORT/ HTTP/1.1",
        b"GET http://127.0.0.1:PORT\\@a/ HTTP/1.1",
        b"GET http://127.0.0.1:0/ HTTP/1.1",
        b"GET http://127.0.0.1:99999/ HTTP/1.1",
        b"GET http://\xff/ HTTP/1.1",
        b"GET",
        b"CONNECT 127.0.0.1 HTTP/1.1",
        b"CONNECT 127.0.0.1:x HTTP/1.1",
        b"\x16\x03\x01",
    ],
)
def test_invalid_proxy_request_is_a_bad_request(request_line: bytes) -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1") as proxy:
            response = await proxy.send(
                request_line.replace(b"PORT", str(proxy.port).encode()) + b"\r\nHost: a\r\n\r\n"
            )
            assert response.startswith(b"HTTP/1.1 400 ")
            assert proxy.origin.accepted == 0

    run(check())


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Content-Length: -1",
        b"Transfer-Encoding: gzip",
        b"Host : a",
        b"no colon",
    ],
)
def test_ambiguous_request_is_not_forwarded(fields: bytes) -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1") as proxy:
            response = await proxy.send(
                b"POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % (proxy.port, fields)
            )
            assert response == b"" or response.startswith(b"HTTP/1.1 400 ")
            assert proxy.origin.heads == []

    run(check())
