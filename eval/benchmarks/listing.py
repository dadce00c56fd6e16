"""Reads the task lists of third-party benchmarks; an invalid file raises a one-line error with the location."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ..core.task import TaskError

T = TypeVar("T")


def read_list(path: Path, adapter: TypeAdapter[tuple[T, ...]]) -> tuple[T, ...]:
    """The entries of a JSON file that contains a list.

    Raises:
        TaskError: the file cannot be read or is invalid; the message names the file and, if known, the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TaskError(f"{path} is not UTF-8 text") from error
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise TaskError(f"{path}: {error}") from error
    try:
        return adapter.validate_python(entries)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        number, *inner = problem["loc"] or ("",)
        line = _line_of(text, number) if isinstance(number, int) else 1
        where = ".".join(str(part) for part in inner)
        raise TaskError(f"{path}, line {line}: {where or 'the entry'}: {problem['msg']}".replace("\n", " ")) from error


def _line_of(text: str, number: int) -> int:
    """The line, from 1, on which entry `number` of the list in `text` starts."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    for _ in range(number):
        at = decoder.raw_decode(text, _next(text, at))[1]
    return text.count("\n", 0, _next(text, at)) + 1


def _next(text: str, at: int) -> int:
    """The position of the next entry."""
    while text[at] in ", \t\r\n":
        at += 1
    return at
