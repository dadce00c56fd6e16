"""`ServedModel` against misbehaving and limited servers, scripted byte by byte."""

import io
import json
import logging
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from PIL import Image

from screenwright.agent.core.messages import ImagePart, Message
from screenwright.agent.core.model import Completion, ModelLost, Sampling, Usage
from screenwright.agent.models.served import ServedModel
from screenwright.envs.geometry import Size

QUESTION = (Message.of("user", "What now?"),)
ONE_MODEL = {"data": [{"id": "ui-tars", "object": "model"}]}
VLLM_MODEL = {"data": [{"id": "ui-tars", "owned_by": "vllm", "max_model_len": 65536}]}
HTML = "<html><body>" + "<p>an error page</p>" * 50 + "</body></html>"

Asked: TypeAlias = dict[str, Any]
Answer: TypeAlias = bytes | Callable[[Asked], bytes]


class Hang(bytes):
    """A response after which the server is silent but keeps the connection open."""


class Cut(bytes):
    """A response after which the server closes the connection."""


def http(status: int, body: object = b"", kind: str = "application/json", **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def error(status: int, message: str, **headers: str) -> bytes:
    return http(status, {"error": {"message": message, "code": headers.pop("code", None)}}, **headers)


def chunk(text: str | None, finish: str | None = None, **more: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}


def stream(*events: object, done: bool = True, whole: bool = True) -> bytes:
    """A response of server-sent events; without `whole`, the chunked body is truncated."""
    blocks = [json.dumps(event).encode() if not isinstance(event, bytes) else event for event in events]
    data = b"".join(b"data: " + block + b"\n\n" for block in [*blocks, *([b"[DONE]"] if done else [])])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(data), data) + (b"0\r\n\r\n" if whole else b"")


def whole_reply(text: str, **usage: object) -> bytes:
    return http(200, {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage or None})


