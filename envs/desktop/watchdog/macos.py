"""User input on macOS, from a listen-only event tap. Generated events carry the id of the process that sent them.

Untested on macOS: written from Apple's reference of Quartz Event Services, and only the interpretation of events is
tested. It needs the permissions for Accessibility and Input Monitoring.
"""

import ctypes
import ctypes.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...env import EnvUnavailable
from .activity import UserInput
from .event_queue import EventQueue

_LEFT_DOWN, _RIGHT_DOWN, _MOVED, _LEFT_DRAGGED, _RIGHT_DRAGGED = 1, 3, 5, 6, 7
_KEY_DOWN, _KEY_UP, _FLAGS_CHANGED, _WHEEL, _OTHER_DOWN, _OTHER_DRAGGED = 10, 11, 12, 22, 25, 27
_BUTTONS = (_LEFT_DOWN, _RIGHT_DOWN, _OTHER_DOWN, _WHEEL)
_MOTIONS = (_MOVED, _LEFT_DRAGGED, _RIGHT_DRAGGED, _OTHER_DRAGGED)
_MASK = sum(1 << kind for kind in (*_BUTTONS, *_MOTIONS, _KEY_DOWN, _KEY_UP, _FLAGS_CHANGED))
_REPEATED, _KEYCODE, _SOURCE_PID = 8, 9, 41  # kCGKeyboardEventAutorepeat, ...Keycode, kCGEventSourceUnixProcessID
_SESSION_TAP, _HEAD, _LISTEN_ONLY, _HID_TAP, _SESSION_STATE = 1, 0, 1, 0, 0
_MOUSE_UP = {0: 2, 1: 4, 2: 26}
_KEYS = 128
_NANOSECONDS = 1e9
_START_S = 5.0
_PERMIT = "allow this terminal under System Settings > Privacy & Security > Accessibility, and > Input Monitoring"
_LETTERS = {
    0: "a", 1: "s", 2: "d", 3: "f", 4: "h", 5: "g", 6: "z", 7: "x", 8: "c", 9: "v", 11: "b", 12: "q", 13: "w", 14: "e",
    15: "r", 16: "y", 17: "t", 31: "o", 32: "u", 34: "i", 35: "p", 37: "l", 38: "j", 40: "k", 45: "n", 46: "m",
}  # fmt: skip
_MODIFIERS = {
    54: ("rightsuper", 1 << 20), 55: ("super", 1 << 20), 56: ("shift", 1 << 17), 60: ("rightshift", 1 << 17),
    58: ("alt", 1 << 19), 61: ("rightalt", 1 << 19), 59: ("ctrl", 1 << 18), 62: ("rightctrl", 1 << 18),
}  # fmt: skip
_NAMES = {
    **_LETTERS, 36: "enter", 48: "tab", 49: "space", 51: "backspace", 53: "escape", 115: "home", 116: "pageup",
    117: "delete", 119: "end", 121: "pagedown", 123: "left", 124: "right", 125: "down", 126: "up", 122: "f1",
    120: "f2", 99: "f3", 118: "f4", 96: "f5", 97: "f6", 98: "f7", 100: "f8", 101: "f9", 109: "f10", 103: "f11",
    111: "f12",
}  # fmt: skip
"""Canonical names of Apple's key codes (`Events.h`), by their position on the US layout."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """The fields of an event: type, key code, modifier flags, key repeat, source process id (0: hardware), time."""

    kind: int
    keycode: int = 0
    flags: int = 0
    repeated: bool = False
    source_pid: int = 0
    time_ns: int = 0


def input_of(event: Tapped) -> UserInput | None:
    """The user's input; None for generated or irrelevant events."""
    if event.source_pid or event.repeated:
        return None
    at = event.time_ns / _NANOSECONDS
    if event.kind in _MOTIONS:
        return UserInput("motion", at)
    if event.kind in _BUTTONS:
        return UserInput("button", at)
    if event.kind == _FLAGS_CHANGED:
        name, flag = _MODIFIERS.get(event.keycode, ("", 0))
        return UserInput("key" if event.flags & flag else "key up", at, name) if name else None
    return UserInput("key" if event.kind == _KEY_DOWN else "key up", at, _NAMES.get(event.keycode, ""))


class Point(ctypes.Structure):
    """`CGPoint`."""

    _fields_ = (("x", ctypes.c_double), ("y", ctypes.c_double))


