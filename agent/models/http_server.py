"""Any `Model` as an OpenAI-compatible HTTP server, for this machine by default.

    with serve(model, name="reader") as server:
        print(server.url)  # http://127.0.0.1:40123/v1

`POST /v1/chat/completions`, as JSON or as a stream; `GET /v1/models`; `GET /health`. The model is asked one call at a
time, and a call ends early when its client hangs up. There is no authentication: bind it to another address than
loopback only behind something that has.
"""

import logging
import select
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import JsonValue
from pydantic_core import to_json

from ..core.model import Completion, Model, ModelLost
from .transport import is_loopback
from .wire import BadRequest, ChatRequest, usage_json

MOST_BODY_BYTES = 64 * 1024 * 1024
"""A larger request is refused; five full-HD screenshots are about 15 MB."""

_IDLE_S = 75.0
_DRAIN_S = 1.0
_POLL_S = 0.02
_CLOSE_S = 5.0

_log = logging.getLogger(__name__)

_Connection: TypeAlias = socket.socket | tuple[bytes, socket.socket]  # the second is UDP's, which is not served


def serve(
    model: Model,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    name: str | None = None,
    most_body_bytes: int = MOST_BODY_BYTES,
) -> "ModelServer":
    """Serve `model` under `name` (its own, if None) until closed; port 0 takes a free one.

    Raises:
        ModelLost: the model cannot be had.
        OSError: the address cannot be had, such as a port in use.
    """
    model.connect()
    return ModelServer(_Server((host, port), model, name or model.info().name, most_body_bytes))


class ModelServer:
    """A server at work; as a context manager, it closes itself."""

    def __init__(self, server: "_Server") -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="model-server", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address that clients use, with its `/v1`."""
        host, port = self._server.server_name, self._server.server_port
        return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"

    def wait(self) -> None:
        """Return once the server was closed by another thread."""
        self._thread.join()

    def close(self) -> None:
        """Hang up on everybody and stop; may be called twice."""
        if not self._server.closing.is_set():
            self._server.closing.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server.hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    """The listening socket, the model behind it, and who is connected."""

    daemon_threads = True  # a model that never returns must not keep the program alive
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], model: Model, name: str, most_body_bytes: int) -> None:
        self.model, self.name, self.most_body_bytes = model, name, most_body_bytes
        self.one_at_a_time = threading.Lock()
        self.closing = threading.Event()
        self.created = int(time.time())
        self.local_only = is_loopback(address[0])
        self._visits: dict[_Connection, threading.Thread] = {}
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind; the standard one would also look up the host's full name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: _Connection, client_address: object) -> None:
        """Answer a connection on a thread of its own, which `hang_up` knows of."""
        thread = threading.Thread(target=self._visit, args=(request, client_address), name="model-call", daemon=True)
        self._visits[request] = thread
        thread.start()

    def _visit(self, request: _Connection, client_address: object) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            self._visits.pop(request, None)

    def handle_error(self, request: _Connection, client_address: object) -> None:
        """Connections break; that is the client's business."""
        _log.debug("a connection to %s broke off", client_address, exc_info=True)

    def hang_up(self) -> None:
        """Break every connection and wait, within a bound, for the threads that answered them."""
        visits = dict(self._visits)
        for connection in visits:
            assert isinstance(connection, socket.socket)
            _shut(connection, socket.SHUT_RDWR)
        end = time.monotonic() + _CLOSE_S
        for thread in visits.values():
            thread.join(max(0.0, end - time.monotonic()))


class _Gone(Exception):
    """The client has hung up, or the server is closing."""


