"""Reads rules from TOML files and from the presets. Errors name the file and the line.

rules = load_rules("careful")
rules = load_rules("bank.toml")
"""

import json
import re
import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from .rules import RuleSet

_PRESETS = Path(__file__).parent / "presets"
PRESETS = ("read-only", "careful", "trusted", "confirm")
"""The names of the presets: the first three from strict to permissive; `confirm` asks about every action."""

_MAX_BYTES = 256_000
_TABLE = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
_ANY_TABLE = re.compile(r"^\s*\[")


class RulesError(ValueError):
    """Rules cannot be read; the message is one line with the file and the line."""


def load_rules(name: str | Path) -> RuleSet:
    """The rules of a preset, or of a file.

    Raises:
        RulesError: there is no such preset or file, or the file is not valid.
    """
    if str(name) in PRESETS:
        return _preset(str(name))
    path = Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        presets = ", ".join(PRESETS)
        raise RulesError(
            f"the rules {name} cannot be read: {error.strerror}; use a file or one of {presets}"
        ) from error
    if len(content) > _MAX_BYTES:
        raise RulesError(f"the rules {name} are larger than {_MAX_BYTES // 1000} KB")
    return parse_rules(content, str(name))


@cache
def _preset(name: str) -> RuleSet:
    return parse_rules((_PRESETS / f"{name}.toml").read_bytes(), name)


def parse_rules(content: bytes | str, name: str = "rules") -> RuleSet:
    """The rules in the text of a file; `name` is used in errors.

    Raises:
        RulesError: the text is not valid.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        values = json.dumps(tomllib.loads(text), default=str)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RulesError(f"{name} is not valid TOML: {error}") from error
    try:
        return RuleSet.model_validate_json(values)
    except ValidationError as error:
        raise RulesError(_problem(error, text, name)) from error


def _problem(error: ValidationError, text: str, name: str) -> str:
    """The first problem, with the line of the key that it concerns."""
    first = error.errors(include_url=False)[0]
    where, message = first["loc"], first["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    names = [part for part in where if isinstance(part, str)]
    number = next((part for part in where if isinstance(part, int)), None)
    key = names[-1] if names and names != ["rule"] else ""
    if first["type"] == "extra_forbidden":
        message = f"there is no key {key!r}"
    elif first["type"] in ("missing", "too_long") and isinstance(where[-1], int):
        message = f"{key!r} needs another number of values"
    elif first["type"] == "too_short":
        message = f"{key!r} is empty: leave it out, or name a value"
    elif first["type"] == "missing":
        message = f"the key {key!r} is missing"
    elif first["type"] == "tuple_type":
        message = f'{key or "rule"!r} is a list, such as ["..."]'
    elif key:
        message = f"{key!r}: {message[:1].lower()}{message[1:]}"
    return f"{name}, line {_line_of(text, number, key)}: {message}"


def _line_of(text: str, number: int | None, key: str) -> int:
    """The line, from 1, of `key` in the table of rule `number`, or above the tables; else where that begins."""
    lines = text.splitlines()
    tables = [index for index, line in enumerate(lines) if _TABLE.match(line)]
    start = -1 if number is None else tables[number] if number < len(tables) else -1
    assigned = re.compile(rf"""^\s*["']?{re.escape(key)}["']?\s*=""")
    for index, line in enumerate(lines[start + 1 :], start + 1):
        if key and assigned.match(line):
            return index + 1
        if start >= 0 and _ANY_TABLE.match(line):
            break
    return max(start, 0) + 1