class MacInput:
    """See `InputSource`."""

    can_release = True

    def __init__(self) -> None:
        self._quartz, self._core = _library("ApplicationServices"), _library("CoreFoundation")
        self._declare()
        self._queued = EventQueue()
        self._ready = threading.Event()
        self._tapped = False
        threading.Thread(target=self._listen, name="screenwright-tap", daemon=True).start()
        if not self._ready.wait(_START_S) or not self._tapped:
            raise EnvUnavailable(f"macOS denies access to mouse and keyboard events: {_PERMIT}")

    def wait(self, seconds: float) -> None:
        """See `InputSource`."""
        self._queued.wait(seconds)

    def read(self) -> Sequence[UserInput]:
        """See `InputSource`."""
        return self._queued.take()

    def release(self) -> None:
        """See `InputSource`. Also releases keys that the user holds; macOS does not distinguish the two."""
        for keycode in range(_KEYS):
            if self._quartz.CGEventSourceKeyState(_SESSION_STATE, keycode):
                self._post(self._quartz.CGEventCreateKeyboardEvent(None, keycode, False))
        for button, up in _MOUSE_UP.items():
            if self._quartz.CGEventSourceButtonState(_SESSION_STATE, button):
                here = self._quartz.CGEventCreate(None)
                at = self._quartz.CGEventGetLocation(here)
                self._core.CFRelease(here)
                self._post(self._quartz.CGEventCreateMouseEvent(None, up, at, button))

    def close(self) -> None:
        """See `InputSource`; the tap ends with the process."""

    def _post(self, event: int | None) -> None:
        if event:
            self._quartz.CGEventPost(_HID_TAP, event)
            self._core.CFRelease(event)

    def _listen(self) -> None:
        """Run the event tap; runs on a thread, since a tap is called on the thread whose run loop it belongs to."""
        tapped = self._callback_type(self._tap)
        port = self._quartz.CGEventTapCreate(_SESSION_TAP, _HEAD, _LISTEN_ONLY, _MASK, tapped, None)
        self._tapped = bool(port)
        self._ready.set()
        if not port:
            return
        source = self._core.CFMachPortCreateRunLoopSource(None, port, 0)
        modes = ctypes.c_void_p.in_dll(self._core, "kCFRunLoopCommonModes")
        self._core.CFRunLoopAddSource(self._core.CFRunLoopGetCurrent(), source, modes)
        self._core.CFRunLoopRun()

    def _tap(self, _proxy: int, kind: int, event: int, _data: int) -> int:
        def field(number: int) -> int:
            return int(self._quartz.CGEventGetIntegerValueField(event, number))

        if _MASK >> kind & 1:  # types above the mask report that the tap was disabled
            flags, time_ns = int(self._quartz.CGEventGetFlags(event)), int(self._quartz.CGEventGetTimestamp(event))
            user_input = input_of(
                Tapped(kind, field(_KEYCODE), flags, bool(field(_REPEATED)), field(_SOURCE_PID), time_ns)
            )
            if user_input is not None:
                self._queued.put(user_input)
        return event

    def _declare(self) -> None:
        """Declare the argument and result types that are not C ints."""
        pointer, u32, u64 = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64
        self._callback_type: Any = ctypes.CFUNCTYPE(pointer, pointer, u32, pointer, pointer)
        quartz, core = self._quartz, self._core
        quartz.CGEventTapCreate.argtypes = (u32, u32, u32, u64, self._callback_type, pointer)
        quartz.CGEventTapCreate.restype = pointer
        quartz.CGEventGetIntegerValueField.argtypes = (pointer, u32)
        quartz.CGEventGetIntegerValueField.restype = ctypes.c_int64
        for function in (quartz.CGEventGetFlags, quartz.CGEventGetTimestamp):
            function.argtypes, function.restype = (pointer,), u64
        quartz.CGEventSourceKeyState.argtypes = (ctypes.c_int32, ctypes.c_uint16)
        quartz.CGEventSourceKeyState.restype = ctypes.c_bool
        quartz.CGEventSourceButtonState.argtypes = (ctypes.c_int32, u32)
        quartz.CGEventSourceButtonState.restype = ctypes.c_bool
        quartz.CGEventCreate.argtypes, quartz.CGEventCreate.restype = (pointer,), pointer
        quartz.CGEventGetLocation.argtypes, quartz.CGEventGetLocation.restype = (pointer,), Point
        quartz.CGEventCreateKeyboardEvent.argtypes = (pointer, ctypes.c_uint16, ctypes.c_bool)
        quartz.CGEventCreateKeyboardEvent.restype = pointer
        quartz.CGEventCreateMouseEvent.argtypes = (pointer, u32, Point, u32)
        quartz.CGEventCreateMouseEvent.restype = pointer
        quartz.CGEventPost.argtypes, core.CFRelease.argtypes = (u32, pointer), (pointer,)
        core.CFMachPortCreateRunLoopSource.argtypes = (pointer, pointer, ctypes.c_long)
        core.CFMachPortCreateRunLoopSource.restype = pointer
        core.CFRunLoopGetCurrent.restype = pointer
        core.CFRunLoopAddSource.argtypes = (pointer, pointer, pointer)


def _library(name: str) -> Any:
    path = ctypes.util.find_library(name)
    if path is None:
        raise EnvUnavailable(f"this system has no library {name}")
    return ctypes.CDLL(path)
