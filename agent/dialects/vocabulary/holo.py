"""The tools that Holo3, Holo3.1 and Holo4 are offered, as JSON schemas, and what calls of them mean.

H Company publishes the form of tools but no list of them: names and arguments are chosen by the client. Those of a
computer follow H's own agent for OSWorld, where they end in `_desktop`; the others are the same without it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from ....envs import actions
from ....envs.actions import Button, Direction
from ....envs.bounds import MAX_ACTIONS, check_number
from ...core.coordinates import ModelPoint
from ...core.decision import AskUser, Finish, GiveUp, ModelMove
from ..parser.call import ParseError
from ..prompting.prompt_kind import Prompt
from .arguments import Arguments
from .tools import plain_type
from .ui_tars import ACTIONS, Moves, Vocabulary, always, direction_of, navigate, open_app
from .writing import number, unsupported

REFRESH = actions.Hotkey(("f5",))

_ELEMENT: dict[str, JsonValue] = {"type": "string", "description": "what the target is, and where on the screen"}
_DIRECTIONS: list[JsonValue] = [str(direction) for direction in Direction]
_BUTTON: dict[str, JsonValue] = {"type": "string", "enum": ["left", "right", "middle"], "default": "left"}
_SECONDS: dict[str, JsonValue] = {"type": "number", "description": "seconds"}
_TEXT: dict[str, JsonValue] = {
    "content": {"type": "string", "description": "the text"},
    "press_enter": {"type": "boolean", "default": False, "description": "press Enter after the text"},
    "overwrite": {"type": "boolean", "default": False, "description": "delete the present text first"},
}


def _axis(of: str) -> dict[str, JsonValue]:
    return {"type": "integer", "minimum": 0, "maximum": 1000, "description": f"{of}, from 0 to 1000"}


_AT: dict[str, JsonValue] = {"element": _ELEMENT, "x": _axis("from the left edge"), "y": _axis("from the top edge")}

POINT_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"x": _AT["x"], "y": _AT["y"]},
    "required": ["x", "y"],
}
"""The reply of localization."""


@dataclass(frozen=True, slots=True)
class HoloTool:
    """A tool: its name, what it does, and the JSON schema of each argument; those without default are required."""

    name: str
    description: str
    arguments: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    def parameters(self, **first: JsonValue) -> dict[str, JsonValue]:
        """The schema of its arguments, after the arguments `first`."""
        properties = {**first, **self.arguments}
        required: list[JsonValue] = [
            name for name, schema in properties.items() if not isinstance(schema, dict) or "default" not in schema
        ]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def function(self) -> dict[str, JsonValue]:
        """It as a function in OpenAI's form."""
        described: JsonValue = {"name": self.name, "description": self.description, "parameters": self.parameters()}
        return {"type": "function", "function": described}


_CLICK = HoloTool("click", "Click at (x, y)", {**_AT, "button": _BUTTON})
_TAP = HoloTool("click", "Tap at (x, y)", _AT)
_WRITE = HoloTool("write", "Type text into the focused element", _TEXT)
_WRITE_AT = HoloTool("write_at", "Click at (x, y), then type text", {**_TEXT, **_AT})
_SCROLL = HoloTool(
    "scroll",
    "Turn the wheel over (x, y)",
    {
        **_AT,
        "direction": {"type": "string", "enum": _DIRECTIONS},
        "scroll_size": {"type": "integer", "default": 10, "description": "notches of the wheel, at most 100"},
    },
)
_DRAG = HoloTool(
    "drag_and_drop",
    "Drag from (x1, y1) to (x2, y2)",
    {"description": _ELEMENT, "x1": _AT["x"], "y1": _AT["y"], "x2": _AT["x"], "y2": _AT["y"]},
)
_MOVE = HoloTool("move_to", "Move the pointer to (x, y)", _AT)
_HOTKEY = HoloTool(
    "hotkey",
    "Press keys together, such as ['ctrl', 'c']",
    {
        "keys": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5},
        "repeat_count": {"type": "integer", "default": 1, "description": "how often"},
    },
)
_KEY: dict[str, JsonValue] = {"key": {"type": "string"}}
_WAIT = HoloTool("wait", "Wait before the next observation", {"seconds": _SECONDS})
_ANSWER = HoloTool(
    "answer", "Finish the task", {"content": {"type": "string", "description": "the answer to the user"}}
)
_BACK = HoloTool("go_back", "Go back to the page or screen before")

