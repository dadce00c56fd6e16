"""X keysyms of characters and key names, for X11, VNC and Wayland."""

from ..env import ActionRefused

NAMED_KEYSYMS: dict[str, int] = {
    "enter": 0xFF0D, "escape": 0xFF1B, "tab": 0xFF09, "space": 0x20, "backspace": 0xFF08, "delete": 0xFFFF,
    "insert": 0xFF63, "home": 0xFF50, "end": 0xFF57, "pageup": 0xFF55, "pagedown": 0xFF56, "up": 0xFF52,
    "down": 0xFF54, "left": 0xFF51, "right": 0xFF53, "shift": 0xFFE1, "ctrl": 0xFFE3, "alt": 0xFFE9,
    "super": 0xFFEB, "rightshift": 0xFFE2, "rightctrl": 0xFFE4, "rightalt": 0xFFEA, "rightsuper": 0xFFEC,
    "capslock": 0xFFE5, "numlock": 0xFF7F, "scrolllock": 0xFF14, "printscreen": 0xFF61, "pause": 0xFF13,
    "menu": 0xFF67, "volumeup": 0x1008FF13, "volumedown": 0x1008FF11, "volumemute": 0x1008FF12,
    "playpause": 0x1008FF14, "nexttrack": 0x1008FF17, "prevtrack": 0x1008FF16, "browserback": 0x1008FF26,
    "browserforward": 0x1008FF27, "power": 0x1008FF2A, "browserrefresh": 0x1008FF29, "browserstop": 0x1008FF28,
    "browsersearch": 0x1008FF1B, "browserfavorites": 0x1008FF30, "browserhome": 0x1008FF18, "stop": 0x1008FF15,
    "launchmail": 0x1008FF19, "launchmediaselect": 0x1008FF32, "launchapp1": 0x1008FF33, "launchapp2": 0x1008FF1D,
    "help": 0xFF6A, "select": 0xFF60, "execute": 0xFF62, "clear": 0xFF0B,
    "sleep": 0x1008FF2F, "compose": 0xFF20,
    "modechange": 0xFF7E, "convert": 0xFF23, "nonconvert": 0xFF22, "kanji": 0xFF21, "kana": 0xFF27, "hiragana": 0xFF25,
    "katakana": 0xFF26, "zenkaku": 0xFF2A, "eisu": 0xFF30, "hangul": 0xFF31, "hanja": 0xFF34, "junja": 0xFF38,
    **{f"f{n}": 0xFFBD + n for n in range(1, 25)},
}  # fmt: skip
"""Keysyms of the canonical key names (X11's `keysymdef.h` and `XF86keysym.h`)."""

_UNICODE = 0x01000000


def symbol_of(name: str) -> int:
    """The keysym of a key by its canonical name.

    Raises:
        ActionRefused: X has no such key.
    """
    symbol = NAMED_KEYSYMS.get(name) or (keysym_of(name) if len(name) == 1 else 0)
    if not symbol:
        raise ActionRefused(f"this keyboard has no key {name!r}")
    return symbol


def keysym_of(character: str) -> int:
    """The keysym of a character: Latin-1 directly, others by their code point (X protocol, appendix A)."""
    point = ord(character)
    return point if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF else _UNICODE | point


def character_of(symbol: int) -> str:
    """The character of a legacy keysym, as most non-Latin layouts use them; empty for other keysyms.

    The high byte selects the table of the low byte (X protocol, appendix A).
    """
    if symbol in _ODD:
        return _ODD[symbol]
    table, code = _TABLES.get(symbol >> 8, ("", range(0))), symbol & 0xFF
    return bytes([code]).decode(table[0], "ignore") if code in table[1] else ""


_UPPER_HALF = range(0xA1, 0x100)
_TABLES: dict[int, tuple[str, range]] = {
    0x01: ("iso8859_2", _UPPER_HALF), 0x02: ("iso8859_3", _UPPER_HALF), 0x03: ("iso8859_4", _UPPER_HALF),
    0x05: ("iso8859_6", range(0xC1, 0xF3)), 0x06: ("koi8_u", range(0xC0, 0x100)),
    0x07: ("iso8859_7", range(0xC1, 0xFA)),
    0x0C: ("iso8859_8", range(0xE0, 0xFB)), 0x0D: ("tis_620", _UPPER_HALF),
}  # fmt: skip
_CYRILLIC_BELOW = (0xA3, 0xA4, 0xA6, 0xA7, 0xAD, 0xB3, 0xB4, 0xB6, 0xB7, 0xBD)
_ODD: dict[int, str] = {
    0x20AC: "€", 0x6B0: "№", 0x7D2: "Σ", 0x7F2: "\u03c3", 0x7F3: "ς",
    **{0x600 + code: bytes([code]).decode("koi8_u") for code in _CYRILLIC_BELOW},
}  # fmt: skip
