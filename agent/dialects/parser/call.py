"""A call in a reply, independent of the syntax: a name and arguments, not interpreted yet."""

from dataclasses import dataclass
from typing import TypeAlias

from ...core.decision import ParseFailure

Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | None"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; `name` is None if it is positional, `position` is an index into the reply."""

    name: str | None
    value: Value
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)` at `position` in the reply."""

    name: str
    arguments: tuple[Argument, ...]
    position: int


class ParseError(Exception):
    """Why a reply cannot be parsed. Internal to dialects: `parse` returns it as a `ParseFailure`."""

    def __init__(self, kind: str, position: int, message: str) -> None:
        super().__init__(message)
        self.failure = ParseFailure(kind, position, " ".join(message.split()))  # names may contain line breaks
