"""The keyboard of an X display: the keycodes, modifiers and layouts for characters and named keys."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ...input.keysyms import character_of, keysym_of, symbol_of
from .connection import call_x
from .xkb import MAX_GROUPS, Layouts, Symbols
from .xlib import XDisplay

_SHIFT, _LEVEL3, _RIGHT_ALT = 0xFFE1, 0xFE03, 0xFFEA
_FIRST_KEYCODE, _LAST_KEYCODE = 8, 255
_LOCK = 1
"""The second modifier of the X protocol is Caps Lock."""

_MEDIA = 0x1008FF00

_TYPED_AS = {"\n": 0xFF0D, "\t": 0xFF09}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key, the modifier keys to hold while it is pressed, and the layout to switch to; None for the current one."""

    keycode: int
    held: tuple[int, ...] = ()
    group: int | None = None


class Keyboard:
    """The key map of a display; `refresh` rereads it."""

    def __init__(self, connection: XDisplay) -> None:
        self._display = connection
        self._layouts = Layouts(connection)
        self._strokes: list[dict[int, Stroke]] = []
        self._anywhere: dict[int, int] = {}
        self._symbols: Symbols = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the map and the current layout; cheap if the map has not changed."""
        self._state = self._layouts.state()
        symbols = self._layouts.symbols()
        if symbols != self._symbols:
            self._symbols = symbols
            self._strokes = [self._read(group) for group in range(MAX_GROUPS)]
            self._anywhere = {
                symbol: code for code, groups in reversed([*symbols.items()]) for levels in groups for symbol in levels
            }

    @contextmanager
    def switching(self) -> Generator[Callable[[int | None], None]]:
        """Yields a function that switches to a layout, None for the current one. The layout is restored at the end.

        Caps Lock is off meanwhile.
        """
        before = self._state
        if not self._layouts.can_switch:
            yield lambda _: None
            return
        current, caps_lock = before.group, before.caps_lock

        def switch(group: int | None) -> None:
            nonlocal current, caps_lock
            wanted = before.group if group is None else group
            if (wanted, False) != (current, caps_lock):
                current, caps_lock = wanted, False
                self._layouts.switch(before.locked_group if wanted == before.group else wanted, caps_lock=False)

        try:
            yield switch
        finally:
            if (current, caps_lock) != (before.group, before.caps_lock):
                self._layouts.switch(before.locked_group, caps_lock=before.caps_lock)

    def spare(self) -> list[int]:
        """Unused keycodes."""
        used = {code for code, groups in self._symbols.items() if any(map(any, groups))}
        return [code for code in range(_FIRST_KEYCODE, _LAST_KEYCODE + 1) if code not in used]

    def modifiers(self) -> set[int]:
        """The keycodes of modifiers, without Caps Lock."""
        rows = call_x(self._display.get_modifier_mapping)
        return {int(code) for index, row in enumerate(rows) if index != _LOCK for code in row if code}

    def stroke(self, character: str) -> Stroke | None:
        """How to type `character`, in the current layout if it has it; None if no key has it."""
        if self._state.caps_lock and not self._layouts.can_switch and character.lower() != character.upper():
            return None
        return self._find(_TYPED_AS.get(character, keysym_of(character)))

    def has(self, character: str) -> bool:
        """Whether `character` is on the keyboard, in any layout."""
        return keysym_of(character) in self._anywhere

    def key(self, name: str) -> Stroke | None:
        """How to press the key with the canonical `name`; None if this keyboard does not have it."""
        symbol = symbol_of(name)
        found = self._find(symbol)
        if found is None and symbol in self._anywhere:
            found = Stroke(self._anywhere[symbol])  # from another layout; programs still recognize ctrl+c
        return found

    def _find(self, symbol: int) -> Stroke | None:
        current = self._state.group
        for group in dict.fromkeys((current, *range(MAX_GROUPS))) if self._layouts.can_switch else (current,):
            found = self._strokes[group].get(symbol)
            if found is not None:
                return found if group == current or _is_in_every_layout(symbol) else replace(found, group=group)
        return None

    def _read(self, group: int) -> dict[int, Stroke]:
        """The strokes of a layout, by keysym."""
        strokes: dict[int, Stroke] = {}
        shift = self._keycode(_SHIFT)
        level3 = self._keycode(_LEVEL3) or self._keycode(_RIGHT_ALT)
        modifiers = ((), (shift,), (level3,), (level3, shift))
        keys = {code: groups[group] for code, groups in self._symbols.items() if group < len(groups)}
        for level, held in enumerate(modifiers if self._keycode(_LEVEL3) else modifiers[:2]):
            for code, levels in keys.items():
                if level < len(levels) and levels[level]:
                    strokes.setdefault(levels[level], Stroke(code, held))
        for code, levels in keys.items():
            capital = _capital_of(levels)
            if capital:
                strokes.setdefault(capital, Stroke(code, (shift,)))
        for symbol, stroke in list(strokes.items()):
            character = character_of(symbol)
            if character:
                strokes.setdefault(keysym_of(character), stroke)
        return strokes

    def _keycode(self, symbol: int) -> int:
        found = (code for code, groups in self._symbols.items() for levels in groups if symbol in levels)
        return next(found, 0)


def _capital_of(levels: tuple[int, ...]) -> int:
    """A key with only a lower-case letter also has its capital with Shift (X protocol, section 5); else 0."""
    if not levels or any(levels[1:2]) or not 0x20 < levels[0] < 0x100:
        return 0
    capital = chr(levels[0]).upper()
    return keysym_of(capital) if chr(levels[0]).isalpha() and len(capital) == 1 else 0


def _is_in_every_layout(symbol: int) -> bool:
    """Whether it is a modifier, a function key or a media key, which layouts do not change."""
    return symbol >> 8 in (0xFE, 0xFF) or symbol >= _MEDIA
