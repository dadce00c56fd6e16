"""JSON as models write it: read strictly if possible, otherwise with the mistakes that leave one reading only.

Accepted are line breaks in texts, trailing commas, single and curly quotes, quotes inside a text, full-width
punctuation, names without quotes, Python's constants, and lost braces at the end.
"""

import json
import re
from typing import NoReturn, cast

from .call import ParseError
from .calls import END_OF_TURN, QUOTES, free_text_end, peek, read_value, skip_space, unescape

_MAX_DEPTH = 20
_KEY = re.compile(r"[A-Za-z_]\w*+")
_END = re.compile(rf"\s*+(?:\Z|```|</|\u273f|{END_OF_TURN})")
_AFTER_TEXT = re.compile(
    r"""\s*+(?: [}\]:\uff1a\uff5d\uff3d] | \Z | </
      | [,\uff0c]\s*+ (?: ['"\u2018\u201c{\[}\]] | -?\d | \w++\s*+: ))""",
    re.VERBOSE,
)
_TWO_TEXTS = {opening: re.compile(rf"(?<!\\)[{closing}]\s+[{opening}{closing}]") for opening, closing in QUOTES.items()}
_QUOTE_OR_ESCAPE = re.compile(r"\\.|\"", re.DOTALL)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    for name, value in pairs:
        if fields[name] != value:
            raise ValueError(f"{name} has two values")
    return fields


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_unique)


def read_json(text: str, at: int) -> tuple[object, int]:
    """The JSON value at `at`, and where it ends.

    Raises:
        ParseError: `truncated` if the text ends inside it, otherwise `bad_json`.
    """
    try:
        return cast("tuple[object, int]", _DECODER.raw_decode(text, at))
    except json.JSONDecodeError:
        return _read(text, at, 0)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, thousands of nested brackets
        _fail(at, str(error) or "it is too large")


def _read(text: str, at: int, depth: int) -> tuple[object, int]:
    if depth > _MAX_DEPTH:
        _fail(at, "it is nested too deeply")
    match peek(text, at):
        case "{":
            return _read_object(text, at, depth)
        case "[":
            return _read_array(text, at, depth)
        case "":
            raise ParseError("truncated", at, "the reply ends inside the JSON of an action")
        case first if first in QUOTES:
            return _read_text(text, at)
        case _:
            try:
                return read_value(text, at)
            except ParseError as error:
                _fail(at, error.failure.message)


def _read_object(text: str, at: int, depth: int) -> tuple[object, int]:
    pairs: list[tuple[str, object]] = []
    pos = skip_space(text, at + 1)
    while peek(text, pos) != "}":
        if pairs and _END.match(text, pos):  # the braces at the end are lost
            if pos >= len(text.rstrip()) and not isinstance(pairs[-1][1], dict):
                raise ParseError("truncated", pos, "the reply ends inside the JSON of an action")
            return _checked(pairs, at), pos
        if key := _KEY.match(text, pos):
            name, pos = key[0], key.end()
        else:
            name, pos = _read_text(text, pos)
        pos = skip_space(text, pos)
        if peek(text, pos) != ":":
            _fail(pos, f"':' was expected, not {text[pos : pos + 20]!r}")
        value, pos = _read(text, skip_space(text, pos + 1), depth + 1)
        pairs.append((name, value))
        pos = _skip_comma(text, pos, "}")
    return _checked(pairs, at), pos + 1


def _read_array(text: str, at: int, depth: int) -> tuple[object, int]:
    values: list[object] = []
    pos = skip_space(text, at + 1)
    while peek(text, pos) != "]":
        value, pos = _read(text, pos, depth + 1)
        values.append(value)
        pos = _skip_comma(text, pos, "]")
    return values, pos + 1


def _skip_comma(text: str, at: int, closing: str) -> int:
    pos = skip_space(text, at)
    if peek(text, pos) == ",":
        return skip_space(text, pos + 1)
    if pos < len(text) and peek(text, pos) != closing and not (closing == "}" and _END.match(text, pos)):
        _fail(pos, f"',' or '{closing}' was expected, not {text[pos : pos + 20]!r}")
    return pos


def _read_text(text: str, at: int) -> tuple[str, int]:
    """A quoted text. A quote inside it does not end it: neither a bracket nor another field follows."""
    if text[at : at + 1] not in QUOTES:
        _fail(at, f"a quoted text was expected, not {text[at : at + 20]!r}")
    end = free_text_end(text, at, _AFTER_TEXT, text[at])
    if end is None:
        raise ParseError("truncated", at, "the reply ends inside a quoted text")
    written = text[at + 1 : end]
    if _TWO_TEXTS[text[at]].search(written):
        _fail(at, "there is no ',' between two texts")
    try:
        escaped = _QUOTE_OR_ESCAPE.sub(lambda found: {'"': '\\"', "\\'": "'"}.get(found[0], found[0]), written)
        return cast("str", json.loads(f'"{escaped}"', strict=False)), end + 1
    except ValueError:  # an escape that JSON does not know
        return unescape(written), end + 1


def _checked(pairs: list[tuple[str, object]], at: int) -> dict[str, object]:
    try:
        return _unique(pairs)
    except ValueError as error:
        _fail(at, str(error))


def _fail(at: int, problem: str) -> NoReturn:
    raise ParseError("bad_json", at, f"the JSON of the action is invalid: {problem}") from None
