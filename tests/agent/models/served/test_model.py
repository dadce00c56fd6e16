"""`ServedModel` against the library's own server on loopback."""

import io
import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import pytest
from PIL import Image

from screenwright.agent.core.messages import ImageFormat, ImagePart, Message
from screenwright.agent.core.model import Completion, Model, ModelInfo, ModelLost, Sampling, Usage, never
from screenwright.agent.models.http_server import serve
from screenwright.agent.models.scripted import ScriptedModel, ScriptedReply
from screenwright.agent.models.served.model import ServedModel, endpoint_url
from screenwright.envs.geometry import Size

QUESTION = (Message.of("user", "What now?"),)


def make_image(kind: ImageFormat = ImageFormat.PNG) -> ImagePart:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((56, 28)).save(buffer, kind)
    return ImagePart(buffer.getvalue(), Size(56, 28), kind)


@contextmanager
def served(*replies: ScriptedReply) -> Generator[tuple[ServedModel, ScriptedModel]]:
    script = ScriptedModel(replies, usage=Usage(30, 4, 20))
    with serve(script, name="the-model") as server, ServedModel(server.url, backoff_s=0.01) as model:
        yield model, script


class Slow:
    """A model that generates `chunks` one by one, each when `permits` is released; `left` is set when it is stopped."""

    def __init__(self, *chunks: str) -> None:
        self.chunks = chunks
        self.permits, self.asked, self.left = threading.Semaphore(0), threading.Event(), threading.Event()

    def info(self) -> ModelInfo:
        return ModelInfo("slow")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        text = ""
        self.asked.set()
        for chunk in self.chunks:
            while not self.permits.acquire(timeout=0.01):
                if stop(text):
                    self.left.set()
                    return Completion(text)
            text += chunk
            if stop(text):
                break
        return Completion(text)


def test_reply_of_the_served_model_is_returned() -> None:
    with served("Thought: naïve ☃\u2028one line\nAction: click(1, 2)") as (model, _):
        reply = model.complete(QUESTION, Sampling())
    assert reply == Completion("Thought: naïve ☃\u2028one line\nAction: click(1, 2)", Usage(30, 4, 20))


def test_messages_and_image_bytes_arrive_unchanged() -> None:
    png, jpeg = make_image(), make_image(ImageFormat.JPEG)
    messages = (
        Message.of("system", "be brief"),
        Message.of("user", "before", png, "between", jpeg),
        Message.of("assistant", "a reply"),
        Message.of("user", "and ", "now?"),
    )
    with served("ok") as (model, script):
        model.complete(messages, Sampling())
    arrived = script.asked[0]
    assert [(message.role, message.text) for message in arrived] == [
        (message.role, message.text) for message in messages
    ]
    images = [part for part in arrived[1].parts if isinstance(part, ImagePart)]
    assert [(image.data, image.size, image.image_format) for image in images] == [
        (png.data, png.size, ImageFormat.PNG),
        (jpeg.data, jpeg.size, ImageFormat.JPEG),
    ]


def test_sampling_arrives() -> None:
    wanted = Sampling(0.3, 0.8, 123, 0.5)
    with served("ok") as (model, script):
        model.complete(QUESTION, wanted)
    assert script.samplings == [wanted]


def test_reply_truncated_at_max_tokens_is_not_complete() -> None:
    with served(Completion("too lo", complete=False)) as (model, _):
        assert not model.complete(QUESTION, Sampling()).complete


def test_stop_receives_the_growing_text_and_ends_the_reply() -> None:
    seen: list[str] = []

    def listen(text: str) -> bool:
        seen.append(text)
        return ")" in text

    with served("Action: click(1, 2) and then it continues without end") as (model, _):
        reply = model.complete(QUESTION, Sampling(), listen)
    assert seen[0] == ""
    assert reply.text == seen[-1]
    assert reply.text.startswith("Action: click(1, 2)")
    assert "without end" not in reply.text


def test_reply_that_ends_right_after_the_stop_has_its_counts() -> None:
    with served("click(1, 2)") as (model, _):
        reply = model.complete(QUESTION, Sampling(), lambda text: text.endswith(")"))
    assert reply == Completion("click(1, 2)", Usage(30, 4, 20))


def test_counts_of_a_stopped_reply_are_estimated() -> None:
    slow = Slow("click(1, 2)", " and more")
    slow.permits.release()
    with serve(slow) as server, ServedModel(server.url) as model:
        reply = model.complete((Message.of("user", "x" * 400, make_image()),), Sampling(), lambda text: ")" in text)
    assert reply == Completion("click(1, 2)", Usage(100 + 2, 1, estimated=True))


def test_cancelled_call_does_not_wait_for_the_first_token_and_cancels_the_model() -> None:
    slow = Slow("never sent")
    with serve(slow) as server, ServedModel(server.url) as model:
        reply = model.complete(QUESTION, Sampling(), lambda _: slow.asked.is_set())
        assert slow.left.wait(60)
    assert reply.text == ""


