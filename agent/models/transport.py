"""An interruptible HTTP transport, so that a cancelled run does not wait for a slow server.

    with interruptible(by=cancelled):
        client.get("/models")        # raises Interrupted soon after cancelled() returns True

Requests run on an event loop in a background thread; the caller waits in short slices, with a check between two slices,
and cancels the request. Works while waiting for the first byte and in the middle of a stream, with and without TLS.
"""

import asyncio
import ipaddress
import threading
import time
import urllib.request
import zlib
from collections.abc import Awaitable, Iterator
from concurrent import futures
from random import random
from ssl import SSLContext
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import httpx2

from ...envs.interrupt import SLICE_S, check_interrupted, wait_for
from ..core.model import ModelLost
from .errors import ResponseOutOfBounds

MAX_BODY_BYTES = 16 * 1024 * 1024
"""A longer response, after decompression, is not read to its end."""

TIMES_SILENCE = 10
"""A reply that streams in may take this many times as long as the server may be silent."""

_COMPRESSED = ("gzip", "x-gzip", "deflate")
_ANY_HEADER = 32 + zlib.MAX_WBITS
_PIECE = 64 * 1024
_UNLIMITED_S = 24 * 3600.0
_CLOSE_S = 0.5
_KEEP_ALIVE_S = 60.0
_MAX_BACKOFF_S = 8.0
_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 -- nothing is bound: users copy it from a server's log and mean loopback

_Result = TypeVar("_Result")


def backoff(failures: int, first_s: float) -> float:
    """The seconds to wait after that many failed attempts: doubled each time, at most 8, and spread by a quarter."""
    return min(first_s * 2.0 ** (failures - 1), _MAX_BACKOFF_S) * (0.75 + random() / 2)  # noqa: S311 -- spreads retries


def http_client(base_url: str, transport: httpx2.BaseTransport | None = None, **options: Any) -> httpx2.Client:
    """A client for the server at `base_url`, with keep-alive, without redirects and retries.

    `transport` replaces the interruptible one; `options` are further arguments of `httpx2.Client`.

    Uses proxy and certificates from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`), but no proxy for
    loopback addresses.
    """
    address = urlsplit(base_url)
    if transport is None:
        tls = httpx2.create_ssl_context() if address.scheme == "https" else False
        transport = _Transport(_proxy_for(address), tls)
    return httpx2.Client(transport=transport, trust_env=False, **options)


def checked_key(key: str, source: str) -> str:
    """The key without surrounding white space, which often comes with copying; `source` is where it was given.

    Raises:
        ValueError: it has characters that the header of a request cannot carry.
    """
    key = key.strip()
    if not all("!" <= character <= "~" for character in key):
        raise ValueError(f"{source} contains characters that an API key cannot have; copy it again")
    return key


