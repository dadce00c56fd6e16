"""A local site for tests and the gallery: pages by path, and the values that their scripts report."""

import threading
import time
from dataclasses import dataclass, field
from typing import Self

from ...core.local_server import HttpRequest, HttpResponse, LocalServer

REPORT_SCRIPT = """<!doctype html><meta charset=utf-8><style>body{margin:0;font:16px sans-serif}
.at{position:absolute}</style><script>
const reported = {}; const report = (name, value) => { reported[name] = value;
  navigator.sendBeacon("/reported?" + (performance.timeOrigin + performance.now()), JSON.stringify({[name]: value})); };
</script>"""


@dataclass
class Page:
    """A page. With `login`, it is served only to requests with that `Authorization` header."""

    body: bytes
    kind: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    login: str = ""
    status: int = 200


class Site:
    """Pages by path with query, optional delays, the values they reported, and the paths that were requested."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.delays: dict[str, float] = {}
        self.reported: dict[str, object] = {}
        self.requests: list[str] = []
        self._reported_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._server = LocalServer(self._respond)
        self.url = self._server.url
        self.other = f"http://localhost:{self._server.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def add(self, path: str, body: str, **headers: str) -> str:
        """Add a page whose scripts can `report(name, value)`; returns its address."""
        self.pages[path] = Page(
            (REPORT_SCRIPT + body).encode(), headers={key.replace("_", "-"): v for key, v in headers.items()}
        )
        return self.url + path

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            self._receive(request.json(), float(request.query or time.time() * 1000))
            return HttpResponse(status=204)
        self.requests.append(request.target)
        time.sleep(self.delays.get(request.target, 0))
        page = self.pages.get(request.target)
        if page is None:
            return HttpResponse(status=404)
        if page.login and request.headers.get("Authorization") != page.login:
            return HttpResponse(b"no", status=401, headers={"WWW-Authenticate": 'Basic realm="here"'})
        return HttpResponse(page.body, page.kind, page.status, page.headers)

    def _receive(self, values: dict[str, object], at_ms: float) -> None:
        """Store reported values; reports arrive on several threads, so an older one must not win."""
        with self._lock:
            for name, value in values.items():
                if at_ms >= self._reported_at.get(name, 0.0):
                    self._reported_at[name], self.reported[name] = at_ms, value
