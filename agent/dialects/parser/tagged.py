"""Replies in tagged sections, as ScaleCUA and UI-Venus write them.

    <think>...</think> <operation>...</operation> <action>click(x=1, y=2)</action> <conclusion>...</conclusion>

The actions are parsed as calls, so a closing tag in quoted text does not end them.
"""

import re

from ...core.decision import Reply
from ..vocabulary.ui_tars import Vocabulary, moves_of
from .call import Call, ParseError
from .calls import skip_space
from .labelled import read_run

_OPENING = re.compile(r"<(think|thinking|operation|conclusion|action)>", re.IGNORECASE)


def read_tagged(text: str, vocabulary: Vocabulary, *, thought: str) -> Reply:
    """The reply; the section `thought` is its thought, `<think>` its reasoning, and of each name the last one counts.

    Raises:
        ParseError: there is no action, or it is invalid.
    """
    sections: dict[str, str] = {}
    calls: tuple[Call, ...] = ()
    pos = 0
    while opening := _OPENING.search(text, pos):
        name = opening[1].lower()
        if name == "action":
            calls, pos = read_run(text, skip_space(text, opening.end()))
            continue
        closing = text.find(f"</{opening[1]}>", opening.end())
        pos = closing if closing >= 0 else len(text)
        sections[name] = text[opening.end() : pos].strip()
    if not calls:
        raise ParseError("no_action", len(text), "the reply contains no <action>")
    return Reply(moves_of(calls, vocabulary), sections.get(thought) or None, reasoning=sections.get("think") or None)
