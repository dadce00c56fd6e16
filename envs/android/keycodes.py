"""Android's key codes (`android.view.KeyEvent`), by canonical key name."""

import string

from ..env import ActionRefused
from ..keys import canonical_key

HOME, BACK, ENTER, TAB, WAKE_UP = 3, 4, 66, 61, 224

KEYCODES: dict[str, int] = {
    "enter": ENTER, "escape": 111, "tab": TAB, "space": 62, "backspace": 67, "delete": 112, "insert": 124,
    "home": 122, "end": 123, "pageup": 92, "pagedown": 93, "up": 19, "down": 20, "left": 21, "right": 22,
    "shift": 59, "ctrl": 113, "alt": 57, "super": 117, "rightshift": 60, "rightctrl": 114, "rightalt": 58,
    "rightsuper": 118, "capslock": 115, "numlock": 143, "scrolllock": 116, "printscreen": 120, "pause": 121,
    "menu": 82, "volumeup": 24, "volumedown": 25, "volumemute": 164, "playpause": 85, "nexttrack": 87,
    "prevtrack": 88, "browserback": BACK, "browserforward": 125, "power": 26, "recents": 187,
    **{f"f{number}": 130 + number for number in range(1, 13)},
    **{digit: 7 + index for index, digit in enumerate(string.digits)},
    **{letter: 29 + index for index, letter in enumerate(string.ascii_lowercase)},
    "*": 17, "#": 18, ",": 55, ".": 56, "`": 68, "-": 69, "=": 70, "[": 71, "]": 72, "\\": 73, ";": 74, "'": 75,
    "/": 76, "@": 77, "+": 81,
}  # fmt: skip


def keycode(key: str) -> int:
    """The code of a key.

    Raises:
        ActionRefused: a phone has no such key.
    """
    name = canonical_key(key)
    if name not in KEYCODES:
        raise ActionRefused(f"a phone has no key {name!r}")
    return KEYCODES[name]
