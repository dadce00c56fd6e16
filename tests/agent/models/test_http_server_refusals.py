"""Requests that our HTTP server refuses."""

import base64
import http.client
import io
import json
from collections.abc import Generator

import pytest
from chat_server import CHAT, SHARED, address, ask, chat, chat_with_image, data_url, serving
from PIL import Image

from screenwright.agent.models.http_server import serve
from screenwright.agent.models.scripted import ScriptedModel


@pytest.fixture(scope="module", autouse=True)
def shared_server() -> Generator[None]:
    with serve(SHARED, name="the-model") as SHARED.server:
        yield


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{not json", "Invalid JSON"),
        (b"", "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        (b"[" * 100_000, "Invalid JSON"),
        ([], "object"),
        ({}, "messages: Field required"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "video", "text": "x"}]}]}, "video"),
        (chat(n=3), "n:"),
        (chat(stop=[""]), "stop.0"),
        (chat(response_format={"type": "json_object"}), "response_format.type"),
        (chat(max_tokens=0), "max_tokens"),
        (chat(temperature="hot"), "temperature"),
    ],
)
def test_bad_request_is_rejected_with_the_reason(body: object, reason: str) -> None:
    with serving() as (server, model):
        answer = ask(server, "POST", CHAT, body)
    assert answer.status == 400
    assert reason in answer.error
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert model.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/shot.png",
        "https://example.com/shot.png",
        "file:///etc/passwd",
        "data:text/plain;base64,aGVsbG8=",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,aGVsbG8=",
        data_url()[:-24],
        data_url("BMP"),
        "data:image/png,raw",
    ],
)
def test_invalid_image_is_rejected_and_no_url_is_fetched(url: str) -> None:
    with serving() as (server, model):
        answer = ask(server, "POST", CHAT, chat_with_image(url))
    assert (answer.status, model.asked) == (400, [])
    assert "image" in answer.error


def test_image_with_too_many_pixels_is_rejected_before_decoding() -> None:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    with serving() as (server, model):
        url = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        answer = ask(server, "POST", CHAT, chat_with_image(url))
    assert (answer.status, model.asked) == (400, [])
    assert "9000x9000 is too large" in answer.error


def test_body_above_the_limit_is_rejected_while_it_is_being_sent() -> None:
    with serve(ScriptedModel(["ok"]), name="small", max_body_bytes=1000) as server:
        answer = ask(server, "POST", CHAT, chat("x" * 3_000_000))
        assert answer.status == 413
        assert "1000" in answer.error
        assert ask(server, "POST", CHAT, chat("short")).status == 200


def test_body_without_content_length_is_rejected() -> None:
    with serving() as (server, _):
        assert ask(server, "POST", CHAT, None, Transfer_Encoding="chunked").status == 411


def test_other_content_types_are_rejected_since_browsers_send_them_without_preflight() -> None:
    with serving() as (server, model):
        assert ask(server, "POST", CHAT, chat(), Content_Type="text/plain").status == 415
    assert model.asked == []


def test_foreign_host_header_is_rejected() -> None:
    with serving() as (server, _):
        assert ask(server, "GET", "/v1/models", Host="attacker.example").status == 400
        assert ask(server, "GET", "/v1/models", Host="localhost:1234").status == 200


def test_unknown_paths_models_and_methods_are_openai_errors() -> None:
    with serving() as (server, _):
        assert ask(server, "GET", "/v2/models").status == 404
        assert ask(server, "POST", "/v1/embeddings", chat()).status == 404
        wrong = ask(server, "POST", CHAT, chat(model="gpt-17"))
        assert (wrong.status, "gpt-17" in wrong.error, "the-model" in wrong.error) == (404, True, True)
        assert "error" in ask(server, "PUT", CHAT, chat()).json


def test_connection_is_usable_after_a_rejected_request() -> None:
    with serving("fine") as (server, _):
        connection = http.client.HTTPConnection(*address(server), timeout=60)
        connection.connect()
        socket_used = connection.sock
        statuses: list[int] = []
        for body in ({}, chat()):
            connection.request("POST", CHAT, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            assert connection.sock is socket_used
        connection.close()
    assert statuses == [400, 200]
