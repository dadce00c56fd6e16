"""When a reply that streams in needs nothing more.

Asked after every token, so only the tail is looked at, and the reply is read only where its tail could end an action.
"""

import re

from .call import ParseError
from .calls import FREE_TEXT
from .labelled import first_call, read_labelled
from .runaway import runs_wild
from .sections import read_reasoning

_TAIL = 40
_SOMETHING = "\0"


def first_action_is_whole(text: str) -> bool:
    """Whether `text` has run wild, or its first labelled action is whole.

    A call whose last argument is free text is sure to have ended only when something follows on the next line: `'`
    and `)` may stand inside the text.
    """
    if runs_wild(text):
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
        # A reply that breaks off after a point is forgiven its missing quote, but it may as well go on: only a call
        # that is still whole with something behind it has ended.
        ended = text[end - 1] == ")" and first_call(text[:end] + _SOMETHING, start) is not None
    return ended and _can_be_read(text, start)


def _can_be_read(text: str, start: int) -> bool:
    """Whether `text` does not break off inside a second action."""
    try:
        read_labelled(text, start, ())
    except ParseError:
        return False
    return True


def ends_with(closing: str, text: str) -> bool:
    """Whether `text` has run wild, or ends with the tag that the pattern `closing` matches."""
    return runs_wild(text) or bool(re.search(rf"{closing}\s*\Z", text[-2 * _TAIL :]))
