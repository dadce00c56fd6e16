"""The devices of an X display, by raw events of the XInput extension, which come through whoever holds a grab.

A raw event names the device that it came from (X Input Extension, version 2.1, `XIRawEvent`). What comes from one that
is not XTEST's is the person's. What comes from XTEST is the worker's if it was announced, and somebody else's if not: a
person who works the display through VNC, for one. The server tells each faked input exactly once, in their order, and
no repetitions of a key that is held.

The events are read off the socket by ourselves: python-xlib takes as long to read one as the worker takes to type one,
and what is seen late is stopped late.
"""

import select
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ...env import EnvError, EnvLost, EnvUnavailable
from ...input.keysyms import NAMED_KEYSYMS
from ..address import DisplayAddress
from ..x11.connection import connect, in_x
from .board import Board, Kind
from .person import Sensed

_GENERIC = 35
_TOUCH_BEGAN = 22
_KINDS = {13: Kind.KEY_DOWN, 14: Kind.KEY_UP, 15: Kind.BUTTON_DOWN, 16: Kind.BUTTON_UP, 17: Kind.MOTION}
_EVENT = 32  # bytes; a generic event is longer by as many words as it says
_LENGTH = struct.Struct("=4xI")
_RAW = struct.Struct("=BBHIHHIIH")  # type, extension, sequence, length, event, device, time (ms), detail, source
_AT_ONCE = 1 << 16
_FIRST_KEYCODE, _KEYCODES = 8, 248
_BUTTONS = 9
_SYMBOLS = {symbol: name for name, symbol in NAMED_KEYSYMS.items()}
_MODIFIER_TWINS = {0xFFE7: "super", 0xFFE8: "super", 0xFE03: "alt"}


