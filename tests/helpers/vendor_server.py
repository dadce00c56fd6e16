"""A loopback server that speaks the wire of a vendor's API, builders of its replies, and models."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from screenwright.agent.loop.open_model import open_model
from screenwright.agent.vendors.model import VendorModel

Json: TypeAlias = dict[str, Any]

KEY = "sk-secret-0123456789"


def vendor_model(address: str) -> VendorModel:
    """The model at an address such as "openai:gpt-5.4". SDKs are imported here, since each takes a second."""
    model = open_model(address)
    assert isinstance(model, VendorModel)
    return model


@dataclass
class Answer:
    """An HTTP response; `body` is sent as JSON, or as it is if it is text."""

    body: Json | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


class VendorServer(ThreadingHTTPServer):
    """Gives the scripted answers in order. `requests` are the bodies, `paths` and `headers` what came with them.

    While `silent` is set, requests get no answer; `asked` is set by the first of these.
    """

    daemon_threads = True

    def __init__(self, *answers: Json | Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]
        self.requests: list[Json] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.silent = threading.Event()
        self.asked = threading.Event()
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, VendorServer)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests.append(json.loads(body))
        server.paths.append(self.path)
        server.headers.append({name.lower(): value for name, value in self.headers.items()})
        if server.silent.is_set():
            server.asked.set()
            server.over.wait(60)
            return
        answer = server.answers.pop(0) if server.answers else Answer("the script is over", 418)
        content = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json" if isinstance(answer.body, dict) else "text/html")
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def vendor_server(*answers: Json | Answer) -> Generator[VendorServer]:
    server = VendorServer(*answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


# -- OpenAI


def openai_reply(number: int, *items: Json, **more: Any) -> Json:
    usage = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 0},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 30},
        "total_tokens": 1050,
    }
    whole = {"id": f"resp_{number}", "object": "response", "created_at": 1.0, "model": "gpt-5.4", "status": "completed"}
    return {**whole, "output": list(items), "usage": usage, **more}


def openai_message(text: str) -> Json:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def openai_refusal(text: str) -> Json:
    part = {"type": "refusal", "refusal": text}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def openai_reasoning(number: int, summary: str = "") -> Json:
    summaries = [{"type": "summary_text", "text": summary}] if summary else []
    return {"type": "reasoning", "id": f"rs_{number}", "summary": summaries, "encrypted_content": f"cipher{number}"}


def computer_call(number: int, *actions: Json, checks: list[Json] | None = None) -> Json:
    return {
        "type": "computer_call",
        "id": f"cu_{number}",
        "call_id": f"call_{number}",
        "status": "completed",
        "pending_safety_checks": checks or [],
        "actions": list(actions),
    }


def openai_function(number: int, name: str, **arguments: Any) -> Json:
    whole = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
    return {**whole, "name": name, "arguments": json.dumps(arguments)}


# -- Anthropic


def anthropic_reply(*blocks: Json, stop: str = "tool_use", **more: Any) -> Json:
    usage = {
        "input_tokens": 400,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 500,
        "output_tokens": 50,
    }
    whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5", "stop_sequence": None}
    return {**whole, "content": list(blocks), "stop_reason": stop, "usage": usage, **more}


def member(number: int, name: str, **arguments: Any) -> Json:
    whole = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "toolset_name": "computer"}
    return {**whole, "input": arguments}


def anthropic_function(number: int, name: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


def thinking(text: str, signature: str = "c2lnbmVk") -> Json:
    return {"type": "thinking", "thinking": text, "signature": signature}


# -- Gemini


def gemini_reply(*parts: Json, finish: str = "STOP", **more: Any) -> Json:
    usage = {
        "promptTokenCount": 1000,
        "cachedContentTokenCount": 600,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 30,
        "totalTokenCount": 1050,
    }
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-3.5-flash", **more}


def gemini_call(name: str, call_id: str = "", signature: str = "", **arguments: Any) -> Json:
    call: Json = {"name": name, "args": arguments, **({"id": call_id} if call_id else {})}
    return {"functionCall": call, **({"thoughtSignature": signature} if signature else {})}
