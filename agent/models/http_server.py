"""An OpenAI-compatible HTTP server for any `Model`, on the loopback interface by default.

    with serve(model, name="reader") as server:
        print(server.url)  # http://127.0.0.1:40123/v1

Endpoints: `POST /v1/chat/completions` (JSON or a stream of server-sent events), `GET /v1/models`, `GET /health`. Model
calls run one at a time; a call is cancelled when its client disconnects. Beyond loopback, clients must send a key. The
number of connections, of waiting calls and of the bytes in their bodies are bounded; what exceeds them gets status 503.
"""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import replace
from hmac import compare_digest
from typing import Self, TypeAlias
from uuid import uuid4

from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from screenwright._web_server import WebServer, address_of, listen

from ..core.model import Completion, Model, ModelLost
from .transport import is_loopback
from .wire import BadRequest, ChatRequest, usage_json

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Larger requests are rejected with status 413; five full-HD screenshots are about 15 MB."""

_MAX_CONNECTIONS, _MAX_CALLS, _MAX_BODIES = 512, 256, 8
"""Connections; calls that run or wait; and how often `max_body_bytes` their bodies together may have."""

_BODY_S = 60.0
_WAIT_S = 0.5
_CLOSE_S = 5
LOOPBACK_NAMES = ("localhost", "*.localhost", "127.0.0.1", "[::1]")
_EXPECTED = (BadRequest, ModelLost, HTTPException, ClientDisconnect)

_Result: TypeAlias = str | Completion  # a piece of streamed text, or the end

_log = logging.getLogger(__name__)


def serve(
    model: Model,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    name: str | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    api_key: str = "",
) -> "ModelServer":
    """Serve `model` as `name` (default: its own name) until closed; port 0 picks a free port.

    With `api_key`, each request but those for `/health` must have it, as `Authorization: Bearer KEY`.

    Raises:
        ValueError: other machines can reach `host`, and there is no key.
        ModelLost: the model is not available.
        OSError: cannot listen on the address, such as a port in use.
    """
    if not api_key and not is_loopback(host):
        raise ValueError(f"{host or 'an empty host'} can be reached from other machines: name an api_key")
    model.connect()
    return ModelServer(_ChatApi(model, name or model.info().name, max_body_bytes, api_key), listen(host, port))


class ModelServer:
    """A running server; as a context manager, it closes at the end."""

    def __init__(self, api: "_ChatApi", listener: socket.socket) -> None:
        self._api = api
        self.url = f"{address_of(listener)}/v1"
        host = listener.getsockname()[0]
        # DNS rebinding: a web page can give its own name the address of this machine, but then sends that name as Host.
        hosts = [host, *LOOPBACK_NAMES] if is_loopback(host) else ["*"]
        app = TrustedHostMiddleware(api.app(), hosts)
        self._server = WebServer(app, listener, "model-server", max_connections=_MAX_CONNECTIONS, close_s=_CLOSE_S)

    def wait(self) -> None:
        """Block until another thread closes the server."""
        self._server.wait()

    def close(self) -> None:
        """Cancel the calls in progress and stop; may be called twice."""
        self._api.closing.set()
        self._server.close()
        if self._api.model_lock.acquire(timeout=_CLOSE_S):  # a client that disconnected may leave a call running
            self._api.model_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _ChatApi:
    """The endpoints, and the model that they share."""

    def __init__(self, model: Model, name: str, max_body_bytes: int, api_key: str = "") -> None:
        self._model, self._name, self._max_body_bytes, self._api_key = model, name, max_body_bytes, api_key
        self._calls = self._bytes = 0
        self._created = int(time.time())
        self.model_lock = threading.Lock()
        self.closing = threading.Event()

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/v1/models", self._models),
            Route("/health", self._health),
        ]
        return Starlette(routes=routes, exception_handlers=dict.fromkeys(_EXPECTED, _error_response))

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _models(self, request: Request) -> Response:
        self._check_key(request)
        card = {"id": self._name, "object": "model", "created": self._created, "owned_by": "screenwright"}
        return JSONResponse({"object": "list", "data": [card]})

    async def _chat(self, request: Request) -> Response:
        self._check_key(request)
        chat = ChatRequest.read(await self._body(request))
        if chat.model is not None and chat.model != self._name:
            raise BadRequest(f"model {chat.model[:100]!r} does not exist, only {self._name!r}", 404)
        if self._calls >= _MAX_CALLS:
            raise BadRequest(f"the server is busy with {self._calls} calls: try again later", 503)
        results = self._complete(chat, request)
        first = await anext(results)  # before the response starts, so that an error has its own status
        head: dict[str, JsonValue]
        head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "model": self._name}
        if isinstance(first, Completion) and not chat.stream:
            message: JsonValue = {"role": "assistant", "content": first.text}
            choice: JsonValue = {"index": 0, "message": message, "finish_reason": _finish_reason(first)}
            usage = usage_json(first.usage)
            return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        return StreamingResponse(
            _events(chat, head, first, results), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
        )

    async def _body(self, request: Request) -> bytes:
        length, kind = request.headers.get("content-length", ""), request.headers.get("content-type", "")
        if not length.isdigit():
            raise BadRequest("the request needs a Content-Length header", 411)
        if int(length) > self._max_body_bytes:
            raise BadRequest(f"the body of {length} bytes is too large: the limit is {self._max_body_bytes}", 413)
        if kind.partition(";")[0].strip().lower() != "application/json":
            # Browsers let any web page post the simpler types, without a CORS preflight request.
            raise BadRequest(f"the Content-Type must be application/json, not {kind[:60]!r}", 415)
        if self._bytes + int(length) > _MAX_BODIES * self._max_body_bytes:
            raise BadRequest("the server is busy with other requests: try again later", 503)
        self._bytes += int(length)
        try:
            async with asyncio.timeout(_BODY_S):
                return await request.body()
        except TimeoutError as error:
            raise BadRequest(f"the body was not sent within {_BODY_S:g} s", 408) from error
        finally:
            self._bytes -= int(length)

    def _check_key(self, request: Request) -> None:
        sent = request.headers.get("authorization", "").encode()
        if self._api_key and not compare_digest(sent, f"Bearer {self._api_key}".encode()):
            raise BadRequest("the key is missing or wrong: send it as Authorization: Bearer KEY", 401)

    async def _complete(self, chat: ChatRequest, request: Request) -> AsyncGenerator[_Result]:
        """Call the model on a thread; yield new text as it arrives, if `chat` streams, and then the completion."""
        call = _ModelCall(chat, self._ask, self.closing)

        async def cancel_at_disconnect() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            call.cancelled.set()

        self._calls += 1
        watcher = asyncio.create_task(cancel_at_disconnect())
        threading.Thread(target=call.run, name="model-call", daemon=True).start()
        try:
            while not isinstance(result := await call.results.get(), Completion):
                if isinstance(result, Exception):
                    raise result
                yield result
            yield result
        finally:
            self._calls -= 1
            watcher.cancel()
            call.cancelled.set()

    def _ask(self, call: "_ModelCall", stop: Callable[[str], bool]) -> Completion:
        """The model's reply; runs on the thread of the call."""
        chat = call.chat
        messages = chat.conversation()
        while not self.model_lock.acquire(timeout=_WAIT_S):
            if call.cancelled.is_set():
                raise ModelLost("the client has disconnected")
        try:
            completion = self._model.complete(messages, chat.sampling(), stop)
        finally:
            self.model_lock.release()
        if self.closing.is_set():
            raise ModelLost("the server is closing")
        return replace(completion, text=chat.before_stop(completion.text))


