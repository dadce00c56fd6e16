"""The local server of MiniWoB++'s pages: serves a page per episode and receives its events."""

import json
import os
import secrets
import threading
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ...core.local_server import HttpRequest, HttpResponse, LocalServer, file_response

_CORE = 'core/core.js"></script>'


class PageReady(BaseModel):
    """Event: the task has started. `utterance` is its instruction."""

    event: Literal["ready"]
    utterance: str
    limit_ms: float


class PageEnded(BaseModel):
    """Event: the episode has ended. `reward` is `raw` minus the time penalty."""

    event: Literal["ended"]
    raw: float
    reward: float
    reason: str


class PageUnloaded(BaseModel):
    """Event: the page was unloaded."""

    event: Literal["unloaded"]


PageEvent = PageReady | PageEnded | PageUnloaded

_EVENT: TypeAdapter[PageEvent] = TypeAdapter(Annotated[PageEvent, Field(discriminator="event")])


@dataclass(frozen=True, slots=True)
class PageConfig:
    """How a page starts. Without `limit_ms` the page's own time limit applies."""

    path: str
    seed: int
    data_mode: str
    hide_query: bool
    limit_ms: int | None


@dataclass(slots=True)
class PageEpisode:
    """One run of a page, as reported by the page. `ready` is set when it has started; only the first ending counts."""

    config: PageConfig
    url: str
    token: str
    ready: threading.Event = field(default_factory=threading.Event)
    start: PageReady | None = None
    ending: PageEnded | None = None
    is_loaded: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the page has reported its reward or was unloaded."""
        return self.ending is not None

    @property
    def raw_reward(self) -> float:
        """The reward without the time penalty; 0 before the end, as in the package."""
        return self.ending.raw if self.ending is not None else 0.0

    def receive(self, event: PageEvent) -> None:
        """Process an event."""
        match event:
            case PageReady() if self.start is None:
                self.start = event
                self.ready.set()
            case PageEnded() if self.ending is None:
                self.ending = event
            case PageUnloaded() if self.ending is None:
                self.ending = PageEnded(event="ended", raw=0.0, reward=0.0, reason="the page was left or reloaded")
            case _:
                pass


class PageServers:
    """The servers of this process, one per folder. A stable origin lets the browser cache what all pages share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[Path, PageServer] = {}
        self._process = 0

    def of(self, root: Path) -> "PageServer":
        """The server of the folder `root`; started on first use."""
        with self._lock:
            if self._process != os.getpid():  # a forked child has none of its parent's threads
                self._process, self._servers = os.getpid(), {}
            if root not in self._servers:
                self._servers[root] = PageServer(root)
            return self._servers[root]

    def close(self) -> None:
        """Stop the servers that have no running episode."""
        with self._lock:
            if self._process != os.getpid():
                return
            idle = {root: server for root, server in self._servers.items() if server.is_idle}
            for root, server in idle.items():
                del self._servers[root]
                server.close()


class PageServer:
    """Serves the folder `root` on a free port of 127.0.0.1, and each episode's page at a URL of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._episodes: dict[str, PageEpisode] = {}
        self._server = LocalServer(self._respond)

    def start_episode(self, config: PageConfig) -> PageEpisode:
        """Register an episode, whose page is served once."""
        token = secrets.token_urlsafe(12)
        url = f"{self._server.url}/{config.path}?episode={token}"
        self._episodes[token] = PageEpisode(config, url, token)
        return self._episodes[token]

    def end_episode(self, episode: PageEpisode) -> None:
        """Remove `episode`; later events from its page are rejected."""
        self._episodes.pop(episode.token, None)

    @property
    def is_idle(self) -> bool:
        """Whether no episode is running."""
        return not self._episodes

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            accepted = self._receive(request.path.rpartition("/")[2], request.body)
            return HttpResponse(kind="text/plain", status=200 if accepted else 410)
        path = request.path.lstrip("/")
        token = "".join(parse_qs(request.query).get("episode", ()))
        if token:
            page = self._page(path, token)
            if page is None:
                return HttpResponse(b"This episode is over.", "text/plain", 410)
            return HttpResponse(page, headers={"Cache-Control": "no-store"})
        is_task_page = path.startswith("miniwob/") and path.endswith(".html")
        file = None if is_task_page else file_response(self.root, path, {"Cache-Control": "max-age=3600"})
        return file or HttpResponse(b"not found", "text/plain", 404)

    def _page(self, path: str, token: str) -> bytes | None:
        """The page of an episode with our driver inserted; None if it is unknown or was served before."""
        episode = self._episodes.get(token)
        if episode is None or episode.config.path != path:
            return None
        if episode.is_loaded:
            episode.receive(PageUnloaded(event="unloaded"))
            return None
        episode.is_loaded = True
        html = (self.root / path).read_text(encoding="utf-8")
        before, core, after = html.partition(_CORE)
        return f"{before}{core}<script>{_driver()}({_driver_config(episode)});</script>{after}".encode()

    def _receive(self, token: str, body: bytes) -> bool:
        """Process a page's event; False if the episode is unknown or the event is invalid."""
        episode = self._episodes.get(token)
        if episode is None:
            return False
        try:
            episode.receive(_EVENT.validate_json(body))
        except ValidationError:
            return False
        return True


@cache
def _driver() -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath("driver.js").read_text(encoding="utf-8").strip()


def _driver_config(episode: PageEpisode) -> str:
    config = episode.config
    return json.dumps(
        {
            "seed": config.seed,
            "dataMode": config.data_mode,
            "hideQuery": config.hide_query,
            "limitMs": config.limit_ms,
            "report": f"/report/{episode.token}",
        }
    )
