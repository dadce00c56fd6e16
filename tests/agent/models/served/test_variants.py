"""Replies in all forms that servers send: the text arrives, or the failure names the cause."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx2
import pytest

from screenwright.agent.core.decision import Reply
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, ModelLost, SampledTokens, Sampling, Usage, never
from screenwright.agent.dialects.qwen_vl import Qwen3Vl
from screenwright.agent.dialects.registry import dialect_named
from screenwright.agent.models.served.model import ServedModel

QUESTION = (Message.of("user", "What now?"),)
REPLY = "Thought: I see it.\nAction: click(start_box='(100,200)')"
MODELS: dict[str, Any] = {"data": [{"id": "ui-tars"}]}


def event(value: object, end: bytes = b"\n\n") -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()) + end


def delta(text: object = None, finish: str | None = None, **more: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}


def message(**fields: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": fields, "finish_reason": "stop"}]}


FIRST, SECOND = event(delta(REPLY[:20])), event(delta(REPLY[20:]))
END = event(delta(None, "stop")) + b"data: [DONE]\n\n"


def ask(
    body: bytes | dict[str, object] | Iterable[bytes], kind: str = "", status: int = 200, **headers: str
) -> Completion:
    """The reply of a model whose server sends `body`: an object as JSON, bytes or blocks of bytes as events."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=MODELS)
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        default = "application/json" if isinstance(body, dict) else "text/event-stream"
        return httpx2.Response(status, headers={"Content-Type": kind or default, **headers}, content=content)

    with ServedModel("http://server", retries=0, transport=httpx2.MockTransport(respond)) as model:
        return model.complete(QUESTION, Sampling(), never)


def error_of(*args: Any, **more: Any) -> str:
    with pytest.raises(ModelLost) as failure:
        ask(*args, **more)
    return str(failure.value)


# -- pieces of a stream


@pytest.mark.parametrize(
    "piece",
    [
        event({"choices": None, "usage": {"prompt_tokens": 9, "completion_tokens": 5}}),
        event({"choices": None}),
        event({"choices": [None]}),
        event({"choices": [{"index": 0, "delta": None}]}),
        event({"choices": [{"index": 0, "delta": {"content": 7}}]}),
        event({"choices": [{"index": 1, "delta": {"content": "another choice"}}]}),
        event({"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),
        event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": None}}),
        event({"choices": [], "usage": {"prompt_tokens": 9.0, "completion_tokens": 5.5}}),
        event({"choices": [], "usage": "many", "error": None}),
        event({"id": "x", "object": "chat.completion.chunk"}),
        event(b"null"),
        event(b"7"),
        event(b""),
        event(b": a proxy's comment"),
        event(b"OPENROUTER PROCESSING"),
        b"data\n\n",
        b": a comment\n\n",
        b"event: ping\nid: 3\nretry: 9\n\n",
        b"\n\n\n",
    ],
)
def test_piece_without_text_adds_nothing(piece: bytes) -> None:
    assert ask(FIRST + piece + SECOND + END).text == REPLY
    assert ask(piece + FIRST + SECOND + piece + END).text == REPLY
    assert ask(FIRST + SECOND + event(delta(None, "stop")) + piece).text == REPLY


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + FIRST + SECOND + END,
        (FIRST + SECOND + END).replace(b"\n", b"\r\n"),
        (FIRST + SECOND + END).replace(b"\n", b"\r"),
        (FIRST + SECOND + END).rstrip(b"\n"),
        (FIRST + SECOND + END).replace(b"data: ", b"data:"),
        FIRST.replace(b'{"choices"', b'{\ndata: "choices"') + SECOND + END,
        (FIRST + SECOND + END).replace(b"\n\n", b"\n"),
        FIRST + event(delta(REPLY[20:], "stop")),
    ],
)
@pytest.mark.parametrize("kind", ["text/event-stream", "Text/Event-Stream; charset=latin-1", "text/plain", ""])
def test_events_are_read_in_every_form_and_with_every_content_type(body: bytes, kind: str) -> None:
    assert ask(body, kind or "application/octet-stream").text == REPLY
    assert ask((body[at : at + 1] for at in range(len(body))), kind or "x/y").text == REPLY


