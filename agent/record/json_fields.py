"""Reading the fields of a JSON object strictly: each has its type, none is missing, none is left over."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from pydantic import JsonValue

E = TypeVar("E", bound=StrEnum)

MOST = 1e15
"""No number in an action comes near it; beyond it, JSON's integers no longer fit a float exactly."""


class Fields:
    """The fields of one JSON object, taken one by one; every method raises `ValueError` with one line.

    `what` names the object in those messages, such as "an action". A field without a default must be there.
    """

    def __init__(self, data: Mapping[str, JsonValue], what: str) -> None:
        self._data = data
        self._what = what
        self._taken: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the object has the field `name`."""
        return name in self._data

    def text(self, name: str, default: str | None = None) -> str:
        """A string."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number."""
        return self._number(name, self._take(name, default))

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "a whole number")
        return value

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of strings."""
        if default is not None and not self.has(name):
            return default
        values = self._list(name, self._take(name, None))
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(name, "a list of strings")
        return tuple(value for value in values if isinstance(value, str))

    def pair(self, name: str) -> tuple[float, float]:
        """A point: two finite numbers."""
        return self._pair(name, self._take(name, None))

    def pairs(self, name: str, default: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        """A list of points."""
        if not self.has(name):
            return default
        return tuple(self._pair(name, value) for value in self._list(name, self._take(name, None)))

    def choice(self, name: str, among: type[E], default: E | None = None) -> E:
        """One of the values of an enumeration."""
        value = self.text(name, default)
        try:
            return among(value)
        except ValueError:
            raise self._wrong(name, "one of " + ", ".join(among)) from None

    def nothing_else(self) -> None:
        """Refuse fields that nobody asked for: most are misspelt."""
        left = sorted(set(self._data) - self._taken)
        if left:
            raise ValueError(f"{self._what} of type {self._data.get('type')!r} has no field {', '.join(left)}")

    def _take(self, name: str, default: JsonValue) -> JsonValue:
        self._taken.add(name)
        value = self._data.get(name, default)
        if value is None:
            raise ValueError(f"{self._what} lacks the field {name!r}")
        return value

    def _pair(self, name: str, value: JsonValue) -> tuple[float, float]:
        match value:
            case [x, y]:
                return self._number(name, x), self._number(name, y)
            case _:
                raise self._wrong(name, "a point [x, y]")

    def _list(self, name: str, value: JsonValue) -> list[JsonValue]:
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def _number(self, name: str, value: JsonValue) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not -MOST < value < MOST:
            raise self._wrong(name, "a finite number")
        return value

    def _wrong(self, name: str, wanted: str) -> ValueError:
        return ValueError(f"the field {name!r} of {self._what} is {wanted}, not {self._data.get(name)!r:.60}")
