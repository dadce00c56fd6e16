"""Generated answers of servers: each is bounded, gives the whole text or names the cause, and raises nothing else.

`FUZZ_CASES=100000` generates that many; the default is a sample.
"""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import httpx2
import pytest

from screenwright._text import printable
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, ModelLost, Sampling
from screenwright.agent.models.errors import Endpoint, ErrorResponse, describe_error
from screenwright.agent.models.served.model import ServedModel

CASES = int(os.environ.get("FUZZ_CASES", "2000"))
BATCHES = 4
QUESTION = (Message.of("user", "What now?"),)
SAMPLING = Sampling(max_tokens=100)

TEXTS = ("Thought: I see it.\nAction: click(start_box='(100,200)')", "Käse 漢字 🧀", "a", "x" * 500, "\u2028{}[]")
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 7.5, 1e308, float("nan"), float("inf"), 10**30, "", " ", "text", "null", "[DONE]",
    "\x00\x1b[31m", "\ud800", "\udc00x", "data: x\n\n", [], {}, [None], [[]], [{}], {"a": 1}, {"text": 3}, [1, "b"],
    {"type": "text"}, {"type": "text", "text": ["x"]}, {"message": {"message": {"message": "deep"}}}, {"code": "429"},
    {"error": "inner"}, [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}], "9" * 400,
    "maximum context length", "<html>", "Traceback (most recent call last):\nValueError: x",
)  # fmt: skip
KINDS = (
    "text/event-stream", "text/event-stream; charset=utf-8", "application/json", "TEXT/EVENT-STREAM", "text/html", "",
    "text/plain; charset=latin-1", "application/octet-stream", ";;;", "application/x-ndjson", "text/event-stream;x=é",
)  # fmt: skip
STATUSES = (200,) * 12 + (201, 204, 206, 301, 307, 400, 401, 403, 404, 408, 409, 413, 418, 422, 429, 500, 501, 503, 529)
HEADERS = {
    "Retry-After": ("5", "Sun, 29 Nov 2026 21:00:00 GMT", "never", "-1", "9" * 50, "1e9", "", "0x10", "é"),
    "X-RateLimit-Reset": ("1s", "6m0s", "1795986009000", "nan", "2026-11-29T21:00:08Z", "h"),
    "X-RateLimit-Remaining": ("0", "x"),
    "Date": ("Sun, 29 Nov 2026 21:00:00 GMT", "yesterday", "0"),
    "Location": ("/v1", "http://[", "mailto:x"),
    "Set-Cookie": ("a=b", ";;;=;", "a=b; Expires=never"),
}
SILENT = (
    b": comment\n\n", b"\n", b"data:\n\n", b"data: : a proxy's comment\n\n", b"event: ping\ndata: {}\n\n",
    b"id: 1\nretry: 5\n\n", b"data: null\n\n", b'data: {"choices": null}\n\n', b'data: {"choices": [null]}\n\n',
    b'data: {"choices": [], "usage": {"prompt_tokens": null, "completion_tokens": 1.5}}\n\n', b"data: ping\n\n",
    b'data: {"choices": [{"index": 1, "delta": {"content": "other"}}]}\n\n', b"unknown: field\n\n",
    b'data: {"choices": [{"index": 0, "delta": {"content": []}}]}\n\n', b"data: 0\n\n",
)  # fmt: skip


def mutated(random: Random, value: Any) -> Any:
    """`value` with some of its nodes replaced, removed or repeated."""
    if random.random() < 0.12:
        return random.choice(JUNK)
    if isinstance(value, dict):
        return {name: mutated(random, each) for name, each in value.items() if random.random() > 0.06}
    if isinstance(value, list):
        return [mutated(random, each) for each in value for _ in range(random.choice((1, 1, 1, 1, 0, 2)))]
    return value


def pieces_of(random: Random, text: str) -> Iterator[str]:
    while text:
        size = random.randint(1, len(text))
        yield text[:size]
        text = text[size:]