def test_cancelled_call_does_not_wait_for_the_next_token() -> None:
    slow = Slow("Thought:", " never sent")
    slow.permits.release()
    cancelled = threading.Event()

    def listen(text: str) -> bool:
        if text:
            threading.Timer(0.1, cancelled.set).start()
        return cancelled.is_set()

    with serve(slow) as server, ServedModel(server.url) as model:
        assert model.complete(QUESTION, Sampling(), listen).text == "Thought:"
        assert slow.left.wait(60)


def test_call_cancelled_before_it_starts_sends_no_request() -> None:
    with served("unused") as (model, script):
        assert model.complete(QUESTION, Sampling(), lambda _: True) == Completion("")
    assert script.asked == []


def test_exception_in_stop_is_raised() -> None:
    def broken(text: str) -> bool:
        raise ZeroDivisionError(text)

    with served("hello") as (model, _), pytest.raises(ZeroDivisionError):
        model.complete(QUESTION, Sampling(), lambda text: bool(text) and broken(text))


def test_error_of_the_served_model_is_reported() -> None:
    failures = [ModelLost("the plug is out"), ModelLost("still out"), ModelLost("and out")]
    expected = pytest.raises(ModelLost, match=r"failed \(502\): and out; .* \(tried 3 times\)")
    with served(*failures) as (model, script), expected:
        model.complete(QUESTION, Sampling())
    assert len(script.asked) == 3


def test_temporary_error_is_retried_and_recorded() -> None:
    with served(ModelLost("hiccup"), "fine") as (model, _):
        completion = model.complete(QUESTION, Sampling())
    assert completion.text == "fine"
    (line,) = completion.recovered_errors
    assert "failed (502): hiccup" in line


def test_address_works_with_and_without_v1() -> None:
    with serve(ScriptedModel(["one", "two", "three"])) as server:
        for url in (server.url, server.url.removesuffix("/v1"), server.url + "/"):
            with ServedModel(url) as model:
                model.complete(QUESTION, Sampling())
                assert model.info().endpoint == server.url


def test_only_model_of_a_server_is_selected_at_connect() -> None:
    with served("hi") as (model, _):
        assert model.info().name == ""
        model.connect()
        assert model.info().name == "the-model"


def test_unknown_model_is_reported_with_the_available_ones() -> None:
    expected = pytest.raises(ModelLost, match="no model 'another'; it serves the-model: choose one with --model-name")
    with serve(ScriptedModel([]), name="the-model") as server, ServedModel(server.url, "another") as model, expected:
        model.connect()


def test_closed_model_reconnects() -> None:
    with served("one", "two") as (model, _):
        model.complete(QUESTION, Sampling())
        model.close()
        model.close()
        assert model.complete(QUESTION, Sampling()).text == "two"


def test_threads_can_call_in_parallel_with_their_own_stop() -> None:
    texts: dict[int, str] = {}
    with serve(ScriptedModel(lambda messages: messages[0].text * 3)) as server, ServedModel(server.url) as model:

        def ask(number: int) -> None:
            messages = (Message.of("user", f"{number}{number}{number};"),)
            texts[number] = model.complete(messages, Sampling(), lambda text: text.count(";") >= number).text

        threads = [threading.Thread(target=ask, args=(number,)) for number in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert texts == {1: "111;", 2: "222;222;", 3: "333;333;333;"}


def test_proxy_of_the_environment_is_not_used_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with served("direct") as (model, _):
        assert model.complete(QUESTION, Sampling()).text == "direct"


def test_key_is_in_no_log_and_no_repr(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    caplog.set_level(logging.DEBUG)
    with serve(ScriptedModel(["a", "b"])) as server:
        for key in (None, "sk-of-the-argument"):
            with ServedModel(server.url, api_key=key) as model:
                model.complete(QUESTION, Sampling())
                assert "sk-" not in repr(model) + repr(model.info())
    assert caplog.records
    assert "sk-" not in caplog.text


def test_constructor_does_not_connect() -> None:
    model: Model = ServedModel("http://127.0.0.1:9", "ui-tars")
    assert model.info() == ModelInfo("ui-tars", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        (" http://host:8000/ ", "http://host:8000/v1"),
        ("https://host/v1/", "https://host/v1"),
        ("https://host/api/openai", "https://host/api/openai"),
        ("http://[::1]:8000/v1/chat/completions", "http://[::1]:8000/v1"),
    ],
)
def test_address_is_completed(given: str, url: str) -> None:
    assert endpoint_url(given) == url


@pytest.mark.parametrize(
    "given", ["", "reader", "host:8000", "ftp://host", "http://", "http://host:port", "http://ho st", "http://[::1"]
)
def test_invalid_address_is_rejected_with_an_example(given: str) -> None:
    with pytest.raises(ValueError, match="http://host:port/v1"):
        ServedModel(given)


@pytest.mark.parametrize("given", ["http://me:hunter2@host/v1", "http://host/v1?key=hunter2", "http://host/#hunter2"])
def test_address_with_a_secret_is_rejected_without_repeating_it(given: str) -> None:
    with pytest.raises(ValueError, match="must not contain a password or a query") as refusal:
        ServedModel(given)
    assert "hunter2" not in str(refusal.value)


def test_malformed_key_is_rejected_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="copy it again") as refusal:
        ServedModel("http://host", api_key="sk-hunter2\nX-Evil: 1")
    assert "hunter2" not in str(refusal.value)