def is_loopback(host: str) -> bool:
    """Whether `host` is a loopback name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy_for(address: SplitResult) -> str | None:
    host = address.hostname or ""
    is_local = is_loopback(host) or host in _ANY_ADDRESS
    if is_local or urllib.request.proxy_bypass(address.netloc) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if proxy is None or "://" not in proxy:
        return proxy and f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        raise ModelLost(
            f"the environment sets a {proxy.partition(':')[0]} proxy, which is not supported: set HTTPS_PROXY to an "
            "http:// proxy, or add the model server's host to NO_PROXY"
        )
    return proxy


class _Transport(httpx2.BaseTransport):
    """Sends requests through httpx2's asynchronous transport, on an event loop in a background thread.

    If the server closed an idle connection, the request is sent again on a new one.
    """

    def __init__(self, proxy: str | None, tls: SSLContext | bool) -> None:
        limits = httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_S)
        self._async = httpx2.AsyncHTTPTransport(tls, trust_env=False, proxy=proxy, limits=limits)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # does not touch the caller's event loop
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="model-http", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "gzip, deflate"
        limit_s = _limit_s(request)
        end = time.monotonic() + limit_s
        response = self.wait(_before(end, limit_s, self._send(request)))
        headers = response.headers.copy()
        encoding = headers.pop("content-encoding", "identity").strip().lower()
        if encoding not in (*_COMPRESSED, "identity", ""):
            self.run(response.aclose())
            raise httpx2.DecodingError(f"the content encoding {encoding:.40} is not supported")
        blocks = _Body(self, response, end, limit_s, is_compressed=encoding in _COMPRESSED)
        return httpx2.Response(response.status_code, headers=headers, stream=blocks)

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        opened: list[str] = []

        async def record(event: str, _: object) -> None:
            if event.startswith("connection.connect_tcp"):
                opened.append(event)

        request.extensions = {**request.extensions, "trace": record}
        try:
            return await self._async.handle_async_request(request)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            if opened:
                raise
            return await self._async.handle_async_request(request)

    def wait(self, coroutine: Awaitable[_Result]) -> _Result:
        """The result of `coroutine`; cancels it and raises `Interrupted` when the caller no longer waits."""
        return wait_for(self.run(coroutine))

    def run(self, coroutine: Awaitable[_Result]) -> "futures.Future[_Result]":
        """Start `coroutine` on the event loop."""

        async def run() -> _Result:
            return await coroutine

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def close(self) -> None:
        self.run(self._async.aclose()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._runner.close()


class _Body(httpx2.SyncByteStream):
    """The body of an asynchronous response, decompressed, up to `MAX_BODY_BYTES` and the time `end`."""

    def __init__(
        self, transport: _Transport, response: httpx2.Response, end: float, limit_s: float, *, is_compressed: bool
    ) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        self._transport, self._stream, self._end, self._limit_s = transport, response.stream, end, limit_s
        self._is_compressed = is_compressed

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for block in _decompressed(self._blocks()) if self._is_compressed else self._blocks():
            size += len(block)
            if size > MAX_BODY_BYTES:
                raise ResponseOutOfBounds(f"a response of more than {MAX_BODY_BYTES} bytes")
            yield block

    def _blocks(self) -> Iterator[bytes]:
        blocks, checked_at = aiter(self._stream), time.monotonic()
        while (block := self._transport.wait(_before(self._end, self._limit_s, anext(blocks, None)))) is not None:
            yield block
            if time.monotonic() > checked_at + SLICE_S:  # blocks may arrive faster than `wait` checks
                check_interrupted()
                checked_at = time.monotonic()

    def close(self) -> None:
        futures.wait((self._transport.run(self._stream.aclose()),), _CLOSE_S)


def _limit_s(request: httpx2.Request) -> float:
    """How long the whole response may take: a list of models no longer than its first byte, a reply several times."""
    silence_s = request.extensions.get("timeout", {}).get("read")
    return _UNLIMITED_S if silence_s is None else silence_s * (1 if request.method == "GET" else TIMES_SILENCE)


async def _before(end: float, limit_s: float, work: Awaitable[_Result]) -> _Result:
    """The result of `work`.

    Raises:
        ResponseOutOfBounds: it has not ended by the time `end`.
    """
    try:
        async with asyncio.timeout(end - time.monotonic()):
            return await work
    except TimeoutError:
        message = f"a response that has not ended within {limit_s:g} s; allow more time with --model-timeout"
        raise ResponseOutOfBounds(message) from None


def _decompressed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of gzip or deflate, in pieces of limited size however well they were compressed.

    Raises:
        DecodingError: they are invalid.
    """
    inflate = None
    try:
        for block in blocks:
            if inflate is None and block:
                # deflate should have the header of zlib, and often has none (RFC 9110, section 8.4.1.2)
                has_header = block[:2] == b"\x1f\x8b" or (block[0] & 0x0F == 8 and int.from_bytes(block[:2]) % 31 == 0)
                inflate = zlib.decompressobj(_ANY_HEADER if has_header else -zlib.MAX_WBITS)
            rest = block
            while rest and inflate is not None:
                yield inflate.decompress(rest, _PIECE)
                rest = inflate.unconsumed_tail
        if inflate is not None:
            yield inflate.flush()
    except zlib.error as error:
        raise httpx2.DecodingError(str(error)) from error
