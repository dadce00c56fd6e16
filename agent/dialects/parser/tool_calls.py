r"""Function calls in JSON.

    <tool_call>{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [5, 6]}}</tool_call>
    {"name": "scroll", "arguments": "{\"direction\": \"up\"}"}
    {"action": "left_click", "coordinate": [5, 6]}
    ✿FUNCTION✿: computer_use
    ✿ARGS✿: {"action": "left_click", "coordinate": [5, 6]}

Qwen's functions `computer_use` and `mobile_use` take the name of the action as their argument `action`.
"""

import re
from collections.abc import Container
from typing import cast

from .call import Argument, Call, ParseError, Value, add_call
from .calls import TURN_END, skip
from .tolerant_json import read_json

OPENING = re.compile(r"<tool_call>\s*+(?:```(?:json)?\s*+)?")
BARE_JSON = re.compile(
    r"[{\uff5b]\s*+['\"\u2018\u201c]?(?:name|arguments|action|function|thought|type)['\"\u2019\u201d]?\s*+[:\uff1a]"
)
_BETWEEN = re.compile(r"(?:[\s,;]++|```(?:json)?)*+")
_FLOWERS = re.compile(r"\u273fFUNCTION\u273f\s*+[:\uff1a]\s*+(\w++)\s*+\u273fARGS\u273f\s*+[:\uff1a]\s*+")
_UNIVERSAL_FUNCTIONS = frozenset({"computer_use", "mobile_use", "computer", "browser_use"})


def read_tool_calls(text: str, start: int) -> tuple[Call, ...]:
    """The calls in the `<tool_call>` tags of `text[start:]`.

    Raises:
        ParseError: there is none, or one is truncated or malformed.
    """
    calls: list[Call] = []
    pos = start
    while opening := OPENING.search(text, pos):
        data, pos = read_json(text, opening.end())
        objects = cast("list[object]", data) if isinstance(data, list) else [data]
        for one in objects:
            add_call(calls, function_call(one, opening.end()))
        if TURN_END.match(text, pos):
            break
    if not calls:
        raise ParseError("no_action", len(text), "the reply contains no tool call")
    return tuple(calls)


def read_bare_json(text: str, start: int, _known: Container[str] = ()) -> tuple[tuple[Call, ...], int]:
    """The calls in JSON without tags, which may follow text, and where the text before them ends.

    Raises:
        ParseError: there is none, one is malformed, or there is text between two of them, so that the first may not be
            meant.
    """
    if flowers := _FLOWERS.search(text, start):
        data, _ = read_json(text, flowers.end())
        return (unwrap_action(Call(flowers[1], _arguments(data, flowers.end()), flowers.start())),), flowers.start()
    first = BARE_JSON.search(text, start)
    if first is None:
        raise ParseError("no_action", len(text), "the reply contains no action")
    calls: list[Call] = []
    pos = first.start()
    while BARE_JSON.match(text, pos):
        data, end = read_json(text, pos)
        add_call(calls, function_call(data, pos))
        pos = skip(_BETWEEN, text, end)
    if other := BARE_JSON.search(text, pos):
        raise ParseError(
            "bad_syntax", other.start(), "there is another action after text that is not part of an action"
        )
    return tuple(calls), first.start()


def function_call(data: object, position: int) -> Call:
    """The call in a JSON object: `{"name": ..., "arguments": ...}`, or with the arguments beside the name.

    Raises:
        ParseError: `bad_json`, if it has another form.
    """
    match data:
        case {"function": dict() as function} | {"action": dict() as function}:
            return function_call(cast("object", function), position)
        case {"name": str(name), "arguments": arguments} | {"name": str(name), "parameters": arguments}:
            return unwrap_action(Call(name, _arguments(arguments, position), position))
        case {"name": str(name), **others}:
            return unwrap_action(Call(name, _arguments(others, position), position))
        case {"arguments": dict() as arguments}:
            return flat_call(cast("object", arguments), "action", position)
        case {"action": str()}:
            return flat_call(data, "action", position)
        case _:
            raise ParseError("bad_json", position, "a tool call must be an object with a name and arguments")


def flat_call(data: object, key: str, position: int) -> Call:
    """The call in a flat object: the field `key` is the name, the others are arguments."""
    if isinstance(data, dict):
        fields = cast("dict[str, object]", data)
        name = fields.get(key)
        if isinstance(name, str):
            rest = {field: value for field, value in fields.items() if field != key}
            return Call(name, _arguments(rest, position), position)
    raise ParseError("bad_json", position, f"an action must be an object with the field {key!r}")


def unwrap_action(call: Call) -> Call:
    """`computer_use(action='wait', time=2)` as `wait(time=2)`; other calls are unchanged."""
    if call.name.lower() not in _UNIVERSAL_FUNCTIONS:
        return call
    for argument in call.arguments:
        if argument.name == "action" and isinstance(argument.value, str):
            rest = tuple(other for other in call.arguments if other is not argument)
            return Call(argument.value.strip(), rest, call.position)
    raise ParseError("missing_argument", call.position, f"{call.name} needs the argument 'action'")


def value_of(data: object, position: int) -> Value:
    """A JSON value as the value of an argument; `{"x": 1, "y": 2}` is a point, other objects are rejected."""
    match data:
        case str() | int() | float() | None:
            return data
        case list() | tuple():
            return tuple(value_of(item, position) for item in cast("list[object]", data))
        case {"x": x, "y": y}:
            return (value_of(x, position), value_of(y, position))
        case _:
            raise ParseError("bad_argument", position, "an argument cannot be an object")


def _arguments(data: object, position: int) -> tuple[Argument, ...]:
    match data:
        case None | "":
            return ()
        case str():
            inner, _ = read_json(data, len(data) - len(data.lstrip()))
            if isinstance(inner, dict):
                return _arguments(cast("object", inner), position)
        case dict():
            fields = cast("dict[str, object]", data)
            return tuple(Argument(name.lower(), value_of(value, position), position) for name, value in fields.items())
        case _:
            pass
    raise ParseError("bad_json", position, "the arguments of a tool call must be an object")
