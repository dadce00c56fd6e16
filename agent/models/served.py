"""A model behind any OpenAI-compatible server, such as vLLM.

    with ServedModel("http://127.0.0.1:8000") as model:
        print(model.complete(messages, Sampling()).text)

`complete` streams, so that a reply can be stopped early, and falls back where a server lacks a feature. This class does
the retries. The SDK's own are off: they would not check `stop` while waiting, nor notice a truncated stream.
"""

import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from random import random
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import openai
from pydantic import JsonValue, ValidationError
from pydantic_core import to_json

from ..core.messages import ImagePart, Message
from ..core.model import Completion, ModelInfo, ModelLost, Sampling, never
from .errors import EXPECTED_ERRORS, Endpoint, InvalidResponse, describe_error
from .stream_accumulator import StreamAccumulator
from .transport import Interrupted, check_interrupted, http_client, interruptible, sleep
from .wire import ChatCompletion, ModelCard, ModelList, VersionInfo, events_of, lines_of, messages_json, quote

VLLM_BODY: Mapping[str, JsonValue] = {"skip_special_tokens": False}
"""Extra parameters for vLLM: keep the box tokens in replies.

Sent back in later turns, such a reply has the same tokens again and hits the prefix cache.
"""

_CONNECT_S = 10.0
_MAX_BACKOFF_S = 8.0
_NO_KEY = "none"
_STREAM: bool = True  # annotated as bool, which selects the SDK overload for both cases

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server reports: the model in use, all models it serves, and their properties."""

    model: str
    served: tuple[str, ...] = ()
    is_vllm: bool = False
    version: str = ""
    context_tokens: int | None = None


@dataclass(slots=True)
class _ServerSupport:
    """Supported request parameters; each is disabled after the server's first rejection."""

    streams: bool = True
    usage_in_stream: bool = True
    takes_max_tokens: bool = True


