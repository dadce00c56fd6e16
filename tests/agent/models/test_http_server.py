import base64
import http.client
import io
import json
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from screenwright.agent.core.messages import ImagePart, Message, TextPart
from screenwright.agent.core.model import Completion, ModelInfo, ModelLost, Sampling, Usage, never
from screenwright.agent.models.http_server import ModelServer, serve
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.envs.geometry import Size

CHAT = "/v1/chat/completions"


@dataclass
class Answer:
    """What came back, `json` where it is JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"]["message"])

    @property
    def events(self) -> list[Any]:
        blocks = self.body.decode().split("\n\n")
        assert blocks[-2:] == ["data: [DONE]", ""]
        return [json.loads(block.removeprefix("data: ")) for block in blocks[:-2]]


def address(server: ModelServer) -> tuple[str, int]:
    host, _, port = server.url.removeprefix("http://").removesuffix("/v1").rpartition(":")
    return host, int(port)


def ask(server: ModelServer, method: str, path: str, body: object = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection(*address(server), timeout=10)
    try:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        names = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        connection.request(method, path, None if body is None else content, names)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def chat(text: str = "hello", **more: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}], **more}


def data_url(kind: str = "PNG", size: tuple[int, int] = (8, 6)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def chat_with_image(url: str) -> dict[str, object]:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}]
    return {"messages": [{"role": "user", "content": parts}]}


@contextmanager
def serving(*replies: str | ModelLost | Completion) -> Generator[tuple[ModelServer, ScriptedModel]]:
    model = ScriptedModel(replies, usage=Usage(30, 4, 20))
    with serve(model, name="the-model") as server:
        yield server, model


class Stubborn:
    """A model that answers only when its listener has had enough; `left` is set when it has."""

    def __init__(self) -> None:
        self.asked, self.left = threading.Event(), threading.Event()

    def info(self) -> ModelInfo:
        return ModelInfo("stubborn")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.asked.set()
        while not stop(""):
            threading.Event().wait(0.005)
        self.left.set()
        return Completion("")


class Broken:
    """A model with a bug."""

    def info(self) -> ModelInfo:
        return ModelInfo("broken")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        raise TypeError("a secret of the implementation")


def test_a_chat_is_answered_with_the_reply_and_its_cost() -> None:
    with serving("hello yourself") as (server, _):
        answer = ask(server, "POST", CHAT, chat()).json
    assert answer["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "hello yourself"},
        "finish_reason": "stop",
    }
    assert (answer["object"], answer["model"]) == ("chat.completion", "the-model")
    assert answer["usage"] == {
        "prompt_tokens": 30,
        "completion_tokens": 4,
        "total_tokens": 34,
        "prompt_tokens_details": {"cached_tokens": 20},
    }


def test_a_reply_cut_off_says_so() -> None:
    with serving(Completion("too lo", complete=False)) as (server, _):
        assert ask(server, "POST", CHAT, chat()).json["choices"][0]["finish_reason"] == "length"


def test_a_stream_grows_to_the_reply_and_ends_with_the_counts() -> None:
    with serving("a reply in several pieces, naïve ☃") as (server, _):
        answer = ask(server, "POST", CHAT, chat(stream=True, stream_options={"include_usage": True}))
    *pieces, last, usage = answer.events
    texts = [piece["choices"][0]["delta"]["content"] for piece in pieces]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "".join(texts) == "a reply in several pieces, naïve ☃"
    assert len(texts) > 3
    assert pieces[0]["choices"][0]["delta"]["role"] == "assistant"
    assert last["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 34)


def test_counts_are_streamed_only_to_those_who_ask() -> None:
    with serving("short") as (server, _):
        assert all("usage" not in event for event in ask(server, "POST", CHAT, chat(stream=True)).events)


def test_a_client_of_http_1_0_gets_its_stream_unchunked() -> None:
    with serving("plain old") as (server, _), socket.create_connection(address(server), timeout=10) as connection:
        body = json.dumps(chat(stream=True)).encode()
        head = (
            f"POST {CHAT} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"chunked" not in answer
    assert answer.endswith(b"data: [DONE]\n\n")


def test_the_model_gets_roles_texts_images_and_sampling_as_sent() -> None:
    url = data_url()
    messages = [
        {"role": "developer", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}],
        },
        {"role": "assistant", "content": "seen"},
        {"role": "assistant", "content": None},
    ]
    with serving("ok") as (server, model):
        ask(server, "POST", CHAT, {"messages": messages, "temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 77})
    asked, sampling = model.asked[0], model.samplings[0]
    assert [message.role for message in asked] == ["system", "user", "assistant", "assistant"]
    assert asked[1].parts[0] == TextPart("look")
    image = asked[1].parts[1]
    assert isinstance(image, ImagePart)
    assert (image.data_url, image.size) == (url, Size(8, 6))
    assert sampling == Sampling(0.5, 0.9, 77)


def test_jpeg_images_are_taken_too() -> None:
    with serving("ok") as (server, model):
        assert ask(server, "POST", CHAT, chat_with_image(data_url("JPEG"))).status == 200
    image = model.asked[0][0].parts[1]
    assert isinstance(image, ImagePart)
    assert image.image_format == "jpeg"


def test_the_model_is_listed_and_the_server_is_healthy() -> None:
    with serving() as (server, _):
        assert [card["id"] for card in ask(server, "GET", "/v1/models").json["data"]] == ["the-model"]
        assert ask(server, "GET", "/health").json == {"status": "ok"}


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
        (chat(stop=["\n"]), "stop:"),
        (chat(max_tokens=0), "max_tokens"),
        (chat(temperature="hot"), "temperature"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(body: object, reason: str) -> None:
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
def test_an_image_that_is_not_a_whole_one_in_the_request_is_refused_and_nothing_is_fetched(url: str) -> None:
    with serving() as (server, model):
        answer = ask(server, "POST", CHAT, chat_with_image(url))
    assert (answer.status, model.asked) == (400, [])
    assert "image" in answer.error


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    with serving() as (server, model):
        url = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        answer = ask(server, "POST", CHAT, chat_with_image(url))
    assert (answer.status, model.asked) == (400, [])
    assert "9000x9000 is too large" in answer.error


def test_a_body_above_the_limit_is_refused_also_while_it_is_still_being_sent() -> None:
    with serve(ScriptedModel(["ok"]), name="small", max_body_bytes=1000) as server:
        answer = ask(server, "POST", CHAT, chat("x" * 3_000_000))
        assert answer.status == 413
        assert "1000" in answer.error
        assert ask(server, "POST", CHAT, chat("short")).status == 200


def test_a_body_of_unknown_length_is_refused() -> None:
    with serving() as (server, _):
        assert ask(server, "POST", CHAT, None, Transfer_Encoding="chunked").status == 411


def test_only_json_is_taken_since_browsers_send_other_kinds_unasked() -> None:
    with serving() as (server, model):
        assert ask(server, "POST", CHAT, chat(), Content_Type="text/plain").status == 415
    assert model.asked == []


def test_a_strange_name_for_this_machine_is_refused() -> None:
    with serving() as (server, _):
        assert ask(server, "GET", "/v1/models", Host="attacker.example").status == 400
        assert ask(server, "GET", "/v1/models", Host="localhost:1234").status == 200


def test_unknown_paths_models_and_methods_are_refused_in_the_same_form() -> None:
    with serving() as (server, _):
        assert ask(server, "GET", "/v2/models").status == 404
        assert ask(server, "POST", "/v1/embeddings", chat()).status == 404
        wrong = ask(server, "POST", CHAT, chat(model="gpt-17"))
        assert (wrong.status, "gpt-17" in wrong.error, "the-model" in wrong.error) == (404, True, True)
        assert "error" in ask(server, "PUT", CHAT, chat()).json


def test_a_refused_request_leaves_the_connection_usable() -> None:
    with serving("fine") as (server, _):
        connection = http.client.HTTPConnection(*address(server), timeout=10)
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


def test_a_lost_model_is_a_bad_gateway_with_the_reason() -> None:
    with serving(ModelLost("the plug is out")) as (server, _):
        answer = ask(server, "POST", CHAT, chat())
    assert (answer.status, answer.error) == (502, "the plug is out")


def test_a_bug_of_the_model_costs_one_call_and_tells_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    with serve(Broken()) as server:
        answer = ask(server, "POST", CHAT, chat())
        assert (answer.status, "secret" in answer.error) == (500, False)
        assert ask(server, "GET", "/health").status == 200
    assert "a secret of the implementation" in caplog.text


def test_a_client_that_hangs_up_ends_the_call() -> None:
    model = Stubborn()
    with serve(model) as server:
        connection = http.client.HTTPConnection(*address(server), timeout=10)
        connection.request("POST", CHAT, json.dumps(chat()), {"Content-Type": "application/json"})
        assert model.asked.wait(5)
        assert not model.left.is_set()
        connection.close()
        assert model.left.wait(5)


def test_closing_the_server_ends_the_calls_in_progress() -> None:
    model = Stubborn()
    with serve(model) as server:
        connection = http.client.HTTPConnection(*address(server), timeout=10)
        connection.request("POST", CHAT, json.dumps(chat()), {"Content-Type": "application/json"})
        assert model.asked.wait(5)
    assert model.left.is_set()
    server.wait()
    server.close()
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(server), timeout=5)


def test_a_port_in_use_is_an_error_of_the_caller() -> None:
    with serving() as (server, _), pytest.raises(OSError, match="in use"):
        serve(ScriptedModel([]), port=address(server)[1])
