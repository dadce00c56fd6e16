"""A model behind any OpenAI-compatible server, such as vLLM.

    with ServedModel("http://127.0.0.1:8000") as model:
        print(model.complete(messages, Sampling()).text)

`complete` streams, so that a reply can be stopped early, and falls back where a server lacks a feature.
"""

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import JsonValue
from pydantic_core import to_json

from ....envs.interrupt import Interrupted, check_interrupted, interruptible, sleep
from ...core.messages import Message
from ...core.model import Completion, ModelInfo, ModelLost, ModelUnknown, PromptRefused, Sampling, never
from .. import replies
from ..errors import (
    EXPECTED_ERRORS,
    Endpoint,
    ErrorResponse,
    InvalidResponse,
    describe_error,
    listed,
)
from ..transport import backoff, checked_key, http_client
from .prompt_limits import image_limit, token_limit
from .request_writer import RequestWriter, ServerFacts
from .responses import read_body, read_reply
from .stream_accumulator import StreamAccumulator

_CONNECT_S = 10.0
_NO_KEY = "none"
_MAX_ERROR_CHARACTERS = 100_000
_KEEP_ALIVES = 5  # a stream may consist of keep-alives for this many times the timeout
_ENDPOINTS = re.compile(r"/(chat/completions|completions|chat|models)$")
_NO_SUCH_MODEL = re.compile(
    r"\bmodel\b.{0,200}(not (exist|found|available|loaded)|unknown|invalid)|(unknown|invalid|no such) model", re.I
)

_Result = TypeVar("_Result")


