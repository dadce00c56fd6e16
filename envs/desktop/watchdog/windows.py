"""User input on Windows, from low-level hooks, which report whether a program injected an event.

Untested on Windows: written from Microsoft's reference of `SetWindowsHookExW`, `KBDLLHOOKSTRUCT`, `MSLLHOOKSTRUCT`,
`GetAsyncKeyState` and `keybd_event`, and only the interpretation of events is tested.
"""

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

from ...env import EnvUnavailable
from .activity import UserInput
from .event_queue import EventQueue

_KEYBOARD_HOOK, _MOUSE_HOOK = 13, 14
_KEY_DOWN, _KEY_UP = (0x100, 0x104), (0x101, 0x105)  # WM_KEYDOWN and WM_SYSKEYDOWN, likewise up
_MOTION = 0x200
_BUTTON_DOWN = (0x201, 0x204, 0x207, 0x20A, 0x20B, 0x20E)  # left, right, middle, wheel, X buttons, wheel sideways
_KEY_INJECTED, _MOUSE_INJECTED = 0x10, 0x01
_KEY_UP_FLAG = 2
_BUTTONS_UP = {1: 0x04, 2: 0x10, 4: 0x40}  # virtual key codes of buttons, and the mouse_event flags that release them
_IS_DOWN = 0x8000
_START_S = 5.0
_NAMES = {
    0x08: "backspace", 0x09: "tab", 0x0D: "enter", 0x10: "shift", 0x11: "ctrl", 0x12: "alt", 0x13: "pause",
    0x14: "capslock", 0x1B: "escape", 0x20: "space", 0x21: "pageup", 0x22: "pagedown", 0x23: "end", 0x24: "home",
    0x25: "left", 0x26: "up", 0x27: "right", 0x28: "down", 0x2C: "printscreen", 0x2D: "insert", 0x2E: "delete",
    0x5B: "super", 0x5C: "rightsuper", 0x5D: "menu", 0x90: "numlock", 0x91: "scrolllock", 0xA0: "shift",
    0xA1: "rightshift", 0xA2: "ctrl", 0xA3: "rightctrl", 0xA4: "alt", 0xA5: "rightalt",
    **{0x70 + number: f"f{number + 1}" for number in range(24)},
    **{code: chr(code).lower() for code in (*range(0x30, 0x3A), *range(0x41, 0x5B))},
}  # fmt: skip
"""Canonical names of the virtual key codes that a hot key can contain."""


class KeyEvent(ctypes.Structure):
    """`KBDLLHOOKSTRUCT`."""

    _fields_ = (
        ("code", ctypes.c_uint32), ("scan", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("time_ms", ctypes.c_uint32),
        ("extra", ctypes.c_size_t),
    )  # fmt: skip


class MouseEvent(ctypes.Structure):
    """`MSLLHOOKSTRUCT`."""

    _fields_ = (
        ("x", ctypes.c_int32), ("y", ctypes.c_int32), ("data", ctypes.c_uint32), ("flags", ctypes.c_uint32),
        ("time_ms", ctypes.c_uint32), ("extra", ctypes.c_size_t),
    )  # fmt: skip


def key_input(message: int, event: KeyEvent, held: set[int]) -> UserInput | None:
    """The user's input; None for injected events and key repeats. Updates `held`, the key codes that are down."""
    if event.flags & _KEY_INJECTED:
        return None
    name, at = _NAMES.get(event.code, ""), event.time_ms / 1000
    if message in _KEY_UP:
        held.discard(event.code)
        return UserInput("key up", at, name)
    if message not in _KEY_DOWN or event.code in held:
        return None
    held.add(event.code)
    return UserInput("key", at, name)


def mouse_input(message: int, event: MouseEvent) -> UserInput | None:
    """The user's input; None for injected events and button releases."""
    if event.flags & _MOUSE_INJECTED:
        return None
    if message == _MOTION:
        return UserInput("motion", event.time_ms / 1000)
    return UserInput("button", event.time_ms / 1000) if message in _BUTTON_DOWN else None


class WindowsInput:
    """See `InputSource`."""

    can_release = True

    def __init__(self) -> None:
        self._user32: Any = ctypes.__dict__["WinDLL"]("user32", use_last_error=True)
        self._user32.CallNextHookEx.argtypes = (
            ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_ssize_t
        )  # fmt: skip
        self._user32.CallNextHookEx.restype = ctypes.c_ssize_t
        self._user32.SetWindowsHookExW.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
        self._user32.SetWindowsHookExW.restype = ctypes.c_void_p
        self._queued = EventQueue()
        self._held: set[int] = set()
        self._ready = threading.Event()
        self._hooked = False
        threading.Thread(target=self._listen, name="screenwright-hooks", daemon=True).start()
        if not self._ready.wait(_START_S) or not self._hooked:
            raise EnvUnavailable("Windows denies access to mouse and keyboard events")

    def wait(self, seconds: float) -> None:
        """See `InputSource`."""
        self._queued.wait(seconds)

    def read(self) -> Sequence[UserInput]:
        """See `InputSource`."""
        return self._queued.take()

    def release(self) -> None:
        """See `InputSource`."""
        for code in range(1, 255):
            if code in self._held or not self._user32.GetAsyncKeyState(code) & _IS_DOWN:
                continue
            if code in _BUTTONS_UP:
                self._user32.mouse_event(_BUTTONS_UP[code], 0, 0, 0, 0)
            else:
                self._user32.keybd_event(code, 0, _KEY_UP_FLAG, 0)

    def close(self) -> None:
        """See `InputSource`; the hooks end with the process."""

    def _listen(self) -> None:
        """Run the hooks; runs on a thread, since Windows calls a hook in the message loop of the thread that set it."""
        hook_type = ctypes.__dict__["WINFUNCTYPE"](
            ctypes.c_ssize_t, ctypes.c_int, ctypes.c_size_t, ctypes.c_ssize_t
        )  # fmt: skip
        hooks = (hook_type(self._key), hook_type(self._mouse))
        handles = [
            self._user32.SetWindowsHookExW(kind, hook, None, 0)
            for kind, hook in zip((_KEYBOARD_HOOK, _MOUSE_HOOK), hooks, strict=True)
        ]
        self._hooked = all(handles)
        self._ready.set()
        message = ctypes.create_string_buffer(64)  # large enough for an MSG
        while self._hooked and self._user32.GetMessageW(message, None, 0, 0) > 0:
            pass

    def _key(self, code: int, message: int, event: int) -> int:
        if code == 0:
            self._put(key_input(message, KeyEvent.from_address(event), self._held))
        return int(self._user32.CallNextHookEx(None, code, message, event))

    def _mouse(self, code: int, message: int, event: int) -> int:
        if code == 0:
            self._put(mouse_input(message, MouseEvent.from_address(event)))
        return int(self._user32.CallNextHookEx(None, code, message, event))

    def _put(self, event: UserInput | None) -> None:
        if event is not None:
            self._queued.put(event)
