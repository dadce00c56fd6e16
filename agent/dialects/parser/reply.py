"""Parses a reply in any of the syntaxes.

The syntax is detected, because models reply in the syntax of their training whatever the prompt shows. The coordinate
space belongs to the dialect and never depends on the syntax.

    Action: click(...)                       labels and calls        UI-TARS, Doubao
    <function=click>...                      XML function calls      Seed, UI-TARS-2, Qwen3.5
    <tool_call>{...}</tool_call>, {...}      JSON function calls     Qwen-VL, GUI-Owl, Seed by API
    <answer>...</answer>                     the final answer        Omni-TARS
"""

import re

from ...core.decision import Finish, Reply
from ..vocabulary.ui_tars import Vocabulary, moves_of
from .call import Call, ParseError
from .labelled import label_before_call, read_labelled
from .sections import read_reasoning, read_sections
from .tool_calls import OPENING, function_call, read_json, read_tool_calls, unwrap_action
from .xml_calls import FUNCTION, read_stripped, read_xml_calls

_TOOLS = re.compile(r"<(?:seed:)?tool_call\w*+>|<function\w*+(?:=|\s++name)")
_ANSWER = re.compile(r"\s*+<answer>")
_JSON = re.compile(r"\s*+(?:```(?:json)?\s*+)?(?=\{)")


def read_reply(text: str, vocabulary: Vocabulary, *, labels: bool = True) -> Reply:
    """The parsed reply.

    With `labels`, the family acts by `Action: call(...)`; otherwise such a line only describes the action.

    Raises:
        ParseError: the reply cannot be parsed.
    """
    reasoning, start = read_reasoning(text)
    if answer := _ANSWER.match(text, start):
        return Reply((Finish(_answer(text, answer.end())),), reasoning=reasoning)
    calls, end = _read_calls(text, start, vocabulary, labels=labels)
    thought, reflection = read_sections(text[start:end])
    return Reply(moves_of(calls, vocabulary), thought, reflection, reasoning)


def _read_calls(text: str, start: int, vocabulary: Vocabulary, *, labels: bool) -> tuple[tuple[Call, ...], int]:
    """The calls, and where the text before them ends."""
    tools = _TOOLS.search(text, start)
    opening = None if tools else _JSON.match(text, start)
    stripped = None if tools or opening else read_stripped(text, start, vocabulary)
    if tools or opening or stripped:
        label = label_before_call(text, start) if labels else None
        if tools and (label is None or tools.start() < label):
            return read_tools(text, tools.start()), tools.start()
        if label is None and opening:
            data, _ = read_json(text, opening.end())
            return (function_call(data, opening.end()),), start
        if label is None and stripped:
            return (stripped,), start
    return read_labelled(text, start, vocabulary)


def read_tools(text: str, start: int) -> tuple[Call, ...]:
    """The function calls from `start` on, in XML or in JSON.

    Raises:
        ParseError: there is none, or one is invalid.
    """
    opening = OPENING.match(text, start)
    if opening and not FUNCTION.match(text, opening.end()):
        return read_tool_calls(text, start)
    return tuple(unwrap_action(call) for call in read_xml_calls(text, start))


def _answer(text: str, start: int) -> str:
    end = text.find("</answer>", start)
    if end < 0:
        raise ParseError("truncated", start, "the reply ends inside the answer")
    return text[start:end].strip()
