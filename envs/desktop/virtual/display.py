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
from .home import HomeFolder, check_keep
from .managers import OPENBOX_SETTINGS, command_of
from .packages import how_to_install, missing
from .processes import REAPER, ProcessGroup, StartedProgram, lines_of
from .sandbox.bubblewrap import inner_ids, programs_command, server_command, why_unavailable
from .sandbox.named import hidden_path, is_shown, named_paths
from .sandbox.network import SLIRP, network_command
from .sandbox.seccomp import filter_program
from .sandbox.settings import OPENS_THE_MACHINE, Sandbox
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
        sandbox: What the programs can reach of this machine.
    """

    size: Size = Size(1280, 720)
    programs: tuple[tuple[str, ...], ...] = ()
    window_manager: str | None = "openbox"
    home: Path | None = None
    keep: tuple[str, ...] = ()
    keep_in: Path = Path("kept")
    watch: Literal["", "view", "control"] = ""
    sandbox: Sandbox = Sandbox()

    def __post_init__(self) -> None:
        for pattern in self.keep:
            check_keep(pattern)


class RunningDisplay:
    """A started virtual display.

    `environment` holds the environment variables for programs on it, with those named in `pass_env`. `home` is their
    home folder. `watch_url` is the page that shows it, empty unless `watch` is set. `unsandboxed` says why its programs
    run without a sandbox; empty if they run in one. `shown` are the paths that programs can read in it because their
    command lines name them. `service_pids` are the processes of the display itself, without its
    window manager.
    """

    def __init__(self, settings: VirtualDisplay, pass_env: tuple[str, ...] = ()) -> None:
        _check_installed(settings)
        self.unsandboxed = "--sandbox off" if settings.sandbox.mode == "off" else why_unavailable()
        if self.unsandboxed and settings.sandbox.mode == "require":
            raise EnvUnavailable(f"there is no sandbox: {self.unsandboxed}")
        if self.unsandboxed and settings.sandbox.home_at:
            raise EnvUnavailable(f"a home at {settings.sandbox.home_at} needs a sandbox: {self.unsandboxed}")
        self._settings = settings
        self.processes = ProcessGroup("display")
        self._folder = self.processes.folder
        self._authority = self._folder / "Xauthority"
        self.address = DisplayAddress()
        self.watch_url = ""
        try:
            self.address = DisplayAddress(self._start_server(settings.size), str(self._authority))
            self.home = HomeFolder(settings.home, self._folder / "home")
            self.environment = self._programs_environment(pass_env)
            self._visible: frozenset[Path] = frozenset()
            self._current: Path | None = None
            self.shown: tuple[Path, ...] = ()
            if not self.unsandboxed:
                self._open_sandbox(settings.sandbox)
            self._start_bus()
            manager = self.start(command_of(settings.window_manager)) if settings.window_manager is not None else None
            if settings.watch:
                interactive = settings.watch == "control"
                self.watch_url = start_watching(self.processes, self.environment, interactive=interactive)
            self.service_pids = self.processes.process_ids([one for one in self.processes.started if one != manager])
        except BaseException:
            self.stop()
            raise

    def start(self, program: tuple[str, ...]) -> StartedProgram:
        """Start `program` on this display.

        Raises:
            EnvUnavailable: it is not installed, cannot be started, or is outside of the sandbox, as is a file that its
                arguments name.
        """
        found = shutil.which(program[0], path=self.environment.get("PATH"))
        if found is None:
            raise EnvUnavailable(how_to_install(program[:1]))
        if self._visible:
            named = tuple(named_paths(program, self.environment.get("PATH")))
            if (hidden := hidden_path(named, self._visible)) is not None:
                raise EnvUnavailable(_how_to_show(hidden))
        return self.processes.start(program, self.environment, folder=self._start_folder())

    def program_roots(self) -> tuple[int, ...]:
        """The processes that all programs on this display descend from."""
        return (self.processes.reaper_pid,)

    def exit_code(self, program: StartedProgram) -> int | None:
        """The exit code of a program started here; None while it runs."""
        return self.processes.exit_code(program)

    def last_line(self, program: str) -> str:
        """The last line of the output of `program`; empty if none."""
        return self.processes.last_line(program)

    def keep_files(self) -> None:
        """Copy the files to keep out of a private home; see `HomeFolder`."""
        self.home.keep(self._settings.keep, self._settings.keep_in)

    def stop(self) -> None:
        """End every process and remove the private folder; may be called twice."""
        self.processes.stop()

    def _start_folder(self) -> Path | None:
        """Where programs start: the current folder, else their home; None if neither is known."""
        with suppress(OSError):  # it was deleted
            current = Path.cwd()
            if not self._visible or current == self._current or is_shown(current, self._visible):
                return current
        return Path(self.environment["HOME"]) if self._visible and "HOME" in self.environment else None

    def _start_server(self, size: Size) -> str:
        """Start Xvfb on a free display number that it chooses; returns the display's name."""
        cookie = secrets.token_bytes(16)
        self._authority.touch(0o600)
        self._authority.write_bytes(_authority_entry(_FAMILY_WILD, b"", b"", cookie))
        chosen = self._folder / "display"
        server = ("Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-dpi", "96", "-noreset")
        guard = ("-nolisten", "tcp", "-auth", str(self._authority))
        sandbox = [] if self.unsandboxed else server_command((self._authority,))
        started = self.processes.start((*sandbox, *server, *guard), clean_environment(), chosen, outside=True)
        self.processes.await_ready(lambda: any(line.isdigit() for line in lines_of(chosen)), started, "Xvfb", chosen)
        number = next(line for line in lines_of(chosen) if line.isdigit())
        self._authority.write_bytes(
            _authority_entry(_FAMILY_LOCAL, socket.gethostname().encode(), number.encode(), cookie)
            + _authority_entry(_FAMILY_WILD, b"", number.encode(), cookie)
        )
        return f":{number}"

    def _open_sandbox(self, sandbox: Sandbox) -> None:
        """Programs see of this display its socket, its key, and their own folders."""
        display = Path(f"/tmp/.X11-unix/X{(self.address.name or '').lstrip(':')}")  # noqa: S108 -- fixed by X
        search, manager = self.environment.get("PATH"), self._settings.window_manager
        programs = (*self._settings.programs, *([command_of(manager)] if manager is not None else []))
        runtime = self._folder / "runtime"
        moved = {self.home.folder: sandbox.home_at, runtime: _runtime_at()} if sandbox.home_at else {}
        inside = programs_command(
            self._folder,
            Path(self.environment.get("HOME") or self._folder),
            writable=() if moved else (runtime,),
            readable=(display, self._authority, REAPER, OPENBOX_SETTINGS),
            folders=sandbox.folders,
            named=tuple(one for program in programs for one in named_paths(program, search)),
            placed=moved,
        )
        self._visible, self._current, self.shown = inside.visible, inside.current, inside.named
        self.processes.open_sandbox(inside.command, filter_program())
        if sandbox.network:
            self._connect_network()

    def _connect_network(self) -> None:
        log = self.processes.log_of(SLIRP)
        init = self.processes.outer_process(1)
        if init is None:
            raise EnvUnavailable("the sandbox has ended")
        started = self.processes.start(network_command(init), clean_environment(), log, outside=True)
        self.processes.await_ready(lambda: any("1" in line for line in lines_of(log)), started, SLIRP, log)

    def _start_bus(self) -> None:
        """Start a private D-Bus session, so that programs do not delegate to an instance on another display.

        The display works without it. The daemon may be missing, and does not start for a user id that has no entry in
        the password database, as in a container.
        """
        if shutil.which("dbus-daemon") is None:
            return
        bus = self._folder / "runtime" / "bus"
        daemon = ("dbus-daemon", "--session", "--nofork", f"--address={self.environment['DBUS_SESSION_BUS_ADDRESS']}")
        with suppress(EnvUnavailable):
            started = self.processes.start(daemon, self.environment)
            self.processes.await_ready(bus.exists, started, "dbus-daemon")

    def _programs_environment(self, passed: tuple[str, ...]) -> dict[str, str]:
        home_at = self._settings.sandbox.home_at
        runtime = self._folder / "runtime"
        runtime.mkdir(0o700)
        runtime = _runtime_at() if home_at else runtime
        environment = clean_environment(passed)
        environment.pop("WAYLAND_DISPLAY", None)
        environment |= {
            "DISPLAY": self.address.name or "",
            "XAUTHORITY": str(self._authority),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_SESSION_TYPE": "x11",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime / 'bus'}",
            "GDK_BACKEND": "x11",
            "QT_QPA_PLATFORM": "xcb",
            "NO_AT_BRIDGE": "1",
        }
        if "utf" not in _locale(environment).lower():
            environment["LC_ALL"] = "C.UTF-8"
        environment = {name: value for name, value in environment.items() if name not in _HOME_VARIABLES}
        environment["HOME"] = str(home_at or self.home.folder)
        if self._settings.home is None:
            environment["GSETTINGS_BACKEND"] = "memory"
        return environment


