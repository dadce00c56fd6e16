"""A model behind any server that speaks the OpenAI chat format: vLLM first, and whatever else does.

    with ServedModel("http://127.0.0.1:8000") as model:
        print(model.complete(messages, Sampling()).text)

`complete` streams, so that a reply can be ended early, and degrades where a server cannot. There is one owner of
retries, and it is this class: the SDK's own are off, since it would neither ask `stop` while it waits nor notice a
stream that is cut.
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
from .errors import EXPECTED, Endpoint, InvalidResponse, server_error_of
from .stream_accumulator import StreamAccumulator
from .transport import Interrupted, check_interrupted, http_client, interruptible, sleep
from .wire import ChatCompletion, ModelCard, ModelList, VersionIn, events_of, lines_of, messages_json, quote

VLLM_BODY: Mapping[str, JsonValue] = {"skip_special_tokens": False}
"""What vLLM alone is asked for: the reply with its box tokens, as the model wrote it.

Sent back in later turns it is then the same tokens again, which the server has in its cache.
"""

_CONNECT_S = 10.0
_LONGEST_BACKOFF_S = 8.0
_NO_KEY = "none"
_UNREAD: bool = True

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself: the model that is asked, all that it serves, and what is known of them."""

    model: str
    served: tuple[str, ...] = ()
    is_vllm: bool = False
    version: str = ""
    context_tokens: int | None = None


@dataclass(slots=True)
class _Abilities:
    """What this server turned out to do; each is unlearnt once, at the server's first refusal."""

    streams: bool = True
    counts_in_stream: bool = True
    takes_max_tokens: bool = True


