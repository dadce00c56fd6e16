"""An adb server on loopback with a phone behind it, whose screen is the fake GUI.

The server speaks adb's protocol between client and server. The phone's shell is a real `sh`, so that quoting is
tested; `input`, `screencap`, `am` and the others behave as in Android's sources (`Input.java`).
"""

import base64
import re
import shlex
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from screenwright import ActionRefused, Click, Drag, FakeEnv, Hotkey, LongPress, ScreenPoint, Type
from screenwright.envs.actions import ButtonDown, ButtonUp
from screenwright.envs.android.keycodes import KEYCODES

ADB_KEYBOARD = "com.android.adbkeyboard/.AdbIME"
OWN_KEYBOARD = "com.android.inputmethod.latin/.LatinIME"
LISTED = """2 activities found:
  Activity #0:
    priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true
    com.android.settings/.Settings
  Activity #1:
    priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false
    com.google.android.deskclock/com.android.deskclock.DeskClock
  com.spotify.music/.MainActivity
  org.tasks/com.todoroo.astrid.activity.MainActivity$Start
"""
PROGRAM = """#!/bin/bash
exec 3<>"/dev/tcp/127.0.0.1/$PHONE_PORT"
printf '%s\\0' "${0##*/}" "$@" >&3
printf '\\1' >&3
read -r code <&3
if [ "$code" = 0 ]; then cat <&3; else cat <&3 >&2; fi
exit "$code"
"""
"""Each of the phone's programs: sends its name and arguments to the test; bash starts faster than Python."""


class CommandFailed(Exception):
    """A command failed; the message is its output."""


@dataclass
class AdbPhone:
    """The phone. `command_lines` are those it received, `calls` the programs that they ran, with arguments."""

    env: FakeEnv
    keyboards: list[str] = field(default_factory=lambda: [OWN_KEYBOARD, ADB_KEYBOARD])
    keyboard: str = OWN_KEYBOARD
    states: dict[str, str] = field(default_factory=lambda: {"emulator-5554": "device"})
    command_lines: list[str] = field(default_factory=list[str])
    calls: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    screencap_warning: bytes = b""
    screencap: bytes | None = None
    displays: dict[str, bytes] = field(default_factory=dict[str, bytes])
    started: list[str] = field(default_factory=list[str])
    features: str = "shell_v2,cmd,stat_v2"

    def run(self, name: str, arguments: Sequence[str]) -> bytes:
        """Run one of the phone's programs; returns its output."""
        self.calls.append((name, *arguments))
        match (name, *arguments):
            case ("getprop", "ro.product.model"):
                return b"Pretend Phone\n"
            case ("screencap", "-p"):
                return self.screencap_warning + (self.screencap or self.env.observe().screenshot.png)
            case ("screencap", "-d", display, "-p"):
                return self.displays[display]
            case ("dumpsys", "SurfaceFlinger", "--display-id"):
                lines = (f"Display {name} (HWC display {n}): port={n}\n" for n, name in enumerate(self.displays))
                return "".join(lines).encode()
            case ("input", command, *rest):
                self._input(command, rest)
            case ("ime", "list", "-s", "-a"):
                return "\n".join(self.keyboards).encode()
            case ("ime", "enable" | "set" as what, keyboard):
                if keyboard not in self.keyboards:
                    raise CommandFailed(f"Unknown input method {keyboard} cannot be {what}")
                self.keyboard = keyboard if what == "set" else self.keyboard
            case ("settings", "get", "secure", "default_input_method"):
                return self.keyboard.encode() + b"\n"
            case ("am", "broadcast", "-a", "ADB_INPUT_B64", "--es", "msg", packed):
                if self.keyboard == ADB_KEYBOARD:
                    self.env.execute(Type(base64.b64decode(packed).decode()))
                return b"Broadcasting: Intent { act=ADB_INPUT_B64 }\nBroadcast completed: result=0\n"
            case ("am", "start", *rest):
                self.started.append(rest[-1])
                if rest[-1].startswith("org.tasks"):
                    return b"Starting: Intent\nError type 3\nError: Activity class {org.tasks} does not exist.\n"
            case ("cmd", "package", "query-activities", *_):
                return LISTED.encode()
            case ("dumpsys", "window"):
                return b"  mCurrentFocus=Window{5e u0 com.android.settings/com.android.settings.Settings}\n"
            case _:
                raise CommandFailed(f"sh: {name}: inaccessible or not found")
        return b""

    def _input(self, command: str, rest: list[str]) -> None:
        match (command, *rest):
            case ("tap", x, y):
                self.env.execute(Click(_at(x, y)))
            case ("swipe", *numbers):
                start, end = _at(*numbers[:2]), _at(*numbers[2:4])
                self.env.execute(LongPress(start) if start == end else Drag((start, end)))
            case ("motionevent", "DOWN", x, y):
                self.env.execute(ButtonDown(at=_at(x, y)))
            case ("motionevent", "UP", x, y):
                self.env.execute(ButtonUp(at=_at(x, y)))
            case ("motionevent", "MOVE", _, _):
                pass
            case ("text", text):
                if not text.isascii():
                    raise CommandFailed("java.lang.NullPointerException: Attempt to get length of null array")
                self.env.execute(Type(_without_escapes(text)))
            case ("keyevent", code):
                if int(code) not in (3, 4, 224):
                    self.env.execute(Hotkey((_NAMES[int(code)],)))
            case ("keycombination", *codes):
                self.env.execute(Hotkey(tuple(_NAMES[int(code)] for code in codes)))
            case _:
                raise CommandFailed(f"Error: Invalid arguments for command: {command}")


