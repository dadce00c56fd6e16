"""The keymap of the virtual keyboard: every character has its own key, so none needs a modifier.

Characters beyond ASCII are mapped to spare keys before a text is typed. Programs receive the keymap and the keys in
that order, unlike on X.
"""

from collections.abc import Iterable, Sequence

from ...input.keysyms import NAMED_KEYSYMS

FIRST, LAST = 9, 255
"""X keycodes; Wayland's are 8 less."""

MODIFIER_MASKS = {
    "shift": 1, "rightshift": 1, "ctrl": 4, "rightctrl": 4, "alt": 8, "rightalt": 8, "super": 64, "rightsuper": 64,
}  # fmt: skip
_MAPPED_TO = {1: "Shift", 4: "Control", 8: "Mod1", 64: "Mod4"}
_ASCII = tuple(chr(point) for point in range(0x21, 0x7F))
_NAMED = tuple(name for name in NAMED_KEYSYMS if name not in ("f21", "f22", "f23", "f24"))

CODES: dict[str, int] = {name: FIRST + index for index, name in enumerate((*_NAMED, *_ASCII))}
"""The keycodes that every map has, by canonical name or character."""

SPARE = tuple(range(FIRST + len(CODES), LAST + 1))
"""The keycodes for other characters."""


def keymap(others: Sequence[str] = ()) -> str:
    """The keymap with these characters on the spare keys, in XKB text format, version 1."""
    keys = [*CODES.items(), *zip(others, SPARE, strict=False)]
    codes = " ".join(f"<K{code}> = {code};" for _, code in keys)
    symbols = " ".join(f"key <K{code}> {{[ {_symbol(name)} ]}};" for name, code in keys)
    masks = {name: _MAPPED_TO[mask] for name, mask in MODIFIER_MASKS.items()}
    modifiers = " ".join(f"modifier_map {mapped} {{ <K{CODES[name]}> }};" for name, mapped in masks.items())
    return (
        "xkb_keymap {\n"
        f'xkb_keycodes "screenwright" {{ minimum = 8; maximum = {LAST}; {codes} }};\n'
        'xkb_types "screenwright" { include "complete" };\n'
        'xkb_compatibility "screenwright" { include "complete" };\n'
        f'xkb_symbols "screenwright" {{ {symbols} {modifiers} }};\n'
        "};\n"
    )


def portions(text: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Split the text into parts that the spare keys suffice for; each with the characters it needs there."""
    others: dict[str, None] = {}
    start = 0
    for index, character in enumerate(text):
        if code_of(character) is not None or character in others:
            continue
        if len(others) == len(SPARE):
            yield text[start:index], tuple(others)
            others, start = {}, index
        others[character] = None
    if text[start:]:
        yield text[start:], tuple(others)


def code_of(character: str) -> int | None:
    """The key that types this in every map; None if it needs a spare key."""
    return CODES.get({"\n": "enter", "\t": "tab", " ": "space"}.get(character, character))


def _symbol(name: str) -> str:
    return f"0x{NAMED_KEYSYMS[name]:x}" if name in NAMED_KEYSYMS else f"U{ord(name):04X}"
