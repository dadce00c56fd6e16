"""What a person does on an X display, through the RECORD extension, which reports input to any program.

A key is named by the keyboard map of the moment. In a window that asks for a password, keys are reported as hidden.
"""

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...actions import Button, Direction
from ...demonstration import KeyInput, PersonInput, PointerInput, WheelInput
from ...env import EnvUnavailable
from ...geometry import DevicePoint, ScreenPoint
from ...input.keysyms import NAMED_KEYSYMS, character_of
from ..address import DisplayAddress
from .connection import Window, Windows, connect

_KEY_PRESS, _KEY_RELEASE, _BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = 2, 3, 4, 5, 6
_SHIFT, _LOCK, _CTRL, _ALT, _SUPER, _LEVEL3 = 1, 2, 4, 8, 64, 128
_BUTTONS = {1: Button.LEFT, 2: Button.MIDDLE, 3: Button.RIGHT, 8: Button.BACK, 9: Button.FORWARD}
_WHEEL = {4: Direction.UP, 5: Direction.DOWN, 6: Direction.LEFT, 7: Direction.RIGHT}
_NAMES = {symbol: name for name, symbol in NAMED_KEYSYMS.items()} | {
    0xFE03: "rightalt", 0xFE20: "tab", 0xFF8D: "enter", 0xFFE7: "super", 0xFFE8: "super",
}  # fmt: skip
_KEYPAD = {0xFFAA: "*", 0xFFAB: "+", 0xFFAC: ",", 0xFFAD: "-", 0xFFAE: ".", 0xFFAF: "/"} | {
    0xFFB0 + digit: str(digit) for digit in range(10)
}
_UNICODE = 0x01000000
_ASKS = re.compile(
    r"passwor|passphrase|passwort|mot de passe|contraseña|\bpin\b|authenticat|unlock|keyring|pinentry|polkit",
    re.IGNORECASE,
)
"""Titles and programs of windows that ask for a password."""

_ASKED_S = 0.5
_JOIN_S = 5.0
_MOST_LATE_S = 60.0


