"""The vocabulary of Qwen-VL's functions `computer_use` and `mobile_use`, shared by GUI-Owl; parsing and writing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from ....envs import actions
from ....envs.actions import Button, Direction
from ...core.coordinates import ModelPoint
from ...core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..parser.call import ParseError
from .arguments import START, Arguments
from .ui_tars import ACTIONS, MoveBuilder, Moves, Vocabulary, direction_of, drag, hotkey, open_app, typed
from .writing import content, number, unsupported

PIXELS_PER_NOTCH = 100
MAX_NOTCHES = 50
CLICKS = {
    (Button.LEFT, 1): "left_click",
    (Button.LEFT, 2): "double_click",
    (Button.LEFT, 3): "triple_click",
    (Button.RIGHT, 1): "right_click",
    (Button.MIDDLE, 1): "middle_click",
}


def whole_notches(amount: float) -> int:
    """Wheel notches, at least one."""
    return max(1, round(abs(amount)))


def notches_of_pixels(amount: float) -> int:
    """Convert `amount`, which the functions call pixels, to wheel notches.

    Models write small numbers that are notches, or hundreds that are pixels: above 50, the amount is in pixels, with
    100 per notch.
    """
    return whole_notches(amount if abs(amount) <= MAX_NOTCHES else amount / PIXELS_PER_NOTCH)


def drag_to(args: Arguments) -> Moves:
    """`left_click_drag` has only an end; it starts at the pointer."""
    if args.has("start_coordinate", "coordinate2", "end_coordinate"):
        return drag(args)
    end = args.point()
    return (actions.ButtonDown(), actions.Move(end), actions.ButtonUp(Button.LEFT, end))


def merge_drags(reply: Reply) -> Reply:
    """Merge every move followed by a drag from the pointer into one drag between two points."""
    moves = list(reply.moves)
    for at in reversed(range(len(moves) - 3)):
        match moves[at : at + 4]:
            case [
                actions.Move(start),
                actions.ButtonDown(Button.LEFT, None),
                actions.Move(end),
                actions.ButtonUp(Button.LEFT, released),
            ] if released == end:
                moves[at : at + 4] = [actions.Drag((start, end))]
            case _:
                pass
    return replace(reply, moves=tuple(moves))


def wheel(positive: Direction, negative: Direction, notches: Callable[[float], int]) -> MoveBuilder:
    """A scroll by a signed amount, which `notches` converts to notches of the wheel, or in a named direction."""

    def build(args: Arguments) -> Moves:
        named = direction_of(args) if args.has("direction") else None
        amount = args.number(("pixels", "clicks", "amount"), 5 if named else 0, 0)
        if amount == 0:
            raise ParseError("bad_argument", args.call.position, f"{args.call.name} needs an amount other than 0")
        at = args.point_if_any() if args.has(*START, "x") else None
        return (actions.Scroll(named or (positive if amount > 0 else negative), notches(amount), at),)

    return build


def terminate(args: Arguments) -> Moves:
    """Finish or give up, by the status."""
    message = args.text("", names=("answer", "text", "info"), index=None)
    status = args.text(names=("status",)).strip().lower()
    if status in ("success", "succeeded", "completed", "done"):
        return (Finish(message),)
    if status in ("failure", "fail", "failed", "infeasible"):
        return (GiveUp(message),)
    raise ParseError("bad_argument", args.call.position, f"status must be success or failure, not {status!r:.40}")


_BUTTONS: dict[str, ModelMove] = {
    "back": actions.Back(),
    "home": actions.Home(),
    "enter": actions.Hotkey(("enter",)),
    "menu": actions.Hotkey(("menu",)),
    "recent": actions.Hotkey(("recents",)),
    "recents": actions.Hotkey(("recents",)),
}


def system_button(args: Arguments) -> Moves:
    """A phone button."""
    name = args.text(names=("button",)).strip().lower()
    if name not in _BUTTONS:
        raise ParseError("bad_argument", args.call.position, f"there is no phone button {name!r:.40}")
    return (_BUTTONS[name],)


def plain_type(args: Arguments) -> Moves:
    """Literal text; a trailing line break, or an argument, submits it."""
    enter = args.text("", names=("press_enter", "enter"), index=None).lower() in ("true", "1")
    action = typed(args.text())
    return (replace(action, submit=action.submit or enter),)


TOOLS: Vocabulary = {
    **ACTIONS,
    **dict.fromkeys(("key", "hotkey", "press", "press_key"), hotkey),
    "type": plain_type,
    "left_click_drag": drag_to,
    "scroll": wheel(Direction.UP, Direction.DOWN, notches_of_pixels),
    "hscroll": wheel(Direction.RIGHT, Direction.LEFT, notches_of_pixels),
    "terminate": terminate,
    "answer": lambda args: (Finish(args.text()),),
    **dict.fromkeys(("interact", "call_user"), lambda args: (AskUser(args.text("")),)),
    "system_button": system_button,
    **dict.fromkeys(("open", "open_app"), open_app),
}


def write_tool_reply(function: str, thought: str | None, moves: Sequence[ModelMove], family: str) -> str:
    """A reply: the thought as a sentence, then one tool call per move.

    Raises:
        ValueError: the family cannot express one of the moves.
    """
    write = _mobile if function == "mobile_use" else _computer
    calls = [
        f"<tool_call>\n{json.dumps({'name': function, 'arguments': arguments}, ensure_ascii=False)}\n</tool_call>"
        for move in moves
        for arguments in write(move, family)
    ]
    return "\n".join([*([f"Thought: {thought}"] if thought else []), *calls])


def _computer(move: ModelMove, family: str) -> list[dict[str, object]]:
    match move:
        case actions.Click(at, button, count, ()) if (button, count) in CLICKS:
            return [{"action": CLICKS[button, count], "coordinate": _pair(at)}]
        case actions.Move(to):
            return [{"action": "mouse_move", "coordinate": _pair(to)}]
        case actions.Drag((start, end), Button.LEFT, ()):
            # The function drags from the current pointer position; `merge_drags` merges the two calls again.
            return [*_computer(actions.Move(start), family), {"action": "left_click_drag", "coordinate": _pair(end)}]
        case actions.Scroll(direction, amount, at):
            return [_wheel(direction, amount, at)]
        case actions.Hotkey(keys):
            return [{"action": "key", "keys": list(keys)}]
        case _:
            return [_shared_call(move, family)]


def _mobile(move: ModelMove, family: str) -> list[dict[str, object]]:
    match move:
        case actions.Click(at, Button.LEFT, 1, ()):
            return [{"action": "click", "coordinate": _pair(at)}]
        case actions.LongPress(at, seconds):
            return [{"action": "long_press", "coordinate": _pair(at), "time": float(number(seconds))}]
        case actions.Drag((start, end), Button.LEFT, ()):
            return [{"action": "swipe", "coordinate": _pair(start), "coordinate2": _pair(end)}]
        case actions.Back():
            return [{"action": "system_button", "button": "Back"}]
        case actions.Home():
            return [{"action": "system_button", "button": "Home"}]
        case actions.Hotkey(("enter" | "menu" as key,)):
            return [{"action": "system_button", "button": key.capitalize()}]
        case actions.OpenApp(app):
            return [{"action": "open", "text": app}]
        case _:
            return [_shared_call(move, family)]


def _shared_call(move: ModelMove, family: str) -> dict[str, object]:
    match move:
        case actions.Type():
            return {"action": "type", "text": content(move)}
        case actions.Wait(seconds):
            return {"action": "wait", "time": float(number(seconds))}
        case Finish(""):
            return {"action": "terminate", "status": "success"}
        case Finish(text):
            return {"action": "answer", "text": text}
        case GiveUp(text):
            return {"action": "terminate", "status": "failure", **({"text": text} if text else {})}
        case AskUser(text):
            return {"action": "interact", "text": text}
        case _:
            raise unsupported(move, family)


def _wheel(direction: Direction, amount: int, at: ModelPoint | None) -> dict[str, object]:
    horizontal = direction in (Direction.LEFT, Direction.RIGHT)
    sign = 1 if direction in (Direction.UP, Direction.RIGHT) else -1
    pixels = amount if amount <= MAX_NOTCHES else amount * PIXELS_PER_NOTCH
    where: dict[str, object] = {} if at is None else {"coordinate": _pair(at)}
    return {"action": "hscroll" if horizontal else "scroll", "pixels": sign * pixels, **where}


def _pair(point: ModelPoint) -> list[float]:
    return [float(number(point.x)), float(number(point.y))]
