"""Virtual displays: Xvfb, a window manager, a private D-Bus session and a private home folder."""

import platform
import secrets
import shutil
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...env import EnvUnavailable
from ...environment import clean_environment
from ...geometry import Size
from ..address import DisplayAddress
from .home import Home, check_keep
from .managers import command_of
from .packages import how_to_install, missing
from .processes import ProcessGroup, lines_of
from .watching import can_be_watched, start_watching

_FAMILY_LOCAL, _FAMILY_WILD = 256, 65535


@dataclass(frozen=True, slots=True)
class VirtualDisplay:
    """Settings of a virtual display.

    Attributes:
        size: In pixels.
        programs: Argument lists of programs to start, in order; each is awaited until it has a window.
        window_manager: Its command; None for none.
        home: The home folder of programs, created if missing; None for a private one that starts empty, so that they
            always start the same way, and is removed at the end.
        keep: Files of a private home that are copied to the folder `keep_in` at the end: names or patterns relative to
            the home, such as `report.odt` or `Documents/*.txt`.
        keep_in: See `keep`.
        watch: Serve the display to a browser tab, `view` only or with `control` by mouse and keyboard.
    """

    size: Size = Size(1280, 720)
    programs: tuple[tuple[str, ...], ...] = ()
    window_manager: str | None = "openbox"
    home: Path | None = None
    keep: tuple[str, ...] = ()
    keep_in: Path = Path("kept")
    watch: Literal["", "view", "control"] = ""

    def __post_init__(self) -> None:
        for pattern in self.keep:
            check_keep(pattern)


class RunningDisplay:
    """A started virtual display.

    `environment` holds the environment variables for programs on it, with those named in `pass_env`. `home` is their
    home folder. `watch_url` is the page that shows it, empty unless `watch` is set. `service_pids` are the processes of
    the display itself, without its window manager.
    """

    def __init__(self, settings: VirtualDisplay, pass_env: tuple[str, ...] = ()) -> None:
        _check_installed(settings)
        self._settings = settings
        self._processes = ProcessGroup("display")
        self._folder = self._processes.folder
        self._authority = self._folder / "Xauthority"
        self.address = DisplayAddress()
        self.watch_url = ""
        try:
            self.address = DisplayAddress(self._start_server(settings.size), str(self._authority))
            self.home = Home(settings.home, self._folder / "home")
            self.environment = self._programs_environment(pass_env)
            self._start_bus()
            manager = self.start(command_of(settings.window_manager)) if settings.window_manager is not None else 0
            if settings.watch:
                interactive = settings.watch == "control"
                self.watch_url = start_watching(self._processes, self.environment, interactive=interactive)
            self.service_pids = frozenset(self._processes.pids) - {manager}
        except BaseException:
            self.stop()
            raise

    def start(self, program: tuple[str, ...]) -> int:
        """Start `program` on this display; returns its process id.

        Raises:
            EnvUnavailable: it is not installed or cannot be started.
        """
        if shutil.which(program[0], path=self.environment.get("PATH")) is None:
            raise EnvUnavailable(how_to_install(program[:1]))
        return self._processes.start(program, self.environment)

    def program_roots(self) -> tuple[int, ...]:
        """The processes that all programs on this display descend from."""
        return (self._processes.reaper_pid,)

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a program started here; None while it runs."""
        return self._processes.exit_code(pid)

    def last_line(self, program: str) -> str:
        """The last line of the output of `program`; empty if none."""
        return self._processes.last_line(program)

    def keep_files(self) -> None:
        """Copy the files to keep out of a private home; see `Home`."""
        self.home.keep(self._settings.keep, self._settings.keep_in)

    def stop(self) -> None:
        """End every process and remove the private folder; may be called twice."""
        self._processes.stop()

    def _start_server(self, size: Size) -> str:
        """Start Xvfb on a free display number that it chooses; returns the display's name."""
        cookie = secrets.token_bytes(16)
        self._authority.touch(0o600)
        self._authority.write_bytes(_authority_entry(_FAMILY_WILD, b"", b"", cookie))
        chosen = self._folder / "display"
        server = ("Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-dpi", "96", "-noreset")
        guard = ("-nolisten", "tcp", "-auth", str(self._authority))
        pid = self._processes.start((*server, *guard), clean_environment(), chosen)
        self._processes.await_ready(lambda: any(line.isdigit() for line in lines_of(chosen)), pid, "Xvfb", chosen)
        number = next(line for line in lines_of(chosen) if line.isdigit())
        self._authority.write_bytes(
            _authority_entry(_FAMILY_LOCAL, socket.gethostname().encode(), number.encode(), cookie)
            + _authority_entry(_FAMILY_WILD, b"", number.encode(), cookie)
        )
        return f":{number}"

    def _start_bus(self) -> None:
        """Start a private D-Bus session, so that programs do not delegate to an instance on another display.

        The display works without it. The daemon may be missing, and does not start for a user id that has no entry in
        the password database, as in a container.
        """
        if shutil.which("dbus-daemon") is None:
            return
        bus = self._folder / "bus"
        daemon = ("dbus-daemon", "--session", "--nofork", f"--address=unix:path={bus}")
        with suppress(EnvUnavailable):
            pid = self._processes.start(daemon, self.environment)
            self._processes.await_ready(bus.exists, pid, "dbus-daemon")

    def _programs_environment(self, passed: tuple[str, ...]) -> dict[str, str]:
        runtime = self._folder / "runtime"
        runtime.mkdir(0o700)
        environment = clean_environment(passed)
        environment.pop("WAYLAND_DISPLAY", None)
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
        environment = {name: value for name, value in environment.items() if name not in _HOME_VARIABLES}
        environment["HOME"] = str(self.home.folder)
        if self._settings.home is None:
            environment["GSETTINGS_BACKEND"] = "memory"
        return environment


_HOME_VARIABLES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


def _check_installed(settings: VirtualDisplay) -> None:
    if platform.system() != "Linux":
        raise EnvUnavailable("a virtual display needs Linux; on other systems DesktopEnv() operates the real screen")
    needed = ["Xvfb", *([settings.window_manager] if settings.window_manager else [])]
    absent = missing([*needed, *(program[0] for program in settings.programs)])
    if how := how_to_install(absent, watching=bool(settings.watch) and not can_be_watched()):
        raise EnvUnavailable(how)


def _authority_entry(family: int, address: bytes, number: bytes, cookie: bytes) -> bytes:
    """One entry of an Xauthority file: a family, then counted strings (Xau library, `Xauth.h`)."""
    parts = (address, number, b"MIT-MAGIC-COOKIE-1", cookie)
    return struct.pack(">H", family) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def _locale(environment: dict[str, str]) -> str:
    return next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
