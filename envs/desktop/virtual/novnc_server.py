"""Serves a noVNC page and the WebSocket to its VNC server, with websockify, on a free port of 127.0.0.1.

Run as a program, `python3 novnc_server.py WEB SOCKETS`, by the system's Python, for which Debian installs websockify.
It prints its port. `WEB` is the folder to serve; `?token=NAME` connects to the Unix socket `SOCKETS/NAME`.
"""

import socket
import sys

from websockify.token_plugins import UnixDomainSocketDirectory  # type: ignore[import-not-found]  # in the system's Python
from websockify.websocketproxy import WebSocketProxy  # type: ignore[import-not-found]  # in the system's Python

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 -- the parent reads it
    # `file_only` matters: a listing of WEB would give away the secret name of the folder in it.
    WebSocketProxy(
        listen_fd=listener.fileno(),
        web=sys.argv[1],
        file_only=True,
        token_plugin=UnixDomainSocketDirectory(sys.argv[2]),
    ).start_server()
