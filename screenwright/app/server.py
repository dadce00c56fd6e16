"""The server of the application, on the loopback interface by default.

with AppServer(factory, Path("runs"), state) as server:
    print(server.url)  # http://127.0.0.1:8765/#SECRET
"""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from uvicorn.protocols.http.h11_impl import H11Protocol

from .._web_server import WebServer, listen
from ..agent.record.lock import lock_folder
from .api import Api
from .feed import Feed
from .history import RunHistory
from .queue import TaskQueue
from .runner import RunFactory, Runner
from .safety import Access, Safe
from .tags import Tags

_MAX_CONNECTIONS = 512
_HEAD_S = 10.0
_CLOSE_S = 5


class AppServer:
    """A running application; as a context manager, it closes at the end.

    Runs are recorded in `root`; the queue, the tags and the index of the runs are kept in `state`, which one server at
    a time may use. `parallel` tasks run at the same time. `url` is the address with the secret.

    Raises:
        BlockingIOError: another server uses `state`; the message names it.
        OSError: cannot listen on the address, such as a port in use.
        QueueError: the queue is damaged. TagsRefused: the tags are.
    """

    def __init__(
        self,
        factory: RunFactory,
        root: Path,
        state: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        parallel: int = 1,
    ) -> None:
        root.mkdir(0o700, parents=True, exist_ok=True)
        state.mkdir(0o700, parents=True, exist_ok=True)
        with ExitStack() as opened:
            opened.callback(lock_folder(state).close)
            listener = listen(host, port)
            opened.callback(listener.close)
            self._changes = Feed()
            queue = TaskQueue(state / "queue.json", self._changed)
            self.history = RunHistory(root, state / "index.sqlite", Tags(state / "tags.json"))
            opened.callback(self.history.close)
            self._opened = opened.pop_all()
        self.runner = Runner(root, queue, self.history, factory, self._changed, parallel)
        self.access = Access(listener.getsockname()[1], (host,))
        shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 -- where to connect
        self.address = f"http://{shown}:{self.access.port}"
        self.url = f"{self.address}/#{self.access.secret}"
        self.runner.start()
        self._server = WebServer(
            Safe(Api(self.runner, self.access, self._changes).app(), self.access),
            listener,
            "app-server",
            max_connections=_MAX_CONNECTIONS,
            close_s=_CLOSE_S,
            http=_Protocol,
            lifespan="off",
        )

    def wait(self) -> None:
        """Block until another thread closes the server."""
        self._server.wait()

    def close(self) -> None:
        """Stop the running tasks, which can be resumed later, and the server."""
        self.runner.close()
        self._changes.close()
        self._server.close()
        self._opened.close()

    def _changed(self) -> None:
        self._changes.add({"kind": "changed"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Protocol(H11Protocol):
    """Disconnects a client that sends no request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(_HEAD_S, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if getattr(self, "cycle", None) is None:  # until the first request
            self.transport.close()