FINE = stream(chunk("fi"), chunk("ne"), chunk(None, "stop"))


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Sends the responses of `chat` in order, repeating the last; `pages` are the responses for other paths."""

    daemon_threads = True

    def __init__(self, *chat: Answer, pages: dict[str, Answer] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.chat = list(chat)
        self.pages: dict[str, Answer] = {"/v1/models": http(200, ONE_MODEL), **(pages or {})}
        self.calls: list[Asked] = []
        self.paths: list[str] = []
        self.headers: list[str] = []
        self.connections = 0
        self.over = threading.Event()
        self.tls: ssl.SSLContext | None = None
        self.greeting = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        return (self.tls.wrap_socket(connection, server_side=True) if self.tls else connection), address

    def answer(self, path: str, body: bytes) -> bytes:
        self.paths.append(path)
        if not path.endswith("/chat/completions"):
            page = self.pages.get(path, http(404, {"detail": "Not Found"}))
            return page({}) if callable(page) else page
        self.calls.append(json.loads(body))
        answer = self.chat.pop(0) if len(self.chat) > 1 else self.chat[0]
        return answer(self.calls[-1]) if callable(answer) else answer


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, ScriptedServer)
        server.connections += 1
        self.wfile.write(server.greeting)
        while line := self.rfile.readline():
            head = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
            server.headers.append(head)
            lengths = [row.split(":")[1] for row in head.splitlines() if row.lower().startswith("content-length")]
            answer = server.answer(line.split()[1].decode(), self.rfile.read(int(lengths[0]) if lengths else 0))
            self.wfile.write(answer)
            if isinstance(answer, Hang):
                server.over.wait(30)
            if isinstance(answer, Hang | Cut):
                return


@contextmanager
def running(server: ScriptedServer) -> Generator[ScriptedServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def scripted_server(
    *chat: Answer, pages: dict[str, Answer] | None = None, retries: int = 2, **more: Any
) -> Generator[tuple[ServedModel, ScriptedServer]]:
    server = ScriptedServer(*chat, pages=pages)
    with running(server), ServedModel(server.url, retries=retries, backoff_s=0.01, **more) as model:
        yield model, server


def error_of(model: ServedModel) -> str:
    """The error of a failed call: one line that names the server, without HTML and tracebacks."""
    with pytest.raises(ModelLost) as failure:
        model.complete(QUESTION, Sampling())
    line = str(failure.value)
    assert "\n" not in line
    assert "<" not in line
    assert "Traceback" not in line
    assert len(line) < 700
    assert model.base_url in line
    return line


# -- no response


def test_server_that_is_down_is_reported_with_how_to_start_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with ServedModel(f"http://127.0.0.1:{free.getsockname()[1]}", retries=1, backoff_s=0.01) as model:
            line = error_of(model)
    assert "is down: the connection was refused; start it (vllm serve" in line
    assert line.endswith("(tried 2 times)")


def test_unknown_host_is_reported() -> None:
    with ServedModel("http://no-such-host.invalid:8000") as model:
        assert "its host name is unknown" in error_of(model)


def test_timeout_of_a_silent_server_is_not_retried() -> None:
    with scripted_server(Hang(), timeout_s=0.2) as (model, server):
        assert "sent nothing for 0.2 s" in error_of(model)
    assert len(server.calls) == 1


def test_timeout_within_a_stream_is_not_retried() -> None:
    with scripted_server(Hang(stream(chunk("Though"), done=False, whole=False)), timeout_s=0.2) as (model, server):
        assert "sent nothing for 0.2 s" in error_of(model)
    assert len(server.calls) == 1


def test_https_to_a_server_without_tls_is_reported() -> None:
    with running(ScriptedServer(FINE)) as server, ServedModel(server.url.replace("http", "https")) as model:
        server.greeting = http(400, "what?")
        assert "does not support TLS" in error_of(model)


def test_untrusted_certificate_is_rejected_unless_ssl_cert_file_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs the program openssl, from the package of that name")
    server = ScriptedServer(FINE)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate, key)
    with running(server):
        address = server.url.replace("http", "https")
        with ServedModel(address) as model:
            assert "set SSL_CERT_FILE to the certificate to trust" in error_of(model)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with ServedModel(address) as model:
            assert model.complete(QUESTION, Sampling()).text == "fine"
            server.chat[:] = [Hang(stream(chunk("slow"), done=False, whole=False))]
            timeouts = iter("abc")
            reply = model.complete(QUESTION, Sampling(), lambda text: text == "slow" and next(timeouts, None) is None)
            assert reply.text == "slow"


# -- rejected requests


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        (error(401, "Incorrect API key provided: sk-hunter2"), ["denied access (401)", "(the key)", "check the key"]),
        (error(403, "not yours"), ["denied access (403): not yours"]),
        (http(404, {"detail": "Not Found"}), ["no such path or model (404): Not Found", "ends in /v1"]),
        (error(413, "too big"), ["too large (413)", "fewer or smaller screenshots"]),
        (http(413, HTML, "text/html"), ["too large (413); send"]),
        (error(400, "maximum context length is 8192 tokens"), ["(400): maximum context length is 8192 tokens"]),
        (error(400, "many words " * 500), ["many words many words", "..."]),
        (error(400, "bad input data:image/png;base64,iVBORw0KGgo="), ["bad input (an image)"]),
        (http(400, {"object": "error", "message": "as in old versions of vLLM"}), ["as in old versions of vLLM"]),
        (http(422, {"detail": [{"loc": ["body"], "msg": "field required"}]}), ["(422): field required"]),
        (http(400), ["without a reason"]),
        (http(307, Location="https://elsewhere.example/v1"), ["redirects to https://elsewhere.example/v1 (307)"]),
        (error(429, "no money", code="insufficient_quota"), ["(429): no money", "used up"]),
        (error(429, "slow down", Retry_After="3600"), ["(429): slow down", "fewer episodes at once"]),
        (error(503, "loading", Retry_After="3600"), ["failed (503): loading", "still be loading"]),
    ],
)
def test_rejected_request_is_reported_in_one_line_and_not_retried(answer: bytes, parts: list[str]) -> None:
    with scripted_server(answer, api_key="sk-hunter2") as (model, server):
        line = error_of(model)
    assert [part for part in parts if part not in line] == []
    assert "hunter2" not in line
    assert len(server.calls) == 1


def test_missing_key_is_reported_with_how_to_set_it() -> None:
    with scripted_server(FINE, pages={"/v1/models": error(401, "key missing")}) as (model, server):
        assert "set its key in OPENAI_API_KEY" in error_of(model)
    assert server.paths == ["/v1/models"]


def test_key_argument_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    for key, sent in ((None, "from-environment"), ("from-argument\n", "from-argument")):
        with scripted_server(FINE, api_key=key) as (model, server):
            model.complete(QUESTION, Sampling())
        assert f"authorization: bearer {sent}\r\n" in server.headers[0].lower()


# -- temporary errors


@pytest.mark.parametrize(
    "failure",
    [
        error(429, "slow down", Retry_After="0"),
        error(500, "oops"),
        http(502, HTML, "text/html"),
        error(503, "loading"),
        Cut(),
        Cut(b"HTTP/1.1 200"),
        Cut(stream(chunk("Thou"), done=False, whole=False)[:-20]),
        Cut(stream(chunk("Thou"), done=False, whole=False)),
        stream(chunk("Thou"), done=False),
        stream(chunk("Thou"), {"error": {"message": "engine died", "code": 500}}, done=False),
        stream(chunk("Thou"), chunk(None, "abort")),
    ],
)
def test_temporary_error_is_retried(failure: bytes) -> None:
    with scripted_server(failure, failure, FINE) as (model, server):
        assert model.complete(QUESTION, Sampling()).text == "fine"
    assert len(server.calls) == 3
    assert server.calls[0] == server.calls[2]


@pytest.mark.parametrize(
    ("failure", "part"),
    [
        (error(429, "slow down"), "is rate limiting requests (429): slow down"),
        (error(500, "Traceback (most recent call last):\n  File x\nValueError: odd shape"), "ValueError: odd shape"),
        (http(502, HTML, "text/html"), "failed (502); check the server's log"),
        (Cut(), "closed the connection"),
        (stream(chunk("Thou"), done=False), "ended its reply early, after 4 characters"),
        (stream(chunk("Thou"), {"error": {"message": "engine died"}}), "4 characters with an error: engine died"),
    ],
)
def test_persistent_error_is_raised_after_the_retries(failure: bytes, part: str) -> None:
    with scripted_server(failure, pages={"/v1/models": Cut(http(200, ONE_MODEL))}) as (model, server):
        line = error_of(model)
    assert part in line
    assert line.endswith("(tried 3 times)")
    assert len(server.calls) == 3


def test_without_retries_there_is_one_attempt() -> None:
    with scripted_server(error(500, "oops"), retries=0) as (model, server):
        assert "tried" not in error_of(model)
    assert len(server.calls) == 1


def test_cancelled_call_does_not_wait_for_the_next_retry() -> None:
    cancelled = threading.Event()

    def busy(_: Asked) -> bytes:
        cancelled.set()
        return error(429, "slow down", Retry_After="55")

    started = time.monotonic()
    with scripted_server(busy) as (model, server):
        assert model.complete(QUESTION, Sampling(), lambda _: cancelled.is_set()).text == ""
    assert len(server.calls) == 1
    assert time.monotonic() < started + 40  # of the 55 seconds that the server asked for


# -- invalid responses


@pytest.mark.parametrize(
    "answer",
    [
        http(200, HTML, "text/html"),
        http(200, "pong", "text/plain"),
        http(200, b"\xff\xfe\x00", "application/json"),
        http(200, {"choices": []}),
        http(200, {"choices": "none"}),
        stream(b"{not json"),
        stream({"choices": [{"delta": {"content": 7}}]}),
        stream(),
    ],
)
def test_invalid_response_is_reported_and_not_retried(answer: bytes) -> None:
    with scripted_server(answer) as (model, server):
        assert "check that it is a model server" in error_of(model)
    assert len(server.calls) == 1


def test_error_after_the_stop_is_ignored() -> None:
    for later in (b"{not json", {"error": "engine died"}):
        with scripted_server(stream(chunk("click(1)"), later, whole=False)) as (model, server):
            assert model.complete(QUESTION, Sampling(), lambda text: ")" in text).text == "click(1)"
        assert len(server.calls) == 1


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
    assert len(server.calls) == 4


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
        assert model.complete(QUESTION, Sampling()) == Completion("<think>hm</think>", Usage(2, 1), complete=False)


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


# -- the connection


def test_connection_is_reused_also_after_a_stop() -> None:
    with scripted_server(FINE) as (model, server):
        model.complete(QUESTION, Sampling())
        model.complete(QUESTION, Sampling(), lambda text: text == "fine")
        model.complete(QUESTION, Sampling())
    assert (len(server.calls), server.connections) == (3, 1)


def test_connection_is_closed_if_the_reply_continues_after_the_stop() -> None:
    with scripted_server(Hang(stream(chunk("click(1)"), chunk("and more"), chunk("x"), whole=False)), FINE) as (
        model,
        server,
    ):
        assert model.complete(QUESTION, Sampling(), lambda text: ")" in text).text == "click(1)"
        assert model.complete(QUESTION, Sampling()).text == "fine"
    assert server.connections == 2


def test_idle_connection_closed_by_the_server_is_replaced_without_a_retry() -> None:
    with scripted_server(Cut(FINE), retries=0) as (model, server):
        assert [model.complete(QUESTION, Sampling()).text for _ in range(3)] == ["fine"] * 3
    assert len(server.calls) == 3


def test_requests_have_no_telemetry_headers() -> None:
    with scripted_server(FINE) as (model, server):
        model.complete(QUESTION, Sampling())
    names = {line.split(":")[0].lower() for head in server.headers for line in head.splitlines()}
    assert {name for name in names if name.startswith("x-")} == set()


def test_proxy_of_the_environment_is_used_for_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: dict[str, Answer] = {"http://models.example:8000/v1/models": http(200, ONE_MODEL)}
    with running(ScriptedServer(FINE, pages=pages)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:hunter2@"))
        with ServedModel("http://models.example:8000") as model:
            assert model.complete(QUESTION, Sampling()).text == "fine"
            assert "hunter2" not in repr(model)
    assert proxy.paths[-1] == "http://models.example:8000/v1/chat/completions"
    assert "Proxy-Authorization: Basic" in proxy.headers[0]


def test_unsupported_proxy_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")
    with ServedModel("http://models.example:8000") as model, pytest.raises(ModelLost, match="socks5 proxy"):
        model.complete(QUESTION, Sampling())


def test_key_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted_server(error(401, "no"), api_key="sk-hunter2") as (model, _):
        error_of(model)
    assert caplog.records
    assert "hunter2" not in caplog.text


# -- vLLM


def grey_image(shade: int) -> ImagePart:
    buffer = io.BytesIO()
    Image.new("RGB", (28, 28), (shade, shade, shade)).save(buffer, "PNG")
    return ImagePart(buffer.getvalue(), Size(28, 28))


def prompt_with(*shades: int) -> tuple[Message, ...]:
    return (Message.of("user", "What is this?", *(grey_image(shade) for shade in shades)),)


class MediaCache:
    """vLLM's cache of images by uuid: status 400 for a uuid that it does not have."""

    def __init__(self) -> None:
        self.images: dict[str, str] = {}

    def __call__(self, asked: Asked) -> bytes:
        for part in asked["messages"][0]["content"][1:]:
            if part["image_url"] is not None:
                self.images[part["uuid"]] = part["image_url"]["url"]
            elif part["uuid"] not in self.images:
                return error(400, "Cache miss for image at index 0 but data is not provided.")
        return FINE


