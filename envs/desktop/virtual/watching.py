"""Shows a virtual display live in a browser tab: TigerVNC reads it, noVNC displays it, websockify connects the two.

TigerVNC runs in addition to Xvfb, not instead, so that the display is the same with and without viewers. It listens
on a socket in the display's private folder. Only websockify is on the network, on 127.0.0.1, and it answers only
requests that know the secret part of the address.
"""

import secrets
import shutil
from pathlib import Path

from ...env import EnvUnavailable
from ...environment import clean_environment
from .processes import ProcessGroup, lines_of

_SERVERS = ("X0tigervnc", "x0tigervncserver", "x0vncserver")
_NOVNC = (Path("/usr/share/novnc"), Path("/usr/share/webapps/novnc"), Path("/usr/share/noVNC"))
_SYSTEM_PYTHON = "/usr/bin/python3"
WATCHING_PACKAGES = ("tigervnc-scraping-server", "novnc")
_MISSING = f"watching a display needs more packages: apt-get install {' '.join(WATCHING_PACKAGES)}"


def can_be_watched() -> bool:
    """Whether the programs that watching needs are installed."""
    try:
        _find_programs()
    except EnvUnavailable:
        return False
    return True


def start_watching(group: ProcessGroup, environment: dict[str, str], *, interactive: bool) -> str:
    """Serve the display that `environment` names; returns the address to open in a browser.

    If `interactive`, mouse and keys of the viewer reach the display; otherwise the VNC server drops them.

    Raises:
        EnvUnavailable: a program is not installed, or does not start.
    """
    program, novnc = _find_programs()
    secret = secrets.token_urlsafe(18)
    sockets, web = group.folder / "screens", group.folder / "web"
    sockets.mkdir()
    _write_page(web / secret, novnc, interactive=interactive)
    drops = () if interactive else ("-AcceptPointerEvents=0", "-AcceptKeyEvents=0")
    server = (program, "-rfbport=-1", f"-rfbunixpath={sockets / secret}", "-SecurityTypes=None", "-AlwaysShared=1")
    started = group.start((*server, "-AcceptSetDesktopSize=0", *drops), environment, outside=True)
    group.await_ready((sockets / secret).exists, started, program)
    script = str(Path(__file__).with_name("novnc_server.py"))
    log = group.log_of("websockify")
    server = (_SYSTEM_PYTHON, "-I", script, str(web), str(sockets))
    started = group.start(server, clean_environment(), log, outside=True)
    group.await_ready(lambda: any(line.isdigit() for line in lines_of(log)[:-1]), started, "websockify")
    port = next(line for line in lines_of(log) if line.isdigit())
    return f"http://127.0.0.1:{port}/{secret}/"


def _find_programs() -> tuple[str, Path]:
    """The VNC server and the folder of noVNC."""
    program = next((name for name in _SERVERS if shutil.which(name)), None)
    novnc = next((folder for folder in _NOVNC if (folder / "core" / "rfb.js").is_file()), None)
    if program is None or novnc is None or shutil.which("websockify") is None:
        raise EnvUnavailable(_MISSING)
    return program, novnc


def _write_page(folder: Path, novnc: Path, *, interactive: bool) -> None:
    folder.mkdir(parents=True)
    page = Path(__file__).with_name("watch.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(page.replace("VIEW_ONLY", "false" if interactive else "true"), encoding="utf-8")
    for scripts in ("core", "vendor"):
        (folder / scripts).symlink_to(novnc / scripts)
