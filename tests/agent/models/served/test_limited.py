"""`ServedModel` against servers with fewer features, and the choice of a model."""

import json

import pytest
from scripted_http import (
    FINE,
    HTML,
    QUESTION,
    VLLM_MODEL,
    Asked,
    chunk,
    error,
    error_of,
    http,
    scripted_server,
    stream,
    whole_reply,
)

from screenwright.agent.core.model import Completion, Sampling, Usage
from screenwright.agent.models.served.model import ServedModel

# -- servers with fewer features


def test_response_of_a_server_without_streaming_is_read() -> None:
    with scripted_server(whole_reply("at once", prompt_tokens=9, completion_tokens=2)) as (model, _):
        assert model.complete(QUESTION, Sampling()) == Completion("at once", Usage(9, 2))


def test_events_with_another_content_type_are_read() -> None:
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in (chunk("plain"), chunk(None, "stop")))
    with scripted_server(http(200, body, "text/plain")) as (model, _):
        assert model.complete(QUESTION, Sampling()).text == "plain"


def test_rejected_optional_parameter_is_left_out_from_then_on() -> None:
    def choosy(asked: Asked) -> bytes:
        for unknown in ("max_tokens", "stream_options", "stream"):
            if unknown in asked:
                hint = " Use 'max_completion_tokens' instead." if unknown == "max_tokens" else ""
                return error(400, f"Unsupported parameter: '{unknown}'.{hint}")
        return whole_reply("at last")

    with scripted_server(choosy) as (model, server):
        assert [model.complete(QUESTION, Sampling()).text for _ in range(2)] == ["at last"] * 2
    assert len(server.calls) == 4 + 1
    assert server.calls[-1].keys() == {"model", "messages", "max_completion_tokens", "temperature"}


def test_persistent_rejection_is_raised() -> None:
    with scripted_server(error(400, "stream_options, stream, max_completion_tokens: all bad")) as (model, server):
        assert "all bad" in error_of(model)
    assert len(server.calls) == 5


def test_separate_reasoning_is_prepended_to_the_text() -> None:
    events = (
        chunk(None, reasoning_content="I see "),
        chunk(None, reasoning="a button."),
        chunk("Action"),
        chunk(": wait()", "stop"),
    )
    seen: list[str] = []

    def listen(text: str) -> bool:
        seen.append(text)
        return False

    with scripted_server(stream(*events)) as (model, _):
        reply = model.complete(QUESTION, Sampling(), listen)
    assert reply.text == "<think>I see a button.</think>Action: wait()"
    assert "<think>I see " in seen
    assert all(reply.text.startswith(text) for text in seen)


def test_truncated_reasoning_is_closed() -> None:
    with scripted_server(stream(chunk(None, "length", reasoning_content="hm"))) as (model, _):
        assert model.complete(QUESTION, Sampling()) == Completion(
            "<think>hm</think>", Usage(2, 1, estimated=True), complete=False
        )


# -- model selection


def test_several_models_require_a_name() -> None:
    listing = http(200, {"data": [{"id": "first"}, {"id": "second"}]})
    with scripted_server(FINE, pages={"/v1/models": listing}) as (model, server):
        assert "serves first, second: choose one with --model-name" in error_of(model)
        named = ServedModel(server.url, "second")
        with named:
            named.complete(QUESTION, Sampling())
    assert [call["model"] for call in server.calls] == ["second"]


@pytest.mark.parametrize("listing", [http(404), http(200, HTML, "text/html"), http(500, "oops"), http(405)])
def test_server_without_a_model_list_works_with_a_name(listing: bytes) -> None:
    with scripted_server(FINE, pages={"/v1/models": listing}, name="ui-tars") as (model, server):
        assert model.complete(QUESTION, Sampling()).text == "fine"
    assert server.calls[0]["model"] == "ui-tars"
    with scripted_server(FINE, pages={"/v1/models": listing}) as (model, server):
        error_of(model)
    assert server.calls == []


def test_starting_server_is_not_mistaken_for_one_without_a_model_list() -> None:
    listings = iter([http(503, "loading"), http(200, VLLM_MODEL)])
    with scripted_server(FINE, pages={"/v1/models": lambda _: next(listings)}, name="ui-tars") as (model, _):
        assert model.facts().is_vllm


def test_model_name_is_requested_again_after_the_server_restarts_with_another_model() -> None:
    with scripted_server(FINE, error(404, "no such model"), FINE) as (model, server):
        model.complete(QUESTION, Sampling())
        server.pages["/v1/models"] = http(200, {"data": [{"id": "newer"}]})
        error_of(model)
        model.complete(QUESTION, Sampling())
    assert [call["model"] for call in server.calls] == ["ui-tars", "ui-tars", "newer"]
