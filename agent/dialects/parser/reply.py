"""Parses a reply in any of the syntaxes.

The syntax is detected, because models reply in the syntax of their training whatever the prompt shows. The coordinate
space belongs to the dialect and never depends on the syntax.

    Action: click(...)                       labels and calls        UI-TARS, Doubao
    <function=click>...                      XML function calls      Seed, UI-TARS-2, Qwen3.5
    <tool_call>{...}</tool_call>, {...}      JSON function calls     Qwen-VL, GUI-Owl, Seed by API
    <answer>...</answer>                     the final answer        Omni-TARS
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from ...core.decision import Finish, Reply
from ..vocabulary.ui_tars import Vocabulary, moves_of
from .call import Call, ParseError
from .calls import END_OF_TURN
from .labelled import label_before_call, read_labelled
from .points import is_closed_point
from .runaway import is_runaway
from .sections import read_reasoning, read_sections
from .tool_calls import BARE_JSON, OPENING, read_bare_json, read_tool_calls, unwrap_action
from .xml_calls import FUNCTION, read_stripped, read_xml_calls

Reader: TypeAlias = Callable[[str, int, Vocabulary], tuple[tuple[Call, ...], int]]

_TOOLS = re.compile(r"<(?:seed:)?tool_call\w*+>|<function\w*+(?:=|\s++name)")
_ANSWER = re.compile(r"\s*+<answer>")
_ANSWER_TAGS = re.compile("</?answer>")
_JSON = re.compile(rf"\s*+(?:```(?:json)?\s*+)?(?={BARE_JSON.pattern})")
_UNFINISHED = re.compile(
    r"""[{}\u273f] | <\|box | </?(?:seed:|function|parameter|tool_call|action|computer_env|point|bbox)
      | </?(?:gui_|grounding_)?think
      | \b\w++>\w++>
      | ^\W*+(?:Thought|Action)\W{0,2}\s*+[:\uff1a] | \baction:\w++\t
      | \b[A-Za-z_]\w*+[(\uff08]\s*+(?: \Z | [)\uff09'"\u2018\u201c<\[] | \w++\s*+=  | -?\d[\d.]*+\s*+[,\uff0c] )""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
"""A thought, or a call that is malformed or of another family."""


def read_reply(text: str, vocabulary: Vocabulary, *, labels: bool = True, plain_finish: bool = False) -> Reply:
    """The parsed reply.

    With `labels`, the family acts by `Action: call(...)`; otherwise such a line only describes the action. With
    `plain_finish`, the family finishes by text without a call, or by `<answer>`.

    Raises:
        ParseError: the reply cannot be parsed.
    """
    reasoning, start = read_reasoning(text)
    if answer := _ANSWER.match(text, start):
        if "</answer>" not in text[start:]:
            raise ParseError("truncated", start, "the reply ends inside the answer")
        start = answer.end()
    try:
        calls, end, labelled = _read_calls(text, start, vocabulary, labels=labels)
    except ParseError as error:
        if plain_finish and error.failure.kind == "no_action" and (final := _final_text(text[start:])):
            return Reply((Finish(final),), reasoning=reasoning)
        raise
    moves = moves_of(calls, vocabulary)
    if labelled is not labels and not plain_finish and any(isinstance(move, Finish) for move in moves):
        raise ParseError("no_action", end, "the reply finishes in the form of another family")
    thought, reflection = read_sections(text[start:end])
    return Reply(moves, thought, reflection, reasoning)


def _final_text(text: str) -> str:
    """The answer in a reply without a call; empty if the reply does not end there."""
    answer = _ANSWER_TAGS.sub("", re.split(END_OF_TURN, text, maxsplit=1)[0]).strip()
    unfinished = is_runaway(text) or _UNFINISHED.search(text) or any(map(is_closed_point, answer.splitlines()))
    return "" if unfinished or not re.search(r"\w", answer) else answer


def _read_calls(text: str, start: int, vocabulary: Vocabulary, *, labels: bool) -> tuple[tuple[Call, ...], int, bool]:
    """The calls, where the text before them ends, and whether they are labelled calls or a call alone on its line."""
    label = label_before_call(text, start) if labels else None
    tools = _TOOLS.search(text, start)
    if tools and (label is None or tools.start() < label):
        return read_tools(text, tools.start()), tools.start(), False
    if label is not None:
        return *read_labelled(text, start, vocabulary), True
    readers: list[Reader] = [read_stripped, read_labelled]
    readers.insert(0 if not labels or _JSON.match(text, start) else len(readers), read_bare_json)
    for read in readers:
        try:
            return *read(text, start, vocabulary), read is read_labelled
        except ParseError as error:
            if error.failure.kind != "no_action":
                raise
    raise ParseError("no_action", len(text), "the reply contains no action")


def read_tools(text: str, start: int) -> tuple[Call, ...]:
    """The function calls from `start` on, in XML or in JSON.

    Raises:
        ParseError: there is none, or one is invalid.
    """
    opening = OPENING.match(text, start)
    if opening and not FUNCTION.match(text, opening.end()):
        return read_tool_calls(text, start)
    return tuple(unwrap_action(call) for call in read_xml_calls(text, start))
