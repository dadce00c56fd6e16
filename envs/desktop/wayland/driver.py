"""Mouse and keyboard of a Wayland compositor, through its virtual devices."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

from ...actions import Button, Direction
from ...env import ActionRefused, EnvError
from ...input.driver import HOVER_S
from ...input.typeable import check_typeable
from ...interrupt import sleep
from .clipboard import WaylandClipboard
from .keymap import CODES, MODIFIER_MASKS, SPARE, code_of, keymap, portions
from .screen import KEYBOARD, POINTER, WaylandScreen
from .wire import in_memory

_BUTTONS = {  # linux/input-event-codes.h; mice have BTN_SIDE and BTN_EXTRA for back and forward
    Button.LEFT: 0x110, Button.RIGHT: 0x111, Button.MIDDLE: 0x112, Button.BACK: 0x113, Button.FORWARD: 0x114,
}  # fmt: skip
_AXES = {Direction.UP: (0, -1), Direction.DOWN: (0, 1), Direction.LEFT: (1, -1), Direction.RIGHT: (1, 1)}
_MOVE_TO, _BUTTON, _FRAME, _SOURCE, _DISCRETE = 1, 2, 4, 5, 7
_WITH_OUTPUT = 2
_WHEEL, _NOTCH_PX = 0, 15
_KEYMAP, _KEY, _MODIFIERS = 0, 1, 2
_XKB_V1 = 1
_KEYCODES_BEGIN = 8
_KEYS_AT_ONCE = 40
_KEY_PAUSE_S = 0.01


class WaylandDriver:
    """See `Driver`. `before_input` is called before each press and move; it raises if the input is not allowed."""

    def __init__(self, screen: WaylandScreen, before_input: Callable[[], None] = lambda: None) -> None:
        self._screen, self._wire, self._before_input = screen, screen.wire, before_input
        pointers, keyboards = self._wire.bind(POINTER, 2), self._wire.bind(KEYBOARD, 1)
        self._pointer = self._wire.new()
        self._wire.request(pointers, _WITH_OUTPUT, screen.seat, screen.output, self._pointer)
        self._keyboard = self._wire.new()
        self._wire.request(keyboards, 0, screen.seat, self._keyboard)
        self._others: dict[str, int] = {}
        self._masks: dict[int, int] = {}
        self._clipboard: WaylandClipboard | None = None
        self._map(())
        self._wire.roundtrip()

    def check(self) -> None:
        """See `Driver`; a client cannot query the pointer's position."""

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        self._before_input()
        across, down, size = self._screen.on_output(x, y)
        self._wire.request(self._pointer, _MOVE_TO, _now_ms(), across, down, size.width, size.height)
        self._end_of_frame()

    def dwell_s(self) -> float:
        """See `Driver`; menus are not known here."""
        return HOVER_S

    def can_press(self, button: Button) -> bool:
        """See `Driver`."""
        return button in _BUTTONS

    def button(self, button: Button, down: bool) -> None:
        """See `Driver`."""
        if down:
            self._before_input()
        self._wire.request(self._pointer, _BUTTON, _now_ms(), _BUTTONS[button], int(down))
        self._end_of_frame()

    def scroll(self, direction: Direction) -> None:
        """See `Driver`."""
        self._before_input()
        axis, sign = _AXES[direction]
        self._wire.request(self._pointer, _SOURCE, _WHEEL)
        self._wire.request(self._pointer, _DISCRETE, _now_ms(), axis, sign * _NOTCH_PX * 256, sign)
        self._end_of_frame()

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """See `Driver`."""
        code = CODES.get(key) or self._others.get(key)
        if code is None and len(key) == 1:
            self._map((key,))
            code = self._others[key]
        if code is None:
            raise ActionRefused(f"this keyboard has no key {key!r}")
        return (code,)

    def key(self, code: str | int, down: bool) -> None:
        """See `Driver`."""
        if down:
            self._before_input()
        self._press(int(code), down)
        self._wire.roundtrip()

    def type(self, text: str) -> str:
        """See `Driver`."""
        check_typeable(text)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        method = "keys"
        for part, others in portions(text):
            if others:
                method = "remapped keys"
                self._map(others)
            self._type_part(part)
        return method

    def clipboard(self) -> WaylandClipboard:
        """See `ClipboardDriver`."""
        if self._clipboard is None:
            self._clipboard = WaylandClipboard(self._screen)
        return self._clipboard

    def close(self) -> None:
        """See `Driver`; the compositor releases what is held when the connection ends."""
        with suppress(EnvError):
            self._wire.roundtrip()

    def _type_part(self, text: str) -> None:
        for number, character in enumerate(text, 1):
            self._before_input()
            code = code_of(character) or self._others[character]
            self._press(code, True)
            self._press(code, False)
            if number % _KEYS_AT_ONCE == 0:
                self._wire.roundtrip()
                sleep(_KEY_PAUSE_S)
        self._wire.roundtrip()

    def _press(self, code: int, down: bool) -> None:
        """Press or release a key; the client also has to report the resulting modifiers."""
        self._wire.request(self._keyboard, _KEY, _now_ms(), code - _KEYCODES_BEGIN, int(down))
        mask = _MASKS.get(code)
        if mask is not None:
            self._masks = {**self._masks, code: mask} if down else {k: v for k, v in self._masks.items() if k != code}
            pressed = 0
            for held in self._masks.values():
                pressed |= held
            self._wire.request(self._keyboard, _MODIFIERS, pressed, 0, 0, 0)

    def _map(self, others: tuple[str, ...]) -> None:
        """Send a keymap with these characters in addition to the default ones."""
        self._others = dict(zip(others, SPARE, strict=False))
        data = keymap(others).encode() + b"\0"
        file = in_memory(data)
        try:
            self._wire.request(self._keyboard, _KEYMAP, _XKB_V1, len(data), file=file)
            self._wire.roundtrip()
        finally:
            os.close(file)

    def _end_of_frame(self) -> None:
        self._wire.request(self._pointer, _FRAME)
        self._wire.roundtrip()


_MASKS = {CODES[name]: mask for name, mask in MODIFIER_MASKS.items()}


def _now_ms() -> int:
    return int(1000 * time.monotonic()) & 0xFFFFFFFF