def test_text_cut_anywhere_arrives_whole() -> None:
    text = "Käse 漢字 🧀 🇨🇭 e\u0301\u2028'字'"
    body = event(delta(text[:5])) + event(delta(text[5:])) + END
    for cut in range(len(body) + 1):
        assert ask((body[:cut], body[cut:])).text == text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ((rb'"\ud83e"', rb'"\uddc0 ok"'), "🧀 ok"),
        ((rb'"a\ud83e"', b'" ok"'), "a\ufffd ok"),
        ((rb'"\uddc0 ok"',), "\ufffd ok"),
        ((b'"caf\xc3"', b'" ok"'), "caf\ufffd ok"),
        ((b'"two\nlines"',), "two\nlines"),
    ],
)
def test_half_a_character_costs_at_most_that_character(pieces: tuple[bytes, ...], text: str) -> None:
    events = (event(b'{"choices":[{"index":0,"delta":{"content":' + piece + b"}}]}") for piece in pieces)
    body = b"".join(events).replace(b"two\nlines", b"two\ndata: lines")
    assert ask(body + END).text == text


def test_choices_of_one_event_or_interleaved_ones_are_not_mixed() -> None:
    other = {"index": 1, "delta": {"content": "OTHER"}, "finish_reason": "length"}
    both = {"choices": [other, {"index": 0, "delta": {"content": "first"}, "finish_reason": None}]}
    assert ask(event(delta("the ")) + event(both) + event({"choices": [other]}) + END).text == "the first"
    whole: dict[str, object] = {"choices": [{"message": {"content": text}} for text in ("first", "second")]}
    assert ask(whole).text == "first"


def test_damaged_event_within_a_reply_is_an_error_and_not_skipped() -> None:
    assert "after 20 characters, with invalid JSON" in error_of(
        FIRST + event(b'{"choices":[{"delta":{"content":"lost') + SECOND + END
    )


# -- content in parts, reasoning and tool calls


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": REPLY}],
        [{"type": "reference", "reference_ids": [1]}, {"type": "text", "text": REPLY}],
        [{"type": "text", "text": REPLY[:9]}, None, 7, {"type": "output_text", "text": REPLY[9:]}],
        [REPLY[:5], {"text": REPLY[5:]}],
        {"type": "text", "text": {"value": REPLY}},
    ],
)
def test_typed_parts_are_read_whole_and_streamed(content: object) -> None:
    assert ask(message(content=content)).text == REPLY
    assert ask(event(delta(content)) + END).text == REPLY


def test_thinking_parts_are_reasoning() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    for content in ([thinking, {"type": "text", "text": REPLY}], [{"type": "reasoning", "text": "hm"}, REPLY]):
        assert ask(message(content=content)).text == f"<think>hm</think>{REPLY}"
    assert ask(event(delta([thinking])) + event(delta(REPLY)) + END).text == f"<think>hm</think>{REPLY}"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_reply_that_arrives_only_as_reasoning_is_the_reply(field: str) -> None:
    dialect = dialect_named("ui-tars-1.5")
    for content in (None, "", "\n\n"):
        for reply in (
            ask(message(content=content, **{field: REPLY})),
            ask(event(delta(content, **{field: REPLY[:9]})) + event(delta(None, **{field: REPLY[9:]})) + END),
        ):
            assert isinstance(dialect.parse(reply.text), Reply)


def test_reasoning_repeated_in_two_fields_is_read_once() -> None:
    pieces = (event(delta(None, reasoning=text, reasoning_content=text)) for text in ("I see ", "it."))
    assert ask(b"".join(pieces) + event(delta(REPLY)) + END).text == f"<think>I see it.</think>{REPLY}"


ARGUMENTS = json.dumps({"action": "left_click", "coordinate": [500, 300]})
CALL: dict[str, Any] = {"id": "a", "type": "function", "function": {"name": "computer_use", "arguments": ARGUMENTS}}