_DESKTOP = (
    _CLICK,
    HoloTool("double_click", "Double-click at (x, y)", _AT),
    _WRITE,
    _WRITE_AT,
    _SCROLL,
    _MOVE,
    HoloTool("key_down", "Hold a key down", _KEY),
    HoloTool("key_up", "Release a key", _KEY),
    _HOTKEY,
    HoloTool("mouse_down", "Hold a mouse button down", {"button": _BUTTON}),
    HoloTool("mouse_up", "Release a mouse button", {"button": _BUTTON}),
    _WAIT,
)
ASK_USER = HoloTool("ask_user", "Ask the user, and wait for the answer", {"question": {"type": "string"}})
TOOLS_FOR = {
    Prompt.COMPUTER: (*(replace(tool, name=f"{tool.name}_desktop") for tool in _DESKTOP), _DRAG, _ANSWER),
    Prompt.BROWSER: (
        *(_CLICK, _WRITE, _WRITE_AT, _SCROLL, _MOVE, _DRAG, _HOTKEY),
        HoloTool("goto", "Open a URL", {"url": {"type": "string"}}),
        *(_BACK, HoloTool("refresh", "Reload the page"), _WAIT, _ANSWER),
    ),
    Prompt.MOBILE: (
        *(_TAP, HoloTool("long_press", "Touch (x, y) for longer", _AT), _WRITE, _WRITE_AT, _DRAG),
        HoloTool("open_app", "Open an app", {"app": {"type": "string", "description": "its name"}}),
        *(_BACK, HoloTool("go_home", "Go to the home screen"), _WAIT, _ANSWER),
    ),
}
"""The tools for each kind of screen."""


def step_schema(tools: Sequence[HoloTool]) -> dict[str, JsonValue]:
    """The schema of a structured reply: a note, a thought, and a flat call of one of `tools`."""
    calls: list[JsonValue] = [
        {"description": tool.description, **tool.parameters(tool_name={"const": tool.name})} for tool in tools
    ]
    return {
        "type": "object",
        "properties": {
            "note": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "default": None,
                "description": "what later steps need from this screen; null if there is nothing new",
            },
            "thought": {"type": "string", "description": "one line on what to do next"},
            "tool_call": {"anyOf": calls},
        },
        "required": ["thought", "tool_call"],
        "additionalProperties": False,
    }


def _write(args: Arguments) -> Moves:
    """The text, after a click if it has a point and after deleting what is there if it overwrites."""
    overwrite = args.text("", names=("overwrite",), index=None).lower() in ("true", "1")
    cleared: Moves = (actions.Hotkey(("ctrl", "a")), actions.Hotkey(("backspace",))) if overwrite else ()
    at = args.point_if_any() if args.has("x", "coordinate", "point") else None
    return (*((actions.Click(at),) if at else ()), *cleared, *plain_type(args))


def _scroll(args: Arguments) -> Moves:
    size = args.integer(("scroll_size", "amount"), 10)
    if not 1 <= size <= 100:
        raise ParseError("bad_argument", args.call.position, "scroll_size must be 1 to 100")
    return (actions.Scroll(direction_of(args), size, args.point_if_any() if args.has("x") else None),)


def _drag(args: Arguments) -> Moves:
    if not args.has("x1"):
        return ACTIONS["drag"](args)
    x1, y1, x2, y2 = (args.number((name,), math.inf) for name in ("x1", "y1", "x2", "y2"))
    if math.inf in (x1, y1, x2, y2):
        raise ParseError("missing_point", args.call.position, f"{args.call.name} needs x1, y1, x2 and y2")
    return (actions.Drag((ModelPoint(x1, y1), ModelPoint(x2, y2))),)


def _hotkey(args: Arguments) -> Moves:
    times = args.integer(("repeat_count", "presses"), 1)
    check_number(times, "repeat_count", 1, MAX_ACTIONS)
    return (actions.Hotkey(args.key_names()),) * times


