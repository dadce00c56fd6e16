"""Replies with labels, as UI-TARS writes them: `Thought: ...`, then `Action: call(...)`, or several calls.

What is tolerated, and why, is in the tests; the rules:

* an `Action:` label counts where a call follows it; at the start of a line, or, failing that, within one
* where labels repeat, the last one with a call counts: the family's own parsers do so
* no label at all: the first line that begins with a call of a known name
* after a call: fences, comments, closing tags, a full stop, an end-of-turn token (which ends the reply), and words
  that are no call; a further call belongs to the reply
"""

import re
from collections.abc import Container

from .call import Call, ParseError
from .calls import CALL_START, END_OF_TURN, read_call

_LABEL = re.compile(r"^[ \t*#>]*+Action\*{0,2}[ \t]*+[:\uff1a]\*{0,2}", re.MULTILINE | re.IGNORECASE)
_LABEL_WITHIN = re.compile(r"(?<!['\"`\u201c\u2018(])\bAction[ \t]*+[:\uff1a]", re.IGNORECASE)
_LINE = re.compile(r"^[ \t`]*+(?=[A-Za-z_])", re.MULTILINE)
_BETWEEN = re.compile(r"(?: \s++ | [.;,] | ```\w*+ | \#[^\n]*+ | </[A-Za-z:_]++> )++", re.VERBOSE)
_END = re.compile(END_OF_TURN)
_BEFORE_CALL = re.compile(r"(?:\s++|```\w*+|`)*+")


def read_labelled(text: str, start: int, known: Container[str]) -> tuple[tuple[Call, ...], int]:
    """The calls of `text[start:]`, and where what stands before them ends.

    Raises:
        Trouble: there is no call, or one cannot be read, or one stands where it would be overlooked.
    """
    for label in (_LABEL, _LABEL_WITHIN):
        if found := _last_labelled(text, start, label, known):
            return found
    at = _bare_call(text, start, len(text), known)
    if at is None:
        raise ParseError("no_action", len(text), "there is no action in the reply")
    calls, end = read_run(text, at)
    _refuse_stray_calls(text, end, len(text), known)
    return calls, at


def read_run(text: str, at: int) -> tuple[tuple[Call, ...], int]:
    """The calls from `at` on, and where what follows them begins; nothing follows an end-of-turn token.

    Raises:
        Trouble: one of them cannot be read.
    """
    calls: list[Call] = []
    pos = at
    while True:
        call, pos = read_call(text, pos)
        calls.append(call)
        if between := _BETWEEN.match(text, pos):
            pos = between.end()
        if _END.match(text, pos):
            return tuple(calls), len(text)
        if not CALL_START.match(text, pos):
            return tuple(calls), pos


def label_before_call(text: str, start: int) -> int | None:
    """Where the first `Action:` label at the start of a line stands that a call follows; None if none does."""
    for found in _LABEL.finditer(text, start):
        if _call_after(text, found.end()) is not None:
            return found.start()
    return None


def first_call(text: str, start: int) -> tuple[Call, int] | None:
    """The first labelled call from `start` on and where it ends; None while it is not whole or cannot be read."""
    pos = start
    while found := _LABEL.search(text, pos):
        at = _call_after(text, found.end())
        if at is not None:
            try:
                return read_call(text, at)
            except ParseError:
                return None
        pos = found.end()
    return None


def _last_labelled(
    text: str, start: int, label: re.Pattern[str], known: Container[str]
) -> tuple[tuple[Call, ...], int] | None:
    before: int | None = None
    calls: tuple[Call, ...] = ()
    found = label.search(text, start)
    while found:
        at, pos = _call_after(text, found.end()), found.end()
        if at is not None:
            before = found.start() if before is None else before
            calls, pos = read_run(text, at)
        following = label.search(text, pos)
        if at is not None:
            _refuse_stray_calls(text, pos, following.start() if following else len(text), known)
        found = following
    return None if before is None else (calls, before)


def _call_after(text: str, at: int) -> int | None:
    """Where the call that follows a label begins; None if none does."""
    between = _BEFORE_CALL.match(text, at)
    pos = between.end() if between else at
    return pos if CALL_START.match(text, pos) else None


def _bare_call(text: str, start: int, end: int, known: Container[str]) -> int | None:
    """Where the first line of `text[start:end]` that begins with a call of a known name does so."""
    for line in _LINE.finditer(text, start, end):
        named = CALL_START.match(text, line.end(), end)
        if named and named[1].lower() in known:
            return line.end()
    return None


def _refuse_stray_calls(text: str, start: int, end: int, known: Container[str]) -> None:
    """Words after the actions may be ignored; an action among them may not."""
    at = _bare_call(text, start, end, known)
    if at is not None:
        raise ParseError("bad_syntax", at, "there is another action after words that belong to none")
