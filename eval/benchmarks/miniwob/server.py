"""The pages' server on this machine: hands out the pages, and hears from each how its episode goes."""

import json
import mimetypes
import os
import secrets
import sys
import threading
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

_CORE = 'core/core.js"></script>'
_LONGEST_REPORT = 100_000
_POLL_S = 0.02
"""How soon it ends when it is told to."""
_LEFT = "the page was left or loaded again"


class Ready(BaseModel):
    """The page says: the task stands, and this is what it asks."""

    event: Literal["ready"]
    utterance: str
    limit_ms: float


class Over(BaseModel):
    """The page says: the episode has ended, with this reward; `reward` is `raw` less what time takes."""

    event: Literal["over"]
    raw: float
    reward: float
    reason: str


class Left(BaseModel):
    """The page says: I am being left."""

    event: Literal["left"]


_REPORT: TypeAdapter[Ready | Over | Left] = TypeAdapter(Annotated[Ready | Over | Left, Field(discriminator="event")])


@dataclass(frozen=True, slots=True)
class PageOrder:
    """How a page is to start. Without `limit_ms` its own time limit holds."""

    path: str
    seed: int
    data_mode: str
    hide_query: bool
    limit_ms: int | None


@dataclass(slots=True)
class PageEpisode:
    """One run of a page, as the page tells it. `ready` is set once it stands; the first ending counts."""

    order: PageOrder
    url: str
    token: str
    ready: threading.Event = field(default_factory=threading.Event)
    asked: Ready | None = None
    ending: Over | None = None
    is_loaded: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the page has given its reward, or was left."""
        return self.ending is not None

    @property
    def raw_reward(self) -> float:
        """The reward without what time takes from it; 0 while there is none, as the package has it."""
        return self.ending.raw if self.ending is not None else 0.0

    def hear(self, report: Ready | Over | Left) -> None:
        """Take a report in."""
        match report:
            case Ready() if self.asked is None:
                self.asked = report
                self.ready.set()
            case Over() if self.ending is None:
                self.ending = report
            case Left() if self.ending is None:
                self.ending = Over(event="over", raw=0.0, reward=0.0, reason=_LEFT)
            case _:
                pass


class PageServers:
    """The servers of this process, one for each folder, so that its browsers need to load what all pages share once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[Path, PageServer] = {}
        self._process = 0

    def of(self, root: Path) -> "PageServer":
        """The server of the folder `root`, started if need be."""
        with self._lock:
            if self._process != os.getpid():  # a forked child has none of its parent's threads
                self._process, self._servers = os.getpid(), {}
            if root not in self._servers:
                self._servers[root] = PageServer(root)
            return self._servers[root]

    def close(self) -> None:
        """Stop those that no episode needs any more."""
        with self._lock:
            if self._process != os.getpid():
                return
            idle = {root: server for root, server in self._servers.items() if server.is_idle}
            for root, server in idle.items():
                del self._servers[root]
                server.close()


class PageServer:
    """Serves the folder `root`, and each episode's page under an address of its own, on a free port of loopback."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._server = _Server(self)
        self._episodes: dict[str, PageEpisode] = {}
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="miniwob-pages", daemon=True
        )
        self._thread.start()

    def begin(self, order: PageOrder) -> PageEpisode:
        """Make ready to hand out a page, once."""
        token = secrets.token_urlsafe(12)
        url = f"http://127.0.0.1:{self._server.server_port}/{order.path}?episode={token}"
        self._episodes[token] = PageEpisode(order, url, token)
        return self._episodes[token]

    def end(self, episode: PageEpisode) -> None:
        """Forget `episode`; what its page still says is not heard any more."""
        self._episodes.pop(episode.token, None)

    @property
    def is_idle(self) -> bool:
        """Whether no episode is under way."""
        return not self._episodes

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def page(self, path: str, token: str) -> bytes | None:
        """The page of an episode, with its driver; None for a page that no episode waits for."""
        episode = self._episodes.get(token)
        if episode is None or episode.order.path != path:
            return None
        if episode.is_loaded:
            episode.hear(Left(event="left"))
            return None
        episode.is_loaded = True
        html = (self.root / path).read_text(encoding="utf-8")
        before, core, after = html.partition(_CORE)
        return f"{before}{core}<script>{_driver()}({_config(episode)});</script>{after}".encode()

    def file(self, path: str) -> tuple[bytes, str] | None:
        """A file beside the pages and its media type; pages themselves belong to episodes."""
        file = (self.root / path).resolve()
        if not file.is_relative_to(self.root) or not file.is_file():
            return None
        return file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"

    def hear(self, token: str, body: bytes) -> bool:
        """Take a page's report in; False for one that is none."""
        episode = self._episodes.get(token)
        if episode is None:
            return False
        try:
            episode.hear(_REPORT.validate_json(body))
        except ValidationError:
            return False
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, pages: PageServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is closed drops its connections; anything else is shown as the standard library does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A page of an episode, or a file beside the pages."""
        parts = urlsplit(self.path)
        path = parts.path.lstrip("/")
        token = "".join(parse_qs(parts.query).get("episode", ()))
        if token:
            page = self._pages.page(path, token)
            if page is None:
                self._answer(b"This episode is over.", "text/plain", HTTPStatus.GONE)
            else:
                self._answer(page, "text/html; charset=utf-8")
            return
        found = self._pages.file(path)
        if found is None or (path.startswith("miniwob/") and path.endswith(".html")):
            self._answer(b"There is nothing here.", "text/plain", HTTPStatus.NOT_FOUND)
        else:
            self._answer(*found, kept=True)

    def do_POST(self) -> None:
        """A page's report."""
        length = min(int(self.headers.get("Content-Length", 0)), _LONGEST_REPORT)
        body = self.rfile.read(length)
        heard = self._pages.hear(self.path.rpartition("/")[2], body)
        self._answer(b"", "text/plain", HTTPStatus.OK if heard else HTTPStatus.GONE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Stay silent."""

    @property
    def _pages(self) -> PageServer:
        assert isinstance(self.server, _Server)
        return self.server.pages

    def _answer(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, *, kept: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=3600" if kept else "no-store")
        self.end_headers()
        self.wfile.write(body)


@cache
def _driver() -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath("driver.js").read_text(encoding="utf-8").strip()


def _config(episode: PageEpisode) -> str:
    order = episode.order
    return json.dumps(
        {
            "seed": order.seed,
            "dataMode": order.data_mode,
            "hideQuery": order.hide_query,
            "limitMs": order.limit_ms,
            "report": f"/report/{episode.token}",
        }
    )
