"""A sandbox of this machine in place of OSWorld's virtual machine.

The home is at /home/user, and the server answers on a port of 127.0.0.1, as do the debugging interface of Chrome and
the HTTP interface of VLC, once they run. There is no GNOME session, no network and no root.
"""

import re
import sys
from functools import partial
from pathlib import Path
from typing import Self

import screenwright

from .....envs.browser import BrowserSettings
from .....envs.browser.launch.chromium import switches
from .....envs.browser.window.profile import program_folder, window_program
from .....envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from .....envs.desktop.virtual.home import write_defaults
from .....envs.desktop.virtual.managers import OPENBOX_SETTINGS
from .....envs.desktop.virtual.processes import StartedProgram, lines_of
from .....envs.desktop.virtual.sandbox import bridge
from .....envs.desktop.virtual.sandbox.settings import GrantedFolder, Sandbox
from .....envs.environment import clean_environment
from .....envs.geometry import Size
from .....envs.temp_folder import TempFolder
from ...local_ports import answers, free_port

HOME = Path("/home/user")
SERVER_PORT, CHROME_PORT, VLC_PORT = 5000, 9222, 8080
SCREEN = Size(1920, 1080)

_FOLDERS = ("Desktop", "Documents", "Downloads", "Music", "Pictures", "Public", "Templates", "Videos")
_SERVER = "screenwright.eval.benchmarks.osworld.sandbox.server"
_BRIDGE = Path(bridge.__file__).resolve()
_CHROME = ".config/google-chrome/Default/Preferences"
"""Tasks change it before Chrome's first start."""
_DESKTOP = "XDG_CURRENT_DESKTOP=GNOME"
"""Chrome's theme is then that of GTK, as in OSWorld's machines; an evaluator takes another one for light."""
_NO_MIGRATION = "--disable-features=LocalNetworkAccessChecks"
"""It writes a default of a content setting, which an evaluator takes for one that the user has changed."""
_OPENBOX = ".config/openbox/machine.xml"
_TERMINAL_KEY = """<keybind key="C-A-t">
  <action name="Execute"><command>xterm -fa Monospace -geometry 120x30</command></action>
</keybind>"""
_SUDO = """#!/bin/sh
# There is no root: the command runs as the user.
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"""
_APPLICATIONS = Path("/usr/share/applications")
_VLC = "[qt]\nqt-privacy-ask=0\n"
_SOUND = """load-module module-null-sink sink_name=speakers
set-sink-volume speakers 0x8000
.include /etc/pulse/default.pa
"""
"""PulseAudio's own first output starts at the full volume, which a task asks for."""
_NO_NETWORK_PORT = 8006
"""OSWorld's address names a VNC port as well, which its code does not use."""


class SandboxMachine:
    """A started machine; `address` is `IP:SERVER:CHROME:VNC:VLC`, as OSWorld's providers return it.

    `url` is its server, and `folder` has its home on this machine.

    Raises:
        EnvUnavailable: there is no sandbox here, or a part of it does not start.
    """

    def __init__(self) -> None:
        self._temp = TempFolder("osworld")
        self.folder = self._temp.path
        self._running: RunningDisplay | None = None
        try:
            home, bins = self._temp.path / "home", self._temp.path / "bin"
            _write_home(home)
            browser = window_program(BrowserSettings())
            _write_programs(bins, browser)
            shown = {bins, program_folder(browser), *_code_folders()}
            sandbox = Sandbox("require", tuple(map(GrantedFolder, sorted(shown))), home_at=HOME)
            self._running = RunningDisplay(VirtualDisplay(SCREEN, home=home, sandbox=sandbox, window_manager=None))
            ports = self._start(self._running, bins)
        except BaseException:
            self.close()
            raise
        self.url = f"http://127.0.0.1:{ports[SERVER_PORT]}"
        numbers = (ports[SERVER_PORT], ports[CHROME_PORT], _NO_NETWORK_PORT, ports[VLC_PORT])
        self.address = ":".join(("127.0.0.1", *map(str, numbers)))

    def close(self) -> None:
        """End its programs and remove its home; may be called twice."""
        if self._running is not None:
            self._running.stop()
        self._temp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, running: RunningDisplay, bins: Path) -> dict[int, int]:
        """Start the server and the way to each port; returns the ports of this machine by those inside."""
        inner = running.environment | {"USER": "user", "LOGNAME": "user"}
        inner["PATH"] = f"{bins}:{inner.get('PATH', '/usr/bin:/bin')}"
        code = inner | {"PYTHONPATH": str(Path(screenwright.__file__).parents[1])}
        running.processes.start(("openbox", "--config-file", f"{HOME}/{_OPENBOX}"), inner, folder=HOME)
        server = running.processes.start((sys.executable, "-m", _SERVER, str(SERVER_PORT)), code, folder=HOME)
        ports = {port: _connect(running, port) for port in (SERVER_PORT, CHROME_PORT, VLC_PORT)}
        _await_server(running, server, ports[SERVER_PORT])
        return ports


