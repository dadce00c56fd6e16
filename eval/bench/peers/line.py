"""How a peer is driven from outside: a JSON line in, a JSON line out. Runs in the peer's own environment."""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol

PAUSE_S = 0.5
"""Between an act and the next look, for those that have no waiting of their own."""


class Peer(Protocol):
    """Another agent's hands and eyes; points are pixels of its own screenshots.

    It raises what it complains of, and returns when it would look again.
    """

    def goto(self, url: str) -> None:
        """Open an address."""

    def look(self) -> bytes:
        """What its model would be shown, as PNG."""
        ...

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        """Click, with keys held."""

    def move(self, x: float, y: float) -> None:
        """Move the pointer there."""

    def drag(self, path: list[tuple[float, float]]) -> None:
        """Drag along a path."""

    def scroll(self, x: float, y: float, pixels: int) -> None:
        """Scroll down at a point."""

    def type(self, text: str) -> None:
        """Type a text, with enter and tab keys in it."""

    def keys(self, names: list[str]) -> None:
        """Press keys together."""


def serve(make: type[Peer]) -> None:
    """Answer orders until standard input ends. What a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer, folder = make(), Path(tempfile.mkdtemp(prefix="peer-"))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for count, line in enumerate(sys.stdin):
        order = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            done = getattr(peer, order.pop("do"))(**order)
            if isinstance(done, bytes):
                path = folder / f"{count}.png"
                path.write_bytes(done)
                answer["png"] = str(path)
        except Exception as error:  # noqa: BLE001 -- whatever a peer raises is its result
            answer["error"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
        print(json.dumps(answer), file=answers, flush=True)


def chromium() -> str:
    """The system's Chromium, which all contenders drive."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("no Chromium was found: apt-get install chromium")
    return found


def switches() -> list[str]:
    """Only root goes without the sandbox; nothing is fetched in the background."""
    return ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def pause() -> None:
    """The fixed pause that most agents make before they look."""
    time.sleep(PAUSE_S)
