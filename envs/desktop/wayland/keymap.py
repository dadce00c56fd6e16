"""A keymap of our own for the virtual keyboard: every character has a key to itself, so none needs a modifier.

What a text needs beyond ASCII is put on the keys that are left, and the compositor is given the map before the text:
programs hear of both in that order, unlike on X.
"""

from collections.abc import Iterable, Sequence

from ...input.keysyms import NAMED_KEYSYMS

FIRST, LAST = 9, 255
"""X keycodes; what goes over the wire is less by 8."""

MODIFIER_MASKS = {
    "shift": 1, "rightshift": 1, "ctrl": 4, "rightctrl": 4, "alt": 8, "rightalt": 8, "super": 64, "rightsuper": 64,
}  # fmt: skip
_MAPPED_TO = {1: "Shift", 4: "Control", 8: "Mod1", 64: "Mod4"}
_ASCII = tuple(chr(point) for point in range(0x21, 0x7F))
_NAMED = tuple(name for name in NAMED_KEYSYMS if name not in ("f21", "f22", "f23", "f24"))

CODES: dict[str, int] = {name: FIRST + place for place, name in enumerate((*_NAMED, *_ASCII))}
"""Where the keys are that every map has, by canonical name or character."""

SPARE = tuple(range(FIRST + len(CODES), LAST + 1))
"""The keys that are left for others."""


def keymap(others: Sequence[str] = ()) -> str:
    """The map with these characters on the spare keys, in order; in the format of XKB, text version 1."""
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
    """The text in parts, each with the characters that it needs and no more than there are spare keys for."""
    others: dict[str, None] = {}
    begun = 0
    for place, character in enumerate(text):
        if code_of(character) is not None or character in others:
            continue
        if len(others) == len(SPARE):
            yield text[begun:place], tuple(others)
            others, begun = {}, place
        others[character] = None
    if text[begun:]:
        yield text[begun:], tuple(others)


def code_of(character: str) -> int | None:
    """The key of every map that types this; None where it needs a spare one."""
    return CODES.get({"\n": "enter", "\t": "tab", " ": "space"}.get(character, character))


def _symbol(name: str) -> str:
    return f"0x{NAMED_KEYSYMS[name]:x}" if name in NAMED_KEYSYMS else f"U{ord(name):04X}"