def _connect(running: RunningDisplay, port: int) -> int:
    """Make `port` of the sandbox a port of this machine; returns that."""
    group, outer, name = running.processes, free_port(), f"port-{port}"
    inside, outside = Path(running.environment["XDG_RUNTIME_DIR"]) / name, group.folder / "runtime" / name
    ends = ((str(inside), str(port), "--to-port"), (str(outside), str(outer)))
    for arguments, is_outside in zip(ends, (False, True), strict=True):
        log = group.log_of(f"{name}-{'outer' if is_outside else 'inner'}")
        command = (sys.executable, "-I", "-S", str(_BRIDGE), *arguments)
        started = group.start(command, clean_environment(), log, outside=is_outside)
        group.await_ready(partial(_is_ready, log), started, name, log)
    return outer


def _is_ready(log: Path) -> bool:
    return "ready" in lines_of(log)


def _await_server(running: RunningDisplay, server: StartedProgram, port: int) -> None:
    log = running.processes.log_of(sys.executable)
    running.processes.await_ready(lambda: answers(f"http://127.0.0.1:{port}/platform"), server, "the server", log)


def _write_home(home: Path) -> None:
    for name in _FOLDERS:
        (home / name).mkdir(parents=True)
    write_defaults(home)
    openbox = OPENBOX_SETTINGS.read_text(encoding="utf-8").replace("</keyboard>", f"{_TERMINAL_KEY}</keyboard>")
    texts = {".config/vlc/vlcrc": _VLC, _OPENBOX: openbox, _CHROME: "{}", ".config/mimeapps.list": _defaults()}
    texts[".config/pulse/default.pa"] = _SOUND
    for name, text in texts.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _defaults() -> str:
    """The browser as the default program for videos: in OSWorld's machines it is not VLC, until the user changes it."""
    vlc = _APPLICATIONS / "vlc.desktop"
    text = vlc.read_text(encoding="utf-8") if vlc.exists() else ""
    lines = (f"{kind}=chromium.desktop\n" for kind in sorted({*re.findall(r"video/[\w.+-]+", text)}))
    return f"[Default Applications]\n{''.join(lines)}"


def _write_programs(bins: Path, browser: str) -> None:
    """Write programs that OSWorld's tasks start by other names: Chrome, sudo, and a Python that has pyautogui."""
    bins.mkdir()
    chrome = " ".join((browser, *switches(()), "--user-data-dir=$HOME/.config/google-chrome", "--password-store=basic"))
    programs = {"google-chrome": f"env {_DESKTOP} {chrome} --test-type --disable-dev-shm-usage {_NO_MIGRATION}"}
    programs |= {"python": sys.executable, "python3": sys.executable}
    texts = {name: f'#!/bin/sh\nexec {command} "$@"\n' for name, command in programs.items()} | {"sudo": _SUDO}
    for name, text in texts.items():
        (bins / name).write_text(text, encoding="utf-8")
        (bins / name).chmod(0o755)


def _code_folders() -> set[Path]:
    """Where our packages are, which a checkout has in folders next to each other."""
    package = Path(screenwright.__file__).parent
    return {package.parent if package.parent.name == "site-packages" else package, *_linked(package)}


def _linked(package: Path) -> set[Path]:
    return {entry.resolve() for entry in package.iterdir() if entry.is_symlink() and entry.is_dir()}