class _ModelCall:
    """A call of the model on a thread; `results` are its new text, if the request streams, and then the completion.

    Created on the event loop. The call ends soon after `cancelled` or `closing` is set.
    """

    def __init__(
        self,
        chat: ChatRequest,
        ask: Callable[["_ModelCall", Callable[[str], bool]], Completion],
        closing: threading.Event,
    ) -> None:
        self.results: asyncio.Queue[_Result | Exception] = asyncio.Queue()
        self.cancelled = threading.Event()
        self.chat, self._ask, self._closing = chat, ask, closing
        self._loop = asyncio.get_running_loop()
        self._withheld = max(map(len, chat.stop), default=1) - 1  # the start of a stop string
        self._sent = 0

    def run(self) -> None:
        """Ask the model, and put its reply or the error into `results`."""
        try:
            completion = self._ask(self, self._should_stop)
            self._send(completion.text)
            self._put(completion)
        except (BadRequest, ModelLost) as error:
            self._put(error)
        except Exception:  # noqa: BLE001 -- a bug of the model fails one call, not the server
            _log.exception("the model failed")
            self._put(HTTPException(500, "the model failed; see the server's log"))

    def _should_stop(self, text: str) -> bool:
        reply = self.chat.before_stop(text)
        self._send(reply[: max(len(text) - self._withheld, 0)])
        return len(reply) < len(text) or self.cancelled.is_set() or self._closing.is_set()

    def _send(self, text: str) -> None:
        if self.chat.stream and len(text) > self._sent:
            self._put(text[self._sent :])
            self._sent = len(text)

    def _put(self, result: _Result | Exception) -> None:
        with suppress(RuntimeError):  # the loop is closed: the server did not wait for this call
            self._loop.call_soon_threadsafe(self.results.put_nowait, result)


async def _events(
    chat: ChatRequest, head: dict[str, JsonValue], result: _Result, results: AsyncGenerator[_Result]
) -> AsyncGenerator[str]:
    """A streamed reply as server-sent events; an error after the first one becomes the last event."""

    def chunk(choices: list[JsonValue], **more: JsonValue) -> str:
        return _event({**head, "object": "chat.completion.chunk", "choices": choices, **more})

    delta: dict[str, JsonValue] = {"role": "assistant"}
    try:
        while isinstance(result, str):
            yield chunk([{"index": 0, "delta": {**delta, "content": result}, "finish_reason": None}])
            delta, result = {}, await anext(results)
    except _EXPECTED as error:
        yield _event(_error_body(error))
        return
    yield chunk([{"index": 0, "delta": delta, "finish_reason": _finish_reason(result)}])
    if chat.include_usage:
        yield chunk([], usage=usage_json(result.usage))
    yield "data: [DONE]\n\n"


def _event(data: JsonValue) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _finish_reason(completion: Completion) -> str:
    return "stop" if completion.complete else "length"


def _error_response(_request: Request | None, error: Exception) -> Response:
    return JSONResponse(_error_body(error), _status(error))


def _error_body(error: Exception) -> JsonValue:
    """`error` in OpenAI's format."""
    message = error.detail if isinstance(error, HTTPException) else str(error)
    server_error = "model_lost" if isinstance(error, ModelLost) else "server_error"
    kind = "invalid_request_error" if _status(error) < 500 else server_error
    return {"error": {"message": message, "type": kind, "param": None, "code": _status(error)}}


def _status(error: Exception) -> int:
    return error.status_code if isinstance(error, BadRequest | HTTPException) else 502
