"""Gestures: the actions of the vocabulary, done with a driver; and what is held between two of them."""

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
from ..keys import canonical_key
from .driver import Driver

DRAG_MOVES = 20
DRAG_S = 0.15
DOUBLE_CLICK_S = 0.55
BEFORE_SUBMIT_S = 0.25
"""GTK's file dialog looks up a path while it is typed, and drops an Enter within 0.1 s of its last letter."""
_PRESS_S = 0.02
_BETWEEN_CLICKS_S = 0.06
_NOTCH_S = 0.008
_NEAR_PX = 12


class Gestures:
    """Does actions. `method` of `do` is how text was typed, else empty. `sleep` is what a long press waits with."""

    def __init__(self, driver: Driver, device: DeviceTransform, sleep: Callable[[float], None] = time.sleep) -> None:
        self._driver = driver
        self._sleep = sleep
        self._device = device
        self._keys: dict[str, tuple[str | int, ...]] = {}
        self._buttons: list[Button] = []
        self._at: DevicePoint | None = None
        self._clicked: dict[Button, tuple[DevicePoint, float]] = {}

    def do(self, action: Action) -> str:
        """Do `action`, one of those that need mouse or keyboard.

        Raises:
            ActionRefused: it cannot be done on a desktop; nothing was.
        """
        match action:
            case Click(at, button, count, modifiers):
                self._click(self._device.apply(at), button, count, modifiers)
            case Move(to):
                self._move(to)
            case Drag(path, button, modifiers):
                self._drag([self._device.apply(point) for point in path], button, modifiers)
            case Scroll(direction, amount, at):
                self._move(at)
                for _ in range(amount):
                    self._driver.notch(direction)
                    time.sleep(_NOTCH_S)
            case Type(text, submit):
                return self._type(text, submit)
            case Hotkey(keys):
                self._hotkey(keys)
            case KeyDown(key):
                self._hold_key(canonical_key(key))
            case KeyUp(key):
                self._let_go_of_key(canonical_key(key))
            case ButtonDown(button, at):
                self._move(at)
                self._keep_apart(button)
                self._driver.button(button, True)
                self._buttons.append(button)
            case ButtonUp(button, at):
                self._move(at)
                self._driver.button(button, False)
                self._buttons = [held for held in self._buttons if held != button]
                self._was_clicked(button)
            case LongPress(at, seconds):
                self._long_press(at, seconds)
            case _:
                raise ActionRefused(f"a desktop has no {type(action).__name__.lower()}")
        return ""

    def release(self) -> None:
        """Let go of everything that is held; what cannot be let go of any more is forgotten."""
        keys, self._keys = self._keys, {}
        buttons, self._buttons = self._buttons, []
        with suppress(EnvError):
            for button in buttons:
                self._driver.button(button, False)
            for codes in reversed(keys.values()):
                self._press(reversed(codes), False)

    def _move(self, to: ScreenPoint | None) -> None:
        """Put the pointer there. While a button is held it is a drag, which goes there in small moves."""
        if to is None:
            return
        if self._buttons and self._at is not None:
            self._glide(self._at, self._device.apply(to), DRAG_MOVES)
        else:
            self._put(self._device.apply(to))

    def _put(self, at: DevicePoint) -> None:
        self._driver.move(at.x, at.y)
        self._at = at

    def _glide(self, start: DevicePoint, end: DevicePoint, moves: int) -> None:
        for step in range(1, moves + 1):
            part = step / moves
            self._put(DevicePoint(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part))
            time.sleep(DRAG_S / DRAG_MOVES)

    def _click(self, at: DevicePoint, button: Button, count: int, modifiers: tuple[str, ...]) -> None:
        with self._held(modifiers):
            self._put(at)
            self._keep_apart(button)
            for turn in range(count):
                if turn:
                    time.sleep(_BETWEEN_CLICKS_S)
                self._driver.button(button, True)
                time.sleep(_PRESS_S)
                self._driver.button(button, False)
        self._was_clicked(button)

    def _was_clicked(self, button: Button) -> None:
        if self._at is not None:
            self._clicked[button] = (self._at, time.monotonic())

    def _keep_apart(self, button: Button) -> None:
        """Wait until a press here cannot be taken for the second half of a double click."""
        if self._at is None or button not in self._clicked:
            return
        place, when = self._clicked[button]
        if abs(self._at.x - place.x) <= _NEAR_PX and abs(self._at.y - place.y) <= _NEAR_PX:
            time.sleep(max(0.0, when + DOUBLE_CLICK_S - time.monotonic()))

    def _drag(self, path: Sequence[DevicePoint], button: Button, modifiers: tuple[str, ...]) -> None:
        """Press, go along the path in small moves, release: programs that start a drag need to see it move."""
        moves = max(2, DRAG_MOVES // (len(path) - 1))
        with self._held(modifiers):
            self._put(path[0])
            self._keep_apart(button)
            self._driver.button(button, True)
            try:
                time.sleep(_PRESS_S)
                for start, end in pairwise(path):
                    self._glide(start, end, moves)
                time.sleep(_PRESS_S)
            finally:
                self._driver.button(button, False)

    def _long_press(self, at: ScreenPoint, seconds: float) -> None:
        self._move(at)
        self._keep_apart(Button.LEFT)
        self._driver.button(Button.LEFT, True)
        try:
            self._sleep(seconds)
        finally:
            self._driver.button(Button.LEFT, False)

    def _type(self, text: str, submit: bool) -> str:
        method = self._driver.type(text) if text else ""
        if submit:
            time.sleep(BEFORE_SUBMIT_S if text else 0.0)
            self._hotkey(("enter",))
        return method

    def _hotkey(self, keys: tuple[str, ...]) -> None:
        with self._held(keys):
            time.sleep(_PRESS_S)

    @contextmanager
    def _held(self, keys: tuple[str, ...]) -> Generator[None]:
        """Hold `keys` meanwhile; those that `KeyDown` holds already stay held."""
        names = [name for name in map(canonical_key, keys) if name not in self._keys]
        codes = [code for name in names for code in self._driver.codes(name)]
        codes = list(dict.fromkeys(codes))
        pressed: list[str | int] = []
        try:
            for code in codes:
                self._driver.code(code, True)
                pressed.append(code)
            yield
        finally:
            self._press(reversed(pressed), False)

    def _hold_key(self, name: str) -> None:
        if name not in self._keys:
            self._keys[name] = self._driver.codes(name)
            self._press(self._keys[name], True)

    def _let_go_of_key(self, name: str) -> None:
        codes = self._keys.pop(name, None) or self._driver.codes(name)
        self._press(reversed(codes), False)

    def _press(self, codes: Iterator[str | int] | Sequence[str | int], down: bool) -> None:
        for code in codes:
            self._driver.code(code, down)
