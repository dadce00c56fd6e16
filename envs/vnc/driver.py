"""Mouse and keyboard of a VNC server: a pointer with a mask of buttons, and keys by what stands on them (keysyms).

Text is typed in the first way that is right: by keys where it is all ASCII; else by a paste, where the server says that
a program fetched it; else by the keysyms of the characters, which the server has to find keys for.
"""

import re
import time
from collections.abc import Iterator
from functools import partial

from ..actions import Button, Direction
from ..input.keysyms import keysym_of, symbol_of
from .client import VncClient

_BUTTONS = {Button.LEFT: 1, Button.MIDDLE: 2, Button.RIGHT: 4}
_WHEEL = {Direction.UP: 8, Direction.DOWN: 16, Direction.LEFT: 32, Direction.RIGHT: 64}
_SHIFT = 0xFFE1
_SHIFTED = frozenset('~!@#$%^&*()_+{}|:"<>?')
"""What needs Shift on an American keyboard, which a viewer has; servers with another one let go of it themselves."""

_TYPED_AS = {"\n": "enter", "\t": "tab"}
_PASTE_KEYS = (("shift", "insert"), ("ctrl", "v"))
"""The first one is a terminal's too, where the second one would be taken for a character."""

_KEYS_AT_ONCE = 40
_KEY_PAUSE_S = 0.01
_KEY_ARRIVES_S = 0.02


class VncDriver:
    """See `Driver`."""

    def __init__(self, client: VncClient) -> None:
        self._client = client
        self._at = (0, 0)
        self._pressed = 0

    def check(self) -> None:
        """See `Driver`."""
        self._client.sync()

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        self._at = (int(x), int(y))
        self._client.pointer(*self._at, self._pressed)

    def button(self, button: Button, down: bool) -> None:
        """See `Driver`."""
        bit = _BUTTONS[button]
        self._pressed = self._pressed | bit if down else self._pressed & ~bit
        self._client.pointer(*self._at, self._pressed)

    def scroll(self, direction: Direction) -> None:
        """See `Driver`."""
        self._client.pointer(*self._at, self._pressed | _WHEEL[direction])
        self._client.pointer(*self._at, self._pressed)

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """See `Driver`."""
        symbol = symbol_of(key)
        return (_SHIFT, symbol) if key in _SHIFTED else (symbol,)

    def key(self, code: str | int, down: bool) -> None:
        """See `Driver`."""
        self._client.key(int(code), down)

    def type(self, text: str) -> str:
        """See `Driver`; line breaks and tabs are always keys, since pasted ones press nothing."""
        method = "keys"
        for part in re.findall(r"[\n\t]|[^\n\t]+", re.sub(r"\r\n?", "\n", text)):
            method = self._type_part(part, method)
        self._client.sync()
        return method

    def close(self) -> None:
        """See `Driver`; the connection is its maker's."""

    def _type_part(self, text: str, method: str) -> str:
        """Type `text` by keys if they suffice, else by `method` or worse; the worst method so far."""
        if text.isascii():
            self._press(text, 0.0)
            return method
        if method != "keysyms" and self._pasted(text):
            return "paste"
        self._press(text, _KEY_ARRIVES_S)
        return "keysyms"

    def _press(self, text: str, pause_s: float) -> None:
        """Press the characters' keys one after the other, with a breath now and then for slow readers."""
        for place, character in enumerate(text, 1):
            for symbol, down in _strokes(character):
                self._client.key(symbol, down)
            if pause_s or place % _KEYS_AT_ONCE == 0:
                time.sleep(pause_s or _KEY_PAUSE_S)

    def _pasted(self, text: str) -> bool:
        clipboard = self._client.clipboard
        if not clipboard.takes_any_script:
            return False
        press = self._press_together
        return any(clipboard.paste(text, partial(press, keys), self._client.sync) for keys in _PASTE_KEYS)

    def _press_together(self, keys: tuple[str, ...]) -> None:
        symbols = [symbol_of(key) for key in keys]
        for symbol in symbols:
            self._client.key(symbol, True)
        for symbol in reversed(symbols):
            self._client.key(symbol, False)


def _strokes(character: str) -> Iterator[tuple[int, bool]]:
    """The keysyms to press (True) and to release (False), in order."""
    symbols: tuple[int, ...]
    if character in _TYPED_AS:
        symbols = (symbol_of(_TYPED_AS[character]),)
    elif character in _SHIFTED or (character.isascii() and character.isupper()):
        symbols = (_SHIFT, keysym_of(character))
    else:
        symbols = (keysym_of(character),)
    yield from ((symbol, True) for symbol in symbols)
    yield from ((symbol, False) for symbol in reversed(symbols))
