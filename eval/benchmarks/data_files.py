"""Reads the data files of third-party benchmarks; an invalid file raises a one-line error with the location."""

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from screenwright._files import MIB, read_file, read_text_file

from ..core.task import TaskError

T = TypeVar("T")

MAX_DATA_BYTES = 256 * MIB
"""The largest file of a benchmark that is read."""


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        TaskError: the file cannot be read, is too large or is not UTF-8.
    """
    try:
        return read_text_file(path, MAX_DATA_BYTES)
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TaskError(f"{path} is not UTF-8 text") from error


def read_json(path: Path, adapter: TypeAdapter[T]) -> T:
    """The content of a JSON file.

    Raises:
        TaskError: the file cannot be read or is invalid; the message names the file and, for a list, the line.
    """
    text = read_text(path)
    try:
        return adapter.validate_python(json.loads(text))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place, location = f"{path}", problem["loc"]
        if location and isinstance(location[0], int):
            place, location = f"{path}, line {line_of(text, location[0])}", location[1:] or ("the entry",)
        what = ".".join(map(str, location)) or "the file"
        raise TaskError(f"{place}: {what}: {problem['msg']}".replace("\n", " ")) from error
    except ValueError as error:
        raise TaskError(f"{path}: {error}") from error
    except RecursionError as error:
        raise TaskError(f"{path} is nested too deeply") from error


def digest_of(paths: Iterable[Path], root: Path) -> str:
    """A digest of files and of their paths below `root`, which identifies the data of a benchmark.

    Raises:
        TaskError: a file cannot be read.
    """
    digest = sha256()
    for path in paths:
        try:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + read_file(path, MAX_DATA_BYTES))
        except OSError as error:
            raise TaskError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def line_of(text: str, number: int) -> int:
    """The line, from 1, on which entry `number` of the JSON list in `text` starts."""
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
