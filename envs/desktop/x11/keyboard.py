"""The keyboard of an X display: the keycodes and modifiers for characters and named keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...input.keysyms import character_of, keysym_of, symbol_of
from .connection import call_x
from .xlib import XDisplay

_SHIFT, _LEVEL3, _RIGHT_ALT = 0xFFE1, 0xFE03, 0xFFEA
_FIRST_KEYCODE, _LAST_KEYCODE = 8, 255
_LOCK, _LOCK_MASK = 1, 2
"""The second modifier of the X protocol is Caps Lock."""

_TYPED_AS = {"\n": 0xFF0D, "\t": 0xFF09}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key, and the modifier keys to hold while it is pressed."""

    keycode: int
    held: tuple[int, ...] = ()


class Keyboard:
    """The key map of a display; `refresh` rereads it."""

    def __init__(self, connection: XDisplay) -> None:
        self._display = connection
        self._strokes: dict[int, Stroke] = {}
        self._anywhere: dict[int, int] = {}
        self._map: tuple[tuple[int, ...], ...] = ()
        self._group = -1
        self._locked = False
        self.refresh()

    def refresh(self) -> None:
        """Read the map and the current layout; cheap if neither has changed."""
        count = _LAST_KEYCODE - _FIRST_KEYCODE + 1
        rows = call_x(lambda: self._display.get_keyboard_mapping(_FIRST_KEYCODE, count))
        state = int(call_x(self._display.screen().root.query_pointer).mask)
        self._locked = bool(state & _LOCK_MASK)
        group = state >> 13 & 3
        key_map = tuple(tuple(int(symbol) for symbol in row) for row in rows)
        if (key_map, group) != (self._map, self._group):
            self._map, self._group = key_map, group
            self._read()

    def spare(self) -> list[int]:
        """Unused keycodes."""
        return [_FIRST_KEYCODE + index for index, row in enumerate(self._map) if not any(row)]

    def modifiers(self) -> set[int]:
        """The keycodes of modifiers, without Caps Lock."""
        rows = call_x(self._display.get_modifier_mapping)
        return {int(code) for index, row in enumerate(rows) if index != _LOCK for code in row if code}

    def stroke(self, character: str) -> Stroke | None:
        """How to type `character` in the current layout; None if no key has it."""
        if self._locked and character.lower() != character.upper():
            return None
        return self._strokes.get(_TYPED_AS.get(character, keysym_of(character)))

    def has(self, character: str) -> bool:
        """Whether `character` is on the keyboard, in any layout."""
        return keysym_of(character) in self._anywhere

    def key(self, name: str) -> Stroke | None:
        """How to press the key with the canonical `name`; None if this keyboard does not have it."""
        symbol = symbol_of(name)
        found = self._strokes.get(symbol)
        if found is None and symbol in self._anywhere:
            found = Stroke(self._anywhere[symbol])  # from another layout; programs still recognize ctrl+c
        return found

    def _read(self) -> None:
        self._strokes, self._anywhere = {}, {}
        shift = self._keycode(_SHIFT)
        level3 = self._keycode(_LEVEL3) or self._keycode(_RIGHT_ALT)
        first = 2 * self._group if self._group < 2 else 0
        columns: list[tuple[int, tuple[int, ...]]] = [(first, ()), (first + 1, (shift,))]
        if first == 0 and self._keycode(_LEVEL3):
            columns += [(4, (level3,)), (5, (level3, shift))]
        for column, held in columns:
            for index, row in enumerate(self._map):
                if column < len(row) and row[column]:
                    self._strokes.setdefault(row[column], Stroke(_FIRST_KEYCODE + index, held))
        for index, row in enumerate(self._map):
            for symbol in row:
                self._anywhere.setdefault(symbol, _FIRST_KEYCODE + index)
        self._fill_single_columns(first, shift)
        for symbol, stroke in list(self._strokes.items()):
            character = character_of(symbol)
            if character:
                self._strokes.setdefault(keysym_of(character), stroke)

    def _fill_single_columns(self, first: int, shift: int) -> None:
        """A row with only a lower-case letter also has its capital with Shift (X protocol, section 5)."""
        for index, row in enumerate(self._map):
            symbol = row[first] if first < len(row) else 0
            alone = symbol and (first + 1 >= len(row) or not row[first + 1])
            if alone and chr(symbol & 0xFFFFFF).isalpha() and symbol < 0x100:
                capital = keysym_of(chr(symbol).upper()) if len(chr(symbol).upper()) == 1 else symbol
                self._strokes.setdefault(capital, Stroke(_FIRST_KEYCODE + index, (shift,)))

    def _keycode(self, symbol: int) -> int:
        rows: Sequence[tuple[int, ...]] = self._map
        return next((_FIRST_KEYCODE + index for index, row in enumerate(rows) if symbol in row), 0)
