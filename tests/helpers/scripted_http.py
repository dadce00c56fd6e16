"""A model server that sends scripted bytes, for tests of `ServedModel` against misbehaving servers."""

import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest

from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import ModelLost, Sampling
from screenwright.agent.models.served.model import ServedModel

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
                server.over.wait(60)
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