_NAMES = {code: name for name, code in KEYCODES.items()}


def _at(x: str, y: str) -> ScreenPoint:
    return ScreenPoint(int(x), int(y))


def _without_escapes(text: str) -> str:
    """The text that `input text` types, with %s as a space; follows its source step by step."""
    out = list(text)
    escape, at = False, 0
    while at < len(out):
        if escape:
            escape = False
            if out[at] == "s":
                out[at] = " "
                at -= 1
                del out[at]
        if out[at] == "%":
            escape = True
        at += 1
    return "".join(out)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    phone: AdbPhone
    folder: Path
    programs_port: int


class _Client(socketserver.StreamRequestHandler):
    @property
    def _machine(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            while head := self.rfile.read(4):
                if not self._serve(self.rfile.read(int(head, 16)).decode()):
                    return

    def _serve(self, request: str) -> bool:
        """Answer; returns whether the connection accepts more requests."""
        phone = self._machine.phone
        if request == "host:version":
            self._okay("0029")
        elif request == "host:devices":
            self._okay("".join(f"{serial}\t{state}\n" for serial, state in phone.states.items()))
        elif found := re.fullmatch(r"host:tport:serial:(.+)", request):
            if phone.states.get(found[1]) != "device":
                self._fail(f"device '{found[1]}' not found")
                return False
            self.wfile.write(b"OKAY" + bytes(8))
            return True
        elif re.fullmatch(r"host-serial:.+:features", request):
            self._okay(phone.features)
        elif found := re.fullmatch(r"(shell,v2|shell|exec):(.+)", request, re.DOTALL):
            self.wfile.write(b"OKAY")
            self._shell(found[1], found[2])
        else:
            self._fail(f"unknown host service {request!r}")
        return False

    def _okay(self, text: str) -> None:
        self.wfile.write(b"OKAY" + f"{len(text):04x}{text}".encode())

    def _fail(self, text: str) -> None:
        self.wfile.write(b"FAIL" + f"{len(text):04x}{text}".encode())

    def _shell(self, kind: str, command: str) -> None:
        self._machine.phone.command_lines.append(command)
        if kind == "exec":  # a screenshot, which needs no shell
            self.wfile.write(self._machine.phone.run(*_split(command)))
            return
        folder = self._machine.folder
        done = subprocess.run(
            ["sh", "-c", command],
            env={"PATH": f"{folder}:/usr/bin:/bin", "PHONE_PORT": str(self._machine.programs_port)},
            capture_output=True,
            check=False,
            timeout=30,
        )
        if kind != "shell,v2":
            self.wfile.write(done.stdout + done.stderr)
            return
        for number, data in ((1, done.stdout), (2, done.stderr), (3, bytes([done.returncode]))):
            if data:
                self.wfile.write(struct.pack("<BI", number, len(data)) + data)


def _split(command: str) -> tuple[str, list[str]]:
    name, *arguments = shlex.split(command)
    return name, arguments


def _answer_programs(listening: socket.socket, phone: AdbPhone, lock: threading.Lock) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rwb") as stream, lock, suppress(OSError):
            received = b""
            while not received.endswith(b"\1"):
                received += stream.read(1)
            name, *arguments = received[:-2].decode().split("\0")
            try:
                code, out = 0, phone.run(name, arguments)
            except (CommandFailed, ActionRefused) as failed:
                code, out = 1, f"{failed}\n".encode()
            stream.write(f"{code}\n".encode() + out)


@contextmanager
def adb_phone(env: FakeEnv) -> Generator[tuple[tuple[str, int], AdbPhone]]:
    """The address of an adb server, and the phone behind it, which shows `env`."""
    phone = AdbPhone(env)
    with tempfile.TemporaryDirectory(prefix="adb-phone-") as name, _Server(("127.0.0.1", 0), _Client) as server:
        folder = Path(name)
        for program in ("input", "screencap", "am", "ime", "settings", "dumpsys", "cmd", "getprop"):
            (folder / program).write_text(PROGRAM)
            (folder / program).chmod(0o755)
        server.phone, server.folder = phone, folder
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server.programs_port = listening.getsockname()[1]
            serve: Callable[[], None] = lambda: _answer_programs(listening, phone, threading.Lock())  # noqa: E731 -- one line reads better than a function
            threads = [threading.Thread(target=serve, daemon=True)]
            threads.append(threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True))
            for thread in threads:
                thread.start()
            try:
                yield ("127.0.0.1", server.server_address[1]), phone
            finally:
                server.shutdown()
                with suppress(OSError):
                    listening.shutdown(socket.SHUT_RDWR)
                for thread in threads:
                    thread.join(60)
