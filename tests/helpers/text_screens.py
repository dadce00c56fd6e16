"""The screens of `text_table.py`: X displays, VNC servers and sway, each with keyboard layouts."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sway_compositor import Compositor
from vnc_machine import vnc_machine

from screenwright.envs.desktop import DesktopEnv, InterruptSettings, Sandbox, VirtualDisplay
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.x11.connection import connect
from screenwright.envs.desktop.x11.xkb import Layouts
from screenwright.envs.env import Env
from screenwright.envs.vnc import VncEnv
from screenwright.testing import eventually

_SIZE = "1280x720"
_OPEN_S = 4.0
NEEDED = {"x11": "Xvfb", "tigervnc": "Xtigervnc", "tightvnc": "Xtightvnc", "x11vnc": "x11vnc", "sway": "sway"}


@dataclass(frozen=True)
class TextScreen:
    """An open screen, `start` starts a program there; `variables` are for other programs on it.

    `local` operates the same screen without a VNC server, whose keyboard may lack the letters of shortcuts.
    """

    env: Env
    local: Env
    start: Callable[[Sequence[str]], None]
    variables: dict[str, str]


@contextmanager
def open_screen(kind: str, layout: str) -> Generator[TextScreen]:
    """A screen whose last layout of `layout`, such as `us+ru`, is current; sway has one of its own."""
    with _OPEN[kind](layout) as screen:
        yield screen


@contextmanager
def _x11(layout: str) -> Generator[TextScreen]:
    with DesktopEnv(virtual=VirtualDisplay(sandbox=Sandbox("off"))) as env:
        env.observe()
        assert env.address is not None
        variables = {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)}
        set_layout(variables, layout)
        yield TextScreen(env, env, lambda command: env.start(tuple(command)), variables)


@contextmanager
def _tigervnc(layout: str) -> Generator[TextScreen]:
    with vnc_machine(size=_SIZE) as machine:
        set_layout(machine.environment, layout)
        with VncEnv(machine.address) as env, _local(machine.environment) as local:
            yield TextScreen(env, local, partial(_start, machine.environment), machine.environment)


def _local(variables: dict[str, str]) -> DesktopEnv:
    return DesktopEnv(display=variables["DISPLAY"], interrupts=InterruptSettings("off", 0))


@contextmanager
def _served(layout: str, server: Callable[[int, int], list[list[str]]]) -> Generator[TextScreen]:
    """A display and a VNC server by the commands of `server`, which gets the display's number and the port."""
    with ExitStack() as undo:
        display, port = next(n for n in range(70, 99) if not Path(f"/tmp/.X11-unix/X{n}").exists()), _free_port()
        variables = {"DISPLAY": f":{display}", "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp")}
        variables |= {"LC_ALL": "C.UTF-8", "USER": os.environ.get("USER", "root")}
        for command in [*server(display, port), ["openbox"]]:
            process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            undo.callback(_end, process)
            eventually(Path(f"/tmp/.X11-unix/X{display}").exists, True)
            time.sleep(0.5)
        set_layout(variables, layout)
        env = undo.enter_context(VncEnv(f"127.0.0.1:{port}"))
        local = undo.enter_context(_local(variables))
        yield TextScreen(env, local, partial(_start, variables), variables)


def _tightvnc(layout: str) -> AbstractContextManager[TextScreen]:
    def commands(display: int, port: int) -> list[list[str]]:
        options = ["-geometry", _SIZE, "-depth", "24", "-localhost", "-rfbport", str(port)]
        return [["Xtightvnc", f":{display}", *options]]

    return _served(layout, commands)


def _x11vnc(layout: str) -> AbstractContextManager[TextScreen]:
    def commands(display: int, port: int) -> list[list[str]]:
        screen = ["Xvfb", f":{display}", "-screen", "0", f"{_SIZE}x24", "-nolisten", "tcp", "-ac"]
        options = ["-display", f":{display}", "-rfbport", str(port), "-localhost", "-forever", "-nopw", "-noipv6"]
        return [screen, ["x11vnc", *options]]

    return _served(layout, commands)


@contextmanager
def _sway(layout: str) -> Generator[TextScreen]:
    """Programs for Wayland, such as foot; they run as the user that sway runs as."""
    compositor = Compositor("true", _SIZE)
    names = ("XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY")
    before = {name: os.environ.pop(name, None) for name in names}
    try:
        eventually(lambda: bool(compositor.name()), True)
        compositor.message("input", "*", "xkb_layout", '"' + layout.replace("+", ",") + '"')  # a comma ends a command
        os.environ |= {"XDG_RUNTIME_DIR": str(compositor.folder), "WAYLAND_DISPLAY": compositor.name()}
        with DesktopEnv(interrupts=InterruptSettings("off", 0)) as env:
            env.observe()

            def start(command: Sequence[str]) -> None:
                compositor.message("exec", " ".join(command))
                time.sleep(_OPEN_S)

            yield TextScreen(env, env, start, {})
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ |= {name: value for name, value in before.items() if value is not None}
        compositor.end()


_OPEN = {"x11": _x11, "tigervnc": _tigervnc, "tightvnc": _tightvnc, "x11vnc": _x11vnc, "sway": _sway}


def set_layout(variables: dict[str, str], layout: str) -> None:
    """Set the layouts of an X display; the last one is current."""
    names = layout.split("+")
    if names == ["us"]:
        return  # the default, also of servers without the keyboard extension, such as TightVNC's
    subprocess.run(["setxkbmap", ",".join(names)], env=os.environ | variables, check=True)
    connection = connect(DisplayAddress(variables["DISPLAY"], variables.get("XAUTHORITY")))
    Layouts(connection).switch(len(names) - 1, caps_lock=False)
    connection.sync()
    connection.close()


def _start(variables: dict[str, str], command: Sequence[str]) -> None:
    subprocess.Popen(
        list(command), env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(_OPEN_S)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(kinds: Sequence[str]) -> list[str]:
    """The programs of these screens that are not installed."""
    return [NEEDED[kind] for kind in kinds if shutil.which(NEEDED[kind]) is None]
