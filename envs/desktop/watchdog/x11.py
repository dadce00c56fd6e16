"""User input on an X display, from raw events of the XInput extension, which no grab can hide.

A raw event names its device (X Input Extension, version 2.1, `XIRawEvent`). Events of hardware devices are the user's.
XTEST events are the agent's if they were announced, and otherwise the user's, for example through VNC. The server
reports each XTEST event exactly once, in order for each device, and without key repeats.

This module parses the events itself: python-xlib needs as long to parse a key press as the agent needs to send one, so
the watchdog would fall behind.
"""

import select
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ...env import EnvError, EnvLost, EnvUnavailable
from ...input.keysyms import NAMED_KEYSYMS
from ..address import DisplayAddress
from ..x11.connection import call_x, connect
from .activity import UserInput
from .shared_state import Kind, SharedState

_GENERIC = 35
_TOUCH_BEGAN = 22
_KINDS = {13: Kind.KEY_DOWN, 14: Kind.KEY_UP, 15: Kind.BUTTON_DOWN, 16: Kind.BUTTON_UP, 17: Kind.MOTION}
_KEYBOARD = (Kind.KEY_DOWN, Kind.KEY_UP)
_EVENT = 32  # bytes, plus as many words as a generic event specifies
_LENGTH = struct.Struct("=4xI")
_RAW = struct.Struct("=BBHIHHIIH")  # type, extension, sequence, length, event, device, time (ms), detail, source
_CHUNK = 1 << 16
_FIRST_KEYCODE, _KEYCODES = 8, 248
_BUTTONS = 9
_SYMBOLS = {symbol: name for name, symbol in NAMED_KEYSYMS.items()}
_MODIFIER_TWINS = {0xFFE7: "super", 0xFFE8: "super", 0xFE03: "alt"}


