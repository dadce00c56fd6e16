"""A loopback site: pages by path, and what they told about what happened to them."""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

TELL = """<!doctype html><meta charset=utf-8><style>body{margin:0;font:16px sans-serif}
.at{position:absolute}</style><script>
const told = {}; const tell = (name, value) => { told[name] = value;
  navigator.sendBeacon("/told?" + (performance.timeOrigin + performance.now()), JSON.stringify({[name]: value})); };
</script>"""


@dataclass
class Page:
    """What is answered at a path. With `login`, only to who sends that as `Authorization`."""

    body: bytes
    kind: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    login: str = ""
    status: int = 200


class Site:
    """Pages by path, with delays, and what they told."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.delays: dict[str, float] = {}
        self.told: dict[str, object] = {}
        self.asked: list[str] = []
        self._told_at: dict[str, float] = {}
        self._hearing = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.other = f"http://localhost:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def add(self, path: str, body: str, **headers: str) -> str:
        """Put a page there that can `tell(name, value)`; returns its address."""
        self.pages[path] = Page(
            (TELL + body).encode(), headers={key.replace("_", "-"): v for key, v in headers.items()}
        )
        return self.url + path

    def hear(self, said: dict[str, object], at_ms: float) -> None:
        """Take in what a page told, unless it told later already: each piece of news has a thread of its own."""
        with self._hearing:
            for name, value in said.items():
                if at_ms >= self._told_at.get(name, 0.0):
                    self._told_at[name], self.told[name] = at_ms, value

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """A page."""
                site.asked.append(self.path)
                time.sleep(site.delays.get(self.path, 0))
                page = site.pages.get(self.path)
                if page is None:
                    self.answer(404, Page(b""))
                elif page.login and self.headers.get("Authorization") != page.login:
                    self.answer(401, Page(b"no", headers={"WWW-Authenticate": 'Basic realm="here"'}))
                else:
                    self.answer(page.status, page)

            def do_POST(self) -> None:
                """What a page tells."""
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                site.hear(said, float(self.path.partition("?")[2] or time.time() * 1000))
                self.answer(204, Page(b"", "text/plain"))

            def answer(self, status: int, page: Page) -> None:
                """Send `page`."""
                self.send_response(status)
                self.send_header("Content-Type", page.kind)
                self.send_header("Content-Length", str(len(page.body)))
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
                """Stay silent."""

            def handle(self) -> None:
                """A browser that is closed drops its connections."""
                with suppress(ConnectionError):
                    super().handle()

        return Handler
