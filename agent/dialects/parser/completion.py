"""Decides when a streamed reply is complete.

Called for every token: only the tail is inspected, and the reply is parsed only if its tail may end an action.
"""

import re

from .call import ParseError
from .calls import FREE_TEXT
from .labelled import first_call, read_labelled
from .runaway import is_runaway
from .sections import read_reasoning

_TAIL = 40
SENTINEL = "\0"


def first_action_is_complete(text: str) -> bool:
    """Whether `text` is runaway repetition, or its first labelled action is complete.

    A call whose last argument is free text is known to be complete only if something follows on the next line, because
    the text may contain `'` and `)`.
    """
    if is_runaway(text):
        return True
    if ")" not in text[-_TAIL:]:
        return False
    _, start = read_reasoning(text)
    found = first_call(text, start)
    if found is None:
        return False
    call, end = found
    if bool(call.arguments) and call.arguments[-1].name in FREE_TEXT:
        ended = text[end - 1] == ")" and "\n" in text[end:] and bool(text[end:].strip())
    else:
        # The parser accepts a point without closing quote at the end of the text, but more may follow: the call is
        # complete only if it still parses with text behind it.
        ended = text[end - 1] == ")" and first_call(text[:end] + SENTINEL, start) is not None
    return ended and _is_readable(text, start)


def _is_readable(text: str, start: int) -> bool:
    """Whether `text` does not end inside a second action."""
    try:
        read_labelled(text, start, ())
    except ParseError:
        return False
    return True


def ends_with(closing: str, text: str) -> bool:
    """Whether `text` is runaway repetition, or ends with the tag that the pattern `closing` matches."""
    return is_runaway(text) or bool(re.search(rf"{closing}\s*\Z", text[-2 * _TAIL :]))
