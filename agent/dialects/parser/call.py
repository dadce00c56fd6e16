"""A call in a reply, independent of the syntax: a name and arguments, not interpreted yet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ....envs.bounds import MAX_ACTIONS, MAX_REPLY_CHARACTERS, OutOfBounds, check_length
from ...core.decision import ParseFailure, Reply

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


def add_call(calls: list[Call], call: Call) -> None:
    """Append `call`.

    Raises:
        ParseError: there are as many calls as a reply may have.
    """
    if len(calls) >= MAX_ACTIONS:
        raise ParseError("bad_syntax", call.position, f"more than {MAX_ACTIONS} actions in one reply are too many")
    calls.append(call)


def parsed(text: str, read: Callable[[str], Reply]) -> Reply | ParseFailure:
    """`read(text)`, or why it cannot be parsed. A reply that is too long is not read at all."""
    try:
        check_length(text, "the characters of a reply", 0, MAX_REPLY_CHARACTERS)
        return read(text)
    except ParseError as error:
        return error.failure
    except OutOfBounds as error:
        return ParseFailure("bad_argument", len(text), str(error))
