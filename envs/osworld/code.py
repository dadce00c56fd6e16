"""Translates actions to pyautogui code, which OSWorld's machines run.

Text is typed key by key, with two exceptions: characters beyond ASCII are pasted, and `<` is typed as Shift and comma,
since pyautogui types `>` for it (OSWorld's own code has the same workaround).
"""

from itertools import groupby

from ..actions import (
    Action,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Scroll,
    Type,
    Wait,
)
from ..env import ActionRefused
from ..geometry import ScreenPoint
from ..input.driver import COMMON_BUTTONS
from ..keys import canonical_key

NOTCH = {"Windows": 120}
"""Wheel units per notch in pyautogui, where that is not 1."""

_NAMES = {
    "super": "win", "menu": "apps", "rightshift": "shiftright", "rightctrl": "ctrlright", "rightalt": "altright",
    "rightsuper": "winright",
}  # fmt: skip
_UNKNOWN = frozenset({"power", "recents"})
_KEYS = {"\n": "enter", "\t": "tab"}
_DRAG_S = 0.5
_LETTER_S = 0.02
_FETCH_S = 0.5
_MOVES_AT_ONCE = 4
_TEXT_AT_ONCE = 100


def code_of(action: Action, system: str = "Linux") -> str:
    """The code for `action` on a machine whose `platform.system()` is `system`; one line, without imports.

    Raises:
        ActionRefused: pyautogui does not support it.
    """
    match action:
        case Click(at, button, count, modifiers):
            return _held(modifiers, [f"click({_at(at)}, clicks={count}, interval=0.1, button={_button(button)})"])
        case Move(to):
            return _lines([f"moveTo({_at(to)})"])
        case Drag(path, button, modifiers):
            return _held(modifiers, _drag(path, button))
        case Scroll(direction, amount, at):
            return _scroll(direction, amount * NOTCH.get(system, 1), at)
        case Type(text, submit):
            return "; ".join([*_typed(text), *(["pyautogui.press('enter')"] if submit else [])]) or "pass"
        case Hotkey(keys):
            return _lines([f"hotkey({', '.join(repr(key_name(key)) for key in keys)})"])
        case KeyDown(key):
            return _lines([f"keyDown({key_name(key)!r})"])
        case KeyUp(key):
            return _lines([f"keyUp({key_name(key)!r})"])
        case ButtonDown(button, at):
            return _lines([*_moved(at), f"mouseDown(button={_button(button)})"])
        case ButtonUp(button, at):
            return _lines([*_moved(at), f"mouseUp(button={_button(button)})"])
        case LongPress(at, seconds):
            return f"{_lines([*_moved(at), 'mouseDown()'])}; time.sleep({seconds:g}); {_lines(['mouseUp()'])}"
        case Wait(seconds):
            return f"time.sleep({seconds:g})"
        case _:
            raise ActionRefused(f"this machine has no {type(action).__name__.lower()} action")


def codes_of(action: Action, system: str = "Linux") -> tuple[str, ...]:
    """As `code_of`, in parts of a few seconds at most.

    The last part of a long press, which waits before it, and of a drag releases the button.

    Raises:
        ActionRefused: pyautogui does not support it.
    """
    match action:
        case LongPress(at):
            return _lines([*_moved(at), "mouseDown()"]), _lines(["mouseUp()"])
        case Drag(path, button, modifiers) if len(path) > _MOVES_AT_ONCE:
            keys = [key_name(key) for key in modifiers]
            first, *moves, last = _drag(path, button)[1:]
            start = _lines([*(f"keyDown({key!r})" for key in keys), _drag(path, button)[0], first])
            end = _lines([last, *(f"keyUp({key!r})" for key in reversed(keys))])
            return start, *(_lines(moves[at : at + _MOVES_AT_ONCE]) for at in range(0, len(moves), _MOVES_AT_ONCE)), end
        case Type(text, submit) if len(text) > _TEXT_AT_ONCE:
            pieces = [text[at : at + _TEXT_AT_ONCE] for at in range(0, len(text), _TEXT_AT_ONCE)]
            return *(code_of(Type(piece), system) for piece in pieces[:-1]), code_of(Type(pieces[-1], submit), system)
        case _:
            return (code_of(action, system),)


def key_name(key: str) -> str:
    """Pyautogui's name of a key.

    Raises:
        ActionRefused: pyautogui does not have this key.
    """
    name = canonical_key(key)
    if name in _UNKNOWN or (len(name) == 1 and not name.isascii()):
        raise ActionRefused(f"this keyboard has no key {name!r}")
    return _NAMES.get(name, name)


def _lines(calls: list[str]) -> str:
    return "; ".join(f"pyautogui.{call}" for call in calls)


def _at(point: ScreenPoint) -> str:
    return f"{point.x:g}, {point.y:g}" if max(point.x, point.y) < 1e5 else f"{point.x:.1f}, {point.y:.1f}"


def _button(button: Button) -> str:
    if button not in COMMON_BUTTONS:
        raise ActionRefused(f"this machine cannot press the {button} button of a mouse; use keys or a menu")
    return repr(button.value)


def _moved(at: ScreenPoint | None) -> list[str]:
    return [] if at is None else [f"moveTo({_at(at)})"]


def _held(modifiers: tuple[str, ...], calls: list[str]) -> str:
    keys = [key_name(key) for key in modifiers]
    down, up = [f"keyDown({key!r})" for key in keys], [f"keyUp({key!r})" for key in reversed(keys)]
    return _lines([*down, *calls, *up])


def _drag(path: tuple[ScreenPoint, ...], button: Button) -> list[str]:
    moves = [f"moveTo({_at(point)}, duration={_DRAG_S:g})" for point in path[1:]]
    return [
        f"moveTo({_at(path[0])})",
        f"mouseDown(button={_button(button)})",
        *moves,
        f"mouseUp(button={_button(button)})",
    ]


def _scroll(direction: Direction, clicks: int, at: ScreenPoint | None) -> str:
    wheel = "scroll" if direction in (Direction.UP, Direction.DOWN) else "hscroll"
    signed = clicks if direction in (Direction.UP, Direction.RIGHT) else -clicks
    return _lines([*_moved(at), f"{wheel}({signed})"])


def _typed(text: str) -> list[str]:
    """The statements that type `text`."""
    code: list[str] = []
    for kind, run in groupby(text, _kind):
        part = "".join(run)
        match kind:
            case "plain":
                code.append(f"pyautogui.write({part!r}, interval={_LETTER_S:g})")
            case "pasted":
                code += ["import pyperclip", f"pyperclip.copy({part!r})", "pyautogui.hotkey('ctrl', 'v')"]
                code.append(f"time.sleep({_FETCH_S:g})")
            case "less":
                code += ["pyautogui.hotkey('shift', ',')"] * len(part)
            case _:
                code += [f"pyautogui.press({_KEYS[one]!r})" for one in part]
    return code


def _kind(character: str) -> str:
    if character in _KEYS:
        return "key"
    if character == "<":
        return "less"
    return "plain" if character.isascii() and character.isprintable() else "pasted"
