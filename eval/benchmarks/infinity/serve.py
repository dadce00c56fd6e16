"""Runs an application's own `server.py`, on loopback only, and keeps the answers from whoever works the page.

Run as a program of its own, `python -I serve.py PORT`, in the application's folder, with standard library alone. The
tasks' files are not handed out, and what the page asks of its server in the background nobody gets to see as a page.
"""

import runpy
import socketserver
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any

HIDDEN = ("/real-tasks", "/function-tasks", "/sanity_check", "/server.py", "/Dockerfile")
"""Where a task's verifier and its solved state lie."""


def main() -> None:
    """Serve until killed."""
    port = sys.argv[1]
    begin = socketserver.TCPServer.__init__

    def on_loopback(
        server: socketserver.TCPServer, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], **more: Any
    ) -> None:
        _guard(handler)
        begin(server, ("127.0.0.1", address[1]), handler, **more)

    socketserver.TCPServer.__init__ = on_loopback  # type: ignore[assignment,method-assign]
    sys.argv = ["server.py", "--port", port]
    runpy.run_path("server.py", run_name="__main__")


def _guard(handler: type[BaseHTTPRequestHandler]) -> None:
    answer: Any = handler.do_GET  # type: ignore[attr-defined]

    def guarded(request: BaseHTTPRequestHandler) -> None:
        is_page = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if request.path.startswith(HIDDEN) or (is_page and request.path.startswith("/api/")):
            request.send_error(403)
        else:
            answer(request)

    handler.do_GET = guarded  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
