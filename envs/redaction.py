"""Replaces secret values in texts, in the encodings that pages, addresses and programs commonly give them."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast, get_origin, get_type_hints

T = TypeVar("T")

_MIN_PREFIX = 3
"""Characters of a value that a text may end with when it was cut off."""

_MIN_BASE64 = 5
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_CONTROLS = {"\n": "n", "\t": "t", "\r": "r"}
_FIXED = frozenset({"time", "version"})
"""Fields that hold no text from outside."""


class Redaction:
    """Replaces each of `values`, which are pairs of a value and its replacement, the longest first.

    `forms` returns a pattern without groups. By default it finds a value as it is, URL-encoded, HTML-escaped, escaped
    as in JSON or Python, in hexadecimal, within base64, and its beginning where a text was cut off.
    """

    def __init__(self, values: Iterable[tuple[str, str]], forms: Callable[[str], str] | None = None) -> None:
        pairs = list(values)
        self._replacements = [replacement for _, replacement in pairs]
        find = forms or _forms
        self._pattern = re.compile("|".join(f"({find(value)})" for value, _ in pairs)) if pairs else None

    def __call__(self, value: T) -> T:
        """A copy of `value` with its texts replaced; `value` itself if there is nothing to replace."""
        return cast("T", self._walk(value))

    def _walk(self, value: Any) -> Any:
        if type(value) is str:  # no enumeration, whose members are fixed
            return self._text(value)
        if isinstance(value, Mapping):
            return self._changed(value, {self._walk(key): self._walk(one) for key, one in value.items()})
        if type(value) in (tuple, list):
            return self._changed(value, type(value)(map(self._walk, value)))
        if is_dataclass(value) and not isinstance(value, type):
            old = {name: getattr(value, name) for name in _open_fields(type(value))}
            new = {name: self._walk(one) for name, one in old.items()}
            changes = {name: one for name, one in new.items() if one is not old[name]}
            return replace(value, **changes) if changes else value
        return value

    def _changed(self, old: Any, new: Any) -> Any:
        return old if old == new else new

    def _text(self, text: str) -> str:
        if self._pattern is None:
            return text
        found = self._pattern.search(text)
        return text if found is None else self._pattern.sub(self._replacement, text)

    def _replacement(self, found: re.Match[str]) -> str:
        return self._replacements[(found.lastindex or 1) - 1]


@lru_cache(maxsize=256)
def _open_fields(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass that may hold any text: not those with fixed values, and no hashes."""
    hints = get_type_hints(kind)
    return tuple(
        one.name
        for one in fields(kind)
        if get_origin(hints[one.name]) is not Literal and one.name not in _FIXED and not one.name.endswith("sha256")
    )


def _forms(value: str) -> str:
    """A pattern, without groups, of all forms of `value`."""
    characters = [_character(one) for one in value]
    cut = ""
    for character in reversed(characters[_MIN_PREFIX:-1]):
        cut = f"(?:{character}{cut})?"
    cut = f"{''.join(characters[:_MIN_PREFIX])}{cut}…"
    encoded = value.encode("utf-8", "surrogatepass")
    return "|".join(["".join(characters), cut, f"(?i:{encoded.hex()})", *sorted(_base64(encoded), key=len)[::-1]])


def _character(one: str) -> str:
    data = one.encode("utf-8", "surrogatepass")
    forms = [re.escape(one) if one not in "\"'\\/" else rf"\\*{re.escape(one)}"]
    forms.append("(?i:" + "".join(f"%(?:25)*{byte:02x}" for byte in data) + ")")
    forms.append(rf"(?i:&#(?:0*{ord(one)}|x0*{ord(one):x});)")
    units = one.encode("utf-16-be", "surrogatepass")
    forms.append("(?i:" + "".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)) + ")")
    if ord(one) < 256:
        forms.append(rf"(?i:\\+x{ord(one):02x})")
    forms += [rf"\\+{_CONTROLS[one]}"] if one in _CONTROLS else []
    forms += [f"&{_NAMED[one]};"] if one in _NAMED else []
    forms += [r"\+"] if one == " " else []
    return f"(?:{'|'.join(forms)})"


def _base64(data: bytes) -> set[str]:
    """What base64 of a text that contains `data` contains, at each of the three positions that it can have."""
    found: set[str] = set()
    for offset in range(3):
        coded = base64.b64encode(bytes(offset) + data).decode().rstrip("=")
        first = -(-offset * 8 // 6)
        last = (offset + len(data)) * 8 // 6
        core = coded[first:last]
        if len(core) >= _MIN_BASE64:
            found |= {re.escape(core), re.escape(core.translate(str.maketrans("+/", "-_")))}
    return found
