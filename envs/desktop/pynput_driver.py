"""Mouse and keyboard of macOS and Windows, through pynput. Tested on X; untested on macOS and Windows."""

import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from math import floor
from typing import Any

from ..actions import Button, Direction
from ..env import ActionRefused, EnvStopped
from ..input.typeable import check_typeable
from ..keys import canonical_key

_WHEEL = {Direction.UP: (0, 1), Direction.DOWN: (0, -1), Direction.LEFT: (-1, 0), Direction.RIGHT: (1, 0)}
_MULTI_CLICK_S = 0.5
_KEY_PAUSE_S = 0.005


class PynputDriver:
    """See `Driver`. Pushing the pointer into the top left corner stops the run.

    `before_input` is called before each press and move; it raises if the input is not allowed.
    """

    def __init__(self, before_input: Callable[[], None] = lambda: None) -> None:
        keyboard, mouse = import_module("pynput.keyboard"), import_module("pynput.mouse")
        self._before_input = before_input
        self._keyboard, self._mouse, self._buttons = keyboard.Controller(), mouse.Controller(), mouse.Button
        self._untypable = keyboard.Controller.InvalidCharacterException
        self._named: dict[str, Any] = {}
        for name, key in keyboard.Key.__members__.items():
            with suppress(ActionRefused):  # a key that no model knows
                self._named.setdefault(canonical_key(name), key)
        self._put_at: tuple[int, int] | None = None
        self._pressed: tuple[Button, tuple[int, int] | None, float] | None = None

    def check(self) -> None:
        """See `Driver`."""
        position = tuple(int(part) for part in self._mouse.position)
        if position == (0, 0) and position != self._put_at:
            raise EnvStopped("stopped by the user: the pointer was pushed into a corner")

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        self._before_input()
        self._put_at = (floor(x), floor(y))  # negative left of the first monitor, so int() would round up
        self._mouse.position = self._put_at

    def button(self, button: Button, down: bool) -> None:
        """See `Driver`."""
        pressed = getattr(self._buttons, button.value)
        if not down:
            self._mouse.release(pressed)
            return
        self._before_input()
        last, self._pressed = self._pressed, (button, self._put_at, time.monotonic())
        if last is None or last[:2] != self._pressed[:2] or self._pressed[2] - last[2] > _MULTI_CLICK_S:
            self._mouse.__enter__()  # macOS takes the number of clicks from the event; this restarts pynput's count
        self._mouse.press(pressed)

    def scroll(self, direction: Direction) -> None:
        """See `Driver`."""
        self._before_input()
        self._mouse.scroll(*_WHEEL[direction])

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """See `Driver`."""
        if key not in self._named and len(key) > 1:
            raise ActionRefused(f"this keyboard has no key {key!r}")
        return (key,)

    def key(self, code: str | int, down: bool) -> None:
        """See `Driver`."""
        key = self._named.get(str(code), code)
        if not down:
            self._keyboard.release(key)
            return
        self._before_input()
        self._keyboard.press(key)

    def type(self, text: str) -> str:
        """See `Driver`."""
        check_typeable(text)
        for character in text.replace("\r\n", "\n"):
            self._before_input()
            try:
                self._keyboard.type(character)
            except self._untypable as error:
                raise ActionRefused(f"no key types {character!r}; the text before it was typed") from error
            time.sleep(_KEY_PAUSE_S)
        return "keys"

    def close(self) -> None:
        """See `Driver`."""
