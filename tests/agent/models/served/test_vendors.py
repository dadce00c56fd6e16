"""Errors, retry hints and lists of models in the forms of different vendors."""

import json
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import httpx2
import pytest

from screenwright import Agent, Ended, FakeEnv, Limits, RecoveredError, StopReason
from screenwright._text import printable
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import ModelLost, ModelUnknown, PromptRefused, Sampling
from screenwright.agent.models.retry_hints import retry_after_s
from screenwright.agent.models.served.model import ServedModel, endpoint_url

QUESTION = (Message.of("user", "What now?"),)
REPLY = {"choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}]}
DATE = "Sun, 29 Nov 2026 21:00:00 GMT"


class Server:
    """Answers chat requests with `answers`, in order, repeating the last, and lists `models`."""

    def __init__(self, *answers: httpx2.Response, models: object = {"data": [{"id": "ui-tars"}]}) -> None:
        self.answers, self.models, self.asked = list(answers), models, list[dict[str, Any]]()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=self.models)
        self.asked.append(json.loads(request.content))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def client(self, name: str | None = None, **more: Any) -> ServedModel:
        more = {"retries": 1, "backoff_s": 0.0, **more}
        return ServedModel("http://server", name, transport=httpx2.MockTransport(self), **more)


def fine() -> httpx2.Response:
    return httpx2.Response(200, json=REPLY)


def refused(status: int, body: object, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def failure(answer: httpx2.Response) -> ModelLost:
    with Server(answer).client() as model, pytest.raises(ModelLost) as lost:
        model.complete(QUESTION, Sampling())
    return lost.value


# -- when to retry


@pytest.mark.parametrize(
    ("headers", "body", "wait_s"),
    [
        ({"Retry-After": "6"}, "", 6),
        ({"Retry-After": "2.5"}, "", 2.5),
        ({"Retry-After": " 7s "}, "", 7),
        ({"Retry-After": "Sun, 29 Nov 2026 21:00:06 GMT", "Date": DATE}, "", 6),
        ({"Retry-After": "Sunday, 29-Nov-26 21:00:06 GMT", "Date": DATE}, "", 6),
        ({"Retry-After": "Sun Nov 29 21:00:06 2026", "Date": DATE}, "", 6),
        ({"Retry-After": "2026-11-29T21:00:06Z", "Date": DATE}, "", 6),
        ({"Retry-After": "Sun, 29 Nov 2026 20:00:00 GMT", "Date": DATE}, "", None),
        ({"retry-after-ms": "1500", "retry-after": "2"}, "", 1.5),
        ({"x-ms-retry-after-ms": "250"}, "", 0.25),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, "", 360),
        (
            {
                "x-ratelimit-reset-requests": "1m2.5s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "900",
            },
            "",
            62.5,
        ),
        ({"x-ratelimit-reset": "20ms"}, "", 0.02),
        ({"x-ratelimit-reset-after": "3"}, "", 3),
        ({"RateLimit-Reset": "50"}, "", 50),
        ({"anthropic-ratelimit-requests-reset": "2026-11-29T21:00:08Z", "Date": DATE}, "", 8),
        ({"X-RateLimit-Reset": "1795986009", "Date": DATE}, "", 9),
        ({"X-RateLimit-Reset": "1795986009000", "Date": DATE}, "", 9),
        ({}, "Rate limit reached. Please try again in 6.5s. See the docs.", 6.5),
        ({}, "Please try again in 1m20s.", 80),
        ({}, "try again in 250ms", 0.25),
        ({}, "Please retry after 30 seconds.", 30),
        ({}, '{"error": {"details": [{"@type": "RetryInfo", "retryDelay": "17s"}]}}', 17),
        ({}, '{"retry_after": 5}', 5),
        ({}, '{"retry_after_ms": 1500}', 1.5),
        ({}, '{"error": {"metadata": {"retryAfter": "4"}}}', 4),
        ({}, "Please retry in 34.07s.", 34.07),
        ({}, "Please try your request again in 20 seconds", 20),
        ({}, '{"error": {"retry_after_seconds": 3}}', 3),
        ({}, '{"retryAfterMs": 400}', 0.4),
        ({"Date": DATE}, '{"metadata": {"headers": {"X-RateLimit-Reset": "1795986009000"}}}', 9),
        ({}, "the model waits for input: 3 tokens, try another", None),
        ({"Retry-After": "soon"}, "", None),
        ({"Retry-After": "nan"}, "", None),
        ({"Retry-After": "-5"}, "", None),
        ({"Retry-After": ""}, "overloaded", None),
    ],
)
def test_wait_is_read_in_every_form(headers: Mapping[str, str], body: str, wait_s: float | None) -> None:
    assert retry_after_s(headers, body) == (None if wait_s is None else pytest.approx(wait_s, abs=0.001))