class XPerson:
    """Reports the input on a display to `listener` from a thread of its own, until it is closed.

    `to_screen` converts points of the display to pixels of the screenshot.

    Raises:
        EnvUnavailable: the display cannot be opened, or has no RECORD extension.
    """

    def __init__(
        self,
        address: DisplayAddress,
        listener: Callable[[PersonInput], None],
        to_screen: Callable[[DevicePoint], ScreenPoint],
    ) -> None:
        self._listener = listener
        self._to_screen = to_screen
        self._requests, self._events = connect(address), connect(address)
        self._windows = Windows(self._requests)
        self._hides, self._asked_s = False, 0.0
        self._pressed: set[int] = set()
        self._base_s = 0.0
        self._context: Any = None
        try:
            self._context = self._create()
        except BaseException:
            self._requests.close()
            self._events.close()
            raise
        self._thread = threading.Thread(target=self._follow, name="screenwright-demonstration", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; returns when the thread has ended."""
        with suppress(Exception):  # the display is gone
            self._requests.record_disable_context(self._context)
            self._requests.flush()
        self._thread.join(_JOIN_S)
        for connection in (self._requests, self._events):
            with suppress(Exception):
                connection.close()

    def _create(self) -> Any:
        from Xlib.ext import record

        if not self._requests.has_extension("RECORD"):
            raise EnvUnavailable("the display has no RECORD extension, which reports what a person does on it")
        nothing = (0, 0)
        what = {
            "core_requests": nothing,
            "core_replies": nothing,
            "ext_requests": (0, 0, 0, 0),
            "ext_replies": (0, 0, 0, 0),
            "delivered_events": nothing,
            "device_events": (_KEY_PRESS, _MOTION),
            "errors": nothing,
            "client_started": False,
            "client_died": False,
        }
        context = self._requests.record_create_context(0, [record.AllClients], [what])
        self._requests.sync()  # before the other connection enables it
        return context

    def _follow(self) -> None:
        with suppress(Exception):  # the display is gone, which the observation reports
            self._events.record_enable_context(self._context, self._on_reply)
            self._events.record_free_context(self._context)

    def _on_reply(self, reply: Any) -> None:
        from Xlib.ext import record
        from Xlib.protocol import rq

        if reply.category != record.FromServer or reply.client_swapped:
            return
        data: Any = reply.data
        while data:
            event, data = rq.EventField("").parse_binary_value(data, self._events.display, None, None)
            found = self._input_of(event, self._time_of(event.time / 1000))
            if found is not None:
                self._listener(found)

    def _time_of(self, server_s: float) -> float:
        """The time of an event by `time.monotonic`: that of the server, moved by the least delay that was seen."""
        now = time.monotonic()
        if now - server_s < self._base_s or now - server_s - self._base_s > _MOST_LATE_S:  # it wraps after 49 days
            self._base_s = now - server_s
        return self._base_s + server_s

    def _input_of(self, event: Any, time_s: float) -> PersonInput | None:
        at = self._to_screen(DevicePoint(float(event.root_x), float(event.root_y)))
        match event.type:
            case 6:  # motion
                return PointerInput("move", at, time_s) if self._pressed else None
            case 4 if event.detail in _WHEEL:
                return WheelInput(_WHEEL[event.detail], 1.0, at, time_s)
            case 4 if event.detail in _BUTTONS:
                self._pressed.add(event.detail)
                self._asked_s = 0.0  # it may open another window
                return PointerInput("press", at, time_s, _BUTTONS[event.detail])
            case 5 if event.detail in _BUTTONS:
                self._pressed.discard(event.detail)
                return PointerInput("release", at, time_s, _BUTTONS[event.detail])
            case 2 | 3:
                return self._key(event, time_s)
            case _:
                return None

    # -- the keyboard

    def _key(self, event: Any, time_s: float) -> KeyInput | None:
        symbol, plain = self._symbols(event.detail, event.state)
        name = _NAMES.get(symbol) or _NAMES.get(plain, "")
        text = "" if name and name != "space" else _character(symbol)
        key = name or _character(plain).lower() or text.lower()
        if not key:
            return None
        pressed = event.type == _KEY_PRESS
        if text and not event.state & (_CTRL | _ALT | _SUPER) and self._asks_for_password(time_s):
            return KeyInput("", "", pressed, time_s, hidden=True)
        return KeyInput(key, text, pressed, time_s)

    def _symbols(self, code: int, state: int) -> tuple[int, int]:
        """The keysym of a key with what is held, and without (X protocol, chapter 5; levels 3 and 4 as by XKB)."""
        row = list(self._requests.get_keyboard_mapping(code, 1)[0])
        row += [0] * (8 - len(row))
        group = 2 * (state >> 13 & 3) if state >> 13 & 3 < 2 else 0
        first = row[group] or row[0]
        base = 4 if state & _LEVEL3 and row[4] else group
        low, high = row[base] or row[0], row[base + 1] or row[base] or row[0]
        letter = _character(low)
        shifted = bool(state & _SHIFT) != (bool(state & _LOCK) and letter.isalpha())
        symbol = high if shifted else low
        if shifted and symbol == low and letter.isalpha():
            symbol = _UNICODE | ord(letter.upper()) if len(letter.upper()) == 1 else low
        return symbol, first

    def _asks_for_password(self, now_s: float) -> bool:
        """Whether the window with the focus asks for a password, by its title or its program."""
        if now_s - self._asked_s > _ASKED_S:
            self._asked_s = now_s
            with suppress(Exception):  # it has just closed: as before
                self._hides = is_for_password(self._windows.active())
        return self._hides


def is_for_password(window: Window | None) -> bool:
    """Whether `window` asks for a password, by its title or its program."""
    return window is not None and bool(_ASKS.search(" ".join((window.title, *window.classes))))


def _character(symbol: int) -> str:
    if symbol in _KEYPAD:
        return _KEYPAD[symbol]
    if 0x20 <= symbol <= 0x7E or 0xA0 <= symbol <= 0xFF:
        return chr(symbol)
    if symbol & ~0xFFFFFF == _UNICODE:
        return chr(symbol & 0xFFFFFF)
    return character_of(symbol)
