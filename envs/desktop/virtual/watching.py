"""A virtual display watched live in a browser tab: TigerVNC's server reads it, noVNC shows it, our bridge joins them.

TigerVNC's server beside Xvfb, rather than in its place, leaves the display as it is when nobody watches, and reads it
only while somebody does. It listens on a socket in the display's private folder; the bridge alone is on the network, on
loopback, and answers nobody who does not know the secret part of its address.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ...env import EnvUnavailable
from .processes import ProcessGroup, lines_of

_SERVERS = ("X0tigervnc", "x0tigervncserver", "x0vncserver")
_NOVNC = (Path("/usr/share/novnc"), Path("/usr/share/webapps/novnc"), Path("/usr/share/noVNC"))
WATCHING_PACKAGES = ("tigervnc-scraping-server", "novnc")
_MISSING = f"watching needs what is not installed: apt-get install {' '.join(WATCHING_PACKAGES)}"
_LIMIT_S = 15.0
_POLL_S = 0.01


def can_be_watched() -> bool:
    """Whether what watching needs is installed."""
    try:
        _found()
    except EnvUnavailable:
        return False
    return True


def start_watching(kept: ProcessGroup, environment: dict[str, str], *, works: bool) -> str:
    """Start what shows the display that `environment` names; the address to open in a browser.

    Where the watcher `works` too, their mouse and keys reach the display; otherwise the server drops them.

    Raises:
        EnvUnavailable: something is not installed, or does not start.
    """
    program, novnc = _found()
    socket, said = kept.folder / "watched", kept.folder / "watching"
    drops = () if works else ("-AcceptPointerEvents=0", "-AcceptKeyEvents=0")
    server = (program, "-rfbport=-1", f"-rfbunixpath={socket}", "-SecurityTypes=None", "-AlwaysShared=1")
    log = kept.log_of(program)
    pid = kept.start((*server, "-AcceptSetDesktopSize=0", *drops), environment, log)
    _await(socket.exists, kept, pid, program, log)
    bridge = (sys.executable, "-I", "-S", str(Path(__file__).with_name("bridge.py")), str(socket), str(novnc))
    pid = kept.start((*bridge, *(["works"] if works else [])), dict(os.environ), said)
    _await(lambda: bool(_addresses(said)), kept, pid, "the page to watch", said)
    return _addresses(said)[0]


def _found() -> tuple[str, Path]:
    program = next((name for name in _SERVERS if shutil.which(name)), None)
    novnc = next((folder for folder in _NOVNC if (folder / "core" / "rfb.js").is_file()), None)
    if program is None or novnc is None:
        raise EnvUnavailable(_MISSING)
    return program, novnc


def _addresses(log: Path) -> Sequence[str]:
    return [line for line in lines_of(log)[:-1] if re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]+/", line)]


def _await(ready: Callable[[], bool], kept: ProcessGroup, pid: int, name: str, log: Path) -> None:
    end = time.monotonic() + _LIMIT_S
    while not ready():
        if kept.exit_code(pid) is not None or time.monotonic() > end:
            words = " ".join(" ".join(lines_of(log)[-3:]).split())
            raise EnvUnavailable(f"{name} did not start: {words}"[:300])
        time.sleep(_POLL_S)
