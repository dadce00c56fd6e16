"""An ASGI application on a thread: the model server, the web application and MCP over HTTP."""

import socket
import threading
from typing import Any, Literal

import uvicorn

_KEEP_ALIVE_S = 75


def listen(host: str, port: int) -> socket.socket:
    """Listen at once, so that clients may connect before a server thread has started; port 0 picks a free port.

    Raises:
        OSError: cannot listen on the address, such as a port in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=64)
    # asyncio does it only for its own sockets; without it, each event can wait 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address_of(listener: socket.socket) -> str:
    """The address a listener is bound to, such as "http://127.0.0.1:8000"."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class WebServer:
    """Serves `app` at `url` until closed. A request in progress has `close_s` seconds to end."""

    def __init__(
        self,
        app: Any,
        listener: socket.socket,
        name: str,
        *,
        max_connections: int,
        close_s: int,
        http: Any = "h11",
        lifespan: Literal["auto", "off"] = "auto",
        ws: Literal["auto", "none"] = "none",
    ) -> None:
        config = uvicorn.Config(
            app,
            http=http,
            ws=ws,
            lifespan=lifespan,
            limit_concurrency=max_connections,
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=close_s,
        )
        self.url = address_of(listener)
        self._server = uvicorn.Server(config)
        # A daemon thread: a request that never ends must not keep the program alive.
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=name, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Block until another thread closes the server."""
        self._thread.join()

    def close(self) -> None:
        """Stop; may be called twice."""
        self._server.should_exit = True
        self._thread.join()
