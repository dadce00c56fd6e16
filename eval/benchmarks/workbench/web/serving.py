"""Serves a web application for one episode, in a sandbox with its home and without a network.

    browser -> 127.0.0.1:PORT -> bridge.py -> Unix socket -> bridge.py -> 127.0.0.1:8000 in the sandbox

The server ends with the episode, also if this process is killed.
"""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .....envs.desktop.virtual.processes import REAPER, ProcessGroup, StartedProgram, lines_of
from .....envs.desktop.virtual.sandbox import bridge
from .....envs.desktop.virtual.sandbox.bubblewrap import programs_command, why_unavailable
from .....envs.desktop.virtual.sandbox.seccomp import filter_program
from .....envs.env import EnvUnavailable
from .....envs.environment import clean_environment
from ....core.task import TaskError
from ...local_ports import KeptPorts, answers
from .program import SITES, WebProgram, apps_folder

_BRIDGE = Path(bridge.__file__).resolve()
_INNER_PORT = 8000
_PORTS = KeptPorts()
_START_S = 60.0
_POLL_S = 0.03


@contextmanager
def serve(program: WebProgram, home: Path, sandbox: str) -> Generator[str]:
    """The address of the application with the data in `home`.

    Args:
        program: The application.
        home: The home folder of the server, the only one that it can write to.
        sandbox: `require`, `auto` (without one where there is none), or `off`.

    Raises:
        TaskError: it does not start.
        EnvUnavailable: there is no sandbox, and one is required.
    """
    unavailable = "" if sandbox == "off" else why_unavailable()
    if unavailable and sandbox == "require":
        raise EnvUnavailable(f"{program.name} needs a sandbox: {unavailable}; --option sandbox=off runs without one")
    program.set_up(home)
    group = ProcessGroup(f"serve-{program.name}")
    try:
        with _PORTS.taken(program.name) as port:
            url = f"http://127.0.0.1:{port}"
            if sandbox == "off" or unavailable:
                started = _start(group, program, home, port)
            else:
                started = _start_in_sandbox(group, program, home, port)
            _await_answer(group, program, started, url + program.path)
            yield url
    finally:
        group.stop()


def _start_in_sandbox(group: ProcessGroup, program: WebProgram, home: Path, port: int) -> StartedProgram:
    """Start the server in a sandbox whose port `_INNER_PORT` is `port` of this machine."""
    shared = group.folder / "shared"
    shared.mkdir(0o700)
    inside = programs_command(
        group.folder, home, writable=(shared,), readable=(apps_folder(), SITES, _BRIDGE, REAPER), folders=()
    )
    group.open_sandbox(inside.command, filter_program())
    server = _start(group, program, home, _INNER_PORT)
    command = (sys.executable, "-I", "-S", str(_BRIDGE), str(shared / "socket"))
    ends = (("inner bridge", (str(_INNER_PORT), "--to-port"), False), ("bridge", (str(port),), True))
    for name, arguments, outside in ends:
        log = group.log_of(name)
        started = group.start((*command, *arguments), clean_environment(), log, outside=outside)
        group.await_ready(partial(_is_ready, log), started, name, log)
    return server


def _is_ready(log: Path) -> bool:
    return "ready" in lines_of(log)


def _start(group: ProcessGroup, program: WebProgram, home: Path, port: int) -> StartedProgram:
    command = tuple(program.filled(part, home, port) for part in program.command)
    environment = clean_environment() | {"HOME": str(home), "PORT": str(port)}
    environment |= {name: program.filled(value, home, port) for name, value in program.environment.items()}
    return group.start(command, environment, group.log_of(program.name), home)


def _await_answer(group: ProcessGroup, program: WebProgram, started: StartedProgram, url: str) -> None:
    end = time.monotonic() + _START_S
    while not answers(url):
        if group.exit_code(started) is not None or time.monotonic() > end:
            output = " ".join(" ".join(lines_of(group.log_of(program.name))[-4:]).split())
            raise TaskError(f"{program.name} does not start: {output}"[:400])
        time.sleep(_POLL_S)