@pytest.mark.parametrize(
    "body",
    [
        message(content=None, tool_calls=[CALL]),
        message(content=None, function_call=CALL["function"]),
        message(content=None, tool_calls=[{"function": {"name": "computer_use", "arguments": json.loads(ARGUMENTS)}}]),
        message(content=[{"type": "tool_use", "name": "computer_use", "input": json.loads(ARGUMENTS)}]),
        event(delta(None, tool_calls=[{"index": 0, **CALL}])) + END,
        b"".join(
            event(delta(None, tool_calls=[piece]))
            for piece in (
                {"index": 0, "id": "a", "function": {"name": "computer_use", "arguments": ""}},
                {"index": 0, "function": {"arguments": ARGUMENTS[:15]}},
                {"index": 0, "function": {"name": None, "arguments": ARGUMENTS[15:]}},
            )
        )
        + END,
        event(delta(None, tool_calls=[{"function": {"name": "computer_use", "arguments": ARGUMENTS[:9]}}]))
        + event(delta(None, tool_calls=[{"function": {"arguments": ARGUMENTS[9:]}}]))
        + END,
    ],
)
def test_reply_that_arrives_only_as_tool_call_is_read(body: bytes | dict[str, object]) -> None:
    text = ask(body).text
    reply = Qwen3Vl().parse(text)
    assert isinstance(reply, Reply), text
    assert len(reply.moves) == 1


# -- counts


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 5}, Usage(9, 5)),
        ({"prompt_tokens": 9.0, "completion_tokens": "5"}, Usage(9, 5)),
        ({"prompt_tokens": 9, "completion_tokens": None}, Usage(9, 1, estimated=True)),
        ({"prompt_tokens": None, "completion_tokens": -3}, Usage(2, 1, estimated=True)),
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": None}, Usage(9, 5)),
        ({"input_tokens": 9, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 8}}, Usage(9, 5, 8)),
        ({"prompt_tokens": float("inf"), "completion_tokens": float("nan")}, Usage(2, 1, estimated=True)),
        ([], Usage(2, 1, estimated=True)),
    ],
)
def test_missing_and_invalid_counts_are_estimated(usage: object, counted: Usage) -> None:
    assert ask({**message(content=REPLY), "usage": usage}) == Completion(REPLY, counted)


# -- replies without text


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (message(content=None, refusal="I can't help with that."), "the model refused: I can't help with that."),
        (message(content=[{"type": "refusal", "refusal": "No."}]), "the model refused: No."),
        (event(delta(None, refusal="No")) + event(delta(None, refusal="t that.")) + END, "the model refused: Not that"),
        (event(delta("Thou")) + event(delta(None, "content_filter")), "a content filter ended it (content_filter)"),
        (event(delta("", "SAFETY")), "a content filter ended it (safety)"),
        (event(delta(None, "tool_calls")), "its tool parser took the whole reply"),
        ({"choices": [{"message": {"content": None}}]}, "a response without a reply"),
        ({"detail": "the model is not loaded"}, "the model is not loaded"),
        (b"", "a response without a reply"),
        (b"  ", "a response without a reply"),
    ],
)
def test_failure_names_why_there_is_no_reply(body: bytes | dict[str, object], cause: str) -> None:
    assert cause in error_of(body)


def test_empty_response_is_named() -> None:
    assert "something other than a chat completion (text/plain: nothing)" in error_of(b"", "text/plain")


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS"])
def test_reply_cut_off_by_any_name_is_not_complete(finish: str) -> None:
    assert ask(event(delta("Thou", finish))) == Completion("Thou", Usage(2, 1, estimated=True), complete=False)


