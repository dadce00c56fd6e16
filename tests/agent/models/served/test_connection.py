"""Connections of `ServedModel`: reuse, proxies, headers, and what is sent to vLLM only."""

import io
import logging

import pytest
from PIL import Image
from scripted_http import (
    FINE,
    ONE_MODEL,
    QUESTION,
    VLLM_MODEL,
    Answer,
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

from screenwright.agent.core.messages import ImagePart, Message
from screenwright.agent.core.model import ModelLost, Sampling, Usage
from screenwright.agent.models.served.model import ServedModel
from screenwright.envs.geometry import Size

# -- the connection


def test_connection_is_reused_also_after_a_stop() -> None:
    with scripted_server(FINE) as (model, server):
        model.complete(QUESTION, Sampling())
        model.complete(QUESTION, Sampling(), lambda text: text == "fine")
        model.complete(QUESTION, Sampling())
    assert (len(server.calls), server.connections) == (3, 1)


def test_connection_is_closed_if_the_reply_continues_after_the_stop() -> None:
    with scripted_server(Hang(stream(chunk("click(1)"), chunk("and more"), chunk("x"), whole=False)), FINE) as (
        model,
        server,
    ):
        assert model.complete(QUESTION, Sampling(), lambda text: ")" in text).text == "click(1)"
        assert model.complete(QUESTION, Sampling()).text == "fine"
    assert server.connections == 2


def test_idle_connection_closed_by_the_server_is_replaced_without_a_retry() -> None:
    with scripted_server(Cut(FINE), retries=0) as (model, server):
        assert [model.complete(QUESTION, Sampling()).text for _ in range(3)] == ["fine"] * 3
    assert len(server.calls) == 3


def test_requests_have_no_telemetry_headers() -> None:
    with scripted_server(FINE) as (model, server):
        model.complete(QUESTION, Sampling())
    names = {line.split(":")[0].lower() for head in server.headers for line in head.splitlines()}
    assert {name for name in names if name.startswith("x-")} == set()


def test_proxy_of_the_environment_is_used_for_other_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: dict[str, Answer] = {"http://models.example:8000/v1/models": http(200, ONE_MODEL)}
    with running(ScriptedServer(FINE, pages=pages)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:hunter2@"))
        with ServedModel("http://models.example:8000") as model:
            assert model.complete(QUESTION, Sampling()).text == "fine"
            assert "hunter2" not in repr(model)
    assert proxy.paths[-1] == "http://models.example:8000/v1/chat/completions"
    assert "Proxy-Authorization: Basic" in proxy.headers[0]


def test_unsupported_proxy_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")
    with ServedModel("http://models.example:8000") as model, pytest.raises(ModelLost, match="socks5 proxy"):
        model.complete(QUESTION, Sampling())


def test_key_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with scripted_server(error(401, "no"), api_key="sk-hunter2") as (model, _):
        error_of(model)
    assert caplog.records
    assert "hunter2" not in caplog.text


# -- vLLM


def grey_image(shade: int) -> ImagePart:
    buffer = io.BytesIO()
    Image.new("RGB", (28, 28), (shade, shade, shade)).save(buffer, "PNG")
    return ImagePart(buffer.getvalue(), Size(28, 28))


def prompt_with(*shades: int) -> tuple[Message, ...]:
    return (Message.of("user", "What is this?", *(grey_image(shade) for shade in shades)),)


class MediaCache:
    """vLLM's cache of images by uuid: status 400 for a uuid that it does not have."""

    def __init__(self) -> None:
        self.images: dict[str, str] = {}

    def __call__(self, asked: Asked) -> bytes:
        for part in asked["messages"][0]["content"][1:]:
            if part["image_url"] is not None:
                self.images[part["uuid"]] = part["image_url"]["url"]
            elif part["uuid"] not in self.images:
                return error(400, "Cache miss for image at index 0 but data is not provided.")
        return FINE


VLLM: dict[str, Answer] = {"/v1/models": http(200, VLLM_MODEL), "/version": http(200, {"version": "0.32.0"})}


def test_vllm_parameters_are_sent_only_to_vllm() -> None:
    for pages, sent in ((VLLM, True), (None, False)):
        with scripted_server(FINE, pages=pages, extra_body={"seed": 7}, image_uuids=True) as (model, server):
            model.complete(prompt_with(1), Sampling())
        assert ("skip_special_tokens" in server.calls[0]) is sent
        assert ("continuous_usage_stats" in server.calls[0]["stream_options"]) is sent
        assert ("uuid" in server.calls[0]["messages"][0]["content"][1]) is sent
        assert server.calls[0]["seed"] == 7


def test_vllm_version_and_context_length_are_read() -> None:
    with scripted_server(FINE, pages=VLLM) as (model, _):
        assert model.facts().context_tokens == 65536
        assert model.info().version == "vllm 0.32.0"


def test_counts_in_each_chunk_are_available_after_a_stop() -> None:
    piece = chunk("click(1)") | {"usage": {"prompt_tokens": 1200, "completion_tokens": 6}}
    with scripted_server(stream(piece, chunk("and more")), pages=VLLM) as (model, _):
        assert model.complete(QUESTION, Sampling(), lambda text: ")" in text).usage == Usage(1200, 6)


def test_cached_tokens_are_counted() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}
    with scripted_server(stream(chunk("a", "stop"), {"choices": [], "usage": usage})) as (model, _):
        assert model.complete(QUESTION, Sampling()).usage == Usage(9, 2, 8)


def test_image_is_sent_once_and_then_by_uuid() -> None:
    with scripted_server(MediaCache(), pages=VLLM, image_uuids=True) as (model, server):
        for shades in ((1,), (1, 2), (1, 2, 3)):
            model.complete(prompt_with(*shades), Sampling())
    sent = [[part["image_url"] for part in call["messages"][0]["content"][1:]] for call in server.calls]
    assert [[url is None for url in urls] for urls in sent] == [[False], [True, False], [True, True, False]]
    names = [part["uuid"] for part in server.calls[2]["messages"][0]["content"][1:]]
    assert names == [grey_image(shade).sha256 for shade in (1, 2, 3)]


def test_image_evicted_by_the_server_is_sent_again() -> None:
    cache = MediaCache()
    with scripted_server(cache, pages=VLLM, image_uuids=True, retries=0) as (model, server):
        model.complete(prompt_with(1), Sampling())
        cache.images.clear()
        assert model.complete(prompt_with(1, 2), Sampling()).text == "fine"
        model.complete(prompt_with(1, 2), Sampling())
    assert len(server.calls) == 4
    assert set(cache.images.values()) == {grey_image(1).data_url, grey_image(2).data_url}


def test_image_without_uuid_is_encoded_identically_each_time() -> None:
    with scripted_server(FINE, pages=VLLM) as (model, server):
        for _ in range(2):
            model.complete(prompt_with(1), Sampling())
    assert server.calls[0] == server.calls[1]
    assert server.calls[0]["messages"][0]["content"][1]["image_url"]["url"] == grey_image(1).data_url