def content_of(random: Random, text: str) -> Any:
    """`text` in one of the forms in which servers send it."""
    part = {"type": random.choice(("text", "output_text")), "text": text}
    return random.choice((text, text, text, [part], [text], [{"type": "reference"}, part], part))


def events_of(random: Random, text: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for piece in pieces_of(random, text):
        events.append({"choices": [{"index": 0, "delta": {"content": content_of(random, piece)}}]})
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}}
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage})
    return events


def whole_of(random: Random, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content_of(random, text), "tool_calls": None, "reasoning": None}
    return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9}}


def encoded(random: Random, value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def stream_of(random: Random, events: list[Any], silent: bool) -> bytes:
    blocks: list[bytes] = []
    for event in events:
        if silent and random.random() < 0.3:
            blocks.append(random.choice(SILENT))
        data = encoded(random, event)
        if random.random() < 0.1:
            data = data.replace(b", ", b",\ndata: ", 1) if b'", ' not in data[:40] else data
        blocks.append(b"data: " + data + b"\n\n")
    if random.random() < 0.8:
        blocks.append(b"data: [DONE]\n\n")
    body = b"".join(blocks)
    end = random.choice((b"\n", b"\n", b"\r\n", b"\r"))
    return random.choice((b"", b"", b"\xef\xbb\xbf")) + body.replace(b"\n", end)


def cut(random: Random, body: bytes) -> list[bytes]:
    places = sorted(random.randint(0, len(body)) for _ in range(random.choice((0, 1, 3, 9))))
    return [body[start:stop] for start, stop in zip([0, *places], [*places, len(body)], strict=True)]


def compressed(random: Random, body: bytes) -> tuple[bytes, dict[str, str]]:
    form = random.choice(("", "", "", "gzip", "deflate", "identity"))
    if form == "gzip":
        return gzip.compress(body, 1), {"Content-Encoding": "gzip"}
    if form == "deflate":
        return zlib.compress(body), {"Content-Encoding": "deflate"}
    return body, {"Content-Encoding": form} if form else {}


def sound(random: Random) -> tuple[httpx2.Response, str]:
    """A response that contains a whole text in an unusual form, and the text."""
    text = random.choice(TEXTS)
    if random.random() < 0.6:
        body, kind = stream_of(random, events_of(random, text), silent=True), random.choice(KINDS[:2])
    else:
        encoding = random.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32"))
        body = json.dumps(whole_of(random, text)).encode(encoding)
        kind = random.choice(("application/json", "text/plain", "", "text/event-stream"))
        if not encoding.startswith("utf-8"):
            kind = "application/json"
    body, headers = compressed(random, body)
    return httpx2.Response(200, headers={"Content-Type": kind, **headers}, content=iter(cut(random, body))), text


def broken(random: Random) -> httpx2.Response:
    """A response with anything in it."""
    text = random.choice(TEXTS)
    form = random.random()
    if form < 0.4:
        events = [mutated(random, event) for event in events_of(random, text)]
        body = stream_of(random, events, silent=random.random() < 0.5)
    elif form < 0.7:
        body = encoded(random, mutated(random, whole_of(random, text)))
    elif form < 0.9:
        error = {"message": random.choice(JUNK), "code": random.choice(JUNK), "metadata": {"raw": random.choice(JUNK)}}
        body = encoded(random, mutated(random, {"error": error, "detail": random.choice(JUNK)}))
    else:
        body = random.choice((b"", b"<html>", b"[" * 5000, b'{"a":' * 3000, random.randbytes(200), b"\xff\xfe\x00"))
    if random.random() < 0.2:
        damaged = bytearray(body)
        for _ in range(random.randint(1, 4)):
            if damaged:
                damaged[random.randrange(len(damaged))] = random.randrange(256)
        body = bytes(damaged[: random.randint(0, len(damaged))] if random.random() < 0.3 else damaged)
    headers: dict[str, Any] = {"Content-Type": random.choice(KINDS).encode("utf-8")}
    for name, values in HEADERS.items():
        if random.random() < 0.2:
            headers[name] = random.choice(values).encode("utf-8")
    if random.random() < 0.1:
        headers["Content-Encoding"] = random.choice((b"gzip", b"deflate", b"br", b"zstd", b"x"))
    return httpx2.Response(random.choice(STATUSES), headers=headers, content=iter(blocks_of(random, body)))


def blocks_of(random: Random, body: bytes) -> Iterator[bytes]:
    yield from cut(random, body)
    if random.random() < 0.05:
        raise random.choice((httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.ReadTimeout))("the connection broke")


def client(respond: Callable[[httpx2.Request], httpx2.Response], name: str | None = "ui-tars") -> ServedModel:
    return ServedModel("http://server", name, retries=0, api_key="sk-key", transport=httpx2.MockTransport(respond))


def stop_at(end: str) -> Callable[[str], bool]:
    return lambda text: end in text


def check_error(lost: ModelLost) -> None:
    line = str(lost)
    assert line == printable(line)
    assert "\n" not in line
    assert len(line) < 700
    assert "http://server/v1" in line
    assert len(line) > len("the model server at http://server/v1") + 10  # the cause


def check_completion(completion: Completion) -> None:
    completion.text.encode()
    assert len(completion.text) <= 64 * SAMPLING.max_tokens + 1000
    usage = completion.usage
    assert all(0 <= count <= 1 << 40 for count in (usage.prompt, usage.completion, usage.cached))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whole_text_arrives_in_every_form(batch: int) -> None:
    random = Random(batch)
    answer, text = sound(random)
    with client(lambda request: answer if request.method == "POST" else httpx2.Response(404)) as model:
        for case in range(CASES // BATCHES // 2):
            answer, text = sound(random)
            completion = model.complete(QUESTION, SAMPLING)
            assert completion.text == text, (batch, case)
            check_completion(completion)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_anything_is_a_reply_or_an_error_with_its_cause(batch: int) -> None:
    random = Random(1000 + batch)
    answer = broken(random)
    with client(lambda request: answer if request.method == "POST" else httpx2.Response(404)) as model:
        for _ in range(CASES // BATCHES // 4):
            answer = broken(random)
            needle = random.choice((")", "e", "\0"))
            try:
                check_completion(model.complete(QUESTION, SAMPLING, stop_at(needle)))
            except ModelLost as lost:
                check_error(lost)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_any_list_of_models_gives_a_model_or_an_error_with_its_cause(batch: int) -> None:
    random = Random(2000 + batch)
    cards = {"data": [{"id": "ui-tars", "owned_by": "vllm", "max_model_len": 4096}, {"id": "b"}], "models": None}

    def respond(_: httpx2.Request) -> httpx2.Response:
        if random.random() < 0.3:
            return broken(random)
        listing = random.choice((cards, cards["data"], {"models": cards["data"]}))
        return httpx2.Response(200, content=encoded(random, mutated(random, listing)))

    for _ in range(CASES // BATCHES // 4):
        with client(respond, random.choice((None, "ui-tars"))) as model:
            try:
                facts = model.facts()
                facts.model.encode()
                assert facts.model
            except ModelLost as lost:
                check_error(lost)


def test_every_error_response_has_a_bounded_wait() -> None:
    random, server = Random(3), Endpoint("http://server/v1", None, (), 5.0, "sk-key")
    for _ in range(CASES // 4):
        headers = {name: random.choice(values) for name, values in HEADERS.items() if random.random() < 0.4}
        body = encoded(random, mutated(random, {"error": {"message": "try again in 5s", "retryDelay": "7s"}}))
        error = ErrorResponse(random.choice(STATUSES), body.decode(errors="replace"), headers)
        described = describe_error(error, server)
        assert described.retry_after_s is None or described.retry_after_s >= 0
        assert not described.retryable or (described.retry_after_s or 0) <= 60
