"""A TigerVNC server on loopback with a desktop on it: a remote machine."""

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.x11.connection import Windows, connect
from screenwright.envs.geometry import Size
from screenwright.envs.vnc import VncAddress
from screenwright.envs.vnc.client import VncClient
from screenwright.envs.vnc.des import encrypt
from screenwright.testing import eventually

OBFUSCATION = bytes.fromhex("e84ad660c4721ae0")
"""The fixed, public key that encrypts VNC's password files."""


@dataclass(frozen=True)
class VncMachine:
    """`address` is in the form that viewers take; `environment` is for programs on its display."""

    address: str
    environment: dict[str, str]
    server: "subprocess.Popen[bytes]"


@contextmanager
def vnc_machine(
    *programs: Sequence[str], password: str | None = None, size: str = "640x480", flags: Sequence[str] = ()
) -> Generator[VncMachine]:
    """A server that listens on a free port of loopback, with openbox and `programs` on its display."""
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="vnc-machine-")))
        security = ["-SecurityTypes", "None"]
        if password is not None:
            (folder / "passwd").write_bytes(encrypt(password.encode()[:8].ljust(8, b"\0"), OBFUSCATION))
            security = ["-SecurityTypes", "VncAuth", "-PasswordFile", str(folder / "passwd")]
        command = ["Xtigervnc", "-displayfd", "1", "-geometry", size, "-depth", "24", "-localhost", "-nolisten", "tcp"]
        command += ["-ac", "-noreset", *security, *flags]
        started: list[subprocess.Popen[bytes]] = []
        undo.callback(_end, started)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        started.append(server)
        assert server.stdout is not None
        undo.callback(server.stdout.close)
        number = int(server.stdout.readline())
        home = folder / "home"
        home.mkdir()
        environment = {
            "DISPLAY": f":{number}",
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HISTFILE": "",
        }
        for program in (["openbox"], *programs):
            assert shutil.which(program[0]), f"{program[0]} is not installed: scripts/setup"
            with (folder / "log").open("ab") as log:
                started.append(subprocess.Popen(list(program), env=environment, stdout=log, stderr=log))
            if program == ["openbox"]:
                _await_manager(number)
        yield VncMachine(f"127.0.0.1:{5900 + number}", environment, server)


def _await_manager(display: int) -> None:
    """Wait for the window manager: it moves windows that were opened before it was ready."""
    connection = connect(DisplayAddress(f":{display}"))
    try:
        eventually(Windows(connection).is_managed, True)
    finally:
        connection.close()


def _end(started: list["subprocess.Popen[bytes]"]) -> None:
    for process in reversed(started):
        process.terminate()
    for process in reversed(started):
        process.wait(60)
    time.sleep(0)


def resize(machine: VncMachine, width: int, height: int) -> None:
    """Resize the remote screen like a viewer with automatic resizing (SetDesktopSize of rfbproto)."""
    viewer = VncClient(VncAddress.parse(machine.address), None)
    viewer._wire.send(struct.pack(">BxHHBxIHHHHI", 251, width, height, 1, 0, 0, 0, width, height, 0))  # pyright: ignore[reportPrivateUsage]
    eventually(lambda: viewer.size, Size(width, height))
    viewer.close()
