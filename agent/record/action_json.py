"""Actions and endings as JSON: what stands in the log, in task files, and in what other programs send.

One object a move, named by its `type`; points are `[x, y]` in screenshot pixels, unrounded:

    {"type": "click", "point": [640.5, 12], "button": "left", "count": 1}
    {"type": "type", "text": "hello", "submit": true}
    {"type": "finished", "text": "The total is 42."}

Fields with a natural default may be left out when writing by hand (`button`, `count`, `amount`, `seconds`, `submit`,
`text` of an ending); reading is strict about everything else.
"""

from collections.abc import Mapping
from typing import assert_never

from pydantic import JsonValue

from ...envs.actions import (
    Action,
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from ...envs.geometry import ScreenPoint
from ..core.decision import AskUser, Ending, Finish, GiveUp
from .json_fields import Fields

JsonObject = dict[str, JsonValue]


def action_to_json(action: Action | Ending) -> JsonObject:
    """The JSON object that stands for `action`."""
    match action:
        case Click(at, button, count, modifiers):
            return {"type": "click", **_at(at), "button": str(button), "count": count, **_modifiers(modifiers)}
        case Move(to):
            return {"type": "move", **_at(to)}
        case Drag():
            return _drag_to_json(action)
        case Scroll(direction, amount, at):
            return {"type": "scroll", "direction": str(direction), "amount": amount, **_at(at)}
        case LongPress(at, seconds):
            return {"type": "long_press", **_at(at), "seconds": seconds}
        case ButtonDown(button, at):
            return {"type": "button_down", "button": str(button), **_at(at)}
        case ButtonUp(button, at):
            return {"type": "button_up", "button": str(button), **_at(at)}
        case Finish() | AskUser() | GiveUp():
            return ending_to_json(action)
        case _:
            return _pointless_to_json(action)


def action_from_json(data: Mapping[str, JsonValue]) -> Action:
    """The action that `data` stands for.

    Raises:
        ValueError: it stands for none; the message is one line that says what is wrong.
    """
    fields = Fields(data, "an action")
    action = _read_action(fields.text("type"), fields)
    fields.nothing_else()
    return action


def ending_to_json(ending: Ending) -> JsonObject:
    """The JSON object that stands for `ending`."""
    match ending:
        case Finish(text):
            return {"type": "finished", "text": text}
        case AskUser(text):
            return {"type": "call_user", "text": text}
        case GiveUp(text):
            return {"type": "infeasible", "text": text}
        case _:
            assert_never(ending)


def ending_from_json(data: Mapping[str, JsonValue]) -> Ending:
    """The ending that `data` stands for.

    Raises:
        ValueError: it stands for none; the message is one line that says what is wrong.
    """
    fields = Fields(data, "an ending")
    kind, text = fields.text("type"), fields.text("text", "")
    fields.nothing_else()
    match kind:
        case "finished":
            return Finish(text)
        case "call_user":
            return AskUser(text)
        case "infeasible":
            return GiveUp(text)
        case _:
            raise ValueError(f"no ending is called {kind!r}: there are finished, call_user, infeasible")


def _pointless_to_json(
    action: Type | Hotkey | KeyDown | KeyUp | Wait | Navigate | Back | OpenApp | Home,
) -> JsonObject:
    match action:
        case Type(text, submit):
            return {"type": "type", "text": text, "submit": submit}
        case Hotkey(keys):
            return {"type": "hotkey", "keys": [*keys]}
        case KeyDown(key):
            return {"type": "key_down", "key": key}
        case KeyUp(key):
            return {"type": "key_up", "key": key}
        case Wait(seconds):
            return {"type": "wait", "seconds": seconds}
        case Navigate(url):
            return {"type": "navigate", "url": url}
        case Back():
            return {"type": "navigate_back"}
        case OpenApp(app):
            return {"type": "open_app", "app": app}
        case Home():
            return {"type": "press_home"}
        case _:
            assert_never(action)


def _read_action(kind: str, fields: Fields) -> Action:
    match kind:
        case "click":
            return Click(_point(fields), _button(fields), fields.integer("count", 1), fields.texts("modifiers", ()))
        case "move":
            return Move(_point(fields))
        case "drag":
            return _read_drag(fields)
        case "scroll":
            direction = fields.choice("direction", Direction)
            return Scroll(direction, fields.integer("amount", 5), _point_if_any(fields))
        case "long_press":
            return LongPress(_point(fields), fields.number("seconds", 1.5))
        case "button_down":
            return ButtonDown(_button(fields), _point_if_any(fields))
        case "button_up":
            return ButtonUp(_button(fields), _point_if_any(fields))
        case _:
            return _read_pointless(kind, fields)


def _read_pointless(kind: str, fields: Fields) -> Action:
    match kind:
        case "type":
            return Type(fields.text("text"), fields.flag("submit", default=False))
        case "hotkey":
            return Hotkey(fields.texts("keys"))
        case "key_down":
            return KeyDown(fields.text("key"))
        case "key_up":
            return KeyUp(fields.text("key"))
        case "wait":
            return Wait(fields.number("seconds", 5.0))
        case "navigate":
            return Navigate(fields.text("url"))
        case "navigate_back":
            return Back()
        case "open_app":
            return OpenApp(fields.text("app"))
        case "press_home":
            return Home()
        case _:
            raise ValueError(f"no action is called {kind!r}")


def _drag_to_json(drag: Drag[ScreenPoint]) -> JsonObject:
    first, *_, last = drag.path
    whole: JsonObject = {"path": [_pair(point) for point in drag.path]} if len(drag.path) != 2 else {}
    return {
        "type": "drag",
        "point": _pair(first),
        "end_point": _pair(last),
        **whole,
        "button": str(drag.button),
        **_modifiers(drag.modifiers),
    }


def _read_drag(fields: Fields) -> Drag[ScreenPoint]:
    path = tuple(ScreenPoint(x, y) for x, y in fields.pairs("path", ()))
    start, end = _point(fields), ScreenPoint(*fields.pair("end_point"))
    if path and (len(path) < 2 or (path[0], path[-1]) != (start, end)):
        raise ValueError("the path of a drag leads from its point to its end_point")
    return Drag(path or (start, end), _button(fields), fields.texts("modifiers", ()))


def _pair(point: ScreenPoint) -> list[JsonValue]:
    return [point.x, point.y]


def _at(point: ScreenPoint | None) -> JsonObject:
    return {} if point is None else {"point": _pair(point)}


def _modifiers(modifiers: tuple[str, ...]) -> JsonObject:
    return {"modifiers": [*modifiers]} if modifiers else {}


def _point(fields: Fields) -> ScreenPoint:
    return ScreenPoint(*fields.pair("point"))


def _point_if_any(fields: Fields) -> ScreenPoint | None:
    return ScreenPoint(*fields.pair("point")) if fields.has("point") else None


def _button(fields: Fields) -> Button:
    return fields.choice("button", Button, Button.LEFT)
