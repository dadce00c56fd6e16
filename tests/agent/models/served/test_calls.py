"""Replies that are function calls: their text, when a streamed one is stopped, and why a reply is missing."""

import json

import pytest
from pydantic import JsonValue
from scripted_http import QUESTION, Answer, Hang, chunk, http, scripted_server, stream

from screenwright import Agent, Ended, FakeEnv, Limits, ParseFailed, StopReason
from screenwright.agent.core.messages import FunctionCall
from screenwright.agent.core.model import Sampling
from screenwright.agent.dialects.qwen_vl import Qwen3Vl

FIRST: dict[str, JsonValue] = {"action": "left_click", "coordinate": [500, 300]}
SECOND: dict[str, JsonValue] = {"action": "wait", "time": 1}


def call_text(arguments: dict[str, JsonValue]) -> str:
    return f'<tool_call>\n{{"name": "computer_use", "arguments": {json.dumps(arguments)}}}\n</tool_call>'


def piece(arguments: str, index: int = 0, *, starts: bool = False) -> dict[str, object]:
    head = {"id": f"call-{index}", "type": "function"} if starts else {}
    function = {"name": "computer_use", "arguments": arguments} if starts else {"arguments": arguments}
    return chunk(None, tool_calls=[{"index": index, **head, "function": function}])


def pieces(arguments: dict[str, JsonValue], index: int = 0) -> list[dict[str, object]]:
    """The call as vLLM streams it: its name first, then its arguments in pieces."""
    text = json.dumps(arguments)
    parts = [text[at : at + 7] for at in range(0, len(text), 7)]
    return [piece("", index, starts=True), *(piece(part, index) for part in parts)]


def test_text_of_a_reply_is_what_the_model_wrote_whatever_the_server_separated() -> None:
    events = [chunk(None, reasoning_content="A button."), chunk("Action: click it.\n"), *pieces(FIRST)]
    with scripted_server(stream(*events, chunk(None, "tool_calls"))) as (model, _):
        reply = model.complete(QUESTION, Sampling())
    assert reply.text == f"<think>A button.</think>Action: click it.\n\n{call_text(FIRST)}"
    assert (reply.reasoning, reply.content) == ("A button.", "Action: click it.\n")
    assert reply.calls == (FunctionCall("computer_use", FIRST, "call-0"),)
    assert (reply.finish_reason, reply.complete) == ("tool_calls", True)


def test_call_right_after_the_reasoning_closes_it() -> None:
    seen: list[str] = []

    def listen(text: str) -> bool:
        seen.append(text)
        return False

    events = [chunk(None, reasoning="Hm."), *pieces(FIRST)]
    with scripted_server(stream(*events, chunk(None, "tool_calls"))) as (model, _):
        reply = model.complete(QUESTION, Sampling(), listen)
    assert reply.text == seen[-1] == f"<think>Hm.</think>\n{call_text(FIRST)}"


def test_reply_is_stopped_when_its_first_call_is_complete_and_not_before() -> None:
    events, dialect, seen = [chunk("Click."), *pieces(FIRST), *pieces(SECOND, 1)], Qwen3Vl(), list[str]()

    def is_complete(text: str) -> bool:
        seen.append(text)
        return bool(text) and dialect.is_complete(text)

    with scripted_server(Hang(stream(*events, done=False, whole=False))) as (model, _):
        reply = model.complete(QUESTION, Sampling(), is_complete)
    assert reply.text == f"Click.\n{call_text(FIRST)}"
    assert {text for text in seen if "<tool_call>" in text} == {reply.text}
    assert reply.complete


def test_start_of_a_call_that_a_parser_leaves_in_the_text_is_not_a_call() -> None:
    events = [chunk("I click.\n<tool_call>"), chunk("\n"), *pieces(FIRST), chunk(None, "tool_calls")]
    with scripted_server(stream(*events)) as (model, _):
        assert model.complete(QUESTION, Sampling()).text == f"I click.\n{call_text(FIRST)}"


def test_reply_stopped_by_something_else_has_no_half_call() -> None:
    first_half = [*pieces(FIRST), *pieces(SECOND, 1)[:3], chunk("enough")]
    with scripted_server(Hang(stream(*first_half, done=False, whole=False))) as (model, _):
        reply = model.complete(QUESTION, Sampling(), lambda text: "enough" in text)
    assert reply.text == f"enough\n{call_text(FIRST)}"


def test_calls_with_a_choice_of_their_own_are_not_mixed() -> None:
    other = {"index": 1, "delta": {"tool_calls": [{"index": 0, "function": {"name": "x", "arguments": "{}"}}]}}
    events = [{"choices": [other]}, *pieces(FIRST), {"choices": [other]}, chunk(None, "tool_calls")]
    with scripted_server(stream(*events)) as (model, _):
        assert model.complete(QUESTION, Sampling()).text == call_text(FIRST)


def test_call_that_was_cut_off_is_shown_as_it_is() -> None:
    with scripted_server(stream(*pieces(FIRST)[:3], chunk(None, "length"))) as (model, _):
        reply = model.complete(QUESTION, Sampling())
    assert (reply.complete, reply.calls, reply.finish_reason) == (False, (), "length")
    assert json.dumps(FIRST)[:14] in reply.text


# -- the cause of a missing reply is in the log and in the end of the run


def message(content: object, finish: str, **fields: object) -> bytes:
    return http(200, {"choices": [{"message": {"content": content, **fields}, "finish_reason": finish}]})


@pytest.mark.parametrize(
    ("answer", "end", "cause"),
    [
        (message(None, "stop", refusal="I can't help."), StopReason.MODEL_LOST, "the model refused: I can't help."),
        (message("Thou", "content_filter"), StopReason.MODEL_LOST, "a content filter ended it"),
        (message("Thought: a long", "length"), StopReason.STUCK, "cut off at the maximum number of tokens"),
        (message(None, "length", reasoning_content="Hm"), StopReason.STUCK, "cut off at the maximum number of tokens"),
        (stream(*pieces(FIRST)[:3], chunk(None, "length")), StopReason.STUCK, "cut off at the maximum"),
    ],
)
def test_run_without_a_whole_reply_ends_with_its_cause(answer: Answer, end: StopReason, cause: str) -> None:
    with scripted_server(answer, retries=0) as (model, _):
        agent = Agent(model, dialect=Qwen3Vl(), limits=Limits(steps=2))
        events = list(agent.stream("Press Greet", FakeEnv()))
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert (ended.stop, cause in ended.reason) == (end, True), ended.reason
    assert all(cause in event.message for event in events if isinstance(event, ParseFailed))
