"""Playwright's key names, and how text is typed."""

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


def playwright_key(name: str) -> str:
    """Playwright's name for the key `name`.

    Raises:
        ActionRefused: the key is unknown, or does not exist for pages.
    """
    key = canonical_key(name)
    if key in _NAMES:
        return _NAMES[key]
    if key in NAMED:
        raise ActionRefused(f"the key {name!r} cannot be pressed in a page")
    if not key.isascii():
        raise ActionRefused(f"the keyboard has no key {name!r}; type it as text")
    return key


MAX_KEYSTROKES = 100
"""Longer text is inserted at once, like a paste; each keystroke costs a page 2 to 10 ms."""


def typing_pieces(text: str) -> list[tuple[str, str]]:
    """Split `text` into ("keys", text) to type, ("insert", text) to insert at once, and ("press", key name).

    Line breaks become Enter and tabs Tab. Characters that a US keyboard lacks are inserted.
    """
    pieces: list[tuple[str, str]] = []
    is_long = len(text) > MAX_KEYSTROKES
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        if character in "\n\t":
            pieces.append(("press", "Enter" if character == "\n" else "Tab"))
            continue
        method = "keys" if character.isascii() and character.isprintable() and not is_long else "insert"
        if pieces and pieces[-1][0] == method:
            pieces[-1] = (method, pieces[-1][1] + character)
        else:
            pieces.append((method, character))
    return pieces
