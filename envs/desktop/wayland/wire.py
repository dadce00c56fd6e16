"""The subset of the Wayland wire protocol that we need.

A message is the object's number, its opcode and length in one word, then arguments in words of the machine's byte
order. Strings have a length, a zero at the end, and padding; file descriptors are sent as ancillary data (Wayland
protocol, chapter 4).
"""

import os
import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ...env import EnvLost

_DISPLAY, _SYNC, _GET_REGISTRY, _BIND, _ERROR = 1, 0, 1, 0, 0
_ANSWER_S = 10.0
_CHUNK = 1 << 16

Argument = int | str | bytes
Handler = Callable[[int, "WireArguments"], None]


class WireArguments:
    """Reads the arguments of an event in order."""

    def __init__(self, data: bytes, files: "deque[int]") -> None:
        self._data = data
        self._files = files
        self._at = 0

    def file(self) -> int | None:
        """A file descriptor, which the caller closes; None if the compositor sent none."""
        return self._files.popleft() if self._files else None

    def number(self) -> int:
        """An unsigned number or an object."""
        value = int.from_bytes(self._data[self._at : self._at + 4], sys.byteorder)
        self._at += 4
        return value

    def signed(self) -> int:
        """A signed number."""
        value = self.number()
        return value - (1 << 32) if value >= 1 << 31 else value

    def text(self) -> str:
        """A string."""
        length = self.number()
        found = self._data[self._at : self._at + max(0, length - 1)].decode("utf-8", "replace")
        self._at += (length + 3) // 4 * 4
        return found


class WaylandConnection:
    """A connection. `globals` lists, by interface, the name and version of each object that the compositor offers.

    Raises:
        EnvLost: no compositor answers; every method raises it once the compositor is gone or has reported an error.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._handlers: dict[int, Handler] = {}
        self._last = 1
        self._unread = b""
        self._files = deque[int]()
        self.globals: dict[str, list[tuple[int, int]]] = {}
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise EnvLost(f"no Wayland compositor answers at {path}: {error.strerror}") from error
        self._handlers[_DISPLAY] = self._on_display
        self._registry = self.new(self._on_global)
        self.request(_DISPLAY, _GET_REGISTRY, self._registry)
        self.roundtrip()

    def new(self, handler: Handler | None = None) -> int:
        """The number for the object that the next request creates; its events go to `handler`."""
        self._last += 1
        self._handlers[self._last] = handler or _ignore
        return self._last

    def bind(self, interface: str, version: int, handler: Handler | None = None, index: int = 0) -> int:
        """Bind the global number `index` of that interface."""
        name, offered = self.globals[interface][index]
        number = self.new(handler)
        self.request(self._registry, _BIND, name, interface, min(version, offered), number)
        return number

    def request(self, target: int, opcode: int, *arguments: Argument, file: int | None = None) -> None:
        """Send a request; `file` is a file descriptor to send along."""
        body = b"".join(_packed(argument) for argument in arguments)
        message = struct.pack("=II", target, (8 + len(body)) << 16 | opcode) + body
        try:
            if file is None:
                self._socket.sendall(message)
            else:
                socket.send_fds(self._socket, [message], [file])
        except OSError as error:
            raise EnvLost("the Wayland compositor is gone") from error

    def roundtrip(self) -> None:
        """Return once the compositor has processed all requests so far."""
        done: list[int] = []
        self.request(_DISPLAY, _SYNC, self.new(lambda _opcode, _arguments: done.append(1)))
        self.until(lambda: bool(done))

    def until(self, ready: Callable[[], bool]) -> None:
        """Handle events until `ready()` is true."""
        end = time.monotonic() + _ANSWER_S
        while not ready():
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                raise EnvLost(f"the Wayland compositor did not answer within {_ANSWER_S:g} s")
            self._receive()

    def listen(self, number: int, handler: Handler) -> None:
        """Send the events of an object that the compositor has created to `handler`."""
        self._handlers[number] = handler

    def close(self) -> None:
        """Disconnect; the compositor releases what is held and frees all objects."""
        with suppress(OSError):
            self._socket.close()

    def _receive(self) -> None:
        try:
            data, files, _flags, _address = socket.recv_fds(self._socket, _CHUNK, 8)
        except OSError as error:
            raise EnvLost("the Wayland compositor is gone") from error
        self._files.extend(files)
        if not data:
            raise EnvLost("the Wayland compositor is gone")
        self._unread += data
        while len(self._unread) >= 8:
            target, word = struct.unpack_from("=II", self._unread)
            size = word >> 16
            if len(self._unread) < size:
                break
            body, self._unread = self._unread[8:size], self._unread[size:]
            self._handlers.get(target, _ignore)(word & 0xFFFF, WireArguments(body, self._files))
        while self._files and not self._unread:
            os.close(self._files.popleft())  # no handler wanted it, such as a keymap

    def _on_display(self, opcode: int, arguments: WireArguments) -> None:
        if opcode == _ERROR:
            target, code = arguments.number(), arguments.number()
            raise EnvLost(f"the Wayland compositor reports error {code} of object {target}: {arguments.text()}")
        self._handlers.pop(arguments.number(), None)

    def _on_global(self, opcode: int, arguments: WireArguments) -> None:
        if opcode == 0:
            name, interface, version = arguments.number(), arguments.text(), arguments.number()
            self.globals.setdefault(interface, []).append((name, version))


def _ignore(_opcode: int, _arguments: WireArguments) -> None:
    """Ignore an event."""


def _packed(argument: Argument) -> bytes:
    if isinstance(argument, int):
        return struct.pack("=I", argument & 0xFFFFFFFF)
    data = argument.encode() + b"\0" if isinstance(argument, str) else argument
    return struct.pack("=I", len(data)) + data + bytes(-len(data) % 4)


def in_memory(data: bytes, size: int | None = None) -> int:
    """A file descriptor of a file in memory with `data`, or of `size` bytes."""
    file = os.memfd_create("screenwright", os.MFD_CLOEXEC)
    os.ftruncate(file, size if size is not None else len(data))
    if data:
        os.pwrite(file, data, 0)
    return file
