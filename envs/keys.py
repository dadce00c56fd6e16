"""Key names: maps the spellings that models use to one canonical name per key.

Canonical names are lower case: a printable character is its own name (`a`, `1`, `+`), the others are in `NAMED`.
`super` is the Windows, Command or Meta key. Backends translate canonical names to their own, and refuse keys that they
do not have.

Sources of the spellings: pyautogui's `KEY_NAMES`, nut-js, Playwright, X11 keysyms, and what UI-TARS, Qwen-VL and
similar models emit.
"""

import re

from .env import ActionRefused

_ALIASES: dict[str, str] = {
    "enter": "return kp_enter numpadenter linefeed",
    "escape": "esc",
    "tab": "kp_tab iso_left_tab",
    "space": "spacebar kp_space",
    "backspace": "back_space bksp",
    "delete": "del forwarddelete forward_delete kp_delete",
    "insert": "ins kp_insert",
    "home": "kp_home",
    "end": "kp_end",
    "pageup": "page_up pgup prior kp_page_up kp_prior",
    "pagedown": "page_down pgdn pgdown next kp_page_down kp_next",
    "up": "arrowup arrow_up uparrow up_arrow kp_up",
    "down": "arrowdown arrow_down downarrow down_arrow kp_down",
    "left": "arrowleft arrow_left leftarrow left_arrow kp_left",
    "right": "arrowright arrow_right rightarrow right_arrow kp_right",
    "shift": "shiftleft shift_l lshift leftshift",
    "ctrl": "control controlleft ctrlleft control_l ctrl_l lctrl leftcontrol leftctrl",
    "alt": "altleft alt_l lalt leftalt option opt optionleft",
    "super": (
        "cmd command meta win windows winleft super_l metaleft meta_l lwin leftsuper leftcmd leftwin "
        "leftmeta os osleft cmdleft commandleft cmd_l"
    ),
    "rightshift": "shiftright shift_r rshift right_shift",
    "rightctrl": "controlright ctrlright control_r ctrl_r rctrl rightcontrol",
    "rightalt": "altright alt_r ralt altgr alt_gr iso_level3_shift altgraph optionright",
    "rightsuper": "winright super_r metaright meta_r rwin rightcmd rightwin rightmeta cmdright osright cmd_r",
    "capslock": "caps_lock caps",
    "numlock": "num_lock",
    "scrolllock": "scroll_lock",
    "printscreen": "print_screen prtsc prtscr prntscrn print snapshot sys_req sysrq",
    "pause": "break",
    "menu": "apps contextmenu context_menu",
    "volumeup": "media_volume_up volume_up audiovolumeup audiovolup xf86audioraisevolume",
    "volumedown": "media_volume_down volume_down audiovolumedown audiovoldown xf86audiolowervolume",
    "volumemute": "media_volume_mute volume_mute mute audiovolumemute audiomute xf86audiomute",
    "playpause": "media_play_pause mediaplaypause play_pause audioplay xf86audioplay",
    "nexttrack": "media_next mediatracknext next_track audionext xf86audionext",
    "prevtrack": "media_previous mediatrackprevious prev_track audioprev xf86audioprev",
    "browserback": "browser_back",
    "browserforward": "browser_forward",
    "browserrefresh": "browser_refresh",
    "browserstop": "browser_stop",
    "browsersearch": "browser_search",
    "browserfavorites": "browser_favorites",
    "browserhome": "browser_home",
    "stop": "mediastop media_stop",
    "launchmail": "launch_mail",
    "launchmediaselect": "launch_media_select mediaselect",
    "launchapp1": "launch_app1 launchapplication1",
    "launchapp2": "launch_app2 launchapplication2",
    "clear": "numlockclear",
    "fn": "function",
    "compose": "multi_key multikey",
    "modechange": "mode_switch",
    "convert": "henkan henkan_mode",
    "nonconvert": "muhenkan non_convert",
    "kana": "kana_lock kanamode hiragana_katakana",
    "zenkaku": "zenkaku_hankaku hankaku zenkakuhankaku",
    "eisu": "eisu_toggle",
    "hangul": "hanguel hangulmode",
    "hanja": "hangul_hanja hanjamode",
    "junja": "hangul_jeonja junjamode",
    "recents": "recent recent_apps app_switch appswitch overview",
    **dict.fromkeys(
        ("help", "select", "execute", "sleep", "accept", "final", "kanji", "hiragana", "katakana", "power"), ""
    ),
    **dict.fromkeys((f"f{number}" for number in range(1, 25)), ""),
}
"""Other spellings of the named keys."""

