"""Our OpenAI-compatible HTTP server: replies, streams, and the end of calls."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import pytest
from chat_server import CHAT, SHARED, address, ask, chat, chat_with_image, data_url, serving
from pydantic import JsonValue

from screenwright.agent.core.messages import FunctionCall, ImagePart, Message, TextPart
from screenwright.agent.core.model import Completion, ModelInfo, ModelLost, Sampling, never
from screenwright.agent.models.http_server import serve
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.agent.models.served.model import ServedModel
from screenwright.envs.geometry import Size
from screenwright.testing import eventually


@pytest.fixture(scope="module", autouse=True)
def shared_server() -> Generator[None]:
    with serve(SHARED, name="the-model") as SHARED.server:
        yield


class EndlessModel:
    """A model that generates until it is stopped; `stopped` is set when it is."""

    def __init__(self) -> None:
        self.called, self.stopped = threading.Event(), threading.Event()

    def info(self) -> ModelInfo:
        return ModelInfo("endless")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.called.set()
        while not stop(""):
            threading.Event().wait(0.005)
        self.stopped.set()
        return Completion("")


class BrokenModel:
    """A model with a bug."""

    def info(self) -> ModelInfo:
        return ModelInfo("broken")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        raise TypeError("a secret of the implementation")


def test_completion_has_the_reply_and_its_token_counts() -> None:
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


def test_truncated_reply_has_finish_reason_length() -> None:
    with serving(Completion("too lo", complete=False)) as (server, _):
        assert ask(server, "POST", CHAT, chat()).json["choices"][0]["finish_reason"] == "length"


def test_stream_contains_the_reply_and_ends_with_the_counts() -> None:
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


def test_counts_are_streamed_only_on_request() -> None:
    with serving("short") as (server, _):
        assert all("usage" not in event for event in ask(server, "POST", CHAT, chat(stream=True)).events)


def test_http_1_0_client_gets_an_unchunked_stream() -> None:
    with serving("plain old") as (server, _), socket.create_connection(address(server), timeout=60) as connection:
        body = json.dumps(chat(stream=True)).encode()
        head = (
            f"POST {CHAT} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"chunked" not in answer
    assert answer.endswith(b"data: [DONE]\n\n")


def test_model_receives_roles_texts_images_and_sampling() -> None:
    url = data_url()
    messages = [
        {"role": "developer", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}],
        },
        {"role": "assistant", "content": "seen"},
        {"role": "assistant", "content": None},
    ]
    with serving("ok") as (server, model):
        ask(server, "POST", CHAT, {"messages": messages, "temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 77})
    asked, sampling = model.asked[0], model.samplings[0]
    assert [message.role for message in asked] == ["system", "user", "assistant", "assistant"]
    assert asked[1].parts[0] == TextPart("What is this?")
    image = asked[1].parts[1]
    assert isinstance(image, ImagePart)
    assert (image.data_url, image.size) == (url, Size(8, 6))
    assert sampling == Sampling(0.5, 0.9, 77)


def test_model_receives_everything_that_our_own_client_sends() -> None:
    tool: dict[str, JsonValue] = {"type": "function", "function": {"name": "computer_use", "parameters": {}}}
    sampling = Sampling(
        0.6,
        0.9,
        99,
        0.1,
        top_k=20,
        presence_penalty=1.5,
        repetition_penalty=1.05,
        stop=("</tool_call>",),
        json_schema={"type": "object"},
        tools=(tool,),
        tool_choice="required",
        chat_template_kwargs={"enable_thinking": False},
        reasoning_effort="low",
    )
    messages = (
        Message.of("user", "Go."),
        replace(
            Message.of("assistant", "I wait."),
            reasoning="It loads.",
            calls=(FunctionCall("computer_use", {"action": "wait"}, "call-1"),),
        ),
        replace(Message.of("tool", "done"), call_id="call-1"),
    )
    with serving("ok") as (server, model), ServedModel(server.url) as client:
        assert client.complete(messages, sampling).text == "ok"
    assert model.asked == [messages]
    assert model.samplings == [sampling]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("stop", ["</call>", ["never", "</call>"]])
def test_stop_string_ends_the_reply_and_is_not_part_of_it(stream: bool, stop: object) -> None:
    with serving("click <call>1</call> and more") as (server, _):
        answer = ask(server, "POST", CHAT, chat(stream=stream, stop=stop))
    if stream:
        deltas = [event["choices"][0]["delta"] for event in answer.events]
        assert "".join(delta.get("content", "") for delta in deltas) == "click <call>1"
        assert answer.events[-1]["choices"][0]["finish_reason"] == "stop"
    else:
        assert answer.json["choices"][0]["message"]["content"] == "click <call>1"


def test_text_that_begins_like_a_stop_string_is_sent_at_the_end() -> None:
    with serving("1 < 2 </") as (server, _):
        events = ask(server, "POST", CHAT, chat(stream=True, stop=["</call>"])).events
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events) == "1 < 2 </"


def test_jpeg_images_are_accepted() -> None:
    with serving("ok") as (server, model):
        assert ask(server, "POST", CHAT, chat_with_image(data_url("JPEG"))).status == 200
    image = model.asked[0][0].parts[1]
    assert isinstance(image, ImagePart)
    assert image.image_format == "jpeg"


def test_model_list_and_health_endpoints() -> None:
    with serving() as (server, _):
        assert [card["id"] for card in ask(server, "GET", "/v1/models").json["data"]] == ["the-model"]
        assert ask(server, "GET", "/health").json == {"status": "ok"}


def test_lost_model_is_a_bad_gateway_with_the_reason() -> None:
    with serving(ModelLost("the GPU is gone")) as (server, _):
        answer = ask(server, "POST", CHAT, chat())
    assert (answer.status, answer.error) == (502, "the GPU is gone")


def test_bug_of_the_model_fails_one_call_without_leaking_details(caplog: pytest.LogCaptureFixture) -> None:
    with serve(BrokenModel()) as server:
        answer = ask(server, "POST", CHAT, chat())
        assert (answer.status, "secret" in answer.error) == (500, False)
        assert ask(server, "GET", "/health").status == 200
    assert "a secret of the implementation" in caplog.text


def test_client_disconnect_cancels_the_call() -> None:
    model = EndlessModel()
    with serve(model) as server:
        connection = http.client.HTTPConnection(*address(server), timeout=60)
        connection.request("POST", CHAT, json.dumps(chat()), {"Content-Type": "application/json"})
        assert model.called.wait(60)
        assert not model.stopped.is_set()
        connection.close()
        assert model.stopped.wait(60)


def test_closing_the_server_cancels_calls_in_progress() -> None:
    model = EndlessModel()
    with serve(model) as server:
        connection = http.client.HTTPConnection(*address(server), timeout=60)
        connection.request("POST", CHAT, json.dumps(chat()), {"Content-Type": "application/json"})
        assert model.called.wait(60)
    assert model.stopped.wait(60)
    server.wait()
    server.close()
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(server), timeout=60)


def test_port_in_use_raises_os_error() -> None:
    with serving() as (server, _), pytest.raises(OSError, match="in use"):
        serve(ScriptedModel([]), port=address(server)[1])


def test_requests_without_the_key_are_rejected() -> None:
    no_key: dict[str, str] = {}
    with serve(ScriptedModel(["ok"]), name="guarded", api_key="secret") as server:
        for headers in (no_key, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}):
            assert ask(server, "POST", CHAT, chat(), **headers).status == 401
            assert ask(server, "GET", "/v1/models", **headers).status == 401
        assert ask(server, "GET", "/health").status == 200
        assert ask(server, "POST", CHAT, chat(), Authorization="Bearer secret").status == 200


def test_other_machines_are_not_served_without_a_key() -> None:
    with pytest.raises(ValueError, match=r"0\.0\.0\.0 can be reached from other machines: name an api_key"):
        serve(ScriptedModel(["ok"]), host="0.0.0.0")


def calls_in_threads() -> int:
    return sum(thread.name == "model-call" for thread in threading.enumerate())


def test_more_calls_than_the_limit_are_refused_and_disconnected_ones_leave_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("screenwright.agent.models.http_server._MAX_CALLS", 2)
    before = calls_in_threads()
    with serve(EndlessModel(), name="busy") as server:
        clients = [socket.create_connection(address(server)) for _ in range(2)]
        body = json.dumps(chat()).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for client in clients:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        eventually(lambda: calls_in_threads() - before, 2)
        assert ask(server, "POST", CHAT, chat()).status == 503
        for client in clients:
            client.close()
        eventually(lambda: calls_in_threads() - before, 0)


def test_more_bytes_than_the_limit_are_refused() -> None:
    with serve(ScriptedModel(lambda _messages: "ok"), name="full", max_body_bytes=1000) as server:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += "Content-Length: 1000\r\n\r\n"
        clients = [socket.create_connection(address(server)) for _ in range(8)]
        for client in clients:
            client.sendall(head.encode())
        eventually(lambda: ask(server, "POST", CHAT, chat()).status, 503)
        for client in clients:
            client.close()
        eventually(lambda: ask(server, "POST", CHAT, chat()).status, 200)