def test_reply_of_a_server_that_ignores_max_tokens_is_cut_off() -> None:
    endless = (event(delta("x" * 1000)) for _ in iter(int, 1))
    reply = ask(endless)
    assert not reply.complete
    assert len(reply.text) == 65_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\n".join(json.dumps(each).encode() for each in (delta(REPLY[:9]), delta(REPLY[9:], "stop"))), "x/ndjson"),
        (b")]}'\n" + json.dumps(message(content=REPLY)).encode(), "application/json"),
        (json.dumps(message(content=REPLY)).encode() + b"\n--end--", "application/json"),
        (json.dumps([message(content=REPLY)]).encode(), "application/json"),
        (b"   \n\n  " + json.dumps(message(content=REPLY)).encode(), "text/event-stream"),
        (json.dumps({"choices": message(content=REPLY)["choices"][0]}).encode(), "application/json"),
        (json.dumps({"choices": [{"message": REPLY, "finish_reason": "stop"}]}).encode(), "application/json"),
        (json.dumps({"choices": [{"text": REPLY, "finish_reason": "stop"}]}).encode(), "application/json"),
        (FIRST + SECOND + event(message(content=REPLY)) + END, "text/event-stream"),
        (FIRST + SECOND + event([delta(None, "stop")]), "text/event-stream"),
        (FIRST + SECOND + event("[DONE]"), "text/event-stream"),
    ],
)
def test_whole_reply_is_read_in_every_form(body: bytes, kind: str) -> None:
    assert ask(body, kind).text == REPLY


def test_declared_encoding_is_used_if_the_reply_is_not_utf_8() -> None:
    body = json.dumps(message(content="Käse"), ensure_ascii=False).encode("latin-1")
    assert ask(body, "application/json; charset=iso-8859-1").text == "Käse"
    assert ask(body, "application/json").text == "K\ufffdse"


def test_tool_calls_with_the_same_index_are_not_mixed() -> None:
    calls = [{"index": 0, **CALL}, {"index": 0, **CALL, "id": "b"}]
    text = ask(event(delta(None, tool_calls=calls)) + END).text
    assert text.count("<tool_call>") == 2
    assert text.count(ARGUMENTS) == 2


def test_reply_is_whole_once_it_has_a_finish_reason() -> None:
    def then_breaks() -> Iterator[bytes]:
        yield FIRST + event(delta(REPLY[20:], "stop"))
        raise httpx2.ReadTimeout("no more events")

    assert ask(then_breaks()).text == REPLY
    assert "ended its reply early" in error_of(FIRST + event(delta(REPLY[20:], "null")))


def test_endless_keep_alives_are_not_waited_for() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=MODELS)
        endless = (b": hi\n\n" for _ in iter(int, 1))
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, content=endless)

    model = ServedModel("http://server", retries=0, timeout_s=0.02, transport=httpx2.MockTransport(respond))
    with model, pytest.raises(ModelLost, match=r"sent nothing for 0\.02 s"):
        model.complete(QUESTION, Sampling())


def test_endless_response_is_not_read_to_its_end() -> None:
    assert "a response of more than" in error_of(b" " * 1_000_000 for _ in iter(int, 1))
    assert "a response of more than" in error_of((b"x" * 1_000_000 for _ in iter(int, 1)), status=500)


# -- token ids


def with_tokens(text: str, ids: list[object], logprobs: list[float], **more: object) -> bytes:
    choice: dict[str, object] = {"index": 0, "delta": {"content": text}, "token_ids": ids}
    return event({"choices": [{**choice, "logprobs": {"content": [{"logprob": one} for one in logprobs]}}], **more})


def test_token_ids_and_log_probabilities_are_those_that_the_server_sent() -> None:
    start = event({"choices": [{"index": 0, "delta": {"role": "assistant"}}], "prompt_token_ids": [5, 6, 7]})
    pieces = with_tokens(REPLY[:20], [1, 2], [-0.5, -0.25]) + with_tokens(REPLY[20:], [3], [-1.0])
    found = ask(start + pieces + END)
    assert found.text == REPLY
    assert found.tokens == SampledTokens((5, 6, 7), (1, 2, 3), (-0.5, -0.25, -1.0))


def test_token_ids_of_a_whole_response() -> None:
    body = message(content=REPLY)
    body["choices"][0]["token_ids"] = [1, 2]
    assert ask({**body, "prompt_token_ids": [5]}).tokens == SampledTokens((5,), (1, 2))


@pytest.mark.parametrize("ids", ["12", ["1"], [1.5], [True], {"a": 1}, None])
def test_token_ids_in_another_form_count_as_absent(ids: object) -> None:
    body = message(content=REPLY)
    body["choices"][0]["token_ids"] = ids
    found = ask(body)
    assert (found.text, found.tokens) == (REPLY, None)
