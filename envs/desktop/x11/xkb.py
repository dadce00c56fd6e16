"""The requests of the X Keyboard Extension for layouts: python-xlib has none of them.

A keyboard has up to four layouts ("groups"), of which one is current. The core protocol describes the keys of two, and
cannot switch; this extension does both (X Keyboard Extension protocol, version 1).
"""

import struct
from dataclasses import dataclass
from typing import Any, TypeAlias

from Xlib.protocol import rq

from .connection import call_x
from .xlib import XDisplay

_USE_EXTENSION, _GET_STATE, _LATCH_LOCK_STATE, _GET_MAP = 0, 4, 5, 8
_KEY_SYMBOLS = 2
_CORE_KEYBOARD = 0x100
_FIRST_KEYCODE, _LAST_KEYCODE = 8, 255
_CAPS_LOCK = 2
_CLAMP, _REDIRECT = 0x40, 0x80
_KEY = struct.Struct("=4xBBH")  # the types of four groups, group information, levels of a group, number of symbols
MAX_GROUPS = 4

Symbols: TypeAlias = dict[int, tuple[tuple[int, ...], ...]]
"""By keycode: for each layout, the keysyms without modifiers, with Shift, with AltGr, and with both."""


class _UseExtension(rq.ReplyRequest):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_USE_EXTENSION), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("supported"), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Card16("major"),
        rq.Card16("minor"), rq.Pad(20),
    )  # fmt: skip


class _GetState(rq.ReplyRequest):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(_GET_STATE), rq.RequestLength(), rq.Card16("device"), rq.Pad(2))
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("device"), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Card8("modifiers"),
        rq.Card8("base_modifiers"), rq.Card8("latched_modifiers"), rq.Card8("locked_modifiers"), rq.Card8("group"),
        rq.Card8("locked_group"), rq.Pad(18),
    )  # fmt: skip


class _LatchLockState(rq.Request):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_LATCH_LOCK_STATE), rq.RequestLength(), rq.Card16("device"),
        rq.Card8("affected_locks"), rq.Card8("locks"), rq.Card8("lock_group"), rq.Card8("group"),
        rq.Card8("affected_latches"), rq.Card8("latches"), rq.Pad(1), rq.Card8("latch_group"),
        rq.Card16("latched_group"),
    )  # fmt: skip


class _GetMap(rq.ReplyRequest):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_GET_MAP), rq.RequestLength(), rq.Card16("device"), rq.Card16("full"),
        rq.Card16("partial"), rq.Pad(18),
    )  # fmt: skip
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Card8("device"), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Pad(9),
        rq.Card8("first_key"), rq.Card16("symbols"), rq.Card8("keys"), rq.Pad(19), rq.Binary("data"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayoutState:
    """The current layout, from 0, the one that is locked, and whether Caps Lock is on."""

    group: int
    locked_group: int
    caps_lock: bool


class Layouts:
    """Reads and sets the current layout; `can_switch` is False on a display without the extension."""

    def __init__(self, connection: XDisplay) -> None:
        self._display = connection
        self._opcode = 0
        self._read = (0, b"")
        self._symbols: Symbols = {}
        found = call_x(lambda: connection.query_extension("XKEYBOARD"))
        if found is not None and found.present:
            self._opcode = int(found.major_opcode)
            reply = call_x(lambda: _UseExtension(display=connection.display, opcode=self._opcode, major=1, minor=0))
            self._opcode *= bool(reply.supported)

    @property
    def can_switch(self) -> bool:
        """Whether `switch` works."""
        return self._opcode != 0

    def symbols(self) -> Symbols:
        """The keys of all layouts; those of the core protocol without the extension."""
        if not self._opcode:
            rows = call_x(
                lambda: self._display.get_keyboard_mapping(_FIRST_KEYCODE, _LAST_KEYCODE - _FIRST_KEYCODE + 1)
            )
            return {_FIRST_KEYCODE + index: _groups_of(tuple(map(int, row))) for index, row in enumerate(rows)}
        reply: Any = call_x(
            lambda: _GetMap(
                display=self._display.display, opcode=self._opcode, device=_CORE_KEYBOARD, full=_KEY_SYMBOLS, partial=0
            )
        )
        data: bytes = reply.data
        if (int(reply.first_key), data) != self._read:
            self._read = (int(reply.first_key), data)
            self._symbols = _parsed(data, int(reply.first_key), int(reply.keys))
        return self._symbols

    def state(self) -> LayoutState:
        """The current state."""
        if not self._opcode:
            mask = int(call_x(self._display.screen().root.query_pointer).mask)
            return LayoutState(mask >> 13 & 3, 0, bool(mask & _CAPS_LOCK))
        reply: Any = call_x(
            lambda: _GetState(display=self._display.display, opcode=self._opcode, device=_CORE_KEYBOARD)
        )
        return LayoutState(int(reply.group), int(reply.locked_group), bool(reply.locked_modifiers & _CAPS_LOCK))

    def switch(self, group: int, *, caps_lock: bool) -> None:
        """Lock a layout, and Caps Lock on or off; keys that are sent on this connection afterwards have them."""
        call_x(
            lambda: _LatchLockState(
                display=self._display.display, opcode=self._opcode, device=_CORE_KEYBOARD, affected_locks=_CAPS_LOCK,
                locks=_CAPS_LOCK * caps_lock, lock_group=1, group=group, affected_latches=0, latches=0, latch_group=0,
                latched_group=0,
            )
        )  # fmt: skip


def _parsed(data: bytes, first: int, count: int) -> Symbols:
    """The symbols in a reply of GetMap."""
    found: Symbols = {}
    at = 0
    for code in range(first, first + count):
        info, width, size = _KEY.unpack_from(data, at)
        at += _KEY.size
        symbols = struct.unpack_from(f"={size}I", data, at)
        at += 4 * size
        own = info & 15
        if own:
            groups = (_group_of_key(group, own, info) for group in range(MAX_GROUPS))
            found[code] = tuple(symbols[group * width : (group + 1) * width] for group in groups)
    return found


def _group_of_key(group: int, own: int, info: int) -> int:
    """The layout of a key that has only its `own` first ones, while another one is current."""
    if group < own:
        return group
    if info & _REDIRECT:
        return min(info >> 4 & 3, own - 1)
    return own - 1 if info & _CLAMP else group % own


def _groups_of(row: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The two layouts in a row of the core map: two levels each, then AltGr of the first one."""
    return ((*row[:2], *row[4:6]), row[2:4] if any(row[2:4]) else row[:2])