_WHITESPACE = {"\n": "enter", "\r": "enter", "\t": "tab", " ": "space"}
_SYMBOLS = {
    spelling: character
    for character, spellings in {
        "+": "plus add kp_add numpadadd", "-": "minus hyphen subtract kp_subtract numpadsubtract",
        "=": "equal equals kp_equal numpadequal",
        ",": "comma separator kp_separator numpadcomma", ".": "period dot decimal kp_decimal numpaddecimal",
        "/": "slash divide kp_divide numpaddivide", "*": "asterisk multiply kp_multiply numpadmultiply star",
        "\\": "backslash intlbackslash", ";": "semicolon", "'": "apostrophe quote quoteright",
        "`": "grave backquote quoteleft backtick",
        "!": "exclam", "@": "at", "#": "numbersign hash", "$": "dollar", "%": "percent", "^": "asciicircum caret",
        "&": "ampersand", "(": "parenleft", ")": "parenright", "_": "underscore", "[": "bracketleft leftbracket",
        "]": "bracketright rightbracket", "{": "braceleft", "}": "braceright", ":": "colon", '"': "quotedbl",
        "<": "less", ">": "greater", "?": "question", "|": "bar pipe", "~": "asciitilde tilde", "¥": "yen intlyen",
    }.items()
    for spelling in spellings.split()
}  # fmt: skip
_NUMBERED = {
    **{spelling: str(digit) for digit in range(10) for spelling in (f"num{digit}", f"kp_{digit}", f"numpad{digit}",
    f"digit{digit}")}, **{f"key{letter}": letter for letter in "abcdefghijklmnopqrstuvwxyz"},
}  # fmt: skip
"""Keys of the number pad, and the DOM's names of keys."""

NAMED: frozenset[str] = frozenset(_ALIASES)
MODIFIERS: frozenset[str] = frozenset(
    {"shift", "ctrl", "alt", "super", "rightshift", "rightctrl", "rightalt", "rightsuper"}
)

_SPACED_NAME = re.compile(
    r"\b(?:(?:page|arrow|volume) (?:up|down|left|right|mute)|(?:up|down|left|right) arrow"
    r"|(?:caps|num|scroll) lock|print screen|context menu|back space)\b"
)
"""Key names that consist of two words."""

_CANONICAL: dict[str, str] = {
    **_SYMBOLS,
    **_NUMBERED,
    **_WHITESPACE,
    **{spelling: name for name, spellings in _ALIASES.items() for spelling in (name, *spellings.split())},
}


def canonical_key(name: str) -> str:
    """The canonical name of the key spelled `name`.

    A single character is its own name; letters become lower case.

    Raises:
        ActionRefused: there is no such key.
    """
    found = _CANONICAL.get(name.lower()) or _CANONICAL.get(name.strip().lower().replace("-", "_"))
    if found:
        return found
    if len(name) == 1 and name.isprintable():
        return name.lower() if len(name.lower()) == 1 else name
    raise ActionRefused(f"there is no key named {name!r:.60}")


def split_keys(combination: str) -> tuple[str, ...]:
    """Split a key combination as models write it: `ctrl c`, `Ctrl+Shift+T`, `ctrl-c`, `page down`.

    Raises:
        ActionRefused: a part is not a key, or there is none.
    """
    spelled = _SPACED_NAME.sub(lambda found: found[0].replace(" ", "_"), combination.lower())
    words = _without_separators([part for word in spelled.split() for part in _split_word(word)])
    if words:
        return tuple(canonical_key(word) for word in words)
    if combination.strip("\n") in (" ", "\t"):
        return (canonical_key(combination.strip("\n")),)
    raise ActionRefused("the key combination is empty")


def _split_word(word: str) -> list[str]:
    """Split at each `+` or `-` between two names; a final or single one is the key itself."""
    for joint in ("+", "-"):
        parts = word.split(joint)
        if len(parts) > 1 and parts[0] and _CANONICAL.get(parts[0]) in MODIFIERS and word not in _CANONICAL:
            last = parts[-1] or joint
            return [*(part for part in parts[:-1] if part), last]
    return [part for part in word.split("+") if part] if "+" in word.strip("+") else [word]


def _without_separators(words: list[str]) -> list[str]:
    """Drop each separate `+` between two names, as in `ctrl + c`."""
    keys: list[str] = []
    joined = True
    for index, word in enumerate(words):
        if word == "+" and not joined and index + 1 < len(words):
            joined = True
        else:
            keys.append(word)
            joined = False
    return keys
