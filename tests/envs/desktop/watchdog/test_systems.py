"""The interpretation of input events of Windows, macOS and Linux; not run on Windows or macOS themselves."""

import pytest

from screenwright.envs.desktop.watchdog.activity import UserInput
from screenwright.envs.desktop.watchdog.evdev import input_of as kernel
from screenwright.envs.desktop.watchdog.event_queue import EventQueue
from screenwright.envs.desktop.watchdog.macos import Tapped
from screenwright.envs.desktop.watchdog.macos import input_of as mac
from screenwright.envs.desktop.watchdog.windows import KeyEvent, MouseEvent, key_input, mouse_input

WM_KEYDOWN, WM_KEYUP, WM_SYSKEYDOWN, WM_MOUSEMOVE, WM_LBUTTONDOWN, WM_LBUTTONUP = (
    0x100,
    0x101,
    0x104,
    0x200,
    0x201,
    0x202,
)


def key(code: int, flags: int = 0) -> KeyEvent:
    return KeyEvent(code, 0, flags, 1500, 0)


def test_windows_key_events_are_named_and_repeats_are_ignored() -> None:
    held: set[int] = set()
    assert key_input(WM_KEYDOWN, key(0x1B), held) == UserInput("key", 1.5, "escape")
    assert key_input(WM_KEYDOWN, key(0x1B), held) is None
    assert key_input(WM_KEYUP, key(0x1B), held) == UserInput("key up", 1.5, "escape")
    assert key_input(WM_SYSKEYDOWN, key(0xA4), held) == UserInput("key", 1.5, "alt")
    assert held == {0xA4}


def test_injected_windows_events_are_ignored() -> None:
    held: set[int] = set()
    assert key_input(WM_KEYDOWN, key(0x41, 0x10), held) is None
    assert mouse_input(WM_LBUTTONDOWN, MouseEvent(1, 2, 0, 0x01, 0, 0)) is None
    assert not held


def test_windows_mouse_events() -> None:
    assert mouse_input(WM_MOUSEMOVE, MouseEvent(1, 2, 0, 0, 250, 0)) == UserInput("motion", 0.25)
    assert mouse_input(WM_LBUTTONDOWN, MouseEvent(1, 2, 0, 0, 250, 0)) == UserInput("button", 0.25)
    assert mouse_input(WM_LBUTTONUP, MouseEvent(1, 2, 0, 0, 250, 0)) is None


@pytest.mark.parametrize(
    ("event", "user_input"),
    [
        (Tapped(10, keycode=53, time_ns=1_500_000_000), UserInput("key", 1.5, "escape")),
        (Tapped(11, keycode=53), UserInput("key up", 0.0, "escape")),
        (Tapped(10, keycode=53, repeated=True), None),
        (Tapped(10, keycode=53, source_pid=4711), None),
        (Tapped(12, keycode=59, flags=1 << 18), UserInput("key", 0.0, "ctrl")),
        (Tapped(12, keycode=59), UserInput("key up", 0.0, "ctrl")),
        (Tapped(5), UserInput("motion", 0.0)),
        (Tapped(1), UserInput("button", 0.0)),
        (Tapped(22), UserInput("button", 0.0)),
    ],
)
def test_macos_events(event: Tapped, user_input: UserInput | None) -> None:
    assert mac(event) == user_input


@pytest.mark.parametrize(
    ("kind", "code", "value", "user_input"),
    [
        (1, 1, 1, UserInput("key", 1.5, "escape")),
        (1, 1, 2, None),
        (1, 1, 0, UserInput("key up", 1.5, "escape")),
        (1, 0x110, 1, UserInput("button", 1.5)),
        (1, 0x110, 0, None),
        (2, 0, -3, UserInput("motion", 1.5)),
        (2, 8, 1, UserInput("button", 1.5)),
        (3, 0, 700, UserInput("motion", 1.5)),
        (0, 0, 0, None),
    ],
)
def test_linux_kernel_events(kind: int, code: int, value: int, user_input: UserInput | None) -> None:
    assert kernel(1, 500_000, kind, code, value) == user_input


def test_the_event_queue_keeps_the_order() -> None:
    events = EventQueue()
    events.wait(0.0)
    assert events.take() == []
    for at in (1.0, 2.0, 3.0):
        events.put(UserInput("motion", at))
    events.wait(10.0)
    assert [event.at_s for event in events.take()] == [1.0, 2.0, 3.0]
