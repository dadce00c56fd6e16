"""A display of its own: Xvfb, a window manager, a private D-Bus and a private home, all ended by one keeper."""

import os
import platform
import secrets
import shutil
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...env import EnvUnavailable
from ...geometry import Size
from ..address import DisplayAddress
from .packages import how_to_install, missing
from .processes import ProcessGroup, lines_of
from .watching import can_be_watched, start_watching

_START_LIMIT_S = 15.0
_POLL_S = 0.01
_FAMILY_LOCAL, _FAMILY_WILD = 256, 65535


@dataclass(frozen=True, slots=True)
class VirtualDisplay:
    """A display to be started. `programs` are argument lists, started in order, each waited for until it has a window.

    `window_manager` may be None. With `own_home` the programs see an empty home folder that is removed at the end, so
    that they start the same every time; without it they see the user's. With `watch` the display can be looked at in a
    browser tab, or also worked from there.
    """

    size: Size = Size(1280, 720)
    programs: tuple[tuple[str, ...], ...] = ()
    window_manager: str | None = "openbox"
    own_home: bool = True
    watch: Literal["", "view", "control"] = ""


class RunningDisplay:
    """A virtual display that has been started.

    `address` is where to connect, `environment` what programs on it are to be started with, `watch_url` the address of
    the page that shows it (empty if none was asked for), `stop` ends everything on it.
    """

    def __init__(self, wanted: VirtualDisplay) -> None:
        _check_installed(wanted)
        self._kept = ProcessGroup("display")
        self._folder = self._kept.folder
        self._authority = self._folder / "Xauthority"
        self.address = DisplayAddress()
        self.watch_url = ""
        try:
            self.address = DisplayAddress(self._start_server(wanted.size), str(self._authority))
            self.environment = self._programs_environment(wanted.own_home)
            self._start_bus()
            if wanted.window_manager is not None:
                self.start((wanted.window_manager,))
            if wanted.watch:
                self.watch_url = start_watching(self._kept, self.environment, interactive=wanted.watch == "control")
        except BaseException:
            self.stop()
            raise

    def start(self, program: tuple[str, ...]) -> int:
        """Start `program` on this display; its process id.

        Raises:
            EnvUnavailable: it is not installed or cannot be started.
        """
        if shutil.which(program[0], path=self.environment.get("PATH")) is None:
            raise EnvUnavailable(how_to_install(program[:1]))
        return self._kept.start(program, self.environment)

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a program started here; None while it runs."""
        return self._kept.exit_code(pid)

    def last_line(self, program: str) -> str:
        """The last line that `program` wrote, or nothing."""
        return self._kept.last_line(program)

    def stop(self) -> None:
        """End every process and remove the private folder; may be called twice."""
        self._kept.stop()

    def _start_server(self, size: Size) -> str:
        """Start Xvfb on a number that it finds free itself; the display's name."""
        cookie = secrets.token_bytes(16)
        self._authority.touch(0o600)
        self._authority.write_bytes(_authority_entry(_FAMILY_WILD, b"", b"", cookie))
        chosen = self._folder / "display"
        server = ("Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-dpi", "96", "-noreset")
        guard = ("-nolisten", "tcp", "-auth", str(self._authority))
        pid = self._kept.start((*server, *guard), dict(os.environ), chosen)
        self._await(lambda: any(line.isdigit() for line in lines_of(chosen)), pid, "Xvfb", chosen)
        number = next(line for line in lines_of(chosen) if line.isdigit())
        self._authority.write_bytes(
            _authority_entry(_FAMILY_LOCAL, socket.gethostname().encode(), number.encode(), cookie)
            + _authority_entry(_FAMILY_WILD, b"", number.encode(), cookie)
        )
        return f":{number}"

    def _start_bus(self) -> None:
        """Start a D-Bus session of this display's own, so that programs do not hand over to ones elsewhere."""
        if shutil.which("dbus-daemon") is None:
            return
        bus = self._folder / "bus"
        daemon = ("dbus-daemon", "--session", "--nofork", f"--address=unix:path={bus}")
        pid = self._kept.start(daemon, self.environment)
        self._await(bus.exists, pid, "dbus-daemon", self._kept.log_of("dbus-daemon"))

    def _programs_environment(self, own_home: bool) -> dict[str, str]:
        runtime = self._folder / "runtime"
        runtime.mkdir(0o700)
        environment = {
            name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "WAYLAND_SOCKET")
        }
        environment |= {
            "DISPLAY": self.address.name or "",
            "XAUTHORITY": str(self._authority),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_SESSION_TYPE": "x11",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._folder / 'bus'}",
            "GDK_BACKEND": "x11",
            "QT_QPA_PLATFORM": "xcb",
            "NO_AT_BRIDGE": "1",
        }
        if "utf" not in _locale(environment).lower():
            environment["LC_ALL"] = "C.UTF-8"
        if own_home:
            home = self._folder / "home"
            home.mkdir()
            environment = {name: value for name, value in environment.items() if name not in _HOME_VARIABLES}
            environment |= {"HOME": str(home), "GSETTINGS_BACKEND": "memory"}
        return environment

    def _await(self, ready: Callable[[], bool], pid: int, name: str, log: Path) -> None:
        """Wait until `ready()`, as long as the process lives and the limit allows."""
        end = time.monotonic() + _START_LIMIT_S
        while not ready():
            if self.exit_code(pid) is not None or time.monotonic() > end:
                words = " ".join(lines_of(log)[-2:])
                raise EnvUnavailable(f"{name} did not start: {words}"[:300])
            time.sleep(_POLL_S)


_HOME_VARIABLES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


def _check_installed(wanted: VirtualDisplay) -> None:
    if platform.system() != "Linux":
        raise EnvUnavailable("a virtual display needs Linux; elsewhere DesktopEnv() works the real screen")
    needed = ["Xvfb", *([wanted.window_manager] if wanted.window_manager else [])]
    absent = missing([*needed, *(program[0] for program in wanted.programs)])
    if how := how_to_install(absent, watching=bool(wanted.watch) and not can_be_watched()):
        raise EnvUnavailable(how)


def _authority_entry(family: int, address: bytes, number: bytes, cookie: bytes) -> bytes:
    """One entry of an Xauthority file: a family, then counted strings (Xau library, `Xauth.h`)."""
    parts = (address, number, b"MIT-MAGIC-COOKIE-1", cookie)
    return struct.pack(">H", family) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def _locale(environment: dict[str, str]) -> str:
    return next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
