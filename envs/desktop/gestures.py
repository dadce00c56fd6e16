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
        self._clicked_at = DevicePoint(-1000, -1000)
        self._clicked_when = 0.0

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
                self._driver.button(button, True)
                self._buttons.append(button)
            case ButtonUp(button, at):
                self._move(at)
                self._driver.button(button, False)
                self._buttons = [held for held in self._buttons if held != button]
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
        if to is not None:
            at = self._device.apply(to)
            self._driver.move(at.x, at.y)

    def _click(self, at: DevicePoint, button: Button, count: int, modifiers: tuple[str, ...]) -> None:
        if count < 1:
            raise ActionRefused(f"a click presses at least once, not {count} times")
        with self._held(modifiers):
            self._driver.move(at.x, at.y)
            self._keep_apart(at)
            for turn in range(count):
                if turn:
                    time.sleep(_BETWEEN_CLICKS_S)
                self._driver.button(button, True)
                time.sleep(_PRESS_S)
                self._driver.button(button, False)
        self._clicked_at, self._clicked_when = at, time.monotonic()

    def _keep_apart(self, at: DevicePoint) -> None:
        """Wait until a click here cannot be taken for the second half of a double click."""
        near = abs(at.x - self._clicked_at.x) <= _NEAR_PX and abs(at.y - self._clicked_at.y) <= _NEAR_PX
        if near:
            time.sleep(max(0.0, self._clicked_when + DOUBLE_CLICK_S - time.monotonic()))

    def _drag(self, path: Sequence[DevicePoint], button: Button, modifiers: tuple[str, ...]) -> None:
        """Press, go along the path in small moves, release: programs that start a drag need to see it move."""
        if len(path) < 2:
            raise ActionRefused("a drag needs two points or more")
        moves = max(2, DRAG_MOVES // (len(path) - 1))
        with self._held(modifiers):
            self._driver.move(path[0].x, path[0].y)
            self._keep_apart(path[0])
            self._driver.button(button, True)
            try:
                time.sleep(_PRESS_S)
                for start, end in pairwise(path):
                    for step in range(1, moves + 1):
                        part = step / moves
                        self._driver.move(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)
                        time.sleep(DRAG_S / DRAG_MOVES)
                time.sleep(_PRESS_S)
            finally:
                self._driver.button(button, False)

    def _long_press(self, at: ScreenPoint, seconds: float) -> None:
        self._move(at)
        self._driver.button(Button.LEFT, True)
        try:
            self._sleep(seconds)
        finally:
            self._driver.button(Button.LEFT, False)

    def _type(self, text: str, submit: bool) -> str:
        method = self._driver.type(text) if text else ""
        if submit:
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
