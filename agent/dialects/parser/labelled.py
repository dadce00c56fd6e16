"""Replies with labels, as UI-TARS writes them: `Thought: ...`, then `Action: call(...)`, or several calls.

Rules (the tests give the reasons):

* an `Action:` label counts if a call follows it; labels within a line count only if no line starts with one
* of repeated labels, the last one with a call wins, as in the family's own parsers
* without a label, the first line that starts with a call of a known name is used
* after a call, there may be code fences, comments, closing tags, a full stop, an end-of-turn token (which ends the
  reply) and other text; a further call belongs to the reply
"""

import re
from collections.abc import Container

from .call import Call, ParseError, add_call
from .calls import CALL_START, END_OF_TURN, read_call, skip

_LABEL = re.compile(r"^[ \t*#>]*+Action\*{0,2}[ \t]*+[:\uff1a]\*{0,2}", re.MULTILINE | re.IGNORECASE)
_INLINE_LABEL = re.compile(r"(?<!['\"`\u201c\u2018(])\bAction[ \t]*+[:\uff1a]", re.IGNORECASE)
_LINE = re.compile(r"^[ \t`]*+(?=[A-Za-z_])", re.MULTILINE)
_BETWEEN = re.compile(r"(?: \s++ | [.;,\u3002\uff0c\uff1b] | ```\w*+ | \#[^\n]*+ | </[A-Za-z:_]++> )++", re.VERBOSE)
_END = re.compile(END_OF_TURN)
_BEFORE_CALL = re.compile(r"(?:\s++|```\w*+|`)*+")


def read_labelled(text: str, start: int, known: Container[str]) -> tuple[tuple[Call, ...], int]:
    """The calls of `text[start:]`, and where the text before them ends.

    Raises:
        ParseError: there is no call, one is invalid, or one would be ignored because of its position.
    """
    for label in (_LABEL, _INLINE_LABEL):
        if found := _last_labelled(text, start, label, known):
            return found
    at = _bare_call(text, start, len(text), known)
    if at is None:
        raise ParseError("no_action", len(text), "the reply contains no action")
    calls, end = read_run(text, at)
    _reject_stray_calls(text, end, len(text), known)
    return calls, at


def read_run(text: str, at: int) -> tuple[tuple[Call, ...], int]:
    """The calls from `at` on, and where the text after them starts; an end-of-turn token ends the reply.

    Raises:
        ParseError: one of them is invalid.
    """
    calls: list[Call] = []
    pos = at
    while True:
        call, pos = read_call(text, pos)
        add_call(calls, call)
        pos = skip(_BETWEEN, text, pos)
        if _END.match(text, pos):
            return tuple(calls), len(text)
        if not CALL_START.match(text, pos):
            return tuple(calls), pos


def label_before_call(text: str, start: int) -> int | None:
    """The position of the first `Action:` label at the start of a line that is followed by a call, or None."""
    for found in _LABEL.finditer(text, start):
        if _call_after(text, found.end()) is not None:
            return found.start()
    return None


def first_call(text: str, start: int) -> tuple[Call, int] | None:
    """The first labelled call from `start` on, and where it ends; None if it is incomplete or invalid."""
    for found in _LABEL.finditer(text, start):
        at = _call_after(text, found.end())
        if at is not None:
            try:
                return read_call(text, at)
            except ParseError:
                return None
    return None


def _last_labelled(
    text: str, start: int, label: re.Pattern[str], known: Container[str]
) -> tuple[tuple[Call, ...], int] | None:
    before: int | None = None
    calls: tuple[Call, ...] = ()
    pos = start
    while found := label.search(text, pos):
        at, pos = _call_after(text, found.end()), found.end()
        if at is not None:
            before = found.start() if before is None else before
            calls, pos = read_run(text, at)
            following = label.search(text, pos)
            _reject_stray_calls(text, pos, following.start() if following else len(text), known)
    return None if before is None else (calls, before)


def _call_after(text: str, at: int) -> int | None:
    """Where the call after a label starts, or None."""
    pos = skip(_BEFORE_CALL, text, at)
    return pos if CALL_START.match(text, pos) else None


def _bare_call(text: str, start: int, end: int, known: Container[str]) -> int | None:
    """Where the first line of `text[start:end]` that starts with a call of a known name starts, or None."""
    for line in _LINE.finditer(text, start, end):
        named = CALL_START.match(text, line.end(), end)
        if named and named[1].lower() in known:
            return line.end()
    return None


def _reject_stray_calls(text: str, start: int, end: int, known: Container[str]) -> None:
    """Text after the actions is ignored, but an action in it must not be."""
    at = _bare_call(text, start, end, known)
    if at is not None:
        raise ParseError("bad_syntax", at, "there is another action after text that is not part of an action")
