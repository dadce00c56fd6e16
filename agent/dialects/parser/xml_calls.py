"""Function calls in XML, in every serialization of Seed models and newer Qwen models.

    <function=click><parameter=point><point>5 6</point></parameter></function>
    <function name="wait"><parameter name="time" string="false">5</parameter></function>
    and the same with `_never_used_<hex>` after each tag's name

A server that strips special tokens leaves `click>point>point>5 6`; `read_stripped` parses that if there is only one
parameter.
"""

import json
import re
from collections.abc import Container

from .call import Argument, Call, ParseError, Value, add_call
from .calls import TURN_END, skip_space
from .tool_calls import value_of

FUNCTION = re.compile(r"<function(\w*+)(?:=|\s++name\s*+=\s*+[\"']?)\s*+([A-Za-z_][\w.]*+)[\"']?\s*+>")
_PARAMETER = re.compile(
    r"<parameter\w*+(?:=|\s++name\s*+=\s*+[\"']?)\s*+([A-Za-z_]\w*+)[\"']?(?:\s++string=[\"'](true|false)[\"'])?\s*+>"
)
_PARAMETER_END = re.compile(r"</parameter\w*+>")
_LOST_END = re.compile(r"(?=</function\w*+>)")
_FUNCTION_END = re.compile(r"</function\w*+>")
_TOOL_END = re.compile(r"</(?:seed:)?tool_call\w*+>")
_TEXT = re.compile(r"\s*+<text\w*+>(.*)</text\w*+>\s*\Z", re.DOTALL)
_ITEM = re.compile(r"<item>([^<]*+)</item>")
_STRIPPED = re.compile(r"\s*+([a-z_]{1,30})>([a-z_]{1,30})>(?:point>)?([^>]*+)\Z")


def read_xml_calls(text: str, start: int) -> tuple[Call, ...]:
    """The function calls in `text[start:]`; text between them is ignored.

    Raises:
        ParseError: there is none, or one is truncated or malformed.
    """
    calls: list[Call] = []
    pos = start
    while opening := FUNCTION.search(text, pos):
        call, pos = _read_function(text, opening)
        add_call(calls, call)
        if TURN_END.match(text, pos):
            break
    if not calls:
        raise ParseError("no_action", start, "the reply contains no function call")
    return tuple(calls)


def read_stripped(text: str, start: int, known: Container[str]) -> tuple[tuple[Call, ...], int]:
    """The call in `name>parameter>value`, and where it starts.

    Raises:
        ParseError: the text has another form.
    """
    found = _STRIPPED.match(text, start)
    if found is None or found[1] not in known:
        raise ParseError("no_action", start, "the reply contains no function call")
    return (Call(found[1], (Argument(found[2], found[3].strip(), found.start(3)),), found.start(1)),), start


def _read_function(text: str, opening: re.Match[str]) -> tuple[Call, int]:
    arguments: list[Argument] = []
    pos = skip_space(text, opening.end())
    while parameter := _PARAMETER.match(text, pos):
        inner = skip_space(text, parameter.end())
        if parameter[1] == opening[2] and _PARAMETER.match(text, inner):
            pos = inner  # the function's name, repeated as a parameter that is never closed (Qwen3.8)
            continue
        closing = _PARAMETER_END.search(text, parameter.end()) or _LOST_END.search(text, parameter.end())
        if closing is None:
            raise ParseError("truncated", parameter.start(), "the reply ends inside a parameter")
        name, typed = parameter[1].lower(), parameter[2]
        value = _value(text[parameter.end() : closing.start()], typed, parameter.end())
        arguments.append(Argument(name, value, parameter.end()))
        pos = skip_space(text, closing.end())
    end = _FUNCTION_END.match(text, pos) or _TOOL_END.match(text, pos)
    if end is None:
        kind = "truncated" if pos >= len(text) else "bad_syntax"
        raise ParseError(kind, pos, f"the function {opening[2]:.40} is not closed")
    return Call(opening[2], tuple(arguments), opening.start()), end.end()


def _value(written: str, typed: str | None, position: int) -> Value:
    if typed == "false":
        try:
            return value_of(json.loads(written), position)
        except (ValueError, RecursionError):
            raise ParseError("bad_json", position, f"{written[:40]!r} is not JSON") from None
    if typed is None and written.lstrip().startswith("<list>"):
        return tuple(item[1].strip() for item in _ITEM.finditer(written))
    if wrapped := _TEXT.match(written):
        written = wrapped[1]
    # A value on separate lines has one extra line break at each end.
    return written[1:].removesuffix("\n") if written.startswith("\n") else written