VLLM: dict[str, Answer] = {"/v1/models": http(200, VLLM_MODEL), "/version": http(200, {"version": "0.32.0"})}


def test_vllm_parameters_are_sent_only_to_vllm() -> None:
    for pages, sent in ((VLLM, True), (None, False)):
        with scripted_server(FINE, pages=pages, extra_body={"seed": 7}, image_uuids=True) as (model, server):
            model.complete(prompt_with(1), Sampling())
        assert ("skip_special_tokens" in server.calls[0]) is sent
        assert ("continuous_usage_stats" in server.calls[0]["stream_options"]) is sent
        assert ("uuid" in server.calls[0]["messages"][0]["content"][1]) is sent
        assert server.calls[0]["seed"] == 7


def test_vllm_version_and_context_length_are_read() -> None:
    with scripted_server(FINE, pages=VLLM) as (model, _):
        assert model.facts().context_tokens == 65536
        assert model.info().version == "vllm 0.32.0"


def test_counts_in_each_chunk_are_available_after_a_stop() -> None:
    piece = chunk("click(1)") | {"usage": {"prompt_tokens": 1200, "completion_tokens": 6}}
    with scripted_server(stream(piece, chunk("and more")), pages=VLLM) as (model, _):
        assert model.complete(QUESTION, Sampling(), lambda text: ")" in text).usage == Usage(1200, 6)