class XInput:
    """See `InputSource`. With `trusting`, all XTEST input counts as the agent's.

    Raises:
        EnvUnavailable: the display cannot be opened, or has no XInput 2.1.
    """

    can_release = True

    def __init__(self, address: DisplayAddress, state: SharedState, wake: int | None, *, trusting: bool) -> None:
        self._state, self._wake, self._trusting = state, wake, trusting
        self._requests, self._events = connect(address), connect(address)
        self._held: set[tuple[Kind, int]] = set()
        # One queue per device, pointer and keyboard: the order is only relied on within a device, which can be frozen.
        self._pending: tuple[deque[tuple[Kind, int]], deque[tuple[Kind, int]]] = (deque(), deque())
        self._names: dict[int, str] = {}
        self._unread = b""
        try:
            self._opcode = self._select()
            self._fakes = self._fake_devices()
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> None:
        """See `InputSource`."""
        with suppress(ValueError, OSError):  # `read` reports a broken connection
            select.select([self._socket, *([self._wake] if self._wake is not None else [])], [], [], seconds)

    def read(self) -> Sequence[UserInput]:
        """See `InputSource`."""
        found: list[UserInput] = []
        try:
            while select.select([self._socket], [], [], 0)[0]:
                part = self._socket.recv(_CHUNK)
                if not part:
                    raise EnvLost("the display is gone")
                self._unread += part
                found.extend(self._take_events())
        except (OSError, ValueError) as error:
            raise EnvLost("the display is gone") from error
        return found

    def release(self) -> None:
        """See `InputSource`. A key that the user holds stays down: the server combines all devices."""
        self._take_announcements()
        for pending in self._pending:
            pending.clear()
        call_x(self._release_all)
        self._held.clear()

    def close(self) -> None:
        """See `InputSource`."""
        for connection in (self._requests, self._events):
            with suppress(EnvError, Exception):  # a dead display can raise anything
                connection.close()

    # -- opening

    def _select(self) -> int:
        from ..x11.xinput import opcode_of, select_events, version_of

        opcode = call_x(lambda: opcode_of(self._events))
        if opcode is None:
            raise EnvUnavailable("this display has no XInput extension, which the watchdog needs to detect user input")
        if call_x(lambda: version_of(self._events, opcode)) < (2, 1):
            raise EnvUnavailable(
                "this display's XInput extension is older than 2.1, which the watchdog needs to detect user input"
            )
        select_events(self._events, opcode, (*_KINDS, _TOUCH_BEGAN))
        call_x(self._events.sync)
        self._socket = self._events.display.socket  # from here on it carries only events
        return opcode

    def _fake_devices(self) -> set[int]:
        """The ids of the XTEST devices."""
        from ..x11.xinput import devices_of

        devices = call_x(lambda: devices_of(self._requests, self._opcode))
        return {number for number, name in devices.items() if "XTEST" in name}

    # -- events

    def _take_events(self) -> Iterator[UserInput]:
        """Parse the complete events in `_unread`."""
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

    def _raw(self, event: bytes) -> Iterator[UserInput]:
        _type, _extension, _sequence, _length, number, _device, time_ms, detail, source = _RAW.unpack_from(event)
        at = time_ms / 1000
        if number == _TOUCH_BEGAN:
            yield UserInput("button", at)
        kind = _KINDS.get(number)
        if kind is None or (source in self._fakes and (self._trusting or self._announced(kind, detail))):
            return
        if kind in (Kind.KEY_DOWN, Kind.KEY_UP):
            yield UserInput("key" if kind is Kind.KEY_DOWN else "key up", at, self._name(detail))
        elif kind in (Kind.BUTTON_DOWN, Kind.MOTION):
            yield UserInput("button" if kind is Kind.BUTTON_DOWN else "motion", at)

    def _announced(self, kind: Kind, detail: int) -> bool:
        """Whether the agent announced this event. Drops the announcements before it for the same device."""
        self._take_announcements()
        pending = self._pending[kind in _KEYBOARD]
        announced = (kind, 0 if kind is Kind.MOTION else detail)
        if announced not in pending:
            return False
        while pending.popleft() != announced:
            pass
        return True

    def _take_announcements(self) -> None:
        while (taken := self._state.take()) is not None:
            kind, detail = taken
            self._pending[kind in _KEYBOARD].append(taken)
            if kind in (Kind.KEY_DOWN, Kind.BUTTON_DOWN):
                self._held.add(taken)
            elif kind in (Kind.KEY_UP, Kind.BUTTON_UP):
                self._held.discard((Kind.KEY_DOWN if kind is Kind.KEY_UP else Kind.BUTTON_DOWN, detail))

    def _name(self, keycode: int) -> str:
        if not self._names:
            rows = call_x(lambda: self._requests.get_keyboard_mapping(_FIRST_KEYCODE, _KEYCODES))
            self._names = {_FIRST_KEYCODE + index: _name_of(row) for index, row in enumerate(rows)}
        return self._names.get(keycode, "")

    # -- release

    def _release_all(self) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        keys, buttons = pressed_on(self._requests)
        keys |= {code for kind, code in self._held if kind is Kind.KEY_DOWN}
        buttons |= {number for kind, number in self._held if kind is Kind.BUTTON_DOWN and number <= _BUTTONS}
        for button in buttons:
            xtest.fake_input(self._requests, X.ButtonRelease, button)
        for keycode in keys:
            xtest.fake_input(self._requests, X.KeyRelease, keycode)
        self._requests.sync()


def _name_of(row: Sequence[int]) -> str:
    """The canonical name of a key: that of the first of its symbols that has one."""
    for symbol in row:
        if symbol in _SYMBOLS:
            return _SYMBOLS[symbol]
        if symbol in _MODIFIER_TWINS:
            return _MODIFIER_TWINS[symbol]
        if 0x20 < symbol < 0x7F:
            return chr(symbol).lower()
    return ""


def pressed_on(display: Any) -> tuple[set[int], set[int]]:
    """The keycodes and the buttons (1 to 5) that are down on `display`."""
    keys = {8 * index + bit for index, byte in enumerate(display.query_keymap()) for bit in range(8) if byte >> bit & 1}
    mask = int(display.screen().root.query_pointer().mask)
    return keys, {button for button in range(1, 6) if mask >> (7 + button) & 1}
