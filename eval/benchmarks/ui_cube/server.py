"""Serves a build of UI-CUBE for one task, and hears from its page how the page's own test stands."""

import mimetypes
import sys
import threading
import time
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

Status = Literal["loading", "open", "passed"]

_LONGEST_REPORT = 10_000
_POLL_S = 0.02
_HEAD = "<head>"


class _Report(BaseModel):
    """What the page says: `when` in milliseconds since 1970, by its own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    status: Status
    when: float


class CubeServer:
    """The folder `build` on a free port of loopback. The only page is `page`, a path with its query.

    Whoever asks for another page is led back, so that neither hints nor other tasks' tests are to be had.
    """

    def __init__(self, build: Path, page: str) -> None:
        self.build = build.resolve()
        self.page = page
        self.ready = threading.Event()
        self._news = _Report(path=page, status="loading", when=0.0)
        self._hearing = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), name="ui-cube", daemon=True)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self._server.server_port}{self.page}"

    @property
    def status(self) -> Status:
        """How the page's test stands, by its newest report."""
        return self._news.status

    def opens_within(self, seconds: float) -> bool:
        """Whether the page's test stands at not passed, now or within some time."""
        end = time.monotonic() + seconds
        while self.status != "open" and time.monotonic() < end:
            time.sleep(_POLL_S)
        return self.status == "open"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hear(self, body: bytes) -> None:
        """Take a report in, unless it is older than the last one, of another page, or none at all."""
        try:
            report = _Report.model_validate_json(body)
        except ValidationError:
            return
        with self._hearing:
            if report.path == urlsplit(self.page).path and report.when >= self._news.when:
                self._news = report
                if report.status != "loading":
                    self.ready.set()

    def file(self, path: str) -> tuple[bytes, str] | None:
        """A file of the build and its media type; the page itself is none."""
        file = (self.build / path.lstrip("/")).resolve()
        if not file.is_relative_to(self.build) or not file.is_file() or file.name == "index.html":
            return None
        return file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"

    def document(self) -> bytes:
        """The page, with the watcher."""
        before, head, after = (self.build / "index.html").read_text(encoding="utf-8").partition(_HEAD)
        return f"{before}{head}<script>{_watcher()}();</script>{after}".encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, cube: CubeServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cube = cube

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is closed drops its connections; anything else is shown as the standard library does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file, or the page; any other page leads there."""
        cube = self._cube
        found = cube.file(unquote(urlsplit(self.path).path))
        if found is not None:
            self._answer(*found)
        elif self.path == cube.page:
            self._answer(cube.document(), "text/html; charset=utf-8")
        elif self.headers.get("Sec-Fetch-Mode") == "navigate":
            self._answer(b"", "text/plain", HTTPStatus.TEMPORARY_REDIRECT, {"Location": cube.page})
        else:
            self._answer(b"There is nothing here.", "text/plain", HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """A report."""
        length = min(int(self.headers.get("Content-Length", 0)), _LONGEST_REPORT)
        self._cube.hear(self.rfile.read(length))
        self._answer(b"", "text/plain", HTTPStatus.NO_CONTENT)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Stay silent."""

    @property
    def _cube(self) -> CubeServer:
        assert isinstance(self.server, _Server)
        return self.server.cube

    def _answer(
        self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@cache
def _watcher() -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath("watcher.js").read_text(encoding="utf-8").strip()
