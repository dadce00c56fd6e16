"""`ServedModel` reports errors of a server in one line, and retries temporary ones."""

import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from scripted_http import (
    FINE,
    HTML,
    ONE_MODEL,
    QUESTION,
    Asked,
    Cut,
    Hang,
    ScriptedServer,
    chunk,
    error,
    error_of,
    http,
    running,
    scripted_server,
    stream,
)

from screenwright.agent.core.model import Sampling
from screenwright.agent.models.served.model import ServedModel

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
        (error(413, "too big"), ["too long (413): too big", "--history window:2", "--image-format jpeg"]),
        (http(413, HTML, "text/html"), ["too long (413); send fewer screenshots"]),
        (
            error(400, "maximum context length is 8192 tokens"),
            ["(400): maximum context length is 8192 tokens", "--history"],
        ),
        (error(400, "many words " * 500), ["many words many words", "…"]),
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


def test_reply_with_a_finish_reason_does_not_wait_for_the_end_of_the_stream() -> None:
    unended = Hang(stream(chunk("fine", "stop"), done=False, whole=False))
    with scripted_server(unended, timeout_s=60) as (model, server):
        assert model.complete(QUESTION, Sampling()).text == "fine"
    assert len(server.calls) == 1


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


@pytest.mark.parametrize(
    "message",
    [
        "acme/text-7b is not a multimodal model",
        "At most 0 image(s) may be provided in one prompt.",
        "This model does not support image inputs",
    ],
)
def test_a_model_that_takes_no_images_has_its_own_advice(message: str) -> None:
    with scripted_server(error(400, message)) as (model, _):
        assert error_of(model).endswith("; serve a model that takes images")
