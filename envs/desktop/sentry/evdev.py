"""The devices of Linux themselves, for Wayland screens, whose compositors tell no program what the user does.

What is read here comes from the hardware, before any compositor sees it; what a virtual mouse or keyboard of ours does
is not among it. It takes a user who may read `/dev/input`. Letting go is up to the compositor, which does so when the
worker's connection ends.
"""

import os
import select
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ...env import EnvUnavailable
from .person import Sensed

_EVENT = struct.Struct("llHHi")  # input_event of linux/input.h: seconds, microseconds, type, code, value
_KEY, _RELATIVE, _ABSOLUTE = 1, 2, 3
_UP, _DOWN = 0, 1
_BUTTONS_BEGIN = 0x100
_WHEELS = (6, 8, 11, 12)
_AFRESH_S = 5.0
_NAMES = {
    1: "escape", 14: "backspace", 15: "tab", 28: "enter", 29: "ctrl", 42: "shift", 54: "rightshift", 56: "alt",
    57: "space", 58: "capslock", 69: "numlock", 70: "scrolllock", 87: "f11", 88: "f12", 97: "rightctrl",
    99: "printscreen", 100: "rightalt", 102: "home", 103: "up", 104: "pageup", 105: "left", 106: "right", 107: "end",
    108: "down", 109: "pagedown", 110: "insert", 111: "delete", 119: "pause", 125: "super", 126: "rightsuper",
    127: "menu", **{59 + number: f"f{number + 1}" for number in range(10)},
    **dict(zip(range(2, 12), "1234567890", strict=True)), **dict(zip(range(16, 26), "qwertyuiop", strict=True)),
    **dict(zip(range(30, 39), "asdfghjkl", strict=True)), **dict(zip(range(44, 51), "zxcvbnm", strict=True)),
}  # fmt: skip
"""Canonical names of the kernel's key codes, by their places on the US layout."""


class EvdevSenses:
    """See `Senses`.

    Raises:
        EnvUnavailable: none of the devices in `folder` may be read.
    """

    lets_go = False

    def __init__(self, folder: Path, wake: int | None) -> None:
        self._folder, self._wake = folder, wake
        self._open: dict[Path, int] = {}
        self._looked_at = 0.0
        self._look_for_devices()
        if not self._open:
            raise EnvUnavailable(
                f"none of {folder}/event* can be read, so that nobody sees what the user does: "
                "usermod -aG input USER, then log in anew"
            )

    def wait(self, seconds: float) -> None:
        """See `Senses`."""
        select.select([*self._open.values(), *([self._wake] if self._wake is not None else [])], [], [], seconds)

    def sensed(self) -> Sequence[Sensed]:
        """See `Senses`; devices come and go."""
        if time.monotonic() - self._looked_at > _AFRESH_S:
            self._look_for_devices()
        found: list[Sensed] = []
        for path, file in list(self._open.items()):
            found.extend(self._read(path, file))
        return found

    def release(self) -> None:
        """See `Senses`: the compositor does it."""

    def close(self) -> None:
        """See `Senses`."""
        for path in list(self._open):
            self._drop(path)

    def _look_for_devices(self) -> None:
        self._looked_at = time.monotonic()
        for path in self._folder.glob("event*"):
            if path not in self._open:
                with suppress(OSError):
                    self._open[path] = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def _read(self, path: Path, file: int) -> Iterator[Sensed]:
        try:
            data = os.read(file, 64 * _EVENT.size)
        except BlockingIOError:
            return
        except OSError:  # it was unplugged
            data = b""
        if not data:
            self._drop(path)
        for place in range(0, len(data) - _EVENT.size + 1, _EVENT.size):
            sensed = sensed_of(*_EVENT.unpack_from(data, place))
            if sensed is not None:
                yield sensed

    def _drop(self, path: Path) -> None:
        with suppress(OSError):
            os.close(self._open.pop(path))


def sensed_of(seconds: int, microseconds: int, kind: int, code: int, value: int) -> Sensed | None:
    """What the person did; None for what means nothing here, such as a key that repeats."""
    at = seconds + microseconds / 1e6
    if kind == _RELATIVE:
        return Sensed("button" if code in _WHEELS else "motion", at)
    if kind == _ABSOLUTE:
        return Sensed("motion", at)
    if kind != _KEY or value not in (_UP, _DOWN):
        return None
    if code >= _BUTTONS_BEGIN:
        return Sensed("button", at) if value == _DOWN else None
    return Sensed("key" if value == _DOWN else "key up", at, _NAMES.get(code, ""))