class XSenses:
    """See `Senses`. With `trusting`, all that comes from XTEST counts as the worker's.

    Raises:
        EnvUnavailable: the display cannot be opened, or has no XInput 2.1.
    """

    lets_go = True

    def __init__(self, address: DisplayAddress, board: Board, wake: int | None, *, trusting: bool) -> None:
        self._board, self._wake, self._trusting = board, wake, trusting
        self._hands, self._ears = connect(address), connect(address)
        self._held: set[tuple[Kind, int]] = set()
        self._names: dict[int, str] = {}
        self._unread = b""
        try:
            self._opcode = self._select()
            self._fakes = self._fake_devices()
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> None:
        """See `Senses`."""
        with suppress(ValueError, OSError):  # a connection that broke is found out by the next look
            select.select([self._socket, *([self._wake] if self._wake is not None else [])], [], [], seconds)

    def sensed(self) -> Sequence[Sensed]:
        """See `Senses`."""
        found: list[Sensed] = []
        try:
            while select.select([self._socket], [], [], 0)[0]:
                part = self._socket.recv(_AT_ONCE)
                if not part:
                    raise EnvLost("the display is gone")
                self._unread += part
                found.extend(self._read())
        except (OSError, ValueError) as error:
            raise EnvLost("the display is gone") from error
        return found

    def release(self) -> None:
        """See `Senses`. A faked release of a key that a finger holds down does nothing: the server asks all devices."""
        self._drain()
        in_x(self._let_go)
        self._held.clear()

    def close(self) -> None:
        """See `Senses`."""
        for connection in (self._hands, self._ears):
            with suppress(EnvError, Exception):  # a dead display fails in any way it likes
                connection.close()

    # -- opening

    def _select(self) -> int:
        from Xlib.ext import xinput

        if not self._ears.has_extension(xinput.extname):
            raise EnvUnavailable("this display has no XInput extension, which tells who uses mouse and keyboard")
        opcode = int(self._ears.display.get_extension_major(xinput.extname))
        version = xinput.XIQueryVersion(display=self._ears.display, opcode=opcode, major_version=2, minor_version=2)
        if (version.major_version, version.minor_version) < (2, 1):
            raise EnvUnavailable("this display's XInput extension is older than 2.1, which tells what grabs hide")
        mask = sum(1 << event for event in (*_KINDS, _TOUCH_BEGAN))
        self._ears.screen().root.xinput_select_events([(xinput.AllMasterDevices, mask)])
        in_x(self._ears.sync)
        self._socket = self._ears.display.socket  # from here on it carries nothing but events
        return opcode

    def _fake_devices(self) -> set[int]:
        """The devices that XTEST's events come from."""
        from Xlib.ext import xinput

        devices = self._hands.xinput_query_device(xinput.AllDevices).devices
        return {int(device.deviceid) for device in devices if "XTEST" in str(device.name)}

    # -- what happened

    def _read(self) -> Iterator[Sensed]:
        """Take the whole events off what was read."""
        from Xlib import X

        while len(self._unread) >= _EVENT:
            kind = self._unread[0] & 0x7F
            size = _EVENT + (4 * _LENGTH.unpack_from(self._unread)[0] if kind == _GENERIC else 0)
            if len(self._unread) < size:
                return
            event, self._unread = self._unread[:size], self._unread[size:]
            if kind == X.MappingNotify:
                self._names.clear()
            elif kind == _GENERIC and event[1] == self._opcode:
                yield from self._raw(event)

    def _raw(self, event: bytes) -> Iterator[Sensed]:
        _type, _extension, _sequence, _length, number, _device, time_ms, detail, source = _RAW.unpack_from(event)
        at = time_ms / 1000
        if number == _TOUCH_BEGAN:
            yield Sensed("button", at)
        kind = _KINDS.get(number)
        if kind is None or (source in self._fakes and (self._trusting or self._announced(kind, detail))):
            return
        if kind in (Kind.KEY_DOWN, Kind.KEY_UP):
            yield Sensed("key" if kind is Kind.KEY_DOWN else "key up", at, self._name(detail))
        elif kind in (Kind.BUTTON_DOWN, Kind.MOTION):
            yield Sensed("button" if kind is Kind.BUTTON_DOWN else "motion", at)

    def _announced(self, kind: Kind, detail: int) -> bool:
        """Whether the worker said that it would do this; what it said before that has happened, or never will."""
        before = self._board.ahead(kind, 0 if kind is Kind.MOTION else detail)
        if before is None:
            return False
        for _ in range(before + 1):
            self._take()
        return True

    def _take(self) -> bool:
        taken = self._board.take()
        if taken is None:
            return False
        kind, detail = taken
        if kind in (Kind.KEY_DOWN, Kind.BUTTON_DOWN):
            self._held.add(taken)
        elif kind in (Kind.KEY_UP, Kind.BUTTON_UP):
            self._held.discard((Kind.KEY_DOWN if kind is Kind.KEY_UP else Kind.BUTTON_DOWN, detail))
        return True

    def _drain(self) -> None:
        """Take in all that was announced, whether it has happened or not."""
        while self._take():
            pass

    def _name(self, keycode: int) -> str:
        if not self._names:
            rows = in_x(lambda: self._hands.get_keyboard_mapping(_FIRST_KEYCODE, _KEYCODES))
            self._names = {_FIRST_KEYCODE + place: _name_of(row) for place, row in enumerate(rows)}
        return self._names.get(keycode, "")

    # -- letting go

    def _let_go(self) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        keys, buttons = down_on(self._hands)
        keys |= {code for kind, code in self._held if kind is Kind.KEY_DOWN}
        buttons |= {number for kind, number in self._held if kind is Kind.BUTTON_DOWN and number <= _BUTTONS}
        for button in buttons:
            xtest.fake_input(self._hands, X.ButtonRelease, button)
        for keycode in keys:
            xtest.fake_input(self._hands, X.KeyRelease, keycode)
        self._hands.sync()


def _name_of(row: Sequence[int]) -> str:
    """The canonical name of a key by its symbols: the first that has one."""
    for symbol in row:
        if symbol in _SYMBOLS:
            return _SYMBOLS[symbol]
        if symbol in _MODIFIER_TWINS:
            return _MODIFIER_TWINS[symbol]
        if 0x20 < symbol < 0x7F:
            return chr(symbol).lower()
    return ""


def down_on(display: Any) -> tuple[set[int], set[int]]:
    """The keycodes and the buttons (1 to 5) that are down on a display now."""
    keys = {8 * place + bit for place, byte in enumerate(display.query_keymap()) for bit in range(8) if byte >> bit & 1}
    mask = int(display.screen().root.query_pointer().mask)
    return keys, {button for button in range(1, 6) if mask >> (7 + button) & 1}
