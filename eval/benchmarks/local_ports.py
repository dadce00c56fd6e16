"""Ports of this machine: a free one, and whether a server answers."""

import socket
import threading
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


def free_port() -> int:
    """A port of 127.0.0.1 that no one uses now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@dataclass(slots=True)
class KeptPorts:
    """Ports that are taken again for the same name, the last one first.

    A browser then finds in its cache what it has read there, and addresses in instructions stay the same.
    """

    _idle: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict[str, list[int]](list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def taken(self, name: str) -> Generator[int]:
        """A free port, which no other episode of this process gets in the meantime."""
        with self._lock:
            port = next((self._idle[name].pop(at) for at, one in enumerate(self._idle[name]) if _is_free(one)), None)
        port = port or free_port()
        try:
            yield port
        finally:
            with self._lock:
                self._idle[name].insert(0, port)


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def answers(url: str) -> bool:
    """Whether something answers at an HTTP address of this machine, also with an error."""
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310 -- an address of ours
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