class ServedModel:
    """A `Model` served at `base_url`, such as `http://127.0.0.1:8000` (`/v1` is optional).

    `name` is the model's name at the server; None selects the only one it serves. The key is `api_key`, else
    `OPENAI_API_KEY`, else a placeholder; it appears in no log, `repr` or error. `timeout_s` limits how long the server
    may be silent. A failed call is retried up to `retries` times if the error is temporary, with exponential backoff
    from `backoff_s` to 8 s, or after the server's Retry-After. `image_uuids` sends the bytes of each image only once;
    it needs vLLM, preferably with a single API process. `extra_body` is added to every request. `transport` replaces
    the network, for tests: see `httpx2.MockTransport`.

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
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.base_url = endpoint_url(base_url)
        self._name = name
        given = (api_key, "the API key") if api_key else (os.environ.get("OPENAI_API_KEY", ""), "OPENAI_API_KEY")
        self._key = checked_key(*given) or None
        self._timeout_s, self._retries, self._backoff_s = timeout_s, retries, backoff_s
        self._writer = RequestWriter(extra_body or {}, image_uuids=image_uuids)
        self._facts: ServerFacts | None = None
        self._transport = transport
        self._client: httpx2.Client | None = None
        self._opening = threading.Lock()

    def __repr__(self) -> str:
        return f"ServedModel({self.base_url!r}, {self._name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
        try:
            self.facts()
        except ModelLost:
            self.close()
            raise

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
        accumulator, errors = StreamAccumulator(stop, sampling.max_tokens), list[str]()
        with interruptible(by=accumulator.should_stop):
            try:
                check_interrupted()
                facts = self.facts()
                self._with_retries(lambda: self._complete_once(facts, messages, sampling, accumulator, errors), errors)
            except Interrupted:
                pass  # by `stop`
        return replace(accumulator.completion(messages), recovered_errors=tuple(errors))

    # -- one call

    def _complete_once(
        self,
        facts: ServerFacts,
        messages: Sequence[Message],
        sampling: Sampling,
        accumulator: StreamAccumulator,
        errors: list[str],
    ) -> None:
        """Request a reply; after each rejected optional parameter, which is added to `errors`, try without it."""
        while True:
            known = self._writer.rejected
            accumulator.reset()
            body = self._writer.body(facts, messages, sampling)
            try:
                self._send(body, messages, accumulator)
            except ErrorResponse as error:
                if not error.is_rejection or error.is_prompt_too_long or not self._writer.adapt(error, body, sampling):
                    raise
                rejected = self._writer.rejected - known
                errors += (f"{self._endpoint()} rejects {name}: it is not sent any more" for name in rejected)
            else:
                return

    def _send(self, body: Mapping[str, JsonValue], messages: Sequence[Message], accumulator: StreamAccumulator) -> None:
        try:
            with closing(self._request("POST", f"{self.base_url}/chat/completions", body)) as response:
                self._writer.remember_images(messages)
                read_reply(response, accumulator, _KEEP_ALIVES * self._timeout_s)
        except EXPECTED_ERRORS:
            if not accumulator.is_usable:
                raise
        except Interrupted:
            if accumulator.stopped or not accumulator.is_usable:
                raise
        accumulator.check_complete()

    def _request(self, method: str, url: str, body: Mapping[str, JsonValue] | None = None) -> httpx2.Response:
        """The response, whose body is still to be read.

        Raises:
            ErrorResponse: it reports an error.
        """
        client = self._open()
        # to_json is several times faster than httpx2's own encoding of megabytes of images
        request = client.build_request(method, url, content=None if body is None else to_json(body))
        response = client.send(request, stream=True)
        if response.is_success:
            return response
        with closing(response):
            raise ErrorResponse(response.status_code, read_body(response)[:_MAX_ERROR_CHARACTERS], response.headers)

    # -- what the server is

    def _query_server(self) -> ServerFacts:
        cards = self._cards()
        served = tuple(card.name for card in cards)
        if self._name is None and len(cards) != 1:
            what = f"serves {listed(served)}" if served else "does not list its models"
            raise ModelUnknown(f"the model server at {self.base_url} {what}: choose one with --model-name")
        model = self._name or served[0]
        if served and model not in served:
            self._check_unlisted(model, served)
        is_vllm = any(card.owned_by == "vllm" for card in cards)
        context = next((card.context_tokens for card in cards if card.name == model), None)
        return ServerFacts(model, served, is_vllm, self._version() if is_vllm else "", context)

    def _cards(self) -> tuple[replies.ModelCard, ...]:
        """The models that the server lists; empty if it has no list, which is an error only without a `name`."""
        try:
            return replies.models_in(self._get(f"{self.base_url}/models"))
        except ValueError:
            if self._name is None:
                raise InvalidResponse("an invalid list of models") from None
        except ErrorResponse as error:
            if self._name is None or error.status in (401, 403, 429, 502, 503, 504):
                raise
        return ()

    def _check_unlisted(self, model: str, served: Sequence[str]) -> None:
        """Reject a name that is not in the list, unless the server accepts it, as some do with aliases."""
        body: dict[str, JsonValue] = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        try:
            self._request("POST", f"{self.base_url}/chat/completions", body).close()
        except ErrorResponse as error:
            if error.status == 404 or (error.is_rejection and _NO_SUCH_MODEL.search(error.body)):
                raise ModelUnknown(
                    f"the model server at {self.base_url} has no model {model!r}; it serves {listed(served)}: choose "
                    "one with --model-name"
                ) from error

    def _version(self) -> str:
        """The version of vLLM, for the log."""
        try:
            version = replies.field(self._get(self.base_url.removesuffix("/v1") + "/version"), "version")
        except (ErrorResponse, ValueError):
            version = None
        return f"vllm {version or ''}".strip()

    def _get(self, url: str) -> JsonValue:
        with closing(self._request("GET", url)) as response:
            return replies.parse_json(read_body(response))

    # -- connection and retries

    def _open(self) -> httpx2.Client:
        with self._opening:
            if self._client is None:
                timeout = httpx2.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s))
                headers = {"Authorization": f"Bearer {self._key or _NO_KEY}", "Content-Type": "application/json"}
                self._client = http_client(self.base_url, self._transport, timeout=timeout, headers=headers)
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
                response = error if isinstance(error, ErrorResponse) else None
                if response is not None and response.status == 404:
                    self._facts = None  # the server may have restarted with another model
                if not failure.retryable or tries > self._retries:
                    message = failure.message + (f" (tried {tries} times)" if tries > 1 else "")
                    if response is None or not response.is_rejection:
                        raise ModelLost(message) from error
                    raise PromptRefused(message, image_limit(response.body), token_limit(response.body)) from error
            if errors is not None:
                errors.append(failure.message)
            sleep(max(backoff(tries, self._backoff_s), failure.retry_after_s or 0.0))
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
    path = _ENDPOINTS.sub("", address.path.rstrip("/"))
    return f"{address.scheme}://{address.netloc}{path or '/v1'}"
