"""Writes moves as calls of `computer_use` and `mobile_use`: the inverse of parsing, for scripted models and tests."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

from ....envs import actions
from ....envs.actions import Button, Direction
from ...core.coordinates import ModelPoint
from ...core.decision import AskUser, Finish, GiveUp, ModelMove
from ..parser.call import ParseError
from ..parser.tolerant_json import read_json
from ..parser.tool_calls import OPENING
from .tools import MAX_NOTCHES, PIXELS_PER_NOTCH
from .writing import content, number, unsupported

CLICKS = {
    (Button.LEFT, 1): "left_click",
    (Button.LEFT, 2): "double_click",
    (Button.LEFT, 3): "triple_click",
    (Button.RIGHT, 1): "right_click",
    (Button.MIDDLE, 1): "middle_click",
}


def arguments_of(move: ModelMove, offered: Mapping[str, Collection[str]], family: str) -> list[dict[str, object]]:
    """The arguments of the calls for `move`, in a form whose actions are all `offered`.

    `offered` are actions with their parameters; a form without other parameters is preferred.

    Raises:
        ValueError: the family cannot express it.
    """
    forms = [form for form in _forms(move) if all(arguments["action"] in offered for arguments in form)]
    if not forms:
        raise unsupported(move, family)
    return next((form for form in forms if all(_is_offered(arguments, offered) for arguments in form)), forms[0])


def _is_offered(arguments: Mapping[str, object], offered: Mapping[str, Collection[str]]) -> bool:
    parameters = offered[str(arguments["action"])]
    return all(name in parameters for name in arguments if name != "action")


def _forms(move: ModelMove) -> Iterator[list[dict[str, object]]]:
    match move:
        case actions.Click(at, button, count, modifiers) if (button, count) in CLICKS:
            keys = {"keys": list(modifiers)} if modifiers else {}
            yield [{"action": CLICKS[button, count], "coordinate": pair(at), **keys}]
            if (button, count) == (Button.LEFT, 1):
                yield [{"action": "click", "coordinate": pair(at), **keys}]
        case actions.Move(to):
            yield [{"action": "mouse_move", "coordinate": pair(to)}]
        case actions.Drag((start, end), Button.LEFT, ()):
            # The drag starts at the pointer; `merge_drags` merges the two calls again.
            move_there: dict[str, object] = {"action": "mouse_move", "coordinate": pair(start)}
            yield [move_there, {"action": "left_click_drag", "coordinate": pair(end)}]
            for name in ("drag", "swipe"):
                yield [{"action": name, "coordinate": pair(start), "coordinate2": pair(end)}]
        case actions.Scroll(direction, amount, at):
            yield [_wheel(direction, amount, at)]
        case actions.LongPress(at, seconds):
            yield [{"action": "long_press", "coordinate": pair(at), "time": _number(seconds)}]
        case actions.Hotkey(keys):
            yield [{"action": "key", "keys": list(keys)}]
            if keys in (("enter",), ("menu",)):
                yield [{"action": "system_button", "button": keys[0].capitalize()}]
        case actions.KeyDown(key):
            yield [{"action": "key_down", "keys": [key]}]
        case actions.KeyUp(key):
            yield [{"action": "key_up", "keys": [key]}]
        case actions.ButtonDown(Button.LEFT, None):
            yield [{"action": "left_mouse_down"}]
        case actions.ButtonUp(Button.LEFT, None):
            yield [{"action": "left_mouse_up"}]
        case actions.Type():
            yield [{"action": "type", "text": content(move)}]
        case actions.Wait(seconds):
            yield [{"action": "wait", "time": _number(seconds)}]
        case actions.Navigate(url) if url == url.strip() and url.partition(":")[0] in ("http", "https"):
            yield [{"action": "visit_url", "url": url}]
        case actions.Back():
            yield [{"action": "history_back"}]
            yield [{"action": "system_button", "button": "Back"}]
        case actions.Home():
            yield [{"action": "system_button", "button": "Home"}]
        case actions.OpenApp(app):
            yield [{"action": "open", "text": app}]
        case _:
            yield from _endings(move)


def _endings(move: ModelMove) -> Iterator[list[dict[str, object]]]:
    match move:
        case Finish(text):
            if text:
                yield [{"action": "answer", "text": text}]
            yield [{"action": "terminate", "status": "success", **({"text": text} if text else {})}]
            yield [{"action": "terminate", "answer": text}]
        case GiveUp(text):
            yield [{"action": "terminate", "status": "failure", **({"text": text} if text else {})}]
        case AskUser(text):
            yield [{"action": "interact", "text": text}]
            yield [{"action": "call_user", "text": text}]
            yield [{"action": "ask_user_question", "question": text}]
        case _:
            pass


def json_call(function: str, arguments: Mapping[str, object]) -> str:
    """A call in JSON, as Qwen2.5-VL and Qwen3-VL write it."""
    written = json.dumps({"name": function, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{written}\n</tool_call>"


def xml_call(function: str, arguments: Mapping[str, object]) -> str:
    """A call in XML, as the chat template of Qwen3.5 writes it."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in arguments.items()
    }
    values = [f"<parameter={name}>\n{text}\n</parameter>" for name, text in texts.items()]
    return "\n".join(("<tool_call>", f"<function={function}>", *values, "</function>", "</tool_call>"))


def with_xml_calls(reply: str) -> str:
    """`reply` with its calls in XML: a server that parses calls returns them in JSON."""
    written: list[str] = []
    end = 0
    while opening := OPENING.search(reply, end):
        try:
            data, closing = read_json(reply, opening.end())
        except ParseError:
            return reply
        match data:
            case {"name": str(name), "arguments": dict() as arguments}:
                call = xml_call(name, cast("dict[str, object]", arguments))
            case _:
                return reply
        written += [reply[end : opening.start()], call]
        rest = reply[closing:]
        end = len(reply) - len(rest.lstrip().removeprefix("</tool_call>"))
    return "".join(written) + reply[end:]


def write_tool_reply(thought: str | None, calls: Sequence[str]) -> str:
    """A reply: the thought as a sentence, then the calls."""
    return "\n".join([*([f"Action: {thought}"] if thought else []), *calls])


def _wheel(direction: Direction, amount: int, at: ModelPoint | None) -> dict[str, object]:
    horizontal = direction in (Direction.LEFT, Direction.RIGHT)
    sign = 1 if direction in (Direction.UP, Direction.RIGHT) else -1
    pixels = amount if amount <= MAX_NOTCHES else amount * PIXELS_PER_NOTCH
    where: dict[str, object] = {} if at is None else {"coordinate": pair(at)}
    return {"action": "hscroll" if horizontal else "scroll", "pixels": sign * pixels, **where}


def pair(point: ModelPoint) -> list[float]:
    """A point as a list, without fractions that are zero."""
    return [_number(point.x), _number(point.y)]


def _number(value: float) -> float:
    """The number, as an integer if it is one: models write `[100, 200]`."""
    written = float(number(value))
    return int(written) if written.is_integer() else written
