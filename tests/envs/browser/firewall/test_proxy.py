"""The proxy of a firewall, over real sockets: what it lets through, what it refuses, and that nothing is lost."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screenwright.envs.browser.firewall.dial import Refusal
from screenwright.envs.browser.firewall.hosts import Address
from screenwright.envs.browser.firewall.proxy import FirewallProxy
from screenwright.envs.browser.firewall.rules import Firewall
from screenwright.envs.browser.firewall.upstream import Upstream

T = TypeVar("T")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"
LIMIT_S = 60


def run(work: Coroutine[Any, Any, T]) -> T:
    async def in_time() -> T:
        async with asyncio.timeout(LIMIT_S):
            return await work

    return asyncio.run(in_time())


class Origin:
    """A server on loopback that answers each request with the next of `answers`, the last one again and again."""

    def __init__(self, *answers: bytes, closes_after: int = 10**6) -> None:
        self.answers = list(answers) or [OK]
        self.closes_after = closes_after
        self.accepted = 0
        self.left = asyncio.Event()
        self.heads: list[bytes] = []
        self.received = b""
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            for _ in range(self.closes_after):
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                if b"until-closed" in head:
                    break
                await writer.drain()
        writer.close()
        self.left.set()


@asynccontextmanager
async def serving(talk: Talk) -> AsyncGenerator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Firewalled:
    """A proxy with what it refused, and an origin behind it."""

    def __init__(self, origin: Origin, port: int) -> None:
        self.origin = origin
        self.port = port
        self.proxy_port = 0
        self.refusals: list[Refusal] = []
        self.looked_up: list[str] = []

    async def say(self, request: bytes, *, end: bool = False) -> bytes:
        """Send `request` on a connection of its own; returns what comes until that is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy_port)
        writer.write(request)
        if end:
            await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer

    async def get(self, host: str, path: str = "/", fields: str = "") -> bytes:
        request = f"GET http://{host}:{self.port}{path} HTTP/1.1\r\nHost: {host}\r\n{fields}Connection: close\r\n\r\n"
        return await self.say(request.encode())


@asynccontextmanager
async def firewalled(
    *hosts: str, origin: Origin | None = None, names: dict[str, str] | None = None, upstream: str = ""
) -> AsyncGenerator[Firewalled]:
    """A proxy that allows `hosts`, in which PORT is the origin's, and knows the addresses of `names`."""
    origin = origin or Origin()

    async def resolver(name: str) -> tuple[Address, ...]:
        at.looked_up.append(name)
        if not (names and name in names):
            raise OSError("Name or service not known")
        return tuple([ip_address(text) for text in names[name].split()])

    async with serving(origin.talk) as port:
        origin.port = port
        at = Firewalled(origin, port)
        proxy = FirewallProxy(
            Firewall.parse(tuple([host.replace("PORT", str(port)) for host in hosts])),
            at.refusals.append,
            upstream=Upstream.parse(upstream) if upstream else None,
            resolver=resolver,
        )
        at.proxy_port = await proxy.start()
        try:
            yield at
        finally:
            await proxy.close()


# -- what is let through


def test_an_allowed_request_reaches_the_server_and_its_answer_comes_back() -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1:PORT") as at:
            answer = await at.get("127.0.0.1", "/a?b=c", "X-Mine: 1\r\nProxy-Authorization: no\r\n")
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\nhello")
            (head,) = at.origin.heads
            assert head.startswith(b"GET /a?b=c HTTP/1.1\r\n")
            assert b"X-Mine: 1\r\n" in head
            assert b"proxy" not in head.lower()
            assert at.refusals == []

    run(work())


def test_the_server_is_told_the_host_that_was_checked_and_no_other() -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1:PORT") as at:
            fields = b"Host: elsewhere.example\r\nConnection: close"
            await at.say(b"GET http://127.0.0.1:%d/ HTTP/1.1\r\n%s\r\n\r\n" % (at.port, fields))
            assert at.origin.heads[0].lower().count(b"host:") == 1
            assert f"Host: 127.0.0.1:{at.port}\r\n".encode() in at.origin.heads[0]

    run(work())


def test_a_tunnel_passes_on_both_ways_until_the_browser_leaves() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data[::-1])
        over.set()

    async def work() -> None:
        async with serving(echo) as port, firewalled(f"127.0.0.1:{port}") as at:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
            writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(b"\x00\xffabc")
            assert await reader.readexactly(5) == b"cba\xff\x00"
            writer.close()
            await over.wait()

    over = asyncio.Event()
    run(work())


def test_one_connection_serves_several_requests() -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1:PORT") as at:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
            for _ in range(3):
                writer.write(f"GET http://127.0.0.1:{at.port}/ HTTP/1.1\r\n\r\n".encode())
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert at.origin.accepted == 1

    run(work())