def test_cached_tokens_are_counted() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    with scripted_server(stream(chunk("a", "stop"), {"choices": [], "usage": usage})) as (model, _):
        assert model.complete(QUESTION, Sampling()).usage == Usage(9, 2, 8)


def test_image_is_sent_once_and_then_by_uuid() -> None:
    with scripted_server(MediaCache(), pages=VLLM, image_uuids=True) as (model, server):
        for shades in ((1,), (1, 2), (1, 2, 3)):
            model.complete(prompt_with(*shades), Sampling())
    sent = [[part["image_url"] for part in call["messages"][0]["content"][1:]] for call in server.calls]
    assert [[url is None for url in urls] for urls in sent] == [[False], [True, False], [True, True, False]]
    names = [part["uuid"] for part in server.calls[2]["messages"][0]["content"][1:]]
    assert names == [grey_image(shade).sha256 for shade in (1, 2, 3)]


def test_image_evicted_by_the_server_is_sent_again() -> None:
    cache = MediaCache()
    with scripted_server(cache, pages=VLLM, image_uuids=True, retries=0) as (model, server):
        model.complete(prompt_with(1), Sampling())
        cache.images.clear()
        assert model.complete(prompt_with(1, 2), Sampling()).text == "fine"
        model.complete(prompt_with(1, 2), Sampling())
    assert len(server.calls) == 4
    assert set(cache.images.values()) == {grey_image(1).data_url, grey_image(2).data_url}


def test_image_without_uuid_is_encoded_identically_each_time() -> None:
    with scripted_server(FINE, pages=VLLM) as (model, server):
        for _ in range(2):
            model.complete(prompt_with(1), Sampling())
    assert server.calls[0] == server.calls[1]
    assert server.calls[0]["messages"][0]["content"][1]["image_url"]["url"] == grey_image(1).data_url
