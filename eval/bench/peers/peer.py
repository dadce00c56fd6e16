"""What `gallery_peers.py` needs from another framework, and the loop that serves it in that framework's environment."""

import base64
import time
from typing import Any, Protocol

from driver_loop import serve
from system_chromium import switches as sandbox_switches

PAUSE_S = 0.5
"""The pause between an action and the next screenshot, for peers that do not wait by themselves."""


class Peer(Protocol):
    """Mouse, keyboard and screenshots of another framework; points are pixels of its own screenshots.

    Methods raise the framework's errors, and return when it would take the next screenshot.
    """

    def goto(self, url: str) -> None:
        """Open an address."""

    def screenshot(self) -> bytes:
        """The screenshot that its model would see, as PNG."""
        ...

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        """Click with modifier keys held."""

    def move(self, x: float, y: float) -> None:
        """Move the pointer."""

    def drag(self, path: list[tuple[float, float]]) -> None:
        """Drag along a path."""

    def scroll(self, x: float, y: float, pixels: int) -> None:
        """Scroll down at a point."""

    def type(self, text: str) -> None:
        """Type text, which may contain line breaks and tabs."""

    def keys(self, names: list[str]) -> None:
        """Press keys together."""


class PeerDriver:
    """Maps requests such as `{"do": "click", "x": 1, ...}` to the methods of a peer."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call the method; a screenshot is returned in base64."""
        result = getattr(self._peer, request.pop("do"))(**request)
        return {"png": base64.b64encode(result).decode()} if isinstance(result, bytes) else {}

    def close(self) -> None:
        """The process ends with everything that the peer opened."""


def serve_peer(make: type[Peer]) -> None:
    """Serve one peer until standard input ends."""
    serve(make.__name__, lambda _: PeerDriver(make()))


def switches() -> list[str]:
    """Chromium's command line switches."""
    return ["--disable-background-networking", *sandbox_switches()]


def pause() -> None:
    """Wait the fixed pause that most agents use before a screenshot."""
    time.sleep(PAUSE_S)
