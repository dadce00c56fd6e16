"""Performs actions with a driver, and tracks the keys and buttons that stay down between actions."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise

from ..actions import (
    Action,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Scroll,
    Type,
)
from ..env import ActionRefused, EnvError
from ..geometry import DevicePoint, DeviceTransform, ScreenPoint
from ..interrupt import check_interrupted, sleep
from ..keys import canonical_key
from .driver import DWELL_S, Driver

DRAG_MOVES = 20
DRAG_S = 0.15
DOUBLE_CLICK_S = 0.55
BEFORE_SUBMIT_S = 0.25
"""GTK's file dialog completes a path while it is typed, and drops an Enter within 0.1 s of its last letter."""
_PRESS_S = 0.02
_SWITCHING, _SWITCH_S = frozenset(("alt", "super")), 0.25
"""Openbox takes the keyboard only when it has shown its list of windows, which stays open if it misses the release."""
_BETWEEN_CLICKS_S = 0.06
_NOTCH_S = 0.008
_NEAR_PX = 12


class Gestures:
    """Performs actions. `device` converts their points, and can be changed; a long press waits with `sleep`."""

    def __init__(self, driver: Driver, device: DeviceTransform, sleep: Callable[[float], None] = sleep) -> None:
        self._driver = driver
        self._sleep = sleep
        self.device = device
        self._keys: dict[str, tuple[str | int, ...]] = {}
        self._buttons: list[Button] = []
        self._at: DevicePoint | None = None
        self._clicked: dict[Button, tuple[DevicePoint, float]] = {}

    def do(self, action: Action) -> str:
        """Perform `action`; returns how text was typed, else an empty string.

        Raises:
            ActionRefused: mouse and keyboard do not support it; nothing was done.
        """
        self._check_button(action)
        match action:
            case Click(at, button, count, modifiers):
                self._click(self.device.apply(at), button, count, modifiers)
            case Move(to):
                self._move(to)
            case Drag(path, button, modifiers):
                self._drag([self.device.apply(point) for point in path], button, modifiers)
            case Scroll(direction, amount, at):
                self._move(at)
                for _ in range(amount):
                    check_interrupted()
                    self._driver.scroll(direction)
                    time.sleep(_NOTCH_S)
            case Type(text, submit):
                return self._type(text, submit)
            case Hotkey(keys):
                self._hotkey(keys)
            case KeyDown(key):
                self._hold_key(canonical_key(key))
            case KeyUp(key):
                self._release_key(canonical_key(key))
            case ButtonDown(button, at):
                if self._buttons:
                    self._move(at)
                elif at is not None:
                    self._aim(self.device.apply(at))
                self._avoid_double_click(button)
                self._driver.button(button, True)
                self._buttons.append(button)
            case ButtonUp(button, at):
                self._move(at)
                self._driver.button(button, False)
                self._buttons = [held for held in self._buttons if held != button]
                self._remember_click(button)
            case LongPress(at, seconds):
                self._long_press(at, seconds)
            case _:
                raise ActionRefused(f"a desktop has no {type(action).__name__.lower()} action")
        return ""

    def _check_button(self, action: Action) -> None:
        if isinstance(action, Click | Drag | ButtonDown) and not self._driver.can_press(action.button):
            raise ActionRefused(f"this screen cannot press the {action.button} button of a mouse; use keys or a menu")

    @property
    def has_moved(self) -> bool:
        """Whether an action has put the pointer somewhere."""
        return self._at is not None

    @property
    def holds_a_button(self) -> bool:
        """Whether a mouse button is down, so that a move is part of a drag."""
        return bool(self._buttons)

    def release(self) -> None:
        """Release everything that is held; ignores errors of a screen that is gone."""
        keys, self._keys = self._keys, {}
        buttons, self._buttons = self._buttons, []
        with suppress(EnvError):
            for button in buttons:
                self._driver.button(button, False)
            for codes in reversed(keys.values()):
                self._press(reversed(codes), False)

    def _move(self, to: ScreenPoint | None) -> None:
        """Move the pointer; in small steps while a button is held, since that is a drag."""
        if to is None:
            return
        if self._buttons and self._at is not None:
            self._glide(self._at, self.device.apply(to), DRAG_MOVES)
        else:
            self._put(self.device.apply(to))

    def _put(self, at: DevicePoint) -> None:
        self._driver.move(at.x, at.y)
        self._at = at

    def _aim(self, at: DevicePoint) -> None:
        """Move to `at` and rest there, as a hand does before it presses; no rest if the pointer was there already."""
        was_there = at == self._at
        self._put(at)
        if not was_there:
            self._sleep(self._driver.dwell_s())

    def _glide(self, start: DevicePoint, end: DevicePoint, moves: int) -> None:
        for step in range(1, moves + 1):
            check_interrupted()
            part = step / moves
            self._put(DevicePoint(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part))
            time.sleep(DRAG_S / DRAG_MOVES)

    def _click(self, at: DevicePoint, button: Button, count: int, modifiers: tuple[str, ...]) -> None:
        with self._held(modifiers):
            self._aim(at)
            self._avoid_double_click(button)
            for turn in range(count):
                if turn:
                    self._sleep(_BETWEEN_CLICKS_S)
                self._driver.button(button, True)
                time.sleep(_PRESS_S)
                self._driver.button(button, False)
        self._remember_click(button)

    def _remember_click(self, button: Button) -> None:
        if self._at is not None:
            self._clicked[button] = (self._at, time.monotonic())

    def _avoid_double_click(self, button: Button) -> None:
        """Wait until a press here cannot form a double click with the last click."""
        if self._at is None or button not in self._clicked:
            return
        last, when = self._clicked[button]
        if abs(self._at.x - last.x) <= _NEAR_PX and abs(self._at.y - last.y) <= _NEAR_PX:
            self._sleep(max(0.0, when + DOUBLE_CLICK_S - time.monotonic()))

    def _drag(self, path: Sequence[DevicePoint], button: Button, modifiers: tuple[str, ...]) -> None:
        """Press, move along the path in small steps, release; programs detect a drag by its motion."""
        moves = max(2, DRAG_MOVES // (len(path) - 1))
        with self._held(modifiers):
            self._aim(path[0])
            self._avoid_double_click(button)
            self._driver.button(button, True)
            try:
                time.sleep(_PRESS_S)
                for start, end in pairwise(path):
                    self._glide(start, end, moves)
                time.sleep(DWELL_S)
            finally:
                self._driver.button(button, False)

    def _long_press(self, at: ScreenPoint, seconds: float) -> None:
        self._aim(self.device.apply(at))
        self._avoid_double_click(Button.LEFT)
        self._driver.button(Button.LEFT, True)
        try:
            self._sleep(seconds)
        finally:
            self._driver.button(Button.LEFT, False)

    def _type(self, text: str, submit: bool) -> str:
        method = self._driver.type(text) if text else ""
        if submit:
            self._sleep(BEFORE_SUBMIT_S if text else 0.0)
            self._hotkey(("enter",))
        return method

    def _hotkey(self, keys: tuple[str, ...]) -> None:
        names = tuple(map(canonical_key, keys))
        switches = names[-1:] == ("tab",) and bool(_SWITCHING.intersection(names))
        modifiers = keys[:-1] if switches else ()
        with self._held(modifiers):
            with self._held(keys[len(modifiers) :]):
                time.sleep(_PRESS_S)
            if switches:
                self._sleep(_SWITCH_S)

    @contextmanager
    def _held(self, keys: tuple[str, ...]) -> Generator[None]:
        """Hold `keys`, except those that `KeyDown` holds already."""
        names = [name for name in map(canonical_key, keys) if name not in self._keys]
        codes = [code for name in names for code in self._driver.key_codes(name)]
        codes = list(dict.fromkeys(codes))
        pressed: list[str | int] = []
        try:
            for code in codes:
                self._driver.key(code, True)
                pressed.append(code)
            yield
        finally:
            self._press(reversed(pressed), False)

    def _hold_key(self, name: str) -> None:
        if name not in self._keys:
            self._keys[name] = self._driver.key_codes(name)
            self._press(self._keys[name], True)

    def _release_key(self, name: str) -> None:
        codes = self._keys.pop(name, None) or self._driver.key_codes(name)
        self._press(reversed(codes), False)

    def _press(self, codes: Iterator[str | int] | Sequence[str | int], down: bool) -> None:
        for code in codes:
            self._driver.key(code, down)
