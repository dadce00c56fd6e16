"""Canonical key names as Playwright calls the keys, and how text is typed."""

from ...env import ActionRefused
from ...keys import NAMED, canonical_key

_NAMES = {
    "enter": "Enter",
    "escape": "Escape",
    "tab": "Tab",
    "space": "Space",
    "backspace": "Backspace",
    "delete": "Delete",
    "insert": "Insert",
    "home": "Home",
    "end": "End",
    "pageup": "PageUp",
    "pagedown": "PageDown",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "left": "ArrowLeft",
    "right": "ArrowRight",
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
    "pause": "Pause",
    "menu": "ContextMenu",
    "volumeup": "AudioVolumeUp",
    "volumedown": "AudioVolumeDown",
    "volumemute": "AudioVolumeMute",
    "playpause": "MediaPlayPause",
    "nexttrack": "MediaTrackNext",
    "prevtrack": "MediaTrackPrevious",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}


def playwright_key(name: str) -> str:
    """Playwright's name of the key that `name` spells.

    Raises:
        ActionRefused: no key is spelled so, or a page has no such key.
    """
    key = canonical_key(name)
    if key in _NAMES:
        return _NAMES[key]
    if key in NAMED:
        raise ActionRefused(f"a page has no key {name!r}")
    if not key.isascii():
        raise ActionRefused(f"the keyboard has no key {name!r}; type it as text")
    return key


MOST_KEYSTROKES = 100
"""Longer text is inserted at once, as a paste would; each keystroke costs a page 2 to 10 ms."""


def typing_pieces(text: str) -> list[tuple[str, str]]:
    """`text` as steps of typing: ("keys", ...) by keystrokes, ("insert", ...) at once, ("press", key name).

    Line breaks are Enter and tabs are Tab, as on a keyboard. Characters that a US keyboard lacks are inserted.
    """
    pieces: list[tuple[str, str]] = []
    long = len(text) > MOST_KEYSTROKES
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        if character in "\n\t":
            pieces.append(("press", "Enter" if character == "\n" else "Tab"))
            continue
        way = "keys" if character.isascii() and character.isprintable() and not long else "insert"
        if pieces and pieces[-1][0] == way:
            pieces[-1] = (way, pieces[-1][1] + character)
        else:
            pieces.append((way, character))
    return pieces
