"""Every response of a model server is bounded in bytes, also decompressed ones, and in time; a stop ends each wait."""

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib import import_module

import httpx2
import pytest

from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import ModelLost, Sampling
from screenwright.agent.models.errors import ResponseOutOfBounds
from screenwright.agent.models.served.model import ServedModel
from screenwright.agent.models.transport import http_client

HEAD = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nConnection: close\r\n"
QUESTION = (Message.of("user", "hello"),)
TOO_LONG = "sent a response of more than 16777216 bytes"
TOO_SLOW = "sent a response that has not ended within 0.3 s; allow more time with --model-timeout"


@contextmanager
def endless(status: bytes, kind: bytes, piece: bytes, pause_s: float = 0.0) -> Generator[str]:
    """The address of a server whose responses never end."""

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(HEAD % (status, kind) + b"\r\n")
            while not closed.wait(pause_s):
                connection.sendall(piece)

    with serving(answer) as url, closing_event() as closed:
        yield url


@contextmanager
def closing_event() -> Generator[threading.Event]:
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Generator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def failure(url: str, name: str | None = None, timeout_s: float = 0.3) -> str:
    with ServedModel(url, name=name, timeout_s=timeout_s, retries=0) as model, pytest.raises(ModelLost) as caught:
        model.complete(QUESTION, Sampling())
    return str(caught.value)


@pytest.mark.parametrize("status", [b"200 OK", b"500 Internal Server Error"])
def test_a_list_of_models_that_never_ends_is_not_read_to_its_end(status: bytes) -> None:
    with endless(status, b"application/json", b" " * 1_000_000) as url:
        assert TOO_LONG in failure(url, timeout_s=60)


@pytest.mark.parametrize("status", [b"200 OK", b"500 Internal Server Error"])
def test_a_list_of_models_that_dribbles_is_given_up(status: bytes) -> None:
    with endless(status, b"application/json", b" ", pause_s=0.01) as url:
        assert TOO_SLOW in failure(url)


def test_a_small_response_that_decompresses_to_a_large_one_is_not_read_to_its_end() -> None:
    body = gzip.compress(bytes(100_000_000), 1)

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            head = HEAD % (b"200 OK", b"application/json") + b"Content-Encoding: gzip\r\n\r\n"
            connection.sendall(head + body)

    with serving(answer) as url, ServedModel(url, retries=0) as model:
        tracemalloc.start()
        try:
            with pytest.raises(ModelLost, match=TOO_LONG):
                model.connect()
            assert tracemalloc.get_traced_memory()[1] < 40_000_000
        finally:
            tracemalloc.stop()


def test_an_encoding_that_cannot_be_bounded_is_not_accepted() -> None:
    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(HEAD % (b"200 OK", b"application/json") + b"Content-Encoding: br\r\n\r\n12345")

    unsupported = pytest.raises(ModelLost, match="the content encoding br is not supported")
    with serving(answer) as url, ServedModel(url, retries=0) as model, unsupported:
        model.connect()


@pytest.mark.parametrize("piece", [b": ping\n\n", b"\n"])
def test_a_stream_of_keep_alives_ends(piece: bytes) -> None:
    ended = pytest.raises(ResponseOutOfBounds, match=r"has not ended within 3 s")
    with endless(b"200 OK", b"text/event-stream", piece, pause_s=0.01) as url, http_client(url) as client, ended:
        client.post(url, timeout=httpx2.Timeout(60, read=0.3))


def test_a_stop_ends_each_of_them() -> None:
    asked = 0

    def stop(_: str) -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    dribbling = endless(b"200 OK", b"application/json", b" ", pause_s=0.01)
    with dribbling as url, ServedModel(url, timeout_s=600, retries=0) as model:
        assert model.complete(QUESTION, Sampling(), stop).text == ""
    assert asked < 10


@pytest.mark.parametrize("count", [-5, 10**18, "many", None, float("inf")])
def test_absurd_token_counts_of_a_vendor_are_ignored(count: object) -> None:
    named = {"input_tokens": count, "output_tokens": 7}
    for api, counts in (  # each SDK takes a second to import
        ("openai", named),
        ("anthropic", named),
        ("gemini", {"promptTokenCount": count, "candidatesTokenCount": 7}),
    ):
        usage = vars(import_module(f"screenwright.agent.vendors.{api}_api"))["_usage"](counts)
        assert (usage.prompt, usage.completion, usage.cached) == (0, 7, 0)
