"""Access to the arguments of a call by role; each family names them differently."""

import math
import re

from ....envs.env import ActionRefused
from ....envs.keys import split_keys
from ...core.coordinates import ModelPoint
from ..parser.call import Argument, Call, ParseError, Value
from ..parser.calls import read_value
from ..parser.points import point_of

START = (
    "start_box", "point", "start_point", "box", "coordinate", "start_coordinate", "from_coord", "start", "position",
)  # fmt: skip
END = ("end_box", "end_point", "coordinate2", "end_coordinate", "to_coord", "end", "to")
TEXTS = ("content", "text", "message", "answer", "response", "value")
KEYS = ("key", "hotkey", "keys", "text", "content")

_LIST = re.compile(r"\s*+\[.+\]\s*\Z", re.DOTALL)
_QUOTED_LIST = re.compile(r"""\s*+(['"])(\s*+\[.+\]\s*)\1\s*\Z""", re.DOTALL)
_BROKEN_LIST = re.compile(r"""\s*+[\[(]++['"]|['"][\])]++\s*\Z""")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_COMMA = re.compile(r"(?<=\w),(?:\s++(?=\S)|(?=\w))")
_ASCII = {0xFF0C: ",", 0x3001: ",", 0xFF0B: "+"}
"""Full-width commas and plus."""


class Arguments:
    """The arguments of a call. Every method raises `ParseError` if an argument is missing or has the wrong type."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._named: dict[str, Argument] = {}
        for argument in call.arguments:
            if argument.name is not None and self._named.setdefault(argument.name, argument).value != argument.value:
                raise self._bad(argument, "given once")
        self._positional = [argument for argument in call.arguments if argument.name is None]

    def point(self) -> ModelPoint:
        """The position of the action, which is required."""
        return self._required_point(self.point_if_any(), "a position")

    def point_if_any(self) -> ModelPoint | None:
        """The position of the action, if there is one."""
        return self._point(START, ("x", "y"), 0)

    def end_point(self) -> ModelPoint:
        """The end of a drag, which is required."""
        return self._required_point(self.end_point_if_any(), "an end position")

    def end_point_if_any(self) -> ModelPoint | None:
        """The end of a drag, if there is one."""
        return self._point(END, ("x2", "y2"), 1)

    def text(self, default: str | None = None, names: tuple[str, ...] = TEXTS, index: int | None = 0) -> str:
        """A text, unchanged."""
        argument = self._find(names, index)
        if argument is None or argument.value is None:
            if default is None:
                raise ParseError("missing_argument", self.call.position, f"{self.call.name} needs {names[0]}")
            return default
        if isinstance(argument.value, tuple):
            raise self._bad(argument, "a text")
        text = _as_text(argument.value)
        if _SURROGATE.search(text):
            raise self._bad(argument, "a text of whole characters")
        return text

    def key_names(self, names: tuple[str, ...] = KEYS) -> tuple[str, ...]:
        """Canonical names of keys, from `'ctrl c'`, `'ctrl+c'`, `['ctrl', 'c']` or `'ctrl', 'c'`."""
        return tuple(key for combination in self.key_combinations(names) for key in combination)

    def key_combinations(self, names: tuple[str, ...] = KEYS, limit: int | None = None) -> list[tuple[str, ...]]:
        """The keys in each text of the first `limit` arguments.

        A comma after a name separates, unless it is the last key; a list may also be written as text.
        """
        named = self._find(names, None)
        given = [*([named] if named else []), *self._positional][:limit]
        try:
            found = [split_keys(part) for argument in given for part in _parts(argument.value)]
        except ActionRefused as refused:
            raise ParseError("bad_argument", given[0].position, str(refused)) from None
        if not found:
            raise ParseError("missing_argument", self.call.position, f"{self.call.name} needs {names[0]}")
        return found

    def number(self, names: tuple[str, ...], default: float, index: int | None = None) -> float:
        """A finite number; an empty text counts as missing."""
        argument = self._find(names, index)
        if argument is None or argument.value in (None, ""):
            return default
        try:
            number = float(argument.value) if isinstance(argument.value, str | int | float) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not abs(number) <= 1e9:
            raise self._bad(argument, "a number")
        return number

    def integer(self, names: tuple[str, ...], default: int, index: int | None = None) -> int:
        """A number, rounded to an integer."""
        return round(self.number(names, default, index))

    def is_text(self, names: tuple[str, ...], text: str) -> bool:
        """Whether an argument is `text`, in upper or lower case."""
        argument = self._find(names, None)
        return argument is not None and isinstance(argument.value, str) and argument.value.strip().lower() == text

    def has(self, *names: str) -> bool:
        """Whether one of `names` is present and not empty."""
        return any(self._named[name].value not in ("", (), None) for name in names if name in self._named)

    def _point(self, names: tuple[str, ...], axes: tuple[str, str], nth: int) -> ModelPoint | None:
        if argument := self._find(names, None):
            return point_of(argument.value, argument.position)
        x, y = (self._named.get(axis) for axis in axes)
        if x and y:
            return point_of((x.value, y.value), x.position)
        values = self._positional
        if len(values) > nth and isinstance(values[nth].value, tuple | str):
            return point_of(values[nth].value, values[nth].position)
        pair = values[2 * nth : 2 * nth + 2]
        if len(pair) == 2 and all(isinstance(one.value, int | float) for one in pair):
            return point_of((pair[0].value, pair[1].value), pair[0].position)
        return None

    def _required_point(self, point: ModelPoint | None, what: str) -> ModelPoint:
        if point is None:
            raise ParseError("missing_point", self.call.position, f"{self.call.name} needs {what}")
        return point

    def _find(self, names: tuple[str, ...], index: int | None) -> Argument | None:
        """The argument with one of `names`, which mean the same, or else the positional one at `index`."""
        named = [self._named[name] for name in names if name in self._named]
        given = [argument for argument in named if self.has(argument.name or "")]
        for other in given[1:]:
            if other.value != given[0].value:
                raise self._bad(other, f"the same as {given[0].name}")
        if named:
            return (given or named)[0]
        return self._positional[index] if index is not None and index < len(self._positional) else None

    def _bad(self, argument: Argument, expected: str) -> ParseError:
        name = argument.name or "the argument"
        return ParseError("bad_argument", argument.position, f"{name} of {self.call.name} must be {expected}")


def _as_text(value: str | float | bool) -> str:
    """A scalar as text, such as `true` and `5`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(value: Value) -> list[str]:
    """The texts in a value; `"['ctrl', 'c']"` is a list, and so is `["['ctrl", "c']"]`."""
    match value:
        case None:
            return []
        case tuple():
            return [part for item in value for part in _parts(item)]
        case str() if _LIST.match(value):
            listed, end = read_value(value.strip(), 0)
            return _parts(listed) if end == len(value.strip()) else [value]
        case str() if quoted := _QUOTED_LIST.match(value):
            return _parts(quoted[2])
        case str() if _BROKEN_LIST.search(value):
            return [value.strip("[]()'\" ")]
        case _:
            return [_COMMA.sub(" ", _as_text(value).translate(_ASCII))]