def test_long_wait_is_not_waited_for() -> None:
    for text in ("9" * 400, "9" * 9, "61", "Sat, 29 Nov 2099 21:00:00 GMT"):
        assert (retry_after_s({"Retry-After": text}, "") or 0) > 60
        assert "(tried" not in str(failure(refused(429, {"error": "busy"}, Retry_After=text)))


def test_date_is_relative_to_now_if_the_server_sends_no_date() -> None:
    wait_s = retry_after_s({"retry-after": formatdate(time.time() + 30, usegmt=True)}, "")
    assert wait_s is not None
    assert 25 < wait_s <= 30


def test_server_that_is_busy_for_a_moment_is_asked_again_when_it_says() -> None:
    busy = refused(429, {"error": "slow down"}, Retry_After_Ms="300")
    with Server(busy, fine()).client() as model:
        started = time.monotonic()
        assert model.complete(QUESTION, Sampling()).text == "fine"
    assert time.monotonic() - started >= 0.3


def test_rate_limit_reported_within_a_reply_is_retried() -> None:
    busy = httpx2.Response(200, json={"error": {"code": 429, "message": "slow down; try again in 10ms"}})
    with Server(busy, fine()).client() as model:
        completion = model.complete(QUESTION, Sampling())
    assert completion.text == "fine"
    assert "is rate limiting requests (429): slow down" in completion.recovered_errors[0]


# -- reasons


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "metadata": {"raw": '{"error":{"message":"the image is broken"}}', "provider_name": "Acme"},
                }
            },
            ["Provider returned error", "Acme", "the image is broken"],
        ),
        ({"error": {"message": "upstream", "metadata": {"raw": "plain text"}}}, ["upstream: plain text"]),
        ({"errors": [{"message": "first"}, {"detail": "second"}]}, ["first: second"]),
        ([{"error": {"code": 400, "message": "in a list", "status": "INVALID_ARGUMENT"}}], ["in a list"]),
        ({"error": "as text"}, ["as text"]),
        ({"detail": [{"loc": ["body", "x"], "msg": "field required", "type": "missing"}]}, ["field required"]),
        ({"message": '{"detail": "JSON in a text"}'}, ["JSON in a text"]),
        ({"error": {"message": "same", "detail": "same"}}, ["(400): same"]),
        ({"error": {"message": "colour \x1b[31mred\x1b[0m \ud800"}}, ["colour \N{REPLACEMENT CHARACTER}[31mred"]),
    ],
)
def test_innermost_reason_is_shown(body: object, reasons: list[str]) -> None:
    line = str(failure(httpx2.Response(400, content=json.dumps(body).encode())))
    assert [reason for reason in reasons if reason not in line] == []
    assert line == printable(line)
    assert "\n" not in line
    assert line.count("same") <= 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."),
        (400, "The decoder prompt (length 9000) is longer than the maximum model length of 8192."),
        (
            400,
            "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context length is 4096",
        ),
        (400, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
        (400, "Requested token count exceeds the model's maximum context length of 4096 tokens."),
        (400, "the request exceeds the available context size (4096 tokens), try increasing it"),
        (500, "the input length exceeds the context length"),
        (400, "Trying to keep the first 9000 tokens when context the overflows."),
        (400, "Your input exceeds the context window of this model. Please adjust your input and try again."),
        (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 and 1000"),
        (422, "`inputs` must have less than 1000 tokens. Given: 1500"),
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (400, "The input token count (9000) exceeds the maximum number of tokens allowed (8192)."),
        (400, "Prompt contains 40000 tokens and is too large for model with 32768 maximum context length"),
        (400, "Please reduce the length of the messages or completion."),
        (400, "Range of input length should be [1, 6000]"),
        (413, "<html>Request Entity Too Large</html>"),
        (400, "At most 2 image(s) may be provided in one prompt."),
        (400, "Too many images provided. This model supports up to 5 images"),
        (200, "maximum context length is 8192 tokens"),
    ],
)
def test_refusal_for_length_in_any_words_names_the_history(status: int, message: str) -> None:
    lost = failure(refused(status, {"error": {"message": message, "code": None if status != 200 else 400}}))
    assert isinstance(lost, PromptRefused)
    assert "--history window:2" in str(lost)


# -- rejected parameters


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("temperature", "Unsupported value: 'temperature' does not support 0.0 with this model."),
        ("frequency_penalty", "`frequency_penalty` is not supported"),
        ("top_p", "top_p: Extra inputs are not permitted"),
        ("max_tokens", "max_tokens is too large: 1000. This model supports at most 512 completion tokens"),
        ("stream_options", "Unknown parameter: 'stream_options.include_usage'"),
    ],
)
def test_rejected_parameter_is_left_out_from_then_on(name: str, message: str) -> None:
    server = Server(refused(400, {"error": {"message": message}}), fine())
    with server.client() as model:
        for _ in range(2):
            assert model.complete(QUESTION, Sampling(0.0, 0.9, 1000, 0.5)).text == "fine"
    assert [name in asked for asked in server.asked] == [True, False, False]
    left = {"temperature", "frequency_penalty", "top_p", "stream_options"} - {name}
    assert left <= server.asked[-1].keys()


