"""The words of pyautogui, which OpenCUA writes code in; read as calls, never run."""

from ....envs.actions import (
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    Move,
    Scroll,
    Type,
    Wait,
)
from ...core.coordinates import ModelPoint
from ...core.decision import Finish, GiveUp, ModelMove
from ..parser.call import Call, ParseError
from .arguments import Arguments
from .tools import drag_to, plain_type, terminate
from .ui_tars import Meaning, Moves, Vocabulary, key_down, key_up, wait
from .writing import content, number, quoted, unsayable

MOST_PRESSES = 50
_MODULES = ("pyautogui.", "computer.", "time.")


def without_module(call: Call) -> Call:
    """The call without its module's name."""
    for module in _MODULES:
        if call.name.startswith(module):
            return Call(call.name.removeprefix(module), call.arguments, call.position)
    return call


def _click(button: Button | None, count: int) -> Meaning:
    """A click of pyautogui's; where `button` is None it may be named."""

    def meaning(given: Arguments) -> Moves:
        return (Click(given.point(), button or _button(given), given.whole(("clicks",), count)),)

    return meaning


def _button(given: Arguments) -> Button:
    name = given.words("left", names=("button",), index=None).lower()
    try:
        return Button("left" if name == "primary" else name)
    except ValueError:
        raise ParseError("bad_argument", given.call.position, f"a mouse has no button {name!r:.40}") from None


def _press(given: Arguments) -> Moves:
    """Tap keys one after the other, `presses` times over."""
    keys = given.key_names(("keys", "key"), one=True)
    return tuple(Hotkey((key,)) for _ in range(_presses(given)) for key in keys)


def _presses(given: Arguments) -> int:
    presses = given.whole(("presses",), 1, 1)
    if not 1 <= presses <= MOST_PRESSES:
        raise ParseError("bad_argument", given.call.position, f"a key is pressed 1 to {MOST_PRESSES} times")
    return presses


def _scroll_at(positive: Direction, negative: Direction) -> Meaning:
    """`scroll(clicks, x, y)`; a click of the wheel is a notch."""

    def meaning(given: Arguments) -> Moves:
        amount = given.number(("clicks", "amount"), 0, 0)
        if amount == 0:
            raise ParseError("bad_argument", given.call.position, "a scroll of 0 does nothing")
        at = given.point_if_any() if given.has("x") else None
        return (Scroll(positive if amount > 0 else negative, max(1, round(abs(amount))), at),)

    return meaning


CODE: Vocabulary = {
    "click": _click(None, 1),
    "leftclick": _click(Button.LEFT, 1),
    "doubleclick": _click(None, 2),
    **dict.fromkeys(("tripleclick", "triple_click"), _click(None, 3)),
    "rightclick": _click(Button.RIGHT, 1),
    "middleclick": _click(Button.MIDDLE, 1),
    "moveto": lambda given: (Move(given.point()),),
    "dragto": drag_to,
    **dict.fromkeys(("scroll", "vscroll"), _scroll_at(Direction.UP, Direction.DOWN)),
    "hscroll": _scroll_at(Direction.RIGHT, Direction.LEFT),
    **dict.fromkeys(("write", "typewrite"), plain_type),
    "press": _press,
    "hotkey": lambda given: (Hotkey(given.key_names(("keys", "key"))),),
    "keydown": key_down,
    "keyup": key_up,
    "mousedown": lambda given: (ButtonDown(_button(given), given.point_if_any()),),
    "mouseup": lambda given: (ButtonUp(_button(given), given.point_if_any()),),
    **dict.fromkeys(("wait", "sleep"), wait),
    "terminate": terminate,
}

_CLICKS = {
    (Button.LEFT, 1): "pyautogui.click",
    (Button.LEFT, 2): "pyautogui.doubleClick",
    (Button.LEFT, 3): "computer.triple_click",
    (Button.RIGHT, 1): "pyautogui.rightClick",
    (Button.MIDDLE, 1): "pyautogui.middleClick",
}


def write_code(move: ModelMove) -> list[str]:
    """The statements for `move`.

    Raises:
        ValueError: pyautogui has no words for it.
    """
    match move:
        case Click(at, button, count, ()) if (button, count) in _CLICKS:
            return [f"{_CLICKS[button, count]}({_xy(at)})"]
        case Move(to):
            return [f"pyautogui.moveTo({_xy(to)})"]
        case Drag((start, end), Button.LEFT, ()):
            return [f"pyautogui.moveTo({_xy(start)})", f"pyautogui.dragTo({_xy(end)}, button='left')"]
        case Scroll(direction, amount, at):
            name = "scroll" if direction in (Direction.UP, Direction.DOWN) else "hscroll"
            sign = "" if direction in (Direction.UP, Direction.RIGHT) else "-"
            return [f"pyautogui.{name}({sign}{amount}{', ' + _xy(at) if at else ''})"]
        case Type():
            return [f"pyautogui.write(message={quoted(content(move))})"]
        case Hotkey((key,)):
            return [f"pyautogui.press({quoted(key)})"]
        case Hotkey(keys):
            return [f"pyautogui.hotkey([{', '.join(quoted(key) for key in keys)}])"]
        case KeyDown(key):
            return [f"pyautogui.keyDown({quoted(key)})"]
        case KeyUp(key):
            return [f"pyautogui.keyUp({quoted(key)})"]
        case _:
            return [_write_rest(move)]


def _write_rest(move: ModelMove) -> str:
    match move:
        case ButtonDown(button, at):
            return f"pyautogui.mouseDown({_xy(at) + ', ' if at else ''}button='{button}')"
        case ButtonUp(button, at):
            return f"pyautogui.mouseUp({_xy(at) + ', ' if at else ''}button='{button}')"
        case Wait(seconds):
            return f"time.sleep({number(seconds)})"
        case Finish(answer):
            said = f", answer={quoted(answer)}" if answer else ""
            return f"computer.terminate(status='success'{said})"
        case GiveUp(reason):
            said = f", answer={quoted(reason)}" if reason else ""
            return f"computer.terminate(status='failure'{said})"
        case _:
            raise unsayable(move, "OpenCUA")


def _xy(point: ModelPoint) -> str:
    return f"x={number(point.x)}, y={number(point.y)}"
