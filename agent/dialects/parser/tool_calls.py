r"""Function calls in JSON.

    <tool_call>{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [5, 6]}}</tool_call>
    {"name": "scroll", "arguments": "{\"direction\": \"up\"}"}

Qwen's functions `computer_use` and `mobile_use` take the name of the action as their argument `action`.
"""

import json
import re
from typing import cast

from .call import Argument, Call, ParseError, Value

OPENING = re.compile(r"<tool_call>\s*+(?:```(?:json)?\s*+)?")
_DECODER = json.JSONDecoder()
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
        calls.append(function_call(data, opening.end()))
    if not calls:
        raise ParseError("no_action", len(text), "the reply contains no tool call")
    return tuple(calls)


def read_json(text: str, at: int) -> tuple[object, int]:
    """The JSON value at `at`, and where it ends.

    Raises:
        ParseError: `truncated` if the text ends inside it, otherwise `bad_json`.
    """
    try:
        return cast("tuple[object, int]", _DECODER.raw_decode(text, at))
    except json.JSONDecodeError as error:
        cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        kind = "truncated" if cut_off else "bad_json"
        raise ParseError(kind, error.pos, f"the JSON of the action is invalid: {error.msg}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets nested thousands deep
        raise ParseError("bad_json", at, "the JSON of the action is too large") from None


def function_call(data: object, position: int) -> Call:
    """The call in a JSON object `{"name": ..., "arguments": ...}`.

    Raises:
        ParseError: `bad_json`, if it has another form.
    """
    match data:
        case {"name": str(name), **rest}:
            return unwrap_action(Call(name, _arguments(rest.get("arguments"), position), position))
        case _:
            raise ParseError("bad_json", position, "a tool call must be an object with a name and arguments")


def object_call(data: object, key: str, position: int) -> Call:
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
            return Call(argument.value, rest, call.position)
    raise ParseError("missing_argument", call.position, f"{call.name} needs the argument 'action'")


def value_of(data: object, position: int) -> Value:
    """A JSON value as the value of an argument; `{"x": 1, "y": 2}` is a point, other objects are rejected."""
    match data:
        case str() | int() | float() | None:
            return data
        case list():
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
