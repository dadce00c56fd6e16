"""Has a reply run wild? Asked while it streams in, so only its tail is looked at, at a fixed cost.

Seen of the UI-TARS family: `[2,3,4,5,...` counted on to the token limit, floods of line breaks, one passage repeated
without end.
"""

import re

_WINDOW = 4096
_BLANK_FLOOD = re.compile(r"\s{64}\Z")
_COUNTING = re.compile(r"[\d\s,.;:()\[\]-]+")
_LONGEST_POINT = 100
_LONGEST_LIST = 1000
_POINT_ARGUMENTS = ("box=", "point=", "coordinate=", "box =", "point =")
_PROBE = 48
_REPEATED = 600
_TIMES = 6


def runs_wild(text: str) -> bool:
    """Whether the end of `text` shows that nothing sensible follows.

    * 64 white space characters in a row
    * a point of more than 100 characters of numbers, or 1000 characters of numbers anywhere
    * one passage at least six times in a row, over 600 characters or more
    """
    tail = text[-_WINDOW:]
    return bool(_BLANK_FLOOD.search(tail, max(0, len(tail) - 64))) or _counts_on(tail) or _repeats(tail)


def _counts_on(tail: str) -> bool:
    if not _COUNTING.fullmatch(tail, max(0, len(tail) - _LONGEST_POINT)):
        return False
    point = max(tail.rfind(name) for name in _POINT_ARGUMENTS)
    return 0 <= point <= len(tail) - _LONGEST_POINT or (
        len(tail) >= _LONGEST_LIST and bool(_COUNTING.fullmatch(tail, len(tail) - _LONGEST_LIST))
    )


def _repeats(tail: str) -> bool:
    if len(tail) < _REPEATED:
        return False
    period = len(tail) - _PROBE - tail.rfind(tail[-_PROBE:], 0, -1)
    stretch = max(_REPEATED, period * _TIMES)
    return stretch <= len(tail) and tail[-stretch + period :] == tail[-stretch:-period]