class ServedModel:
    """A `Model` served at `base_url`, such as `http://127.0.0.1:8000` (`/v1` is optional).

    `name` is the model's name at the server; None selects the only one it serves. The key is `api_key`, else
    `OPENAI_API_KEY`, else a placeholder; it appears in no log, `repr` or error. `timeout_s` limits how long the server
    may be silent. A failed call is retried up to `retries` times if the error is temporary, with exponential backoff
    from `backoff_s` to 8 s, or after the server's Retry-After. `image_uuids` sends the bytes of each image only once;
    it needs vLLM, preferably with a single API process. `extra_body` is added to every request, `vllm_body` only for
    vLLM.

    Connects at `connect` or the first call. Calls from several threads run in parallel.

    Raises:
        ValueError: `base_url` is not a server address, or the key is malformed.
    """

    def __init__(
        self,
        base_url: str,
        name: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 120.0,
        retries: int = 2,
        backoff_s: float = 0.5,
        image_uuids: bool = False,
        extra_body: Mapping[str, JsonValue] | None = None,
        vllm_body: Mapping[str, JsonValue] = VLLM_BODY,
    ) -> None:
        self.base_url = endpoint_url(base_url)
        self._name = name
        self._key = _checked_key(api_key or os.environ.get("OPENAI_API_KEY", ""))
        self._timeout_s, self._retries, self._backoff_s = timeout_s, retries, backoff_s
        self._extra_body, self._vllm_body = dict(extra_body or {}), dict(vllm_body)
        self._sent_images: set[str] | None = set() if image_uuids else None
        self._supports = _ServerSupport()
        self._facts: ServerFacts | None = None
        self._client: openai.OpenAI | None = None
        self._opening = threading.Lock()

    def __repr__(self) -> str:
        return f"ServedModel({self.base_url!r}, {self._name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; the next call opens new ones. May be called twice."""
        with self._opening:
            if self._client is not None:
                self._client.close()
            self._client = None

    def info(self) -> ModelInfo:
        """See `Model`. Before the first request, only what the constructor received."""
        facts = self._facts or ServerFacts(self._name or "")
        return ModelInfo(facts.model, self.base_url, facts.version, facts.context_tokens)

    def connect(self) -> None:
        """See `Model`."""
        self.facts()

    def facts(self) -> ServerFacts:
        """What the server reports about itself; requested once.

        Raises:
            ModelLost: it cannot be reached, or it serves several models and `name` is None.
        """
        if self._facts is None:
            self._facts = self._with_retries(self._query_server)
        return self._facts

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. `stop` is called at least twenty times a second, also before the first token."""
        accumulator, errors = StreamAccumulator(stop), list[str]()
        with interruptible(by=accumulator.should_stop):
            try:
                check_interrupted()
                facts = self.facts()
                self._with_retries(lambda: self._complete_once(facts, messages, sampling, accumulator), errors)
            except Interrupted:
                pass  # by `stop`
        return replace(accumulator.completion(messages), recovered_errors=tuple(errors))

    # -- one call

    def _complete_once(
        self, facts: ServerFacts, messages: Sequence[Message], sampling: Sampling, accumulator: StreamAccumulator
    ) -> None:
        """Request a reply; after each rejected optional parameter, try again without it."""
        while True:
            accumulator.reset()
            try:
                self._send(self._body(facts, messages, sampling), messages, accumulator)
            except openai.APIStatusError as error:
                message = error.response.text.lower()
                if error.status_code not in (400, 422, 501) or not self._disable_unsupported(message):
                    raise
            else:
                return

    def _send(self, body: Mapping[str, JsonValue], messages: Sequence[Message], accumulator: StreamAccumulator) -> None:
        response = self._open().post(
            "/chat/completions",
            cast_to=httpx2.Response,
            content=to_json(body),  # several times faster than the SDK's own encoding of megabytes of images
            options={"headers": {"Content-Type": "application/json"}},
            stream=_STREAM,
            stream_cls=openai.Stream[object],
        )
        assert isinstance(response, httpx2.Response)  # what the SDK returns for this cast_to, streaming or not
        self._remember_images(messages)
        try:
            with closing(response):
                self._read_response(response, accumulator)
            accumulator.check_complete()
        except EXPECTED_ERRORS:
            if not accumulator.stopped:
                raise

    def _read_response(self, response: httpx2.Response, accumulator: StreamAccumulator) -> None:
        """Read a stream of events, or the single response of a server that does not stream."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "text/event-stream":
            _read_events(lines_of(response.iter_bytes()), accumulator)
            return
        content = response.read()
        if content.lstrip().startswith(b"data:"):
            _read_events(content.splitlines(), accumulator)
        else:
            accumulator.add(_parse_completion(content, kind))
            accumulator.end_of_stream()

    def _body(self, facts: ServerFacts, messages: Sequence[Message], sampling: Sampling) -> dict[str, JsonValue]:
        known = self._sent_images if facts.is_vllm else None
        body: dict[str, JsonValue] = {"model": facts.model, "messages": messages_json(messages, known)}
        body["max_tokens" if self._supports.takes_max_tokens else "max_completion_tokens"] = sampling.max_tokens
        body["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if sampling.frequency_penalty is not None:
            body["frequency_penalty"] = sampling.frequency_penalty
        if self._supports.streams:
            body["stream"] = True
            if self._supports.usage_in_stream:  # vLLM can send counts in each chunk, so that a stopped reply has them
                more: dict[str, JsonValue] = {"continuous_usage_stats": True} if facts.is_vllm else {}
                body["stream_options"] = {"include_usage": True, **more}
        if sampling.grammar is not None and facts.is_vllm:
            body["structured_outputs"] = {"grammar": sampling.grammar}
        return body | (self._vllm_body if facts.is_vllm else {}) | self._extra_body

    def _disable_unsupported(self, message: str) -> bool:
        """Whether the server rejected an optional parameter, which is not sent any more."""
        supports = self._supports
        if self._sent_images and "cache miss" in message:
            self._sent_images.clear()
        elif supports.takes_max_tokens and "max_completion_tokens" in message:
            supports.takes_max_tokens = False
        elif supports.streams and supports.usage_in_stream and re.search("stream_options|include_usage", message):
            supports.usage_in_stream = False
        elif supports.streams and re.search(r"\bstream", message):
            supports.streams = False
        else:
            return False
        return True

    def _remember_images(self, messages: Sequence[Message]) -> None:
        if self._sent_images is not None:
            self._sent_images.update(
                part.sha256 for message in messages for part in message.parts if isinstance(part, ImagePart)
            )

    # -- what the server is

    def _query_server(self) -> ServerFacts:
        cards = self._cards()
        served = tuple(card.id for card in cards)
        if self._name is None and len(cards) != 1:
            listed = f"serves {', '.join(served)}" if served else "does not list its models"
            raise ModelLost(f"the model server at {self.base_url} {listed}: choose one with --model-name")
        model = self._name or served[0]
        card = next((card for card in cards if card.id == model), None)
        is_vllm = any(card.owned_by == "vllm" for card in cards)
        return ServerFacts(
            model, served, is_vllm, self._version() if is_vllm else "", card.max_model_len if card else None
        )

    def _cards(self) -> tuple[ModelCard, ...]:
        """The models that the server lists; empty if it has no list, which is an error only without a `name`."""
        try:
            return ModelList.model_validate_json(self._get("/models")).data
        except ValidationError:
            if self._name is None:
                raise InvalidResponse("an invalid list of models") from None
        except openai.APIStatusError as error:
            if self._name is None or error.status_code in (401, 403, 429, 502, 503, 504):
                raise
        return ()

    def _version(self) -> str:
        """The version of vLLM, for the log."""
        try:
            body = self._get(self.base_url.removesuffix("/v1") + "/version")
            return f"vllm {VersionInfo.model_validate_json(body).version}".strip()
        except (openai.APIStatusError, ValidationError):
            return "vllm"

    def _get(self, path: str) -> bytes:
        return self._open().get(path, cast_to=httpx2.Response).content

    # -- connection and retries

    def _open(self) -> openai.OpenAI:
        with self._opening:
            if self._client is None:
                self._client = openai.OpenAI(
                    base_url=self.base_url,
                    api_key=self._key or _NO_KEY,
                    timeout=httpx2.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s)),
                    max_retries=0,
                    http_client=http_client(self.base_url),
                )
            return self._client

    def _with_retries(self, attempt: Callable[[], _Result], errors: list[str] | None = None) -> _Result:
        """The result of `attempt`, with retries after temporary errors, which are added to `errors`.

        Raises:
            ModelLost: the error persists or is permanent.
        """
        for tries in count(1):
            try:
                return attempt()
            except EXPECTED_ERRORS as error:
                failure = describe_error(error, self._endpoint())
                if isinstance(error, openai.NotFoundError):
                    self._facts = None  # the server may have restarted with another model
                if not failure.retryable or tries > self._retries:
                    raise ModelLost(failure.message + (f" (tried {tries} times)" if tries > 1 else "")) from error
            backoff_s = min(self._backoff_s * 2 ** (tries - 1), _MAX_BACKOFF_S) * (0.75 + random() / 2)  # noqa: S311 -- spreads retries
            if errors is not None:
                errors.append(failure.message)
            sleep(backoff_s if failure.retry_after_s is None else failure.retry_after_s)
        raise AssertionError("unreachable")

    def _endpoint(self) -> Endpoint:
        facts = self._facts or ServerFacts(self._name or "")
        return Endpoint(self.base_url, facts.model, facts.served, self._timeout_s, self._key)