def _how_to_show(hidden: Path) -> str:
    folder = hidden if hidden.is_dir() else hidden.parent
    if str(folder) in OPENS_THE_MACHINE:
        return f"{hidden} is outside of the sandbox: only --sandbox off shows it"
    return f"{hidden} is outside of the sandbox: add --grant-folder {folder} (with :rw to write), or --sandbox off"


def _runtime_at() -> Path:
    """Where a login session of the user in the sandbox has its runtime folder."""
    return Path("/run/user", str(inner_ids()[0]))


_HOME_VARIABLES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


def _check_installed(settings: VirtualDisplay) -> None:
    if platform.system() != "Linux":
        raise EnvUnavailable("a virtual display needs Linux; on other systems DesktopEnv() operates the real screen")
    needed = ["Xvfb", *([settings.window_manager] if settings.window_manager else [])]
    needed += [SLIRP] if settings.sandbox.network and settings.sandbox.mode != "off" else []
    absent = missing([*needed, *(program[0] for program in settings.programs)])
    if how := how_to_install(absent, watching=bool(settings.watch) and not can_be_watched()):
        raise EnvUnavailable(how)


def _authority_entry(family: int, address: bytes, number: bytes, cookie: bytes) -> bytes:
    """One entry of an Xauthority file: a family, then counted strings (Xau library, `Xauth.h`)."""
    parts = (address, number, b"MIT-MAGIC-COOKIE-1", cookie)
    return struct.pack(">H", family) + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def _locale(environment: dict[str, str]) -> str:
    return next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
