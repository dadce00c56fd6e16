"""Whatever a server says when a prompt is too large: the prompt is shortened, and the limit holds for the whole run."""

import json
import re
from collections.abc import Iterator

import pytest
from scripted_http import Answer, Asked, error, http, scripted_server, whole_reply

from screenwright import Decided, FakeEnv, ModelLost, ModelPolicy, RecoveredError, UiTars15, WindowHistory
from screenwright.agent.core.context import DecisionContext, HistoryStep
from screenwright.agent.core.model import PromptRefused
from screenwright.agent.models.served.prompt_limits import image_limit, token_limit
from screenwright.agent.record.events import Event

WAIT = "Thought: t\nAction: wait()"
SHOT = FakeEnv().observe().screenshot
LIMIT = 2

IMAGES = {
    "vllm": (400, "At most 2 image(s) may be provided in one prompt."),
    "vllm before 0.8": (400, "At most 2 image(s) may be provided in one request."),
    "sglang": (400, "IMAGE count 5 exceeds limit 2 per request."),
    "azure": (400, "Too many images in request. Max is 2."),
    "mistral": (400, "Too many images in request, maximum allowed is 2"),
    "groq": (400, "Too many images provided. This model supports up to 2 images"),
    "anthropic": (400, "messages: too many images: 5 > 2"),
}
"""Messages that name the number of images."""

LENGTHS = {
    "vllm": (400, "This model's maximum context length is {} tokens. However, you requested 9500 tokens (8500 in the "
             "messages, 1000 in the completion). Please reduce the length of the messages or completion."),
    "vllm 0.10": (400, "The decoder prompt (length 9500) is longer than the maximum model length of {}. Make sure that "
                  "`max_model_len` is no smaller than the number of text tokens plus multimodal tokens."),
    "vllm 0.30": (400, "You passed 8501 input tokens and requested 1000 output tokens. However, the model's context "
                  "length is only {} tokens. Please reduce the length of the input prompt."),
    "vllm, the reply": (400, "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context "
                        "length is {} tokens and your request has 8500 input tokens."),
    "sglang": (400, "The input (8500 tokens) is longer than the model's context length ({} tokens)."),
    "sglang, the sum": (400, "Requested token count exceeds the model's maximum context length of {} tokens. You "
                        "requested a total of 9500 tokens."),
    "llama.cpp": (400, 'the request exceeds the available context size. "type": "exceed_context_size_error", '
                  '"n_prompt_tokens": 8500, "n_ctx": {}'),
    "lm studio": (400, "Trying to keep the first 8500 tokens when context the overflows. However, the model is loaded "
                  "with context length of only {} tokens, which is not enough. Try to load the model with a larger "
                  "context length, or provide a shorter input"),
    "openai": (400, "This model's maximum context length is {} tokens. However, your messages resulted in 8500 tokens. "
               "Please reduce the length of the messages."),
    "tgi": (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= {}. Given: 8500 `inputs` "
            "tokens and 1000 `max_new_tokens`"),
}  # fmt: skip
"""Messages that name the number of tokens."""

