"""The demonstration: a web order and a text to mend, each judged by what it leaves behind.

Needs no model and no network: the pages are served here, and the embedded reader does the work.
"""

import json
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

from ...agent.loop.agent import Result
from ...envs.browser import BrowserEnv
from ...envs.desktop import DesktopEnv, VirtualDisplay
from ...envs.env import Env
from ..core.task import Outcome, Rules, Task

ORDER_NUMBER = "48213"


_ORDER = (
    'Type "Ada Lovelace" into the Full name field. Type "12 St James Square" into the Street and number field. '
    'Select "Ivory" from the Paper list. Check "Wrap as a gift". Click "By courier". Click "Place order". '
    "Then tell me the order number."
)
_MEND = (
    'Click "Search". Click "Find and Replace...". Type "Tuesday" into the "Search for" field. '
    'Type "Thursday" into the "Replace with" field. Check "Replace all in". Click "Replace All". Click "Close". '
    "Press ctrl+s."
)


@dataclass(frozen=True, slots=True)
class OrderForm:
    """Fill in and submit a form in Chromium, then read the order number off the page that answers."""

    name: str = "order-paper"
    category: str = "browser"

    @contextmanager
    def set_up(self, seed: int = 0) -> Generator["_Shop"]:
        """Serve the page on a free port of this machine and open it."""
        server = _Server(("127.0.0.1", 0), _Handler)
        thread = threading.Thread(target=server.serve_forever, name="shop", daemon=True)
        thread.start()
        try:
            with BrowserEnv(f"http://127.0.0.1:{server.server_port}/") as env:
                yield _Shop(_ORDER, env, server)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass(frozen=True, slots=True)
class _Shop:
    instruction: str
    env: Env
    server: "_Server"

    def is_over(self) -> bool:
        """An order can always be followed by another."""
        return False

    def judge(self, result: Result) -> Outcome:
        """The order must have reached the server, word for word, once, and the answer must hold its number."""
        expected = {
            "name": "Ada Lovelace",
            "street": "12 St James Square",
            "paper": "Ivory",
            "gift": "yes",
            "by": "courier",
        }
        orders = self.server.orders
        done = orders == [expected] and ORDER_NUMBER in result.answer
        return Outcome(done, f"orders at the server: {json.dumps(orders)}; answer: {result.answer!r}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.orders: list[dict[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The page."""
        if self.path != "/":
            self.send_error(404)
            return
        page = resources.files("screenwright.eval.benchmarks").joinpath("pages/order.html").read_bytes()
        self._reply(page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """An order."""
        length = int(self.headers.get("Content-Length", 0))
        assert isinstance(self.server, _Server)
        self.server.orders.append(json.loads(self.rfile.read(length)))
        self._reply(json.dumps({"number": ORDER_NUMBER}).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Stay silent."""

    def _reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True, slots=True)
class EditText:
    """Replace a word in a text with the editor's own dialog, and save it: a GTK program on a display of its own."""

    name: str = "mend-text"
    category: str = "desktop"
    before: str = "The paper arrives on Tuesday.\nTuesday is also market day.\n"

    @contextmanager
    def set_up(self, seed: int = 0) -> Generator["_Editor"]:
        """Start the editor with the text on a virtual display."""
        with tempfile.TemporaryDirectory(prefix="screenwright-demo-") as folder:
            text = Path(folder) / "notes.txt"
            text.write_text(self.before, encoding="utf-8")
            display = VirtualDisplay(programs=(("mousepad", "--disable-server", str(text)),))
            with DesktopEnv(virtual=display) as env:
                yield _Editor(_MEND, env, text, self.before.replace("Tuesday", "Thursday"))


@dataclass(frozen=True, slots=True)
class _Editor:
    instruction: str
    env: Env
    text: Path
    expected: str

    def is_over(self) -> bool:
        """A text can always be mended again."""
        return False

    def judge(self, result: Result) -> Outcome:
        """The file on disk must hold the mended text."""
        found = self.text.read_text(encoding="utf-8")
        return Outcome(found == self.expected, f"the file holds {found!r}")


@dataclass(frozen=True, slots=True)
class Demo:
    """Both tasks. Nothing in them varies, so that one seed is enough."""

    name: str = "demo"
    version: str = "1"
    rules: Rules = Rules(seeds=(0,), steps=30)

    def tasks(self) -> tuple[Task, ...]:
        """The order first."""
        return OrderForm(), EditText()

    def close(self) -> None:
        """Its tasks share nothing."""
