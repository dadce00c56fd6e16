"""The pyautogui vocabulary of OpenCUA; parsed as calls, never executed."""

from ....envs import actions
from ....envs.actions import Button, Direction
from ....envs.bounds import MAX_ACTIONS, check_number
from ...core.coordinates import ModelPoint
from ...core.decision import Finish, GiveUp, ModelMove
from .arguments import Arguments
from .tools import drag_to, plain_type, terminate, wheel, whole_notches
from .ui_tars import UI_TARS, Moves, Vocabulary, click, wait
from .writing import content, number, quoted, unsupported


def _press(args: Arguments) -> Moves:
    """Press keys one after the other, `presses` times."""
    combinations = args.key_combinations(limit=1)
    presses = args.integer(("presses",), 1, 1)
    check_number(presses, "presses", 1, MAX_ACTIONS)
    check_number(presses * len(combinations), "the keys pressed one after the other", 1, MAX_ACTIONS)
    return tuple(actions.Hotkey(keys) for _ in range(presses) for keys in combinations)


CODE: Vocabulary = {
    "click": click(),
    "leftclick": click(Button.LEFT),
    "doubleclick": click(count=2),
    **dict.fromkeys(("tripleclick", "triple_click"), click(count=3)),
    "rightclick": click(Button.RIGHT),
    "middleclick": click(Button.MIDDLE),
    "moveto": UI_TARS["moveto"],
    "dragto": drag_to,
    **dict.fromkeys(("scroll", "vscroll"), wheel(Direction.UP, Direction.DOWN, whole_notches)),
    "hscroll": wheel(Direction.RIGHT, Direction.LEFT, whole_notches),
    **dict.fromkeys(("write", "typewrite"), plain_type),
    "press": _press,
    "hotkey": lambda args: (actions.Hotkey(args.key_names()),),
    **{name: UI_TARS[name] for name in ("keydown", "keyup", "mousedown", "mouseup")},
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
        case actions.Drag((start, end), Button.LEFT, ()):
            return [f"pyautogui.moveTo({_xy(start)})", f"pyautogui.dragTo({_xy(end)}, button='left')"]
        case _:
            return [write_statement(move, "OpenCUA")]


def write_statement(move: ModelMove, family: str) -> str:
    """The statement for a `move` other than a drag.

    Raises:
        ValueError: pyautogui cannot express it.
    """
    match move:
        case actions.Click(at, button, count, ()) if (button, count) in _CLICKS:
            return f"{_CLICKS[button, count]}({_xy(at)})"
        case actions.Click(at, button, count, ()):
            return f"pyautogui.click({_xy(at)}, clicks={count}, button='{button}')"
        case actions.Move(to):
            return f"pyautogui.moveTo({_xy(to)})"
        case actions.Scroll(direction, amount, at):
            name = "scroll" if direction in (Direction.UP, Direction.DOWN) else "hscroll"
            sign = "" if direction in (Direction.UP, Direction.RIGHT) else "-"
            return f"pyautogui.{name}({sign}{amount}{', ' + _xy(at) if at else ''})"
        case actions.Type():
            return f"pyautogui.write(message={quoted(content(move))})"
        case actions.Hotkey((key,)):
            return f"pyautogui.press({quoted(key)})"
        case actions.Hotkey(keys):
            return f"pyautogui.hotkey([{', '.join(quoted(key) for key in keys)}])"
        case actions.KeyDown(key):
            return f"pyautogui.keyDown({quoted(key)})"
        case actions.KeyUp(key):
            return f"pyautogui.keyUp({quoted(key)})"
        case actions.ButtonDown(button, at):
            return f"pyautogui.mouseDown({_xy(at) + ', ' if at else ''}button='{button}')"
        case actions.ButtonUp(button, at):
            return f"pyautogui.mouseUp({_xy(at) + ', ' if at else ''}button='{button}')"
        case actions.Wait(seconds):
            return f"time.sleep({number(seconds)})"
        case Finish(answer):
            return f"computer.terminate(status='success'{_answer(answer)})"
        case GiveUp(reason):
            return f"computer.terminate(status='failure'{_answer(reason)})"
        case _:
            raise unsupported(move, family)


def _answer(text: str) -> str:
    return f", answer={quoted(text)}" if text else ""


def _xy(point: ModelPoint) -> str:
    return f"x={number(point.x)}, y={number(point.y)}"
