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
        "parameters": {"type": "object", "properties": CLICK, "required": ["action", "coordinate"]},
    },
}
FORCED = Sampling(temperature=1.0, max_tokens=400, tools=(TOOL,), tool_choice="required", extra_body={"seed": 1})
QUESTION = (Message.of("user", "Click."),)
SEPARATES_REASONING = FOLDER.name.startswith("qwen3.5")


@pytest.fixture
def model() -> Iterator[ServedModel]:
    with ServedModel(URL) as model:
        yield model


def with_thinking(sampling: Sampling, *, on: bool) -> Sampling:
    return replace(sampling, chat_template_kwargs={"enable_thinking": on})


def test_model_is_served_under_its_own_name(model: ServedModel) -> None:
    assert (model.facts().model, model.facts().is_vllm) == (str(FOLDER), True)


@pytest.mark.parametrize("thinking", [None, False])
def test_call_comes_as_a_field_and_stands_in_the_text(model: ServedModel, thinking: bool | None) -> None:
    sampling = FORCED if thinking is None else with_thinking(FORCED, on=thinking)
    reply = model.complete(QUESTION, sampling)
    assert reply.calls[0].name == "computer_use"
    assert reply.calls[0].arguments["action"] == "left_click"
    assert "<tool_call>" in reply.text
    assert isinstance(required_dialect_for_model(FOLDER.name).parse(reply.text), Reply)


def test_reply_ends_with_the_first_complete_call(model: ServedModel) -> None:
    dialect = required_dialect_for_model(FOLDER.name)
    reply = model.complete(QUESTION, FORCED, lambda text: bool(text) and dialect.is_complete(text))
    assert reply.text.count("<tool_call>") == 1
    assert isinstance(dialect.parse(reply.text), Reply)


def test_thinking_is_separated_where_the_family_has_a_parser(model: ServedModel) -> None:
    """The end tag is made likely, so that the reasoning of a random model ends."""
    tokens = json.loads((FOLDER / "tokenizer.json").read_text())
    end = next(token["id"] for token in tokens["added_tokens"] if token["content"] == "</think>")
    bias: dict[str, JsonValue] = {"logit_bias": {str(end): log(len(tokens["model"]["vocab"]) / 8)}, "seed": 3}
    asked = with_thinking(Sampling(temperature=1.0, max_tokens=200, extra_body=bias), on=True)
    reply = model.complete(QUESTION, asked)
    assert bool(reply.reasoning) == SEPARATES_REASONING
    assert reply.text.startswith("<think>") == SEPARATES_REASONING
    assert "</think>" in reply.text


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
def test_episode_acts_in_a_page_by_native_calls(model: ServedModel, tmp_path: Path) -> None:
    changes = {"tools": (TOOL,), "tool_choice": "required", "temperature": 1.0, "max_tokens": 400}
    with BrowserEnv(PAGE) as env:
        policy = ModelPolicy(model, sampling_changes=changes)
        Agent(policy=policy, limits=Limits(steps=3)).run("Press Go", env, out=tmp_path / "run")
    events = read_run(tmp_path / "run").events
    replies = [event for event in events if isinstance(event, Replied)]
    assert [event.message for event in events if isinstance(event, ParseFailed)] == []
    assert all("<tool_call>" in reply.text for reply in replies)
    assert sum(isinstance(event, Decided) for event in events) == len(replies) == 3
    assert any(isinstance(event, Acted) for event in events)