def test_a_server_that_hung_up_in_between_is_asked_again() -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1:PORT", origin=Origin(OK, closes_after=1)) as at:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
            for _ in range(3):
                writer.write(f"GET http://127.0.0.1:{at.port}/ HTTP/1.1\r\n\r\n".encode())
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            assert at.origin.accepted == 3

    run(work())


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, CHUNKS),
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
def test_an_answer_ends_where_its_head_says(method: str, answer: bytes, body: bytes) -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1:PORT", origin=Origin(answer)) as at:
            request = f"{method} http://127.0.0.1:{at.port}/until-closed HTTP/1.1\r\nConnection: close\r\n\r\n"
            got = await at.say(request.encode())
            head, _, got_body = got.partition(b"\r\n\r\n")
            assert got_body == body
            assert b"Connection: close" in head

    run(work())


@given(st.binary(max_size=200_000), st.booleans())
@settings(max_examples=15)
def test_a_body_of_any_bytes_arrives_as_it_is_in_both_directions(body: bytes, chunked: bool) -> None:
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

    async def work() -> None:
        async with serving(mirror) as port, firewalled(f"127.0.0.1:{port}") as at:
            half = len(body) // 2
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
            sent = chunks + b"0\r\n\r\n" if chunked else body
            length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
            head = b"POST http://127.0.0.1:%d/ HTTP/1.1\r\nConnection: close\r\n%s\r\n\r\n" % (port, length)
            answer = await at.say(head + sent)
            assert answer.partition(b"\r\n\r\n")[2] == body

    run(work())


# -- what is refused


def test_a_refused_request_reaches_nobody_and_is_answered_with_a_page_and_told() -> None:
    async def work() -> None:
        async with firewalled("allowed.example") as at:
            answer = await at.get("127.0.0.1")
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert f"127.0.0.1:{at.port} is outside the allowed hosts".encode() in answer
            assert b"only these hosts can be reached: allowed.example" in answer
            assert at.refusals == [Refusal(f"127.0.0.1:{at.port}", "outside the allowed hosts")]
            assert at.origin.accepted == 0
            assert at.looked_up == []

    run(work())


def test_a_refused_tunnel_reaches_nobody() -> None:
    async def work() -> None:
        async with firewalled("allowed.example") as at:
            answer = await at.say(f"CONNECT 127.0.0.1:{at.port} HTTP/1.1\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert at.origin.accepted == 0
            assert len(at.refusals) == 1

    run(work())


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.0.0.1", "0177.1", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "LOCALHOST."]
)
def test_no_spelling_of_a_closed_address_gets_through(host: str) -> None:
    async def work() -> None:
        async with firewalled("allowed.example", "127.0.0.1:1", "localhost:1") as at:
            assert (await at.get(host)).startswith(b"HTTP/1.1 403 ")
            assert at.origin.accepted == 0

    run(work())


def test_every_spelling_of_an_allowed_address_gets_through() -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1:PORT") as at:
            assert (await at.get("0x7f.1")).startswith(b"HTTP/1.1 200 ")
            assert (await at.get("2130706433")).startswith(b"HTTP/1.1 200 ")

    run(work())


def test_an_allowed_name_that_leads_to_this_machine_is_refused() -> None:
    async def work() -> None:
        async with firewalled("rebound.example", names={"rebound.example": "127.0.0.1"}) as at:
            answer = await at.get("rebound.example")
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert at.refusals == [Refusal(f"rebound.example:{at.port}", "at a private address (127.0.0.1)")]
            assert at.origin.accepted == 0

    run(work())


def test_a_name_is_looked_up_once_and_connected_to_where_it_was_checked() -> None:
    async def work() -> None:
        names = {"inside.example": "10.255.255.1 127.0.0.1"}
        async with firewalled("inside.example", "127.0.0.1", names=names) as at:
            assert (await at.get("inside.example")).startswith(b"HTTP/1.1 200 ")
            assert at.looked_up == ["inside.example"]
            assert at.origin.accepted == 1

    run(work())


def test_localhost_and_the_names_below_it_are_never_looked_up() -> None:
    async def work() -> None:
        async with firewalled("localhost:PORT") as at:
            assert (await at.get("localhost")).startswith(b"HTTP/1.1 200 ")
            assert (await at.get("some.localhost")).startswith(b"HTTP/1.1 200 ")
            assert at.looked_up == []

    run(work())