def test_limit_of_the_reply_is_left_out_if_the_server_takes_neither_form() -> None:
    too_large = refused(400, {"error": {"message": "max_tokens is too large: at most 512 completion tokens"}})
    server = Server(too_large, too_large, fine())
    with server.client() as model:
        assert model.complete(QUESTION, Sampling()).text == "fine"
    limits = [{"max_tokens", "max_completion_tokens"} & asked.keys() for asked in server.asked]
    assert limits == [{"max_tokens"}, {"max_completion_tokens"}, set()]


@pytest.mark.parametrize("status", [400, 413, 422, 500, 200])
@pytest.mark.parametrize("message", ["At most 2 image(s) may be provided in one prompt.", "context window exceeded"])
def test_run_goes_on_with_as_many_screenshots_as_the_server_accepts(status: int, message: str) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={"data": [{"id": "ui-tars-1.5"}]})
        body = json.loads(request.content)
        if request.content.count(b"data:image/png") > 2:
            return httpx2.Response(status, json={"error": {"message": message, "code": 400}})
        steps = sum(each["role"] == "assistant" for each in body["messages"])
        action = f"click(start_box='({100 + steps},100)')" if steps < 6 else "finished(content='done')"
        content = f"Thought: step {steps}.\nAction: {action}"
        return httpx2.Response(200, json={"choices": [{"message": {"content": content}, "finish_reason": "stop"}]})

    with ServedModel("http://server", retries=0, transport=httpx2.MockTransport(respond)) as model:
        *events, ended = Agent(model, limits=Limits(steps=9)).stream("Click a few times.", FakeEnv())
    assert isinstance(ended, Ended)
    assert ended.stop is StopReason.FINISHED
    errors = [event.message for event in events if isinstance(event, RecoveredError)]
    assert len(errors) == 1
    assert message in errors[0]


# -- models and addresses


@pytest.mark.parametrize(
    "models",
    [
        [{"id": "ui-tars"}],
        ["ui-tars"],
        {"models": [{"name": "ui-tars"}]},
        {"models": [{"model": "ui-tars"}], "data": None},
        {"data": [None, {"id": None}, {"id": "ui-tars", "max_model_len": "4096"}, {"id": "ui-tars"}]},
    ],
)
def test_list_of_models_is_read_in_every_form(models: object) -> None:
    with Server(fine(), models=models).client() as model:
        assert model.facts().model == "ui-tars"


@pytest.mark.parametrize("name", ["max_model_len", "context_length", "context_window", "loaded_context_length"])
@pytest.mark.parametrize("value", [8192, 8192.0, "8192"])
def test_context_length_is_read_in_every_form(name: str, value: object) -> None:
    with Server(fine(), models={"data": [{"id": "m", name: value}]}).client() as model:
        assert model.facts().context_tokens == 8192


@pytest.mark.parametrize("models", [{"data": None}, {"data": []}, {"models": []}, [], {"data": [{"id": None}]}])
def test_empty_list_of_models_asks_for_a_name(models: object) -> None:
    with Server(fine(), models=models).client() as model, pytest.raises(ModelUnknown, match="with --model-name"):
        model.connect()
    with Server(fine(), models=models).client("ui-tars") as model:
        assert model.complete(QUESTION, Sampling()).text == "fine"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "Not Found"),
        (400, "The model `x` does not exist or you do not have access to it."),
        (400, "x is not a valid model ID: unknown model"),
        (422, "Invalid model name passed in model=x"),
    ],
)
def test_name_that_is_not_listed_is_rejected_at_connect(status: int, message: str) -> None:
    expected = pytest.raises(ModelUnknown, match="has no model 'x'; it serves ui-tars: choose one with --model-name")
    with Server(refused(status, {"error": {"message": message}})).client("x") as model, expected:
        model.connect()


def test_name_that_is_not_listed_is_used_if_the_server_accepts_it() -> None:
    unrelated = refused(
        400, {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model."}}
    )
    for first in (fine(), unrelated, refused(503, {"error": "loading"})):
        with Server(first, fine()).client("alias") as model:
            assert model.complete(QUESTION, Sampling()).text == "fine"


def test_long_list_of_models_is_shortened() -> None:
    models = {"data": [{"id": f"model-{number}"} for number in range(400)]}
    with Server(fine(), models=models).client() as model, pytest.raises(ModelUnknown, match="and 390 more: choose"):
        model.connect()


@pytest.mark.parametrize(
    "path", ["", "/", "/v1", "/v1/", "/v1/models", "/v1/models/", "/v1/chat/completions", "/v1/completions", "/models"]
)
def test_address_of_an_endpoint_is_that_of_its_server(path: str) -> None:
    assert endpoint_url(f"http://host:8000{path}") == "http://host:8000/v1"