VAGUE = {
    "ollama": (400, "the input length exceeds the context length"),
    "ollama, as an error": (500, "input length exceeds maximum context length"),
    "lm studio": (400, "The number of tokens to keep from the initial prompt is greater than the context length."),
    "llama.cpp, one batch": (500, "input is too large to process. increase the physical batch size"),
    "openai": (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
    "tgi": (422, "Input validation error: inputs tokens too long"),
    "nginx": (413, "<html><head><title>413 Request Entity Too Large</title></head></html>"),
}
"""Messages that name no number."""


def images_in(asked: Asked) -> int:
    return json.dumps(asked).count("data:image/png")


def server_with_limit(status: int, message: str) -> Answer:
    """Refuses more than `LIMIT` images."""
    return lambda asked: error(status, message) if images_in(asked) > LIMIT else whole_reply(WAIT)


def steps_of(policy: ModelPolicy, numbers: range) -> Iterator[list[Event]]:
    for step in numbers:
        past = tuple(HistoryStep(SHOT, reply=WAIT) for _ in range(step - 1))
        yield list(policy.decide(DecisionContext("a task", step, (*past, HistoryStep(SHOT))), lambda: False))


def run_steps(status: int, message: str) -> tuple[int, list[Event]]:
    """The number of requests that the server refused, and the events of ten steps."""
    with scripted_server(server_with_limit(status, message)) as (model, server):
        policy = ModelPolicy(model, UiTars15(), history=WindowHistory(5), summarize=False)
        events = [event for step in steps_of(policy, range(1, 11)) for event in step]
    sent = [images_in(asked) for asked in server.calls]
    assert sum(isinstance(event, Decided) for event in events) == 10
    assert sent[-1] == LIMIT
    return sum(number > LIMIT for number in sent), events


@pytest.mark.parametrize("server", IMAGES)
def test_number_of_images_that_the_server_names_is_kept_from_the_next_request_on(server: str) -> None:
    refused, events = run_steps(*IMAGES[server])
    assert refused == 1
    (recovered,) = [event for event in events if isinstance(event, RecoveredError)]
    assert recovered.step == 3


@pytest.mark.parametrize("server", VAGUE)
def test_limit_without_a_number_is_found_one_image_at_a_time_and_kept(server: str) -> None:
    refused, events = run_steps(*VAGUE[server])
    assert refused == 1  # the history grows by one image per step
    assert sum(isinstance(event, RecoveredError) for event in events) == 1


@pytest.mark.parametrize("server", LENGTHS)
def test_number_of_tokens_that_the_server_names_is_kept_from_the_next_request_on(server: str) -> None:
    status, message = LENGTHS[server]
    assert token_limit(message.format(32768)) == 32768
    context = 1900  # 640x480 takes 393 tokens

    def choosy(asked: Asked) -> bytes:
        needed = images_in(asked) * 393 + len(re.sub(r"data:[^\"]*", "", json.dumps(asked))) // 4
        return error(status, message.format(context)) if needed > context else whole_reply(WAIT)

    with scripted_server(choosy) as (model, server_):
        policy = ModelPolicy(model, UiTars15(), history=WindowHistory(5), summarize=False)
        (events,) = steps_of(policy, range(8, 9))
        again = [event for step in steps_of(policy, range(9, 15)) for event in step]
    assert isinstance(events[-1], Decided)
    assert [type(event) for event in (*events, *again)].count(RecoveredError) == 1
    assert len(server_.calls) == 1 + 7


@pytest.mark.parametrize("server", IMAGES)
def test_image_limit_is_read(server: str) -> None:
    assert image_limit(IMAGES[server][1]) == 2


@pytest.mark.parametrize("server", VAGUE)
def test_no_limit_is_read_where_none_is_named(server: str) -> None:
    assert (image_limit(VAGUE[server][1]), token_limit(VAGUE[server][1])) == (None, None)


def test_server_that_accepts_no_image_is_an_error() -> None:
    refusal = error(400, "At most 0 image(s) may be provided in one prompt.")
    with scripted_server(refusal) as (model, server), pytest.raises(PromptRefused, match="At most 0 image"):
        list(steps_of(ModelPolicy(model, UiTars15()), range(3, 4)))
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("frequency_penalty", "Unsupported parameter: 'frequency_penalty' is not supported with this model."),
        ("temperature", "Unsupported value: 'temperature' does not support 0 with this model."),
        ("top_p", "Unrecognized request argument supplied: top_p"),
        ("stop", "Unsupported parameter: 'stop' is not supported with this model."),
        ("top_k", "[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs are not permitted'}]"),
    ],
)
def test_unsupported_parameter_is_left_out_for_the_rest_of_the_run_and_recorded(field: str, message: str) -> None:
    def choosy(asked: Asked) -> bytes:
        return http(422, {"detail": message}) if field in asked else whole_reply(WAIT)

    with scripted_server(choosy) as (model, server):
        changes = {"stop": ("END",), "top_k": 5}
        policy = ModelPolicy(model, UiTars15(), sampling_changes=changes)
        events = [event for step in steps_of(policy, range(1, 5)) for event in step]
    assert sum(isinstance(event, Decided) for event in events) == 4
    recovered = [event.message for event in events if isinstance(event, RecoveredError)]
    assert any(line.endswith(f"rejects {field}: it is not sent any more") for line in recovered)
    assert sum(field in asked for asked in server.calls) == 1


def test_lost_server_is_not_taken_for_a_limit() -> None:
    with scripted_server(error(503, "overloaded"), retries=0) as (model, _), pytest.raises(ModelLost):
        list(steps_of(ModelPolicy(model, UiTars15()), range(3, 4)))
