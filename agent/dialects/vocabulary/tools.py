"""The words of Qwen-VL's functions `computer_use` and `mobile_use`, which GUI-Owl shares, and how to write them."""

import json
from collections.abc import Sequence
from dataclasses import replace

from ....envs.actions import (
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    LongPress,
    Move,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from ...core.coordinates import ModelPoint
from ...core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from ..parser.call import ParseError
from .arguments import Arguments
from .ui_tars import UI_TARS, Meaning, Moves, Vocabulary, click, drag, hotkey
from .ui_tars import open_app as open_named_app
from .writing import content, number, unsayable

PIXELS_PER_NOTCH = 100
MOST_NOTCHES = 50
CLICKS = {
    (Button.LEFT, 1): "left_click",
    (Button.LEFT, 2): "double_click",
    (Button.LEFT, 3): "triple_click",
    (Button.RIGHT, 1): "right_click",
    (Button.MIDDLE, 1): "middle_click",
}


def notches(amount: float) -> int:
    """Notches of the wheel for `amount`, which the functions call pixels.

    The models give small numbers and mean notches (their executors hand the number to the wheel), or hundreds and
    mean pixels: above 50 it is read as pixels, 100 to a notch.
    """
    size = abs(amount)
    return max(1, round(size if size <= MOST_NOTCHES else size / PIXELS_PER_NOTCH))


def drag_to(given: Arguments) -> Moves:
    """`left_click_drag` names only where to end; it begins where the pointer is."""
    if given.has("start_coordinate", "coordinate2", "end_coordinate"):
        return drag(given)
    end = given.point()
    return (ButtonDown(), Move(end), ButtonUp(Button.LEFT, end))


def with_drags(reply: Reply | ParseFailure) -> Reply | ParseFailure:
    """`reply` with every move to a place, followed by a drag from the pointer, as one drag between two points."""
    if isinstance(reply, ParseFailure):
        return reply
    moves = list(reply.moves)
    for at in reversed(range(len(moves) - 3)):
        match moves[at : at + 4]:
            case [Move(start), ButtonDown(Button.LEFT, None), Move(end), ButtonUp(Button.LEFT, released)] if (
                released == end
            ):
                moves[at : at + 4] = [Drag((start, end))]
            case _:
                pass
    return replace(reply, moves=tuple(moves))


def wheel(positive: Direction, negative: Direction) -> Meaning:
    """A scroll by a signed number of pixels."""

    def meaning(given: Arguments) -> Moves:
        amount = given.number(("pixels", "amount", "clicks"), 0, 0)
        if amount == 0:
            raise ParseError("bad_argument", given.call.position, f"{given.call.name} needs a number of pixels, not 0")
        at = given.point_if_any() if given.has("coordinate", "x") else None
        return (Scroll(positive if amount > 0 else negative, notches(amount), at),)

    return meaning


def terminate(given: Arguments) -> Moves:
    """The end: done, unless the status is failure."""
    said = given.words("", names=("answer", "text", "info"), index=None)
    failed = given.words("success", names=("status",)).strip().lower() in ("failure", "fail", "failed", "infeasible")
    return (GiveUp(said) if failed else Finish(said),)


def system_button(given: Arguments) -> Moves:
    """The buttons of a phone."""
    name = given.words(names=("button",)).strip().lower()
    found: dict[str, ModelMove] = {
        "back": Back(),
        "home": Home(),
        "enter": Hotkey(("enter",)),
        "menu": Hotkey(("menu",)),
        "recent": Hotkey(("recents",)),
        "recents": Hotkey(("recents",)),
    }
    if name not in found:
        raise ParseError("bad_argument", given.call.position, f"a phone has no button {name!r:.40}")
    return (found[name],)


def plain_type(given: Arguments) -> Moves:
    """Text as it is; its final line break submits."""
    text = given.words(names=("text", "content", "message"))
    return (Type(text.removesuffix("\n"), submit=True) if text.endswith("\n") else Type(text),)


TOOLS: Vocabulary = {
    **UI_TARS,
    **dict.fromkeys(("key", "hotkey", "press", "press_key"), hotkey),
    "type": plain_type,
    "left_click": click(),
    "left_click_drag": drag_to,
    "scroll": wheel(Direction.UP, Direction.DOWN),
    "hscroll": wheel(Direction.RIGHT, Direction.LEFT),
    "terminate": terminate,
    "answer": lambda given: (Finish(given.words("", names=("text", "answer"))),),
    **dict.fromkeys(("interact", "call_user"), lambda given: (AskUser(given.words("")),)),
    "system_button": system_button,
    **dict.fromkeys(("open", "open_app"), open_named_app),
}


def write_tool_reply(function: str, thought: str | None, moves: Sequence[ModelMove], family: str) -> str:
    """A whole reply: the thought as a sentence, then one tool call a move.

    Raises:
        ValueError: the family has no words for one of the moves.
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
        case Drag((start, end), Button.LEFT, ()):
            # The function drags from where the pointer is; reading joins the two again.
            there: dict[str, object] = {"action": "mouse_move", "coordinate": _pair(start)}
            return [there, {"action": "left_click_drag", "coordinate": _pair(end)}]
        case _:
            return [_one_call(move, family)]


def _one_call(move: ModelMove, family: str) -> dict[str, object]:
    match move:
        case Click(at, button, count, ()) if (button, count) in CLICKS:
            return {"action": CLICKS[button, count], "coordinate": _pair(at)}
        case Move(to):
            return {"action": "mouse_move", "coordinate": _pair(to)}
        case Scroll(direction, amount, at):
            return _wheel(direction, amount, at)
        case Hotkey(keys):
            return {"action": "key", "keys": list(keys)}
        case _:
            return _either(move, family)


def _mobile(move: ModelMove, family: str) -> list[dict[str, object]]:
    return [_touch(move, family)]


def _touch(move: ModelMove, family: str) -> dict[str, object]:
    match move:
        case Click(at, Button.LEFT, 1, ()):
            return {"action": "click", "coordinate": _pair(at)}
        case LongPress(at, seconds):
            return {"action": "long_press", "coordinate": _pair(at), "time": float(number(seconds))}
        case Drag((start, end), Button.LEFT, ()):
            return {"action": "swipe", "coordinate": _pair(start), "coordinate2": _pair(end)}
        case Back():
            return {"action": "system_button", "button": "Back"}
        case Home():
            return {"action": "system_button", "button": "Home"}
        case Hotkey(("enter" | "menu" as key,)):
            return {"action": "system_button", "button": key.capitalize()}
        case OpenApp(app):
            return {"action": "open", "text": app}
        case _:
            return _either(move, family)


def _either(move: ModelMove, family: str) -> dict[str, object]:
    match move:
        case Type():
            return {"action": "type", "text": content(move)}
        case Wait(seconds):
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
            raise unsayable(move, family)


def _wheel(direction: Direction, amount: int, at: ModelPoint | None) -> dict[str, object]:
    across = direction in (Direction.LEFT, Direction.RIGHT)
    sign = 1 if direction in (Direction.UP, Direction.RIGHT) else -1
    pixels = amount if amount <= MOST_NOTCHES else amount * PIXELS_PER_NOTCH
    where: dict[str, object] = {} if at is None else {"coordinate": _pair(at)}
    return {"action": "hscroll" if across else "scroll", "pixels": sign * pixels, **where}


def _pair(point: ModelPoint) -> list[float]:
    return [float(number(point.x)), float(number(point.y))]
