"""The arguments of one call, asked for by their meaning: each family names them differently."""

import math

from ....envs.env import ActionRefused
from ....envs.keys import split_keys
from ...core.coordinates import ModelPoint
from ..parser.call import Argument, Call, ParseError
from ..parser.points import point_of

START = (
    "start_box",
    "point",
    "start_point",
    "box",
    "coordinate",
    "start_coordinate",
    "from_coord",
    "start",
    "position",
)
END = ("end_box", "end_point", "coordinate2", "end_coordinate", "to_coord", "end", "to")
WORDS = ("content", "text", "message", "answer", "response", "value")
KEYS = ("key", "hotkey", "keys")


class Arguments:
    """What a call was given. Every method raises `ParseError` for what is missing or of the wrong kind."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._named = {argument.name: argument for argument in call.arguments if argument.name is not None}
        self._positional = [argument for argument in call.arguments if argument.name is None]

    def point(self) -> ModelPoint:
        """Where the action is done; a call without it is refused as `missing_point`."""
        return self._needed_point(self.point_if_any(), "where to do it")

    def point_if_any(self) -> ModelPoint | None:
        """Where the action is done, if it says so."""
        return self._point(START, ("x", "y"), 0)

    def end_point(self) -> ModelPoint:
        """Where a drag ends."""
        return self._needed_point(self.end_point_if_any(), "where to end")

    def end_point_if_any(self) -> ModelPoint | None:
        """Where a drag ends, if it says so."""
        return self._point(END, ("x2", "y2"), 1)

    def words(self, default: str | None = None, names: tuple[str, ...] = WORDS, index: int | None = 0) -> str:
        """A text, exactly as written."""
        argument = self._find(names, index)
        if argument is None or argument.value is None:
            if default is None:
                raise ParseError("missing_argument", self.call.position, f"{self.call.name} needs {names[0]}")
            return default
        if isinstance(argument.value, tuple):
            raise self._bad(argument, "a text")
        return _written(argument.value)

    def key_names(self, names: tuple[str, ...] = KEYS, *, one: bool = False) -> tuple[str, ...]:
        """Canonical names of keys, from `'ctrl c'`, `'ctrl+c'`, `['ctrl', 'c']`, or, unless `one`, `'ctrl', 'c'`."""
        named = self._find(names, None)
        given = [*([named] if named else []), *self._positional]
        given = given[:1] if one else given
        try:
            found = tuple(key for argument in given for part in _parts(argument) for key in split_keys(part))
        except ActionRefused as refused:
            raise ParseError("bad_argument", given[0].position, str(refused)) from None
        if not found:
            raise ParseError("missing_argument", self.call.position, f"{self.call.name} needs {names[0]}")
        return found

    def number(self, names: tuple[str, ...], default: float, index: int | None = None) -> float:
        """A finite number; an empty text counts as not given."""
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

    def whole(self, names: tuple[str, ...], default: int, index: int | None = None) -> int:
        """A number, rounded to a whole one."""
        return round(self.number(names, default, index))

    def has(self, *names: str) -> bool:
        """Whether one of `names` is given."""
        return any(name in self._named for name in names)

    def _point(self, names: tuple[str, ...], axes: tuple[str, str], nth: int) -> ModelPoint | None:
        if argument := self._find(names, None):
            return point_of(argument.value, argument.position)
        across, down = (self._named.get(axis) for axis in axes)
        if across and down:
            return point_of((across.value, down.value), across.position)
        given = self._positional
        if len(given) > nth and isinstance(given[nth].value, tuple | str):
            return point_of(given[nth].value, given[nth].position)
        if len(given) > 2 * nth + 1 and all(isinstance(g.value, int | float) for g in given[2 * nth : 2 * nth + 2]):
            return point_of((given[2 * nth].value, given[2 * nth + 1].value), given[2 * nth].position)
        return None

    def _needed_point(self, point: ModelPoint | None, what: str) -> ModelPoint:
        if point is None:
            raise ParseError("missing_point", self.call.position, f"{self.call.name} does not say {what}")
        return point

    def _find(self, names: tuple[str, ...], index: int | None) -> Argument | None:
        for name in names:
            if name in self._named:
                return self._named[name]
        return self._positional[index] if index is not None and index < len(self._positional) else None

    def _bad(self, argument: Argument, wanted: str) -> ParseError:
        name = argument.name or "its argument"
        return ParseError("bad_argument", argument.position, f"{name} of {self.call.name} is {wanted}")


def _written(value: str | float | bool) -> str:
    """A scalar as the model wrote it: JSON's `true` and `5` back as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(argument: Argument) -> list[str]:
    values = argument.value if isinstance(argument.value, tuple) else (argument.value,)
    return [_written(value) for value in values if value is not None and not isinstance(value, tuple)]
