"""What is made of the events of Windows, macOS and the kernel of Linux, with values: the first two were not had."""

import pytest

from screenwright.envs.desktop.sentry.evdev import sensed_of as kernel
from screenwright.envs.desktop.sentry.inbox import Inbox
from screenwright.envs.desktop.sentry.macos import Tapped
from screenwright.envs.desktop.sentry.macos import sensed_of as mac
from screenwright.envs.desktop.sentry.person import Sensed
from screenwright.envs.desktop.sentry.windows import KeyEvent, MouseEvent, sensed_of_key, sensed_of_mouse

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


def test_a_key_on_windows_is_named_and_its_repetitions_are_left_out() -> None:
    held: set[int] = set()
    assert sensed_of_key(WM_KEYDOWN, key(0x1B), held) == Sensed("key", 1.5, "escape")
    assert sensed_of_key(WM_KEYDOWN, key(0x1B), held) is None
    assert sensed_of_key(WM_KEYUP, key(0x1B), held) == Sensed("key up", 1.5, "escape")
    assert sensed_of_key(WM_SYSKEYDOWN, key(0xA4), held) == Sensed("key", 1.5, "alt")
    assert held == {0xA4}


def test_what_a_program_injects_on_windows_is_not_the_persons() -> None:
    held: set[int] = set()
    assert sensed_of_key(WM_KEYDOWN, key(0x41, 0x10), held) is None
    assert sensed_of_mouse(WM_LBUTTONDOWN, MouseEvent(1, 2, 0, 0x01, 0, 0)) is None
    assert not held


def test_a_mouse_on_windows() -> None:
    assert sensed_of_mouse(WM_MOUSEMOVE, MouseEvent(1, 2, 0, 0, 250, 0)) == Sensed("motion", 0.25)
    assert sensed_of_mouse(WM_LBUTTONDOWN, MouseEvent(1, 2, 0, 0, 250, 0)) == Sensed("button", 0.25)
    assert sensed_of_mouse(WM_LBUTTONUP, MouseEvent(1, 2, 0, 0, 250, 0)) is None


@pytest.mark.parametrize(
    ("event", "sensed"),
    [
        (Tapped(10, keycode=53, time_ns=1_500_000_000), Sensed("key", 1.5, "escape")),
        (Tapped(11, keycode=53), Sensed("key up", 0.0, "escape")),
        (Tapped(10, keycode=53, repeated=True), None),
        (Tapped(10, keycode=53, made_by=4711), None),
        (Tapped(12, keycode=59, flags=1 << 18), Sensed("key", 0.0, "ctrl")),
        (Tapped(12, keycode=59), Sensed("key up", 0.0, "ctrl")),
        (Tapped(5), Sensed("motion", 0.0)),
        (Tapped(1), Sensed("button", 0.0)),
        (Tapped(22), Sensed("button", 0.0)),
    ],
)
def test_an_event_on_macos(event: Tapped, sensed: Sensed | None) -> None:
    assert mac(event) == sensed


@pytest.mark.parametrize(
    ("kind", "code", "value", "sensed"),
    [
        (1, 1, 1, Sensed("key", 1.5, "escape")),
        (1, 1, 2, None),
        (1, 1, 0, Sensed("key up", 1.5, "escape")),
        (1, 0x110, 1, Sensed("button", 1.5)),
        (1, 0x110, 0, None),
        (2, 0, -3, Sensed("motion", 1.5)),
        (2, 8, 1, Sensed("button", 1.5)),
        (3, 0, 700, Sensed("motion", 1.5)),
        (0, 0, 0, None),
    ],
)
def test_an_event_of_the_kernel(kind: int, code: int, value: int, sensed: Sensed | None) -> None:
    assert kernel(1, 500_000, kind, code, value) == sensed


def test_what_was_sensed_is_handed_on_in_order() -> None:
    inbox = Inbox()
    inbox.wait(0.0)
    assert inbox.take() == []
    for at in (1.0, 2.0, 3.0):
        inbox.put(Sensed("motion", at))
    inbox.wait(10.0)
    assert [sensed.at for sensed in inbox.take()] == [1.0, 2.0, 3.0]
