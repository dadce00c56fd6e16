"""Refusals of the firewall proxy, and how they are reported."""

import pytest
from proxy_harness import firewall_proxy, run

from screenwright.envs.browser.firewall.dial import Refusal

TLS_HELLO = b"\x16\x03\x01\x00\x05hello"


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


def test_refused_tls_connection_is_closed_without_a_page() -> None:
    async def check() -> None:
        async with firewall_proxy("allowed.example") as proxy:
            assert await proxy.send("127.0.0.1", TLS_HELLO) == b""
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
            assert (await proxy.get("127.0.0.1", port=1)).startswith(b"HTTP/1.1 502 ")
            assert await proxy.send("127.0.0.1", TLS_HELLO, port=1) == b""
            assert proxy.refusals == []

    run(check())


@pytest.mark.parametrize(
    "sent",
    [
        b"GET http://127.0.0.1:PORT/ HTTP/1.1\r\n\r\n",
        b"CONNECT 127.0.0.1:PORT HTTP/1.1\r\n\r\n",
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
        b"\x05",
        b"\x05\x01\x02",
        b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50",
        b"\x05\x01\x00\x05\x03\x00\x01\x7f\x00\x00\x01\x00\x50",
        b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x00",
        b"\x05\x01\x00\x05\x01\x00\x09\x7f\x00\x00\x01\x00\x50",
        b"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50",
        b"\x05\x01\x00\x05\x01\x00\x03\x03a b\x00\x50",
        b"\x05\x01\x00\x05\x01\x00\x03\x01\xff\x00\x50",
        b"\x16\x03\x01",
    ],
)
def test_invalid_proxy_request_is_closed(sent: bytes) -> None:
    async def check() -> None:
        async with firewall_proxy("127.0.0.1") as proxy:
            assert await proxy.send_raw(sent.replace(b"PORT", str(proxy.port).encode())) in (b"", b"\x05\x00")
            assert proxy.origin.accepted == 0

    run(check())
