"""Restores `<|box_start|>` and `<|box_end|>`, which servers strip from replies as special tokens."""

from functools import lru_cache

from ..vocabulary.arguments import END, START
from ..vocabulary.ui_tars import UI_TARS
from .call import Argument, ParseError
from .labelled import read_labelled
from .sections import read_reasoning

_BOXES = frozenset(START + END)


@lru_cache(maxsize=4096)
def with_box_tokens(reply: str) -> str:
    """Rewrite every `'(x,y)'` of the actions as `'<|box_start|>(x,y)<|box_end|>'`; unchanged if parsing fails."""
    try:
        _, start = read_reasoning(reply)
        calls, _ = read_labelled(reply, start, UI_TARS)
    except ParseError:
        return reply
    for argument in reversed([argument for call in calls for argument in call.arguments]):
        if span := _plain_box(reply, argument):
            begin, end = span
            reply = f"{reply[:begin]}<|box_start|>{reply[begin:end]}<|box_end|>{reply[end:]}"
    return reply


def _plain_box(reply: str, argument: Argument) -> tuple[int, int] | None:
    """The span of `(x,y)` in a quoted argument that contains nothing else."""
    value, begin = argument.value, argument.position + 1
    if argument.name not in _BOXES or not isinstance(value, str) or not value.startswith("("):
        return None
    end = begin + len(value)
    return (begin, end) if reply[begin:end] == value and value.endswith(")") else None
