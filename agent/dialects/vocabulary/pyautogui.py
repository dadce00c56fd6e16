"""The pyautogui vocabulary of OpenCUA; parsed as calls, never executed."""

from ....envs import actions
from ....envs.actions import Button, Direction
from ...core.coordinates import ModelPoint
from ...core.decision import Finish, GiveUp, ModelMove
from ..parser.call import Call, ParseError
from .arguments import Arguments
from .tools import drag_to, plain_type, terminate
from .ui_tars import MoveBuilder, Moves, Vocabulary, key_down, key_up, wait
from .writing import content, number, quoted, unsupported

MAX_PRESSES = 50
_MODULES = ("pyautogui.", "computer.", "time.")


def without_module(call: Call) -> Call:
    """The call without the name of its module."""
    module = next((module for module in _MODULES if call.name.startswith(module)), "")
    return Call(call.name.removeprefix(module), call.arguments, call.position)


def _click(button: Button | None, count: int) -> MoveBuilder:
    """A pyautogui click; if `button` is None, it may be an argument."""

    def build(args: Arguments) -> Moves:
        return (actions.Click(args.point(), button or _button(args), args.integer(("clicks",), count)),)

    return build


def _button(args: Arguments) -> Button:
    name = args.text("left", names=("button",), index=None).lower()
    try:
        return Button("left" if name == "primary" else name)
    except ValueError:
        raise ParseError("bad_argument", args.call.position, f"there is no mouse button {name!r:.40}") from None


def _press(args: Arguments) -> Moves:
    """Press keys one after the other, `presses` times."""
    keys = args.key_names(("keys", "key"), one=True)
    return tuple(actions.Hotkey((key,)) for _ in range(_presses(args)) for key in keys)


def _presses(args: Arguments) -> int:
    presses = args.integer(("presses",), 1, 1)
    if not 1 <= presses <= MAX_PRESSES:
        raise ParseError("bad_argument", args.call.position, f"presses must be 1 to {MAX_PRESSES}")
    return presses


def _scroll_at(positive: Direction, negative: Direction) -> MoveBuilder:
    """`scroll(clicks, x, y)`; one wheel click is a notch."""

    def build(args: Arguments) -> Moves:
        amount = args.number(("clicks", "amount"), 0, 0)
        if amount == 0:
            raise ParseError("bad_argument", args.call.position, "the scroll amount must not be 0")
        at = args.point_if_any() if args.has("x") else None
        return (actions.Scroll(positive if amount > 0 else negative, max(1, round(abs(amount))), at),)

    return build


CODE: Vocabulary = {
    "click": _click(None, 1),
    "leftclick": _click(Button.LEFT, 1),
    "doubleclick": _click(None, 2),
    **dict.fromkeys(("tripleclick", "triple_click"), _click(None, 3)),
    "rightclick": _click(Button.RIGHT, 1),
    "middleclick": _click(Button.MIDDLE, 1),
    "moveto": lambda args: (actions.Move(args.point()),),
    "dragto": drag_to,
    **dict.fromkeys(("scroll", "vscroll"), _scroll_at(Direction.UP, Direction.DOWN)),
    "hscroll": _scroll_at(Direction.RIGHT, Direction.LEFT),
    **dict.fromkeys(("write", "typewrite"), plain_type),
    "press": _press,
    "hotkey": lambda args: (actions.Hotkey(args.key_names(("keys", "key"))),),
    "keydown": key_down,
    "keyup": key_up,
    "mousedown": lambda args: (actions.ButtonDown(_button(args), args.point_if_any()),),
    "mouseup": lambda args: (actions.ButtonUp(_button(args), args.point_if_any()),),
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
        ValueError: pyautogui cannot express it.
    """
    match move:
        case actions.Click(at, button, count, ()) if (button, count) in _CLICKS:
            return [f"{_CLICKS[button, count]}({_xy(at)})"]
        case actions.Move(to):
            return [f"pyautogui.moveTo({_xy(to)})"]
        case actions.Drag((start, end), Button.LEFT, ()):
            return [f"pyautogui.moveTo({_xy(start)})", f"pyautogui.dragTo({_xy(end)}, button='left')"]
        case actions.Scroll(direction, amount, at):
            name = "scroll" if direction in (Direction.UP, Direction.DOWN) else "hscroll"
            sign = "" if direction in (Direction.UP, Direction.RIGHT) else "-"
            return [f"pyautogui.{name}({sign}{amount}{', ' + _xy(at) if at else ''})"]
        case actions.Type():
            return [f"pyautogui.write(message={quoted(content(move))})"]
        case actions.Hotkey((key,)):
            return [f"pyautogui.press({quoted(key)})"]
        case actions.Hotkey(keys):
            return [f"pyautogui.hotkey([{', '.join(quoted(key) for key in keys)}])"]
        case actions.KeyDown(key):
            return [f"pyautogui.keyDown({quoted(key)})"]
        case actions.KeyUp(key):
            return [f"pyautogui.keyUp({quoted(key)})"]
        case _:
            return [_write_other(move)]


def _write_other(move: ModelMove) -> str:
    match move:
        case actions.ButtonDown(button, at):
            return f"pyautogui.mouseDown({_xy(at) + ', ' if at else ''}button='{button}')"
        case actions.ButtonUp(button, at):
            return f"pyautogui.mouseUp({_xy(at) + ', ' if at else ''}button='{button}')"
        case actions.Wait(seconds):
            return f"time.sleep({number(seconds)})"
        case Finish(answer):
            answer_argument = f", answer={quoted(answer)}" if answer else ""
            return f"computer.terminate(status='success'{answer_argument})"
        case GiveUp(reason):
            answer_argument = f", answer={quoted(reason)}" if reason else ""
            return f"computer.terminate(status='failure'{answer_argument})"
        case _:
            raise unsupported(move, "OpenCUA")


def _xy(point: ModelPoint) -> str:
    return f"x={number(point.x)}, y={number(point.y)}"
