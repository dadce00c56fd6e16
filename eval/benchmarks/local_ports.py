"""Ports of this machine: a free one, and whether a server answers."""

import socket
import urllib.error
import urllib.request


def free_port() -> int:
    """A port of 127.0.0.1 that no one uses now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether something answers at an HTTP address of this machine, also with an error."""
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310 -- an address of ours
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