def _answer(args: Arguments) -> Moves:
    content = args.text("")
    failed = args.text("", names=("status",), index=None).lower() in ("failure", "failed", "infeasible")
    return (GiveUp(content) if failed else Finish(content),)


_PLAIN: Vocabulary = {
    **ACTIONS,
    **dict.fromkeys(("write", "write_at"), _write),
    "scroll": _scroll,
    **dict.fromkeys(("drag", "drag_and_drop"), _drag),
    "move_to": ACTIONS["hover"],
    **dict.fromkeys(("hotkey", "press_key", "press_keys"), _hotkey),
    **dict.fromkeys(("go_back", "back"), always(actions.Back())),
    **dict.fromkeys(("go_home", "home"), always(actions.Home())),
    "refresh": always(REFRESH),
    "goto": navigate,
    "open_app": open_app,
    "answer": _answer,
    "ask_user": lambda args: (AskUser(args.text("", names=("question", "content"))),),
}
HOLO3: Vocabulary = {**_PLAIN, **{f"{name}_desktop": build for name, build in _PLAIN.items()}}


def write_tool(move: ModelMove, prompt: Prompt) -> dict[str, JsonValue]:
    """`move` as a flat call of a tool that `prompt` offers.

    Raises:
        ValueError: there is no such tool.
    """
    call = _call(move)
    offered = {tool.name for tool in (*TOOLS_FOR.get(prompt, ()), ASK_USER)}
    for name in (f"{call['tool_name']}_desktop", str(call["tool_name"])):
        if name in offered:
            return {**call, "tool_name": name}
    raise unsupported(move, f"Holo's {prompt} prompt")


def _call(move: ModelMove) -> dict[str, JsonValue]:
    match move:
        case actions.Click(at, Button.LEFT, 2, ()):
            return _named("double_click", at)
        case actions.Click(at, button, 1, ()):
            return _named("click", at) | ({} if button is Button.LEFT else {"button": str(button)})
        case actions.LongPress(at, 1.5):
            return _named("long_press", at)
        case actions.Move(to):
            return _named("move_to", to)
        case actions.Drag((start, end), Button.LEFT, ()):
            ends = {"x1": start.x, "y1": start.y, "x2": end.x, "y2": end.y}
            return {"tool_name": "drag_and_drop", "description": "", **{name: _float(at) for name, at in ends.items()}}
        case actions.Scroll(direction, amount, at) if at is not None:
            return _named("scroll", at) | {"direction": str(direction), "scroll_size": amount}
        case actions.Type(text, submit) if not text.endswith("\n"):
            return {"tool_name": "write", "content": text, "press_enter": submit}
        case actions.Hotkey(("f5",)):
            return {"tool_name": "refresh"}
        case actions.Hotkey(keys):
            return {"tool_name": "hotkey", "keys": ["plus" if key == "+" else key for key in keys]}
        case actions.KeyDown(key):
            return {"tool_name": "key_down", "key": key}
        case actions.KeyUp(key):
            return {"tool_name": "key_up", "key": key}
        case actions.ButtonDown(button, None):
            return {"tool_name": "mouse_down", "button": str(button)}
        case actions.ButtonUp(button, None):
            return {"tool_name": "mouse_up", "button": str(button)}
        case actions.Navigate(url):
            return {"tool_name": "goto", "url": url}
        case actions.OpenApp(app):
            return {"tool_name": "open_app", "app": app}
        case actions.Back():
            return {"tool_name": "go_back"}
        case actions.Home():
            return {"tool_name": "go_home"}
        case actions.Wait(seconds):
            return {"tool_name": "wait", "seconds": _float(seconds)}
        case Finish(answer):
            return {"tool_name": "answer", "content": answer}
        case AskUser(question):
            return {"tool_name": "ask_user", "question": question}
        case _:
            raise unsupported(move, "Holo")


def _named(name: str, at: ModelPoint) -> dict[str, JsonValue]:
    return {"tool_name": name, "element": "", "x": _float(at.x), "y": _float(at.y)}


def _float(value: float) -> float:
    return float(number(value))