class _Handler(BaseHTTPRequestHandler):
    """One connection: request after request until one side has enough."""

    protocol_version = "HTTP/1.1"
    server_version = "screenwright"
    sys_version = ""
    timeout = _IDLE_S
    disable_nagle_algorithm = True  # small pieces of a stream go out at once
    wbufsize = -1  # headers and body leave together, at a flush
    _reply: "_Reply | None" = None

    @property
    def home(self) -> _Server:
        """The server that this connection came to."""
        assert isinstance(self.server, _Server)
        return self.server

    def finish(self) -> None:
        """Close both directions, also where the client did not wait for what we had still to say."""
        with suppress(OSError):
            super().finish()
        self.rfile.close()

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- named by the standard library
        _log.debug(format, *args)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses, such as another method, is said in the same form as all else."""
        self.close_connection = True
        self.send_failure(code, message or HTTPStatus(code).phrase, "invalid_request_error")

    # -- what is asked

    def _answer(self, answer: Callable[[], None]) -> None:
        """Answer, or say in the OpenAI form of an error why not."""
        self._reply = None
        try:
            self._check_host()
            answer()
        except BadRequest as refusal:
            self.send_failure(refusal.status, str(refusal), "invalid_request_error")
        except ModelLost as lost:
            self.send_failure(HTTPStatus.BAD_GATEWAY, str(lost), "model_lost")
        except (_Gone, ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:  # noqa: BLE001 -- a bug of the model costs one call, not the server; the log has the traceback
            _log.exception("the model failed")
            self.send_failure(
                HTTPStatus.INTERNAL_SERVER_ERROR, "the model failed; see the server's log", "server_error"
            )

    def _check_host(self) -> None:
        """A web page that makes its own name resolve to this machine must not reach the model through a browser."""
        try:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        except ValueError:
            host = ""
        if self.home.local_only and not is_loopback(host):
            self.close_connection = True
            raise BadRequest("this server answers only to the name of this machine: localhost", HTTPStatus.FORBIDDEN)

    def _get(self) -> None:
        match urlsplit(self.path).path:
            case "/v1/models":
                card: dict[str, JsonValue] = {"id": self.home.name, "object": "model", "created": self.home.created}
                self.send_json({"object": "list", "data": [{**card, "owned_by": "screenwright"}]})
            case "/health":
                self.send_json({"status": "ok"})
            case path:
                raise BadRequest(f"there is nothing at {path[:100]}", HTTPStatus.NOT_FOUND)

    def _post(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        if path != "/v1/chat/completions":
            raise BadRequest(f"nothing is taken at {path[:100]}", HTTPStatus.NOT_FOUND)
        request = ChatRequest.read(body)
        if request.model is not None and request.model != self.home.name:
            wanted, name = request.model[:100], self.home.name
            raise BadRequest(f"there is no model {wanted!r} here, only {name!r}", HTTPStatus.NOT_FOUND)
        messages = request.conversation()
        self._reply = _Reply(self, request, self.home.name)
        with self.home.one_at_a_time:
            completion = self.home.model.complete(messages, request.sampling(), self._reply.stop)
        self._reply.finish(completion)

    def _body(self) -> bytes:
        """The request's body: read whole, or not at all, and then this was the connection's last request."""
        length, kind = self.headers.get("Content-Length", ""), self.headers.get_content_type()
        keep_open, self.close_connection = not self.close_connection, True
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            raise BadRequest("a request must say the length of its body", HTTPStatus.LENGTH_REQUIRED)
        if int(length) > self.home.most_body_bytes:
            limit = self.home.most_body_bytes
            raise BadRequest(
                f"a body of {int(length)} bytes is too large: the limit is {limit}", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            )
        if kind != "application/json":  # a browser lets a strange page post any simpler kind without asking us
            raise BadRequest(f"a body is application/json, not {kind[:60]}", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise _Gone
        self.close_connection = not keep_open
        return body

    def client_is_gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        if self.home.closing.is_set():
            return True
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    # -- what is answered

    def send_json(self, body: JsonValue, status: int = HTTPStatus.OK) -> None:
        """Answer with `body`, all at once."""
        content = to_json(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def send_failure(self, status: int, message: str, kind: str) -> None:
        """Answer with an error; within a stream that has begun, as its last event."""
        error: JsonValue = {"error": {"message": message, "type": kind, "param": None, "code": int(status)}}
        try:
            if self._reply is not None and self._reply.streaming:
                self._reply.send(error)
                self._reply.end()
            else:
                self.send_json(error, status)
                self._drain()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _drain(self) -> None:
        """Take in what the client still sends of a refused body; else the system would drop our answer with it."""
        if not self.close_connection:
            return
        _shut(self.connection, socket.SHUT_WR)
        end = time.monotonic() + _DRAIN_S
        self.connection.settimeout(_DRAIN_S)
        while time.monotonic() < end and self.connection.recv(1 << 16):
            pass


class _Reply:
    """The answer to one request: streamed while the text grows, or sent whole when it is there."""

    def __init__(self, handler: _Handler, request: ChatRequest, name: str) -> None:
        self._handler = handler
        self._request = request
        self._head: dict[str, JsonValue] = {
            "id": f"chatcmpl-{uuid4().hex}",
            "created": int(time.time()),
            "model": name,
        }
        self._sent = 0
        self._gone = False
        self._chunked = handler.request_version == "HTTP/1.1"
        self.streaming = False

    def stop(self, text: str) -> bool:
        """What the model is given as `stop`: sends what is new of `text`, ends the call if nobody listens."""
        try:
            if self._request.stream:
                self._send_text(text)
        except OSError:  # it must not come out of the model, which would take it for trouble of its own
            self._gone = True
        return self._gone or self._handler.client_is_gone()

    def finish(self, completion: Completion) -> None:
        """Send what is still to be sent."""
        if self._gone or self._handler.home.closing.is_set():
            raise _Gone
        finish, usage = "stop" if completion.complete else "length", usage_json(completion.usage)
        if not self._request.stream:
            message: JsonValue = {"role": "assistant", "content": completion.text}
            choice: JsonValue = {"index": 0, "message": message, "finish_reason": finish}
            self._handler.send_json({**self._head, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        self._send_text(completion.text)
        self._send_choice({}, finish)
        if self._request.include_usage:
            self.send({**self._head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        self._send_data(b"[DONE]")
        self.end()

    def send(self, event: JsonValue) -> None:
        """Send one event of the stream."""
        self._send_data(to_json(event))

    def end(self) -> None:
        """The stream is over, and with it the answer."""
        if self._chunked:
            self._handler.wfile.write(b"0\r\n\r\n")
        self._handler.wfile.flush()

    def _send_text(self, text: str) -> None:
        new, self._sent = text[self._sent :], max(self._sent, len(text))
        if new:
            self._send_choice({"content": new}, None)

    def _send_choice(self, delta: dict[str, JsonValue], finish: str | None) -> None:
        if not self.streaming:
            delta = {"role": "assistant", **delta}
        choice: JsonValue = {"index": 0, "delta": delta, "finish_reason": finish}
        self.send({**self._head, "object": "chat.completion.chunk", "choices": [choice]})

    def _send_data(self, data: bytes) -> None:
        if not self.streaming:
            self._begin()
        event = b"data: " + data + b"\n\n"
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event) if self._chunked else event)
        self._handler.wfile.flush()

    def _begin(self) -> None:
        self.streaming = True
        self._handler.send_response(HTTPStatus.OK)
        self._handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self._handler.send_header("Cache-Control", "no-cache")
        if self._chunked:
            self._handler.send_header("Transfer-Encoding", "chunked")
        else:  # HTTP/1.0 knows the end of such an answer by the end of the connection
            self._handler.close_connection = True
        self._handler.end_headers()


def _shut(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # it was shut already
        connection.shutdown(how)
