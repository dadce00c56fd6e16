"""A call as a model wrote it, whatever the syntax: a name and its arguments, not yet understood."""

from dataclasses import dataclass
from typing import TypeAlias

from ...core.decision import ParseFailure

Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | None"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; `name` is None for a positional one, `position` an index into the reply."""

    name: str | None
    value: Value
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`, found at `position` in the reply."""

    name: str
    arguments: tuple[Argument, ...]
    position: int


class ParseError(Exception):
    """Why a reply cannot be read. Stays inside the dialects: `parse` returns it as `ParseFailure`."""

    def __init__(self, kind: str, position: int, message: str) -> None:
        super().__init__(message)
        self.unreadable = ParseFailure(kind, position, message)