class ServedModel:
    """A `Model` served at `base_url`, such as `http://127.0.0.1:8000` (the `/v1` may be left out).

    `name` is the model's name at the server; None takes the only one that it has. The key is `api_key`, else that of
    `OPENAI_API_KEY`, else a placeholder; it is in no log, `repr` or error. `timeout_s` is how long the server may be
    silent; a call that fails in a way that may pass is tried again `retries` times, after `backoff_s`, then twice
    that, up to 8 s, or what the server asks for. `image_uuids` sends an image's bytes once only; needs vLLM, and is
    best with a single API process. `extra_body` is added to every request; `vllm_body` only where the server is vLLM.

    Nothing is contacted before `connect` or the first call. Calls from several threads do not wait for each other.

    Raises:
        ValueError: `base_url` is not the address of a server, or the key cannot be one.
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
        self._can = _Abilities()
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
        """Close the connections; the next call opens new ones. May be called twice."""
        with self._opening:
            if self._client is not None:
                self._client.close()
            self._client = None

    def info(self) -> ModelInfo:
        """See `Model`. Until the server was asked for the first time, only what we were told."""
        facts = self._facts or ServerFacts(self._name or "")
        return ModelInfo(facts.model, self.base_url, facts.version, facts.context_tokens)

    def connect(self) -> None:
        """See `Model`."""
        self.facts()

    def facts(self) -> ServerFacts:
        """What the server says of itself; it is asked once.

        Raises:
            ModelLost: it cannot be reached, or it has several models and none was named.
        """
        if self._facts is None:
            self._facts = self._insist(self._look)
        return self._facts

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. `stop` is asked at least twenty times a second, also before the server has said anything."""
        hearing, overcome = StreamAccumulator(stop), list[str]()
        with interruptible(by=hearing.is_over):
            try:
                check_interrupted()
                facts = self.facts()
                self._insist(lambda: self._converse(facts, messages, sampling, hearing), overcome)
            except Interrupted:
                pass  # the listener has heard enough, or no longer waits
        return replace(hearing.completion(messages), overcome=tuple(overcome))

    # -- one call

    def _converse(
        self, facts: ServerFacts, messages: Sequence[Message], sampling: Sampling, hearing: StreamAccumulator
    ) -> None:
        """Ask, and hear the reply; in simpler words as often as the server refuses something it need not have."""
        while True:
            hearing.begin()
            try:
                self._ask(self._body(facts, messages, sampling), messages, hearing)
            except openai.APIStatusError as error:
                if error.status_code not in (400, 422, 501) or not self._unlearn(error.response.text.lower()):
                    raise
            else:
                return

    def _ask(self, body: Mapping[str, JsonValue], messages: Sequence[Message], hearing: StreamAccumulator) -> None:
        answer = self._open().post(
            "/chat/completions",
            cast_to=httpx2.Response,
            content=to_json(body),  # several times faster than the SDK's own encoding of megabytes of images
            options={"headers": {"Content-Type": "application/json"}},
            stream=_UNREAD,
            stream_cls=openai.Stream[object],
        )
        assert isinstance(answer, httpx2.Response)  # what the SDK returns for this cast_to, streaming or not
        self._remember(messages)
        try:
            with closing(answer):
                self._hear(answer, hearing)
            hearing.check_whole()
        except EXPECTED:
            if not hearing.has_enough:
                raise

    def _hear(self, answer: httpx2.Response, hearing: StreamAccumulator) -> None:
        """Hear the events of a stream, or the one answer of a server that does not stream."""
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "text/event-stream":
            _hear_events(lines_of(answer.iter_bytes()), hearing)
            return
        content = answer.read()
        if content.lstrip().startswith(b"data:"):
            _hear_events(content.splitlines(), hearing)
        else:
            hearing.hear(_answer_in(content, kind))
            hearing.last()

    def _body(self, facts: ServerFacts, messages: Sequence[Message], sampling: Sampling) -> dict[str, JsonValue]:
        known = self._sent_images if facts.is_vllm else None
        body: dict[str, JsonValue] = {"model": facts.model, "messages": messages_json(messages, known)}
        body["max_tokens" if self._can.takes_max_tokens else "max_completion_tokens"] = sampling.max_tokens
        body["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if sampling.frequency_penalty is not None:
            body["frequency_penalty"] = sampling.frequency_penalty
        if self._can.streams:
            body["stream"] = True
            if self._can.counts_in_stream:  # vLLM tells the counts in each piece, so also of a reply that is cut short
                more: dict[str, JsonValue] = {"continuous_usage_stats": True} if facts.is_vllm else {}
                body["stream_options"] = {"include_usage": True, **more}
        if sampling.grammar is not None and facts.is_vllm:
            body["structured_outputs"] = {"grammar": sampling.grammar}
        return body | (self._vllm_body if facts.is_vllm else {}) | self._extra_body

    def _unlearn(self, refusal: str) -> bool:
        """Whether the server refused something that it can be asked without; it then is, from now on."""
        if self._sent_images and "cache miss" in refusal:
            self._sent_images.clear()
        elif self._can.takes_max_tokens and "max_completion_tokens" in refusal:
            self._can.takes_max_tokens = False
        elif self._can.streams and self._can.counts_in_stream and re.search("stream_options|include_usage", refusal):
            self._can.counts_in_stream = False
        elif self._can.streams and re.search(r"\bstream", refusal):
            self._can.streams = False
        else:
            return False
        return True

    def _remember(self, messages: Sequence[Message]) -> None:
        if self._sent_images is not None:
            self._sent_images.update(
                part.sha256 for message in messages for part in message.parts if isinstance(part, ImagePart)
            )

    # -- what the server is

    def _look(self) -> ServerFacts:
        cards = self._cards()
        served = tuple(card.id for card in cards)
        if self._name is None and len(cards) != 1:
            listed = f"serves {', '.join(served)}" if served else "does not list its models"
            raise ModelLost(f"the model server at {self.base_url} {listed}: say which with --model-name")
        model = self._name or served[0]
        card = next((card for card in cards if card.id == model), None)
        is_vllm = any(card.owned_by == "vllm" for card in cards)
        return ServerFacts(
            model, served, is_vllm, self._version() if is_vllm else "", card.max_model_len if card else None
        )

    def _cards(self) -> tuple[ModelCard, ...]:
        """The models that the server lists; none if it has no list, which only matters if no model was named."""
        try:
            return ModelList.model_validate_json(self._get("/models")).data
        except ValidationError:
            if self._name is None:
                raise InvalidResponse("a list of models that is none") from None
        except openai.APIStatusError as error:
            if self._name is None or error.status_code in (401, 403, 429, 502, 503, 504):
                raise
        return ()

    def _version(self) -> str:
        """The version of vLLM, for the log."""
        try:
            body = self._get(self.base_url.removesuffix("/v1") + "/version")
            return f"vllm {VersionIn.model_validate_json(body).version}".strip()
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

    def _insist(self, attempt: Callable[[], _Result], overcome: list[str] | None = None) -> _Result:
        """The result of `attempt`, made again after trouble that may pass, which is added to `overcome`.

        Raises:
            ModelLost: the trouble did not pass.
        """
        for tries in count(1):
            try:
                return attempt()
            except EXPECTED as error:
                trouble = server_error_of(error, self._endpoint())
                if isinstance(error, openai.NotFoundError):
                    self._facts = None  # the server may have been started anew with another model
                if not trouble.may_pass or tries > self._retries:
                    raise ModelLost(trouble.line + (f" (tried {tries} times)" if tries > 1 else "")) from error
            backoff_s = min(self._backoff_s * 2 ** (tries - 1), _LONGEST_BACKOFF_S) * (0.75 + random() / 2)  # noqa: S311 -- spreads retries
            if overcome is not None:
                overcome.append(trouble.line)
            sleep(backoff_s if trouble.wait_s is None else trouble.wait_s)
        raise AssertionError("unreachable")

    def _endpoint(self) -> Endpoint:
        facts = self._facts or ServerFacts(self._name or "")
        return Endpoint(self.base_url, facts.model, facts.served, self._timeout_s, self._key)


def endpoint_url(base_url: str) -> str:
    """The address that requests go under, mostly `http://host:port/v1`.

    Raises:
        ValueError: it is not an http(s) address, or it holds a password or a query, which would end up in logs.
    """
    advice = "say http://host:port or http://host:port/v1"
    try:
        address = urlsplit(base_url.strip())
        usable = address.scheme in ("http", "https") and address.port != 0
        usable = usable and re.fullmatch(r"[\w.:%-]+", address.hostname or "") is not None
        httpx2.URL(base_url.strip())
    except (ValueError, httpx2.InvalidURL):
        raise ValueError(f"this is not the address of a model server; {advice}") from None
    if address.username is not None or address.query or address.fragment:
        raise ValueError(f"the address of a model server holds no password and no query; {advice}, the key apart")
    if not usable:
        raise ValueError(f"{base_url!r} is not the address of a model server; {advice}")
    path = address.path.rstrip("/").removesuffix("/chat/completions")
    return f"{address.scheme}://{address.netloc}{path or '/v1'}"


def _checked_key(key: str) -> str | None:
    """The key without the white space that comes along with copying; a server would be told the rest as it is."""
    key = key.strip()
    if not all("!" <= character <= "~" for character in key):
        raise ValueError("the server's key has characters in it that no key has; copy it again")
    return key or None


def _hear_events(lines: Iterable[bytes], hearing: StreamAccumulator) -> None:
    for event in events_of(lines):
        if event == b"[DONE]":
            hearing.last()
        elif not hearing.hear(_answer_in(event, "text/event-stream")):
            raise Interrupted


def _answer_in(content: bytes, kind: str) -> ChatCompletion:
    try:
        return ChatCompletion.model_validate_json(content)
    except ValidationError:
        said = quote(content.decode(errors="replace"))
        raise InvalidResponse(
            f"something that is no chat completion ({kind or 'of no type'}: {said or 'a page'})"
        ) from None
