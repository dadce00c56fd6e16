"""A chat server of ours with a scripted model behind it, and requests to it."""

import base64
import http.client
import io
import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image

from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, ModelInfo, ModelLost, Sampling, Usage, never
from screenwright.agent.models.http_server import ModelServer
from screenwright.agent.models.scripted import ScriptedModel

CHAT = "/v1/chat/completions"


@dataclass
class Answer:
    """An HTTP response; `json` is its parsed body."""

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
    connection = http.client.HTTPConnection(*address(server), timeout=60)
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
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return {"messages": [{"role": "user", "content": parts}]}


class Shared:
    """The model behind one server for many tests, each of which sets its own `model`."""

    server: ModelServer
    model: ScriptedModel

    def info(self) -> ModelInfo:
        return ModelInfo("shared")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        return self.model.complete(messages, sampling, stop)


SHARED = Shared()


@contextmanager
def serving(*replies: str | ModelLost | Completion) -> Generator[tuple[ModelServer, ScriptedModel]]:
    SHARED.model = ScriptedModel(replies, usage=Usage(30, 4, 20))
    yield SHARED.server, SHARED.model
