"""A small HTTP server on loopback for the pages of benchmarks, measurements and tests.

with LocalServer(lambda request: HttpResponse(b"<h1>Hello</h1>")) as server:
    env.execute(Navigate(server.url))
"""

import json
import mimetypes
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

_POLL_S = 0.02
"""How quickly `close` takes effect."""
_MAX_BODY = 10_000_000
_MAX_CONNECTIONS = 512
"""Each has a thread; further ones are closed."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. `target` is the path with its query, as sent; header names are case-insensitive."""

    method: str
    target: str
    headers: Message
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        """The query, without the question mark."""
        return urlsplit(self.target).query

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response; by default an HTML page."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of_json(cls, value: object, status: int = 200) -> Self:
        """`value` as JSON."""
        return cls(json.dumps(value).encode(), "application/json", status)


def file_response(root: Path, path: str, headers: Mapping[str, str]) -> HttpResponse | None:
    """The file `path` below `root`, which must be resolved; None if there is none, or it is outside `root`."""
    file = (root / path.lstrip("/")).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return None
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return HttpResponse(file.read_bytes(), kind, headers=headers)


Respond = Callable[[HttpRequest], HttpResponse | None]
"""Answers a request, each on a thread of its connection. None drops the connection without an answer."""


class LocalServer:
    """Serves `respond` on 127.0.0.1, from construction until `close`. Connections are kept alive.

    Without a `port`, it is a free one.
    """

    def __init__(self, respond: Respond, port: int = 0) -> None:
        self._server = _Server(respond, port)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="local-server", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving; may be called twice."""
        self._server.is_closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # browsers and parallel episodes connect in bursts

    def __init__(self, respond: Respond, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.respond = respond
        self.is_closed = False  # kept-alive connections outlive the listening socket
        self._free = threading.Semaphore(_MAX_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A closing browser drops its connections; that is not an error.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: separate ones are delayed (Nagle and delayed ACK)

    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and int(length) <= _MAX_BODY):
            self.close_connection = True  # what follows is not read
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        request = HttpRequest(self.command, self.path, self.headers, self.rfile.read(int(length)))
        response = None if self.server.is_closed else self.server.respond(request)
        if response is None:
            self.close_connection = True
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_POST = _answer  # noqa: N815 -- the standard library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        pass