def test_a_name_that_is_not_known_and_a_server_that_is_not_there_are_told_on_a_page() -> None:
    async def work() -> None:
        async with firewalled("lost.example", "127.0.0.1:1") as at:
            answer = await at.get("lost.example")
            assert answer.startswith(b"HTTP/1.1 502 ")
            assert b"lost.example: Name or service not known" in answer
            assert (await at.say(b"GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 502 ")
            assert at.refusals == []

    run(work())


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\r\n\r\n",
        b"SSH-2.0-server comment\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n",
    ],
)
def test_a_server_that_does_not_speak_http_is_told_on_a_page(answer: bytes) -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1", origin=Origin(answer)) as at:
            told = await at.get("127.0.0.1")
            assert told.startswith(b"HTTP/1.1 502 ")
            assert b"what it answers is not HTTP" in told

    run(work())


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
def test_what_is_no_request_to_a_proxy_is_turned_away(request_line: bytes) -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1") as at:
            answer = await at.say(request_line.replace(b"PORT", str(at.port).encode()) + b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert at.origin.accepted == 0

    run(work())


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
def test_a_request_that_two_readers_might_read_differently_is_not_passed_on(fields: bytes) -> None:
    async def work() -> None:
        async with firewalled("127.0.0.1") as at:
            answer = await at.say(b"POST http://127.0.0.1:%d/ HTTP/1.1\r\n%s\r\n\r\n" % (at.port, fields))
            assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
            assert at.origin.heads == []

    run(work())


# -- how it ends


def test_a_server_is_left_when_the_browser_turns_away_from_it() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        assert await reader.read() == b""
        left.set()

    async def work() -> None:
        async with serving(silent) as port, firewalled(f"127.0.0.1:{port}") as at:
            _, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
            writer.write(f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n".encode())
            await asked.wait()
            writer.close()
            await left.wait()

    asked, left = asyncio.Event(), asyncio.Event()
    run(work())


def test_closing_breaks_off_what_is_open() -> None:
    async def work() -> None:
        async with serving(Origin().talk) as port:
            proxy = FirewallProxy(Firewall.parse((f"127.0.0.1:{port}",)), lambda _: None)
            reader, writer = await asyncio.open_connection("127.0.0.1", await proxy.start())
            writer.write(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            await proxy.close()
            assert await reader.read() == b""
            writer.close()

    run(work())


# -- a proxy behind it


def test_a_plain_request_goes_to_the_next_proxy_with_its_whole_address_and_the_login() -> None:
    async def work() -> None:
        next_proxy = Origin()
        async with (
            serving(next_proxy.talk) as port,
            firewalled("allowed.example", upstream=f"http://me:s%20t@127.0.0.1:{port}") as at,
        ):
            answer = await at.say(b"GET http://allowed.example/a HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert answer.endswith(b"hello")
            (head,) = next_proxy.heads
            assert head.startswith(b"GET http://allowed.example/a HTTP/1.1\r\n")
            assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:s t") in head
            refused = await at.say(b"GET http://closed.example/ HTTP/1.1\r\n\r\n")
            assert refused.startswith(b"HTTP/1.1 403 ")
            assert next_proxy.accepted == 1
            assert at.looked_up == []

    run(work())


def test_a_tunnel_goes_through_the_next_proxy() -> None:
    async def work() -> None:
        names = {"allowed.example": "127.0.0.1"}
        async with (
            firewalled("allowed.example", "127.0.0.1", names=names) as beyond,
            firewalled("allowed.example", upstream=f"127.0.0.1:{beyond.proxy_port}") as at,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
            writer.write(f"CONNECT allowed.example:{beyond.port} HTTP/1.1\r\n\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
            writer.close()
            closed = await at.say(b"CONNECT closed.example:443 HTTP/1.1\r\n\r\n")
            assert closed.startswith(b"HTTP/1.1 403 ")
            assert beyond.looked_up == ["allowed.example"]

    run(work())


@pytest.mark.parametrize("login", ["", "me:secret@"])
def test_a_tunnel_goes_through_a_socks_proxy(login: str) -> None:
    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = 2 if login else 0
        assert await reader.readexactly(3) == bytes([5, 1, way])
        writer.write(bytes([5, way]))
        if login:
            assert await reader.readexactly(11) == b"\x01\x02me\x06secret"
            writer.write(b"\x01\x00")
        asked.append(await reader.readexactly(5 + len("allowed.example") + 2))
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()

    async def work() -> None:
        async with (
            serving(socks) as port,
            firewalled("allowed.example", upstream=f"socks5://{login}127.0.0.1:{port}") as at,
        ):
            answer = await at.say(b"GET http://allowed.example:81/ HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert answer.endswith(b"hello")
            assert asked == [b"\x05\x01\x00\x03\x0fallowed.example\x00\x51"]

    asked: list[bytes] = []
    run(work())


def test_this_machine_is_not_reached_through_the_next_proxy() -> None:
    async def work() -> None:
        next_proxy = Origin()
        async with serving(next_proxy.talk) as port, firewalled("localhost:PORT", upstream=f"127.0.0.1:{port}") as at:
            assert (await at.get("localhost")).endswith(b"hello")
            assert next_proxy.accepted == 0

    run(work())


def test_a_next_proxy_that_is_gone_or_refuses_is_told_on_a_page() -> None:
    async def work() -> None:
        async with firewalled("closed.example") as beyond:
            async with firewalled("allowed.example", upstream=f"127.0.0.1:{beyond.proxy_port}") as at:
                answer = await at.say(b"CONNECT allowed.example:443 HTTP/1.1\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 502 ")
            async with firewalled("allowed.example", upstream="127.0.0.1:1") as at:
                answer = await at.say(b"GET http://allowed.example/ HTTP/1.1\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 502 ")
                assert b"the proxy 127.0.0.1:1 cannot be reached" in answer

    run(work())


def test_a_proxy_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="write http://, https:// or socks5://"):
        Upstream.parse("socks4://127.0.0.1:1")
