"""Detects runaway repetition in a streamed reply; inspects only its tail, at constant cost.

Observed with the UI-TARS family: `[2,3,4,5,...` up to the token limit, endless line breaks, endlessly repeated
passages.
"""

import re

_WINDOW = 4096
_BLANK_RUN = re.compile(r"\s{64}\Z")
_COUNTING = re.compile(r"[\d\s,.;:()\[\]-]+")
_MAX_POINT_CHARACTERS = 100
_MAX_LIST_CHARACTERS = 1000
_POINT_ARGUMENTS = ("box=", "point=", "coordinate=", "box =", "point =")
_PROBE = 48
_MIN_REPEATED_CHARACTERS = 600
_MIN_REPEATS = 6


def is_runaway(text: str) -> bool:
    """Whether the end of `text` is runaway repetition.

    * 64 white space characters in a row
    * a point of more than 100 characters of numbers, or 1000 characters of numbers anywhere
    * one passage at least six times in a row, over 600 characters or more
    """
    tail = text[-_WINDOW:]
    return bool(_BLANK_RUN.search(tail, max(0, len(tail) - 64))) or _is_counting(tail) or _is_repeating(tail)


def _is_counting(tail: str) -> bool:
    if not _COUNTING.fullmatch(tail, max(0, len(tail) - _MAX_POINT_CHARACTERS)):
        return False
    point = max(tail.rfind(name) for name in _POINT_ARGUMENTS)
    return 0 <= point <= len(tail) - _MAX_POINT_CHARACTERS or (
        len(tail) >= _MAX_LIST_CHARACTERS and bool(_COUNTING.fullmatch(tail, len(tail) - _MAX_LIST_CHARACTERS))
    )


def _is_repeating(tail: str) -> bool:
    if len(tail) < _MIN_REPEATED_CHARACTERS:
        return False
    period = len(tail) - _PROBE - tail.rfind(tail[-_PROBE:], 0, -1)
    length = max(_MIN_REPEATED_CHARACTERS, period * _MIN_REPEATS)
    return length <= len(tail) and tail[-length + period :] == tail[-length:-period]
