"""The interpretation of input events of Windows, macOS and Linux; not run on Windows or macOS themselves."""

import sys
from enum import Enum
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from screenwright.envs.desktop.watchdog.activity import UserInput
from screenwright.envs.desktop.watchdog.evdev import input_of as kernel
from screenwright.envs.desktop.watchdog.pynput_input import PynputInput
from screenwright.envs.env import EnvUnavailable


class Key(Enum):
    """A key without a character, as pynput names it."""

    esc = 1
    ctrl_l = 2
    media_eject = 3


class Listener:
    """A listener of pynput whose events the test sends: `on_press`, `on_click` and so on."""

    IS_TRUSTED: ClassVar[bool] = True
    started = stopped = False

    def __init__(self, **callbacks: Any) -> None:
        self.__dict__.update(callbacks)

    def start(self) -> None:
        self.started = True

    def wait(self) -> None:
        assert self.started

    def stop(self) -> None:
        self.stopped = True

    def canonical(self, key: Any) -> Any:
        """The key without modifiers: with ctrl held, the character of Q is a control character."""
        return SimpleNamespace(char={"\x11": "q"}.get(key.char, key.char))


class Controller:
    """A controller of pynput; `released` lists what it released."""

    released: ClassVar[list[object]] = []

    def release(self, key: object) -> None:
        self.released.append(key)


@pytest.fixture
def pynput(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake of the library, which is not installed on Linux."""
    monkeypatch.setattr(Controller, "released", [])
    for name in ("keyboard", "mouse"):
        module = SimpleNamespace(Listener=Listener, Controller=Controller)
        monkeypatch.setitem(sys.modules, f"pynput.{name}", module)


def listeners(source: PynputInput) -> tuple[Any, Any]:
    return source._keys, source._mouse  # pyright: ignore[reportPrivateUsage]


def read(source: PynputInput) -> list[tuple[str, str]]:
    source.wait(0)
    events = source.read()
    assert [event.at_s for event in events] == sorted(event.at_s for event in events)
    return [(event.kind, event.key) for event in events]


@pytest.mark.usefixtures("pynput")
def test_keys_are_named_and_repeats_are_ignored() -> None:
    source = PynputInput()
    keys, _ = listeners(source)
    assert read(source) == []
    for key in (Key.esc, Key.esc, Key.media_eject, None):
        keys.on_press(key, False)
    keys.on_release(Key.esc, False)
    assert read(source) == [("key", "escape"), ("key", ""), ("key", ""), ("key up", "escape")]
    keys.on_press(Key.ctrl_l, False)
    keys.on_press(CharacterKey("\x11"), False)
    assert read(source) == [("key", "ctrl"), ("key", "q")]


class CharacterKey:
    """A key with a character."""

    def __init__(self, char: str) -> None:
        self.char = char


@pytest.mark.usefixtures("pynput")
def test_mouse_events_count_except_button_releases() -> None:
    source = PynputInput()
    _, mouse = listeners(source)
    mouse.on_move(1, 2, False)
    mouse.on_click(1, 2, "left", True, False)
    mouse.on_click(1, 2, "left", False, False)
    mouse.on_scroll(1, 2, 0, 1, False)
    assert read(source) == [("motion", ""), ("button", ""), ("button", "")]


@pytest.mark.usefixtures("pynput")
def test_injected_events_are_ignored_and_what_they_hold_is_released() -> None:
    source = PynputInput()
    keys, mouse = listeners(source)
    keys.on_press(Key.esc, True)
    keys.on_release(Key.esc, True)
    keys.on_press(Key.ctrl_l, True)
    mouse.on_click(1, 2, "left", True, True)
    mouse.on_move(1, 2, True)
    mouse.on_scroll(1, 2, 0, 1, True)
    assert read(source) == []
    source.release()
    assert Controller.released == [Key.ctrl_l, "left"]
    source.close()
    assert keys.stopped
    assert mouse.stopped


@pytest.mark.usefixtures("pynput")
def test_a_denied_permission_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listener, "IS_TRUSTED", False)
    with pytest.raises(EnvUnavailable, match="macOS denies access to mouse and keyboard events: allow this terminal"):
        PynputInput()


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


def test_requests_to_the_x_input_extension_are_those_of_python_xlib() -> None:
    from Xlib.ext import xinput as theirs

    from screenwright.envs.desktop.x11 import xinput as ours

    pairs = (
        (theirs.XIQueryVersion, {"major_version": 2, "minor_version": 2}, "_QueryVersion", {"major": 2, "minor": 2}),
        (theirs.XIQueryDevice, {"deviceid": 0}, "_QueryDevice", {"device": 0}),
        (
            theirs.XISelectEvents,
            {"window": 5, "masks": [(theirs.AllMasterDevices, 1 << 13 | 1 << 22)]},
            "_SelectEvents",
            {"window": 5, "masks": 1, "device": 1, "mask_words": 1, "mask": 1 << 13 | 1 << 22},
        ),
    )
    for known, arguments, name, own_arguments in pairs:
        requests = [vars(request)["_request"] for request in (getattr(ours, name), known)]
        assert requests[0].to_binary(opcode=131, **own_arguments) == requests[1].to_binary(opcode=131, **arguments)
