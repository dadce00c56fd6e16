"""Serves a UI-CUBE build for one task and receives the status of the page's own test."""

import threading
import time
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from ...core.local_server import HttpRequest, HttpResponse, LocalServer, file_response

Status = Literal["loading", "open", "passed"]

_POLL_S = 0.02
_HEAD = "<head>"


class _StatusReport(BaseModel):
    """A report from the page; `when` is in milliseconds since 1970, by the page's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    status: Status
    when: float


class CubeServer:
    """Serves the folder `build` on a free port of 127.0.0.1. The only page is `page`, a path with its query.

    Navigation to any other page is redirected to it, so that the agent reaches neither hints nor other tasks' tests.
    """

    def __init__(self, build: Path, page: str) -> None:
        self.build = build.resolve()
        self.page = page
        self.ready = threading.Event()
        self._latest = _StatusReport(path=page, status="loading", when=0.0)
        self._lock = threading.Lock()
        self._server = LocalServer(self._respond)
        self.url = f"{self._server.url}{page}"

    @property
    def status(self) -> Status:
        """The status of the page's test in its latest report."""
        return self._latest.status

    def wait_until_open(self, seconds: float) -> bool:
        """Wait until the page's test reports that it has not passed; False after `seconds`."""
        end = time.monotonic() + seconds
        while self.status != "open" and time.monotonic() < end:
            time.sleep(_POLL_S)
        return self.status == "open"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def receive(self, body: bytes) -> None:
        """Store a report, unless it is invalid, comes from another page, or is older than the latest one."""
        try:
            report = _StatusReport.model_validate_json(body)
        except ValidationError:
            return
        with self._lock:
            if report.path == urlsplit(self.page).path and report.when >= self._latest.when:
                self._latest = report
                if report.status != "loading":
                    self.ready.set()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        no_store = {"Cache-Control": "no-store"}
        if request.method == "POST":
            self.receive(request.body)
            return HttpResponse(status=204)
        path = unquote(request.path)
        if not path.endswith("index.html") and (file := file_response(self.build, path, no_store)):
            return file
        if request.target == self.page:
            return HttpResponse(self._document(), headers=no_store)
        if request.headers.get("Sec-Fetch-Mode") == "navigate":
            return HttpResponse(status=307, headers={"Location": self.page, **no_store})
        return HttpResponse(b"not found", "text/plain", 404)

    def _document(self) -> bytes:
        """The page with our watcher script inserted."""
        before, head, after = (self.build / "index.html").read_text(encoding="utf-8").partition(_HEAD)
        return f"{before}{head}<script>{_watcher()}();</script>{after}".encode()


@cache
def _watcher() -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath("watcher.js").read_text(encoding="utf-8").strip()
