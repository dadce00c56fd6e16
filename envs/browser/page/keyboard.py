"""The keys of a US keyboard, by Playwright's names."""

from ...env import ActionRefused
from ...keys import NAMED, canonical_key

_CAPITALIZED = ("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pause")
_NAMES = {
    **{name: name.capitalize() for name in _CAPITALIZED},
    **{name: f"Arrow{name.capitalize()}" for name in ("up", "down", "left", "right")},
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
    "pageup": "PageUp",
    "pagedown": "PageDown",
    "shift": "ShiftLeft",
    "ctrl": "ControlLeft",
    "alt": "AltLeft",
    "super": "MetaLeft",
    "rightshift": "ShiftRight",
    "rightctrl": "ControlRight",
    "rightalt": "AltRight",
    "rightsuper": "MetaRight",
    "capslock": "CapsLock",
    "numlock": "NumLock",
    "scrolllock": "ScrollLock",
    "printscreen": "PrintScreen",
    "menu": "ContextMenu",
    "volumeup": "AudioVolumeUp",
    "volumedown": "AudioVolumeDown",
    "volumemute": "AudioVolumeMute",
    "playpause": "MediaPlayPause",
    "nexttrack": "MediaTrackNext",
    "prevtrack": "MediaTrackPrevious",
}
SHIFT = "ShiftLeft"
SHIFTS = (SHIFT, "ShiftRight")

_CHARACTERS = {
    **{f"Key{letter}": letter.lower() + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    **{f"Digit{digit}": digit + shifted for digit, shifted in zip("1234567890", "!@#$%^&*()", strict=True)},
    "Backquote": "`~", "Minus": "-_", "Equal": "=+", "BracketLeft": "[{", "BracketRight": "]}", "Backslash": "\\|",
    "Semicolon": ";:", "Quote": "'\"", "Comma": ",<", "Period": ".>", "Slash": "/?", "Space": " ",
}  # fmt: skip
"""The characters of each key, without and with Shift."""

KEYS = {character: (key, bool(shift)) for key, pair in _CHARACTERS.items() for shift, character in enumerate(pair)}
"""The key of each character, and whether it needs Shift."""


def playwright_keys(names: tuple[str, ...]) -> list[str]:
    """Playwright's names for the keys `names`, with Shift where a character needs it.

    Playwright's names of keys, unlike those of characters, follow a pressed Shift.

    Raises:
        ActionRefused: a key is unknown, or does not exist for pages.
    """
    keys: list[str] = []
    for name in names:
        key, needs_shift = _playwright_key(name)
        if needs_shift and not any(shift in keys for shift in SHIFTS):
            keys.append(SHIFT)
        keys.append(key)
    return keys


def _playwright_key(name: str) -> tuple[str, bool]:
    key = canonical_key(name)
    if key in _NAMES:
        return _NAMES[key], False
    if key in NAMED:
        raise ActionRefused(f"the key {name!r} cannot be pressed in a page")
    if key not in KEYS:
        raise ActionRefused(f"the keyboard has no key {name!r}; type it as text")
    return KEYS[key]
