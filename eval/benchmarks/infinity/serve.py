"""Runs an application's own `server.py` on 127.0.0.1 and hides the solutions from the agent.

A separate program, `python -I serve.py PORT`, run in the application's folder; uses the standard library only. Task
files are not served, and the API that the page calls in the background cannot be opened as a page.
"""

import runpy
import socketserver
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any

HIDDEN = ("/real-tasks", "/function-tasks", "/sanity_check", "/server.py", "/Dockerfile")
"""Paths that lead to verifiers and solved states."""


def main() -> None:
    """Serve until killed."""
    port = sys.argv[1]
    original = socketserver.TCPServer.__init__

    def on_loopback(
        server: socketserver.TCPServer, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], **options: Any
    ) -> None:
        _guard(handler)
        original(server, ("127.0.0.1", address[1]), handler, **options)

    socketserver.TCPServer.__init__ = on_loopback  # type: ignore[assignment,method-assign]  # the application's own server is patched
    sys.argv = ["server.py", "--port", port]
    runpy.run_path("server.py", run_name="__main__")


def _guard(handler: type[BaseHTTPRequestHandler]) -> None:
    answer: Any = handler.do_GET  # type: ignore[attr-defined]  # the application's handler class defines it

    def guarded(request: BaseHTTPRequestHandler) -> None:
        is_page = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if request.path.startswith(HIDDEN) or (is_page and request.path.startswith("/api/")):
            request.send_error(403)
        else:
            answer(request)

    handler.do_GET = guarded  # type: ignore[attr-defined]  # the application's handler class defines it


if __name__ == "__main__":
    main()
