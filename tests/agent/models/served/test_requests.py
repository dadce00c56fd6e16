"""What `ServedModel` sends besides the messages' texts: functions, template variables, schemas and past calls."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import JsonValue
from scripted_http import FINE, QUESTION, VLLM_MODEL, Answer, Asked, error, http, scripted_server

from screenwright.agent.core.messages import FunctionCall, Message
from screenwright.agent.core.model import PromptRefused, Sampling
from screenwright.agent.core.request import sampling_changes

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "computer_use",
        "parameters": {"type": "object", "properties": {"action": {"enum": ["wait"]}}},
    },
}
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
PAGES: dict[str, Answer] = {"/v1/models": http(200, VLLM_MODEL), "/version": http(200, {"version": "0.32.0"})}


def sent(sampling: Sampling, *, vllm: bool = False, **more: Any) -> Asked:
    """The body of a request with `sampling`."""
    with scripted_server(FINE, pages=PAGES if vllm else None, **more) as (model, server):
        assert model.complete(QUESTION, sampling).text == "fine"
    return server.calls[0]


def test_every_parameter_arrives_under_the_name_that_servers_use() -> None:
    sampling = Sampling(
        0.6,
        0.9,
        321,
        0.1,
        top_k=20,
        presence_penalty=1.5,
        repetition_penalty=1.05,
        stop=("</tool_call>", "\nUser:"),
        tools=(TOOL,),
        tool_choice="required",
        chat_template_kwargs={"enable_thinking": False},
        reasoning_effort="medium",
        extra_body={"min_p": 0.01, "mm_processor_kwargs": {"max_pixels": 1000}},
    )
    body = sent(sampling)
    assert {name: body[name] for name in body if name not in ("model", "messages", "stream", "stream_options")} == {
        "temperature": 0.6,
        "top_p": 0.9,
        "max_tokens": 321,
        "frequency_penalty": 0.1,
        "top_k": 20,
        "presence_penalty": 1.5,
        "repetition_penalty": 1.05,
        "stop": ["</tool_call>", "\nUser:"],
        "tools": [TOOL],
        "tool_choice": "required",
        "chat_template_kwargs": {"enable_thinking": False},
        "reasoning_effort": "medium",
        "min_p": 0.01,
        "mm_processor_kwargs": {"max_pixels": 1000},
    }


def test_values_that_are_not_set_are_left_to_the_server() -> None:
    assert sent(Sampling()).keys() == {"model", "messages", "max_tokens", "temperature", "stream", "stream_options"}


def test_tool_choice_is_sent_only_with_tools() -> None:
    assert "tool_choice" not in sent(Sampling(tool_choice="required"))
    assert "tool_choice" not in sent(Sampling(tools=(TOOL,)))


def test_schema_is_sent_in_the_form_of_the_server() -> None:
    sampling = Sampling(json_schema=SCHEMA)
    assert sent(sampling, vllm=True)["structured_outputs"] == {"json": SCHEMA}
    body = sent(sampling)
    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}}
    assert "structured_outputs" not in body


def test_vllm_keeps_the_stop_string_in_the_reply() -> None:
    """The reply is the text that the model wrote, so that a later turn repeats it."""
    assert sent(Sampling(stop=("</tool_call>",)), vllm=True)["include_stop_str_in_output"] is True
    assert "include_stop_str_in_output" not in sent(Sampling(), vllm=True)
    assert "include_stop_str_in_output" not in sent(Sampling(stop=("</tool_call>",)))


def test_extra_body_overrides_other_parameters_and_that_of_the_model_comes_last() -> None:
    body = sent(Sampling(extra_body={"temperature": 0.3, "seed": 1, "min_p": 0.1}), extra_body={"seed": 2})
    assert (body["temperature"], body["seed"], body["min_p"]) == (0.3, 2, 0.1)


def test_parameters_set_as_json_are_sent() -> None:
    changes = sampling_changes({"chat_template_kwargs": {"thinking": True}, "seed": 7, "stop": ["x"]})
    body = sent(replace(Sampling(), **changes))
    assert (body["chat_template_kwargs"], body["seed"], body["stop"]) == ({"thinking": True}, 7, ["x"])


@pytest.mark.parametrize("name", ["messages", "stream", "input", "instructions", "system", "contents"])
def test_parameters_that_would_replace_the_conversation_are_refused(name: str) -> None:
    requests: list[dict[str, JsonValue]] = [{name: "x"}, {"extra_body": {name: "x"}}]
    for request in requests:
        with pytest.raises(ValueError, match=f"contains '{name}', which Screenwright sets itself: leave it out"):
            sampling_changes(request)


def test_past_reasoning_and_calls_and_their_results_are_sent_as_fields() -> None:
    call = FunctionCall("computer_use", {"action": "type", "text": "Käse", "at": [1, 2]}, "call-1")
    messages = (
        Message.of("user", "Type it."),
        replace(Message.of("assistant", "Action: type"), reasoning="I see a field.", calls=(call,)),
        replace(Message.of("tool", "done"), call_id="call-1"),
    )
    with scripted_server(FINE) as (model, server):
        model.complete(messages, Sampling())
    assert server.calls[0]["messages"] == [
        {"role": "user", "content": "Type it."},
        {
            "role": "assistant",
            "content": "Action: type",
            "reasoning_content": "I see a field.",
            "tool_calls": [
                {
                    "id": "call-1",
                    "type": "function",
                    "function": {
                        "name": "computer_use",
                        "arguments": '{"action": "type", "text": "Käse", "at": [1, 2]}',
                    },
                }
            ],
        },
        {"role": "tool", "content": "done", "tool_call_id": "call-1"},
    ]


# -- servers that support less

NO_PARSER = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'


def rejecting(reason: str, when: Callable[[Asked], bool]) -> Callable[[Asked], bytes]:
    return lambda asked: error(400, reason) if when(asked) else FINE


@pytest.mark.parametrize("choice", [None, "auto", "required"])
def test_server_without_a_tool_parser_still_shows_the_functions_to_the_model(choice: str | None) -> None:
    answer = rejecting(NO_PARSER, lambda asked: asked.get("tool_choice") != "none")
    sampling = Sampling(tools=(TOOL,), tool_choice=choice)
    with scripted_server(answer, pages=PAGES) as (model, server):
        assert [model.complete(QUESTION, sampling).text for _ in range(2)] == ["fine", "fine"]
    assert [call.get("tool_choice") for call in server.calls] == [choice, "none", "none"]  # remembered
    assert all(call["tools"] == [TOOL] for call in server.calls)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("tool_choice", {"tools": (TOOL,), "tool_choice": "required"}, "tool_choice: only 'auto' is supported"),
        ("repetition_penalty", {"repetition_penalty": 1.05}, "Unrecognized request argument: repetition_penalty"),
        ("top_k", {"top_k": 20}, "property 'top_k' is unsupported"),
        ("stop", {"stop": ("x",)}, "Unsupported parameter: 'stop' is not supported with this model."),
        ("reasoning_effort", {"reasoning_effort": "low"}, "reasoning is not enabled for this model"),
        ("chat_template_kwargs", {"chat_template_kwargs": {"a": 1}}, "Unknown name: chat_template_kwargs"),
        ("response_format", {"json_schema": SCHEMA}, "'response_format' of type json_schema is not supported"),
    ],
)
def test_rejected_parameter_is_left_out(name: str, changes: Mapping[str, Any], reason: str) -> None:
    with scripted_server(rejecting(reason, lambda asked: name in asked)) as (model, server):
        assert model.complete(QUESTION, replace(Sampling(), **changes)).text == "fine"
    assert [name in call for call in server.calls] == [True, False]


def test_server_that_rejects_functions_is_an_error_that_names_the_cause() -> None:
    answer = error(400, "registry/model does not support tools")
    with scripted_server(answer) as (model, server), pytest.raises(PromptRefused, match="does not support tools"):
        model.complete(QUESTION, Sampling(tools=(TOOL,)))
    assert len(server.calls) == 1


@pytest.mark.parametrize("by_model", [True, False])
def test_rejected_extra_parameter_is_an_error_and_not_sent_again(by_model: bool) -> None:
    """It was set on purpose."""
    extra: dict[str, JsonValue] = {"temperature": 0.3}
    sampling = Sampling() if by_model else Sampling(extra_body=extra)
    with (
        scripted_server(error(400, "temperature must be 1"), extra_body=extra if by_model else None) as (model, server),
        pytest.raises(PromptRefused, match="temperature must be 1"),
    ):
        model.complete(QUESTION, sampling)
    assert len(server.calls) == 1
