"""Functions, thinking and schemas against a real vLLM that `screenwright serve` starts with the family's parsers.

`scripts/test-vllm` starts one for each architecture: Qwen2.5-VL, Qwen3-VL and Qwen3.5, tiny and with random weights.
The model means nothing by what it says, so its calls are forced by the server.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import JsonValue

from screenwright import (
    Acted,
    Agent,
    BrowserEnv,
    Decided,
    ImagePart,
    Limits,
    Message,
    ModelPolicy,
    ParseFailed,
    Replied,
    Sampling,
    Screenshot,
    ServedModel,
    Size,
    read_run,
)
from screenwright.agent.core.decision import Reply
from screenwright.agent.core.messages import FunctionCall
from screenwright.agent.dialects.registry import required_dialect_for_model

URL = os.environ.get("VLLM_URL", "")
FOLDER = Path(os.environ.get("VLLM_MODEL", ""))
pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not URL, reason="needs a vLLM server: run scripts/test-vllm")]

PAGE = "data:text/html,<body style='font:24px sans-serif'><h1>Page</h1><input><button>Go</button>"
NUMBER: JsonValue = {"type": "integer", "minimum": 0, "maximum": 999}
CLICK: dict[str, JsonValue] = {
    "action": {"type": "string", "enum": ["left_click"]},
    "coordinate": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
}
TOOL: dict[str, JsonValue] = {
    "type": "function",
    "function": {
        "name": "computer_use",
        "description": "Operates the computer.",
        "strict": True,  # otherwise vLLM does not hold the arguments to the schema
        "parameters": {"type": "object", "properties": CLICK, "required": ["action", "coordinate"]},
    },
}
WHITE_SPACE = set("\u0120\u010a\u0109\u010d")
"""Space, line feed, tab and carriage return, as the tokens of a byte-level tokenizer write them."""

QUESTION = (Message.of("user", "Click."),)
SEPARATES_REASONING = FOLDER.name.startswith("qwen3.5")


@pytest.fixture
def model() -> Iterator[ServedModel]:
    with ServedModel(URL) as model:
        yield model


@pytest.fixture(scope="module")
def tokenizer() -> dict[str, Any]:
    tokens: dict[str, Any] = json.loads((FOLDER / "tokenizer.json").read_text())
    return tokens


@pytest.fixture(params=[False, True], ids=["no thinking", "thinking"])
def forced(request: pytest.FixtureRequest, tokenizer: dict[str, Any]) -> Sampling:
    """The server forces a call, without the pages of white space that a random model writes into JSON."""
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    bias: dict[str, JsonValue] = {str(index): -100 for token, index in vocabulary.items() if {*token} <= WHITE_SPACE}
    body: dict[str, JsonValue] = {"logit_bias": {**bias, **ending_thoughts(tokenizer)}}
    sampling = Sampling(temperature=1.0, max_tokens=600, tools=(TOOL,), tool_choice="required", extra_body=body)
    return with_thinking(sampling, on=request.param)


def ending_thoughts(tokenizer: dict[str, Any]) -> dict[str, JsonValue]:
    """A bias with which the reasoning of a random model ends after about 50 tokens."""
    end = next(token["id"] for token in tokenizer["added_tokens"] if token["content"] == "</think>")
    return {str(end): log(len(tokenizer["model"]["vocab"]) / 50)}


def with_thinking(sampling: Sampling, *, on: bool) -> Sampling:
    return replace(sampling, chat_template_kwargs={"enable_thinking": on})


def test_model_is_served_under_its_own_name(model: ServedModel) -> None:
    assert (model.facts().model, model.facts().is_vllm) == (str(FOLDER), True)


def test_call_comes_as_a_field_and_the_reply_ends_with_it(model: ServedModel, forced: Sampling) -> None:
    dialect = required_dialect_for_model(FOLDER.name)
    reply = model.complete(QUESTION, forced, lambda text: bool(text) and dialect.is_complete(text))
    assert [call.name for call in reply.calls] == ["computer_use"]
    assert str(reply.calls[0].arguments["action"]).strip() == "left_click"
    assert reply.text.count("<tool_call>") == 1
    assert isinstance(dialect.parse(reply.text), Reply), reply.text


def test_thinking_is_separated_where_the_family_has_a_parser(model: ServedModel, tokenizer: dict[str, Any]) -> None:
    sampling = Sampling(temperature=1.0, max_tokens=400, extra_body={"logit_bias": ending_thoughts(tokenizer)})
    replies = [model.complete(QUESTION, with_thinking(sampling, on=True)) for _ in range(3)]
    assert any(reply.reasoning for reply in replies) == SEPARATES_REASONING
    assert any(reply.text.startswith("<think>") for reply in replies) == SEPARATES_REASONING
    assert any("</think>" in reply.text for reply in replies)
    assert not model.complete(QUESTION, with_thinking(replace(sampling, max_tokens=20), on=False)).reasoning


def test_past_reasoning_calls_and_results_are_accepted(model: ServedModel) -> None:
    call = FunctionCall("computer_use", {"action": "left_click", "coordinate": [1, 2]}, "call-1")
    past = replace(Message.of("assistant", "I click."), reasoning="I see it.", calls=(call,))
    result = replace(Message.of("tool", "done"), call_id="call-1")
    short = Sampling(max_tokens=4)
    plain = model.complete((*QUESTION, Message.of("assistant", "I click."), Message.of("user", "done")), short)
    full = model.complete((*QUESTION, past, result), short)
    assert full.usage.prompt > plain.usage.prompt + 10


def test_schema_and_stop_string_hold(model: ServedModel) -> None:
    schema: dict[str, JsonValue] = {"type": "object", "properties": CLICK, "required": [*CLICK]}
    asked = with_thinking(Sampling(temperature=1.0, max_tokens=200, json_schema=schema), on=False)
    assert json.loads(model.complete(QUESTION, asked).text)["action"] == "left_click"
    assert model.complete(QUESTION, replace(asked, stop=("left_",))).text.endswith("left_")


def test_image_costs_the_tokens_that_its_dialect_expects(model: ServedModel) -> None:
    dialect, short = required_dialect_for_model(FOLDER.name), Sampling(max_tokens=1)
    size = dialect.image_rule.resize(Size(1280, 720))
    image = ImagePart.of(Screenshot(Image.new("RGB", (size.width, size.height), (10, 90, 160))), size)
    without = model.complete([Message.of("user", "Look.")], short).usage.prompt
    whole = model.complete([Message.of("user", image, "Look.")], short).usage.prompt
    assert whole - without == dialect.image_rule.tokens(size)


@pytest.mark.browser
def test_episode_acts_in_a_page_by_native_calls(model: ServedModel, forced: Sampling, tmp_path: Path) -> None:
    with BrowserEnv(PAGE) as env:
        policy = ModelPolicy(model, sampling=forced)
        Agent(policy=policy, limits=Limits(steps=3)).run("Press Go", env, out=tmp_path / "run")
    events = read_run(tmp_path / "run").events
    replies = [event for event in events if isinstance(event, Replied)]
    assert [event.message for event in events if isinstance(event, ParseFailed)] == []
    assert all("<tool_call>" in reply.text for reply in replies)
    assert sum(isinstance(event, Decided) for event in events) == len(replies) == 3
    assert any(isinstance(event, Acted) for event in events)
