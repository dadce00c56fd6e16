"""Hides what is private in texts that are sent to someone else: names of users in paths, keys, tokens and passwords.

Each is replaced by as many `x`, so that positions in a text stay the same.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue

_VALUE = r"[\w.~+/=-]"
_PATTERNS = (
    r"(?<=/home/)[^/\s\"'\\:]+",
    r"(?<=/Users/)[^/\s\"'\\:]+",
    r"(?<=:\\Users\\)[^/\s\"'\\:]+",
    r"(?<=://)[^/\s@\"']+(?=@)",  # user and password in an address
    rf"(?<=\b[Bb]earer ){_VALUE}{{8,}}",
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}",
    r"\b(?:gh[pousr]_|github_pat_|hf_|glpat-|xox[abprs]-)[A-Za-z0-9_-]{10,}",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bAIza[\w-]{30,}",
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # a JSON web token
)
_NAMED = re.compile(
    r"(?i)([\w-]*(?:(?:api|access|private|secret|auth|client)[_-]?key|token|secret|passw(?:or)?d|signature|credential"
    rf"|session_?id)[\w-]*[\"']?\s?[=:]\s?[\"']?|[?&]key=)({_VALUE}{{6,}})"
)
"""A value that is named, as in an address or a setting."""

_HIDDEN = re.compile("|".join(_PATTERNS))
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL")
_MIN_VALUE = 8


def private_values() -> tuple[str, ...]:
    """The values of this machine to hide: those of environment variables that hold keys."""
    values = {value for name, value in os.environ.items() if _SECRET_NAME.search(name) and len(value) >= _MIN_VALUE}
    return tuple(sorted(values, key=len, reverse=True))


def without_private(text: str, values: Iterable[str] = ()) -> str:
    """`text` without keys, passwords in addresses, names of users in paths, and `values`."""
    home = Path.home()
    if len(home.parts) > 2:  # not /root
        text = text.replace(str(home), str(home.with_name("x" * len(home.name))))
    for value in values:
        text = text.replace(value, "x" * len(value))
    text = _HIDDEN.sub(lambda found: "x" * len(found[0]), text)
    return _NAMED.sub(lambda found: found[1] + "x" * len(found[2]), text)


def json_without_private(value: JsonValue, values: Iterable[str] = ()) -> JsonValue:
    """`value` with its texts as `without_private` leaves them."""
    if isinstance(value, str):
        return without_private(value, values)
    if isinstance(value, list):
        return [json_without_private(one, values) for one in value]
    if isinstance(value, dict):
        return {name: json_without_private(one, values) for name, one in value.items()}
    return value
