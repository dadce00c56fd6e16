"""Points and boxes in every notation of the models.

    (x, y)   [x, y]   x, y   [x1, y1, x2, y2]   (x1, y1), (x2, y2)   <point>x y</point>   <bbox>x1 y1 x2 y2</bbox>
    <|box_start|>(x, y)<|box_end|>   and lists of numbers in JSON

A box counts as its centre. The notation does not determine the coordinate space.
"""

import re
from collections.abc import Iterable

from ...core.coordinates import ModelPoint
from .call import ParseError, Value

_TOKEN = re.compile(
    r"""\s*+(?:
        (?P<number>[+-]?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})(?![\w.]))
      | (?P<wrapper>[()\[\],;\uff08\uff09\uff3b\uff3d\uff0c\uff1b\u3001]
        | </?(?:point|bbox|box)> | <\|/?(?:box|point)_(?:start|end)\|>)
    )\s*+""",
    re.VERBOSE,
)
_COMMON = re.compile(r"\((\d{1,6}), ?(\d{1,6})\)|<point>(\d{1,6}) (\d{1,6})</point>")
"""The two most frequent notations, as a fast path."""

_VALUE = r"\s*+[=:]\s*+([\d.]{1,30}+)"
_NAMED = re.compile(rf"""[\s({{]*+['"]?x['"]?{_VALUE}[\s,]++['"]?y['"]?{_VALUE}[\s)}}]*+""")
_CLOSED = re.compile(r"[)\]>\uff09\uff3d]\s*+\Z")
_LONGEST = 200
"""Longer points are runaway counting."""

_LARGEST = 1e15
"""Neither infinity, nor an integer of hundreds of digits."""


def point_of(value: Value, position: int) -> ModelPoint:
    """The point in `value`.

    Raises:
        ParseError: `bad_point`, such as three numbers, none, or one that is not finite.
    """
    match value:
        case str():
            if common := _COMMON.fullmatch(value):
                return ModelPoint(float(common[1] or common[3]), float(common[2] or common[4]))
            named = _NAMED.fullmatch(value)
            return _from_numbers(_numbers(f"{named[1]} {named[2]}" if named else value, position), position)
        case tuple():
            return _from_numbers(_flatten(value, position), position)
        case _:
            raise ParseError("bad_point", position, f"{value!r:.40} is not a point")


def is_closed_point(text: str) -> bool:
    """Whether `text` is a point that ends in a bracket or tag, so that no digit can be missing."""
    if len(text) > _LONGEST or not _CLOSED.search(text):
        return False
    try:
        point_of(text, 0)
    except ParseError:
        return False
    return True


def _numbers(text: str, position: int) -> list[float]:
    found: list[float] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ParseError("bad_point", position + at, f"{text[:40]!r} is not a point")
        if token["number"]:
            found.append(float(token["number"]))
        if len(found) > 4:
            raise ParseError("bad_point", position, f"a point has 2 numbers and a box 4, but {text[:40]!r} has more")
        at = token.end()
    return found


def _flatten(values: Iterable[Value], position: int) -> list[float]:
    """The numbers in a list, or in a list of two lists."""
    found: list[float] = []
    for value in values:
        match value:
            case bool() | None:
                raise ParseError("bad_point", position, f"{value!r} is not a coordinate")
            case int() | float():
                if not abs(value) <= _LARGEST:
                    raise ParseError("bad_point", position, "a coordinate is not a number of pixels")
                found.append(float(value))
            case str():
                found.extend(_numbers(value, position))
            case _:
                found.extend(_flatten(value, position))
        if len(found) > 4:
            raise ParseError("bad_point", position, "a point has 2 numbers and a box 4, but there are more")
    return found


def _from_numbers(numbers: list[float], position: int) -> ModelPoint:
    match numbers:
        case [x, y]:
            return ModelPoint(x, y)
        case [left, top, right, bottom]:
            return ModelPoint((left + right) / 2, (top + bottom) / 2, (left, top, right, bottom))
        case []:
            raise ParseError("bad_point", position, "the point is empty")
        case _:
            raise ParseError("bad_point", position, f"a point has 2 numbers and a box 4, not {len(numbers)}")
