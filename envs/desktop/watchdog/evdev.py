"""User input from Linux input devices, for Wayland, where a client cannot observe input to other windows.

The events come from the hardware, so they do not include those of our virtual mouse and keyboard. Reading `/dev/input`
requires membership in the group `input`. The compositor releases held keys when the agent's connection ends.
"""

import os
import select
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ...env import EnvUnavailable
from .activity import UserInput

_EVENT = struct.Struct("llHHi")  # input_event of linux/input.h: seconds, microseconds, type, code, value
_KEY, _RELATIVE, _ABSOLUTE = 1, 2, 3
_UP, _DOWN = 0, 1
_BUTTONS_BEGIN = 0x100
_WHEELS = (6, 8, 11, 12)
_RESCAN_S = 5.0
_NAMES = {
    1: "escape", 14: "backspace", 15: "tab", 28: "enter", 29: "ctrl", 42: "shift", 54: "rightshift", 56: "alt",
    57: "space", 58: "capslock", 69: "numlock", 70: "scrolllock", 87: "f11", 88: "f12", 97: "rightctrl",
    99: "printscreen", 100: "rightalt", 102: "home", 103: "up", 104: "pageup", 105: "left", 106: "right", 107: "end",
    108: "down", 109: "pagedown", 110: "insert", 111: "delete", 119: "pause", 125: "super", 126: "rightsuper",
    127: "menu", **{59 + number: f"f{number + 1}" for number in range(10)},
    **dict(zip(range(2, 12), "1234567890", strict=True)), **dict(zip(range(16, 26), "qwertyuiop", strict=True)),
    **dict(zip(range(30, 39), "asdfghjkl", strict=True)), **dict(zip(range(44, 51), "zxcvbnm", strict=True)),
}  # fmt: skip
"""Canonical names of the kernel's key codes, by their position on the US layout."""


class EvdevInput:
    """See `InputSource`.

    Raises:
        EnvUnavailable: no device in `folder` can be read.
    """

    can_release = False

    def __init__(self, folder: Path, wake: int | None) -> None:
        self._folder, self._wake = folder, wake
        self._open: dict[Path, int] = {}
        self._scanned_at = 0.0
        self._scan()
        if not self._open:
            raise EnvUnavailable(
                f"cannot detect user input: no permission to read {folder}/event*; "
                "run usermod -aG input USER, then log in again"
            )

    def wait(self, seconds: float) -> None:
        """See `InputSource`."""
        select.select([*self._open.values(), *([self._wake] if self._wake is not None else [])], [], [], seconds)

    def read(self) -> Sequence[UserInput]:
        """See `InputSource`. Devices may be plugged in at any time."""
        if time.monotonic() - self._scanned_at > _RESCAN_S:
            self._scan()
        found: list[UserInput] = []
        for path, file in list(self._open.items()):
            found.extend(self._read(path, file))
        return found

    def release(self) -> None:
        """See `InputSource`; the compositor does it."""

    def close(self) -> None:
        """See `InputSource`."""
        for path in list(self._open):
            self._drop(path)

    def _scan(self) -> None:
        self._scanned_at = time.monotonic()
        for path in self._folder.glob("event*"):
            if path not in self._open:
                with suppress(OSError):
                    self._open[path] = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def _read(self, path: Path, file: int) -> Iterator[UserInput]:
        try:
            data = os.read(file, 64 * _EVENT.size)
        except BlockingIOError:
            return
        except OSError:  # unplugged
            data = b""
        if not data:
            self._drop(path)
        for offset in range(0, len(data) - _EVENT.size + 1, _EVENT.size):
            event = input_of(*_EVENT.unpack_from(data, offset))
            if event is not None:
                yield event

    def _drop(self, path: Path) -> None:
        with suppress(OSError):
            os.close(self._open.pop(path))


def input_of(seconds: int, microseconds: int, kind: int, code: int, value: int) -> UserInput | None:
    """The user's input; None for irrelevant events, such as key repeats."""
    at = seconds + microseconds / 1e6
    if kind == _RELATIVE:
        return UserInput("button" if code in _WHEELS else "motion", at)
    if kind == _ABSOLUTE:
        return UserInput("motion", at)
    if kind != _KEY or value not in (_UP, _DOWN):
        return None
    if code >= _BUTTONS_BEGIN:
        return UserInput("button", at) if value == _DOWN else None
    return UserInput("key" if value == _DOWN else "key up", at, _NAMES.get(code, ""))
