"""An interruptible HTTP transport, so that a cancelled run does not wait for a slow server.

    with interruptible(by=cancelled):
        client.get("/models")        # raises Interrupted soon after cancelled() turns True

Uses no threads: sockets are read in short slices, with a check between two slices. Works while waiting for the first
byte and in the middle of a stream, with and without TLS.
"""

import ipaddress
import time
import urllib.request
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from urllib.parse import SplitResult, unquote, urlsplit

import httpcore2
import httpx2

from ..core.model import ModelLost

SLICE_S = 0.05
"""The maximum time between two checks."""

_SDK_HEADERS = b"x-stainless-"  # the SDK's telemetry headers about this machine are not sent
_WRITE_BYTES = 256 * 1024
_KEEP_ALIVE_S = 60.0
_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 -- nothing is bound: users copy it from a server's log and mean loopback

_interrupted: ContextVar[Callable[[], bool] | None] = ContextVar("screenwright_interrupted", default=None)


class Interrupted(Exception):
    """The caller no longer waits for the response."""


@contextmanager
def interruptible(by: Callable[[], bool]) -> Generator[None]:
    """In this block and thread, network waits raise `Interrupted` soon after `by()` returns True."""
    token = _interrupted.set(by)
    try:
        yield
    finally:
        _interrupted.reset(token)


def check_interrupted() -> None:
    """Raise `Interrupted` if the caller no longer waits."""
    interrupted = _interrupted.get()
    if interrupted is not None and interrupted():
        raise Interrupted


def sleep(seconds: float) -> None:
    """Sleep, unless interrupted."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check_interrupted()
        time.sleep(min(SLICE_S, left))


def http_client(base_url: str) -> httpx2.Client:
    """A client for the server at `base_url`, with keep-alive, without redirects and retries.

    Uses proxy and certificates from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`), but no proxy for
    loopback addresses.
    """
    address = urlsplit(base_url)
    tls = httpx2.create_ssl_context() if address.scheme == "https" else None
    return httpx2.Client(transport=_Transport(_pool(_proxy_for(address), tls)), trust_env=False)


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
    here = is_loopback(host) or host in _ANY_ADDRESS
    if here or urllib.request.proxy_bypass(address.netloc) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(address.scheme) or proxies.get("all")


def _pool(proxy: str | None, tls: SSLContext | None) -> httpcore2.ConnectionPool:
    backend = _SlicedBackend()
    if proxy is None:
        return httpcore2.ConnectionPool(ssl_context=tls, keepalive_expiry=_KEEP_ALIVE_S, network_backend=backend)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme not in ("http", "https"):
        raise ModelLost(
            f"the environment sets a {parts.scheme} proxy, which is not supported: set HTTPS_PROXY to an http:// "
            "proxy, or name the model server's host in NO_PROXY"
        )
    login = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    return httpcore2.HTTPProxy(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        proxy_auth=login,
        ssl_context=tls,
        keepalive_expiry=_KEEP_ALIVE_S,
        network_backend=backend,
    )


class _Transport(httpx2.BaseTransport):
    """Sends requests through a custom connection pool, which `httpx2.HTTPTransport` does not accept.

    Network errors are raised as httpcore2's. If the server closed an idle connection, the request is sent again on a
    new one.
    """

    def __init__(self, pool: httpcore2.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        opened: list[str] = []
        try:
            response = self._send(request, opened)
        except (httpcore2.RemoteProtocolError, httpcore2.ReadError, httpcore2.WriteError):
            if opened:
                raise
            response = self._send(request, opened)
        return httpx2.Response(response.status, headers=response.headers, stream=_Body(response))

    def _send(self, request: httpx2.Request, opened: list[str]) -> httpcore2.Response:
        """Send `request`; records newly opened connections in `opened`."""
        assert isinstance(request.stream, httpx2.SyncByteStream)
        url = request.url

        def record(event: str, _: object) -> None:
            if event.startswith("connection.connect_tcp"):
                opened.append(event)

        return self._pool.handle_request(
            httpcore2.Request(
                request.method,
                httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=[
                    (name, value) for name, value in request.headers.raw if not name.lower().startswith(_SDK_HEADERS)
                ],
                content=request.stream,
                extensions={**request.extensions, "trace": record},
            )
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _SlicedBackend(httpcore2.NetworkBackend):
    """Opens connections that read in slices."""

    def __init__(self) -> None:
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        check_interrupted()
        return _SlicedStream(self._sockets.connect_tcp(host, port, timeout, local_address, socket_options))


class _SlicedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream
        self._asked_at = 0.0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read in slices; a read that times out has consumed nothing, so it can be repeated."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            self._check_interrupted()
            left = SLICE_S if end is None else end - time.monotonic()
            try:
                return self._stream.read(max_bytes, min(SLICE_S, max(left, 0.001)))
            except httpcore2.ReadTimeout:
                if left <= SLICE_S and end is not None:
                    raise

    def _check_interrupted(self) -> None:
        if time.monotonic() >= self._asked_at + SLICE_S:
            self._asked_at = time.monotonic()
            check_interrupted()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in blocks with checks in between, since a write cannot be repeated."""
        for start in range(0, len(buffer), _WRITE_BYTES):
            check_interrupted()
            self._stream.write(buffer[start : start + _WRITE_BYTES], timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _SlicedStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    # httpcore2 declares the return type Any
    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