def endpoint_url(base_url: str) -> str:
    """The base URL of requests, usually `http://host:port/v1`.

    Raises:
        ValueError: it is not an http(s) URL, or it contains a password or a query, which would appear in logs.
    """
    advice = "use http://host:port or http://host:port/v1"
    try:
        address = urlsplit(base_url.strip())
        usable = address.scheme in ("http", "https") and address.port != 0
        usable = usable and re.fullmatch(r"[\w.:%-]+", address.hostname or "") is not None
        httpx2.URL(base_url.strip())
    except (ValueError, httpx2.InvalidURL):
        raise ValueError(f"invalid model server address; {advice}") from None
    if address.username is not None or address.query or address.fragment:
        raise ValueError(
            f"a model server address must not contain a password or a query; {advice}, and pass the key separately"
        )
    if not usable:
        raise ValueError(f"{base_url!r} is not a model server address; {advice}")
    path = address.path.rstrip("/").removesuffix("/chat/completions")
    return f"{address.scheme}://{address.netloc}{path or '/v1'}"


def _checked_key(key: str) -> str | None:
    """Strip white space, which often comes with copying; other invalid characters are an error."""
    key = key.strip()
    if not all("!" <= character <= "~" for character in key):
        raise ValueError("the API key contains invalid characters; copy it again")
    return key or None


def _read_events(lines: Iterable[bytes], accumulator: StreamAccumulator) -> None:
    for event in events_of(lines):
        if event == b"[DONE]":
            accumulator.end_of_stream()
        elif not accumulator.add(_parse_completion(event, "text/event-stream")):
            raise Interrupted


def _parse_completion(content: bytes, kind: str) -> ChatCompletion:
    try:
        return ChatCompletion.model_validate_json(content)
    except ValidationError:
        text = quote(content.decode(errors="replace"))
        raise InvalidResponse(
            f"something other than a chat completion ({kind or 'no content type'}: {text or 'an HTML page'})"
        ) from None
