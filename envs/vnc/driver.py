"""Mouse and keyboard of a VNC server, which receives button masks and keysyms.

Text is typed by the first method that works: `keys` if it is all ASCII; `paste` if the server reports that a program
fetched it; else `keysyms` of the characters, for which the server has to find keys. A server silently drops characters
that its keyboard lacks: without a Unicode clipboard only ASCII is typed, and the screen is watched during it.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import count

from ..actions import Button, Direction
from ..env import ActionRefused, Fact
from ..input.driver import COMMON_BUTTONS, HOVER_S
from ..input.keysyms import keysym_of, symbol_of
from ..input.private import is_typing_secret
from ..input.typeable import check_typeable
from ..interrupt import sleep
from .client import VncClient
from .echo import CharactersDropped, Echo

_BUTTONS = {Button.LEFT: 1, Button.MIDDLE: 2, Button.RIGHT: 4, Button.BACK: 128, Button.FORWARD: 256}
_WHEEL = {Direction.UP: 8, Direction.DOWN: 16, Direction.LEFT: 32, Direction.RIGHT: 64}
_SHIFT = 0xFFE1
_SHIFTED = frozenset('~!@#$%^&*()_+{}|:"<>?')
"""Characters that need Shift on a US keyboard; servers with another layout release Shift themselves."""

_TYPED_AS = {"\n": "enter", "\t": "tab"}
_UNCONFIRMED = Fact(
    "Text is typed by the keys of the VNC server, whose keyboard layout is not known: check on the screen that it "
    "arrived as meant."
)
_NOT_SHOWN = Fact(
    "The screen did not change while the text was typed: the text may be hidden, the field may not have the focus, or "
    "the VNC server's keyboard may lack the characters."
)
_NO_SHORTCUTS = Fact(
    "The keyboard of this VNC server lacks letters, so shortcuts with them may do nothing: check, or use menus."
)
_ROWS = {16: "qwertyuiop", 30: "asdfghjkl", 44: "zxcvbnm"}
_SCANCODES = {keysym_of(key): first + index for first, keys in _ROWS.items() for index, key in enumerate(keys)}
_PASTE_KEYS = (("shift", "insert"), ("ctrl", "v"))
"""The first one also works in terminals, where the second one would type a character."""

_KEYS_AT_ONCE = 40
_KEY_PAUSE_S = 0.01
_KEY_ARRIVES_S = 0.02


class VncDriver:
    """See `Driver`. With `pastes_all`, ASCII is pasted too, since the server's keyboard may lack its letters."""

    def __init__(self, client: VncClient, *, pastes_all: bool = False) -> None:
        self._client = client
        self._pastes_all = pastes_all
        self._at = (0, 0)
        self._pressed = 0
        self.echo = Echo(client.frame, client.draw_limit_s)
        self._dropped = ""
        self._to_confirm: tuple[Fact, ...] = (_UNCONFIRMED,)
        self._facts: tuple[Fact, ...] = ()

    def check(self) -> None:
        """See `Driver`."""
        self._client.sync()

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        self._at = (int(x), int(y))
        self._client.pointer(*self._at, self._pressed)

    def dwell_s(self) -> float:
        """See `Driver`; menus are not known here."""
        return HOVER_S

    def can_press(self, button: Button) -> bool:
        """See `Driver`; servers without an extension drop the buttons for the thumb."""
        return button in COMMON_BUTTONS or self._client.takes_side_buttons

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
        """See `Driver`. Where the keyboard lacks letters, shortcuts are pressed by the positions of a US keyboard."""
        scancode = _SCANCODES.get(int(code)) if self.echo.has_dropped else None
        if scancode is None:
            self._client.key(int(code), down)
        elif self._client.takes_scancodes:
            self._client.physical_key(int(code), scancode, down)
        else:
            self._facts = tuple(dict.fromkeys((*self._facts, _NO_SHORTCUTS)))
            self._client.key(int(code), down)

    def type(self, text: str) -> str:
        """See `Driver`. Line breaks and tabs are always keys, since pasted ones do not press Enter and Tab."""
        check_typeable(text)
        self._check_server_types(text)
        self.echo.begin(text)
        method = "keys"
        for part in re.findall(r"[\n\t]|[^\n\t]+", re.sub(r"\r\n?", "\n", text)):
            method = self._type_part(part, method)
        self._facts += (_NOT_SHOWN,) if self.echo.is_hidden else ()
        self._client.sync()
        return method

    def take_facts(self) -> tuple[Fact, ...]:
        """After the first text that was typed by keys, that it is not confirmed; and whether a text was not shown."""
        facts, self._facts = self._facts, ()
        return facts

    def close(self) -> None:
        """See `Driver`; leaves the connection open."""

    def _type_part(self, text: str, method: str) -> str:
        """Type `text` by keys if possible, else by `method` or a later one; returns the last method used so far."""
        pastes = self._pastes_all or method == "paste"
        if text in _TYPED_AS or (text.isascii() and not pastes):
            self._press(text, 0.0)
            return method
        if self._pastes_all:
            if is_typing_secret() or not self._pasted(text):
                raise ActionRefused("no program took the pasted text, and this server's keyboard is not to be used")
            return "paste"
        if method != "keysyms" and not is_typing_secret() and self._pasted(text):
            return "paste"
        self._press(text, _KEY_ARRIVES_S)
        return "keysyms"

    def _check_server_types(self, text: str) -> None:
        """Refuse characters that the server may drop."""
        if self._client.clipboard.supports_unicode:
            return
        lacking = "".join(dict.fromkeys(char for char in text if self._cannot_type(char)))
        if lacking:
            named = "some of the secret's characters" if is_typing_secret() else lacking[:40]
            raise ActionRefused(
                "this VNC server has no Unicode clipboard that reports a paste, and drops characters that its keyboard "
                f"lacks: {named} cannot be typed{'' if self._pastes_all or self._dropped else ', ASCII can'}; "
                "nothing was typed"
            )

    def _cannot_type(self, character: str) -> bool:
        return self._pastes_all or not character.isascii() or character in self._dropped

    def _press(self, text: str, pause_s: float) -> None:
        """Press the keys of the characters in order, with pauses for slow programs.

        Raises:
            ActionRefused: characters were not drawn, so the server's keyboard lacks them.
        """
        self._facts, self._to_confirm = self._facts + self._to_confirm, ()
        press = partial(self._press_character, pauses=count(1), pause_s=pause_s)
        try:
            self.echo.press(text, press)
        except CharactersDropped as dropped:
            raise self._refusal(dropped) from None

    def _press_character(self, character: str, pauses: Iterator[int], pause_s: float) -> None:
        for symbol, down in _strokes(character):
            self._client.key(symbol, down)
        if pause_s or next(pauses) % _KEYS_AT_ONCE == 0:
            sleep(pause_s or _KEY_PAUSE_S)

    def _refusal(self, dropped: CharactersDropped) -> ActionRefused:
        self._dropped += dropped.lacking
        self._pastes_all = self._client.clipboard.supports_unicode
        advice = "further text will be pasted" if self._pastes_all else "text with them cannot be typed here"
        lacking, typed = dropped.lacking, repr(dropped.typed[-40:])
        if is_typing_secret():
            lacking, typed = "a character of the secret", "it"
        return ActionRefused(
            f"the screen did not change when {lacking} was typed, so the keyboard of this VNC server seems to lack it. "
            f"The text was typed up to {typed}, without what is lacking: remove it; {advice}"
        )

    def _pasted(self, text: str) -> bool:
        clipboard = self._client.clipboard
        if not clipboard.supports_unicode:
            return False
        press = self._press_together
        return any(clipboard.paste(text, partial(press, keys), self._client.sync) for keys in _PASTE_KEYS)

    def _press_together(self, keys: tuple[str, ...]) -> None:
        symbols = [symbol_of(key) for key in keys]
        for symbol in symbols:
            self.key(symbol, True)
        for symbol in reversed(symbols):
            self.key(symbol, False)


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
