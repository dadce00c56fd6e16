"""The base class of models behind a vendor's API: sends requests through the vendor's SDK, with retries."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

import httpx2

from ...envs.interrupt import Interrupted, check_interrupted, interruptible, sleep
from ..core.coordinates import Space
from ..core.functions import FunctionSpec
from ..core.image_history import History
from ..core.messages import Message
from ..core.model import Completion, ModelInfo, ModelLost, PromptRefused, Sampling, never
from ..models.errors import EXPECTED_ERRORS, Advice, Endpoint, ErrorResponse, InvalidResponse, describe_error
from ..models.transport import backoff, checked_key, http_client
from ..policy.policy import Policy, PolicySettings
from .exchange import Json, VendorConversation, VendorReply
from .tools import OWN_TOOLS

_MAX_ERROR_CHARACTERS = 10_000


class ConversationGone(ModelLost):
    """The API no longer has the conversation that a request continues."""


class VendorModel(ABC):
    """A model behind a vendor's API; a subclass has the wire format.

    The key and the address of the API come from the vendor's usual environment variables. The key appears in no log,
    `repr` or error. A failed call is retried up to `retries` times if the error is temporary, with exponential backoff
    from `backoff_s` to 8 s, or after the API's Retry-After. `timeout_s` limits how long the API may be silent: a reply
    is sent as a whole, so that it includes the time that the model thinks. `functions` are those of the program, which
    are offered next to the vendor's own tools.

    Raises:
        ValueError: `name` is empty, or the variable of the API's address holds none.
    """

    vendor: ClassVar[str]
    title: ClassVar[str]
    example: ClassVar[str]
    key_variables: ClassVar[tuple[str, ...]]
    url_variable: ClassVar[str]
    default_url: ClassVar[str]
    sdk_errors: ClassVar[tuple[type[Exception], ...]]
    space: ClassVar[Space]
    long_edge: ClassVar[int]
    history: ClassVar[History]
    max_tokens: ClassVar[int] = 8192
    parameters: ClassVar[frozenset[str]]

    def __init__(self, name: str, *, timeout_s: float = 120.0, retries: int = 2, backoff_s: float = 0.5) -> None:
        if not name:
            raise ValueError(f"name a model of {self.title}, such as {self.vendor}:{self.example}")
        self.name = name
        self.url = os.environ.get(self.url_variable, "").strip() or self.default_url
        if not _is_address(self.url):
            raise ValueError(f"{self.url_variable} is not an address: write it as {self.default_url}, or unset it")
        self.functions: tuple[FunctionSpec, ...] = ()
        self._timeout_s, self._retries, self._backoff_s = timeout_s, retries, backoff_s
        self._client: Any = None
        self._http: httpx2.Client | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    # -- the wire format

    @abstractmethod
    def request(self, conversation: VendorConversation) -> Json:
        """The request that continues `conversation`: the arguments of the SDK's call, as JSON."""

    @abstractmethod
    def read(self, reply: Json) -> VendorReply:
        """The parts of a reply that `send` returned, or of one that was recorded."""

    def checked(self, reply: Json) -> VendorReply:
        """`read(reply)` for a reply that may have any form.

        Raises:
            ModelLost: it has an unknown form.
        """
        try:
            return self.read(reply)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise ModelLost(f"{self.title} sent a reply of an unknown form ({error})") from error

    @property
    def reserved(self) -> frozenset[str]:
        """Names that functions of the program cannot have."""
        return OWN_TOOLS

    @abstractmethod
    def plain_request(self, messages: Sequence[Message], sampling: Sampling) -> Json:
        """A request for text, without tools."""

    @abstractmethod
    def make_client(self, key: str, http: httpx2.Client, timeout_s: float) -> Any:
        """The SDK's client, which sends with `http` and retries nothing itself."""

    @abstractmethod
    def send(self, client: Any, request: Json) -> Json:
        """Send `request`; the reply as JSON."""

    def keeps_conversation(self, sampling: Mapping[str, Any]) -> bool:
        """Whether the API keeps the conversation, so that a request only needs what is new."""
        return False

    def is_gone(self, error: ErrorResponse) -> bool:
        """Whether the API no longer has the conversation that the request continues."""
        return False

    # -- Model

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo(self.name, self.url)

    def connect(self) -> None:
        """See `Model`. Only prepares the client; nothing is sent.

        Raises:
            ModelLost: no key is set, or it is malformed.
        """
        if self._client is None:
            key = self._key()
            if not key:
                variables = " or ".join(self.key_variables)
                raise ModelLost(f"{self.title} needs a key: set {variables}")
            self._http = http_client(self.url)
            self._client = self.make_client(key, self._http, self._timeout_s)

    def close(self) -> None:
        """Close all connections; the next call opens new ones. May be called twice."""
        http, self._client, self._http = self._http, None, None
        if http is not None:
            http.close()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. Asks without the computer tool; sampling parameters are left to the API."""
        errors: list[str] = []
        try:
            with interruptible(by=lambda: stop("")):
                reply = self.checked(self.ask(self.plain_request(messages, sampling), errors))
        except Interrupted:
            return Completion("")
        if reply.withheld:
            raise self.withheld(reply)
        return Completion(reply.text, reply.usage, reply.complete, tuple(errors), reply.text, reply.reasoning)

    def policy(self, settings: PolicySettings) -> Policy:
        """See `PolicyProvider`."""
        from .policy import VendorPolicy

        if unknown := sorted(settings.sampling.keys() - self.parameters):
            raise ValueError(f"{self.title} has no request parameter {unknown[0]}: leave it out")
        return VendorPolicy(self, settings)

    # -- requests

    def withheld(self, reply: VendorReply) -> ModelLost:
        """The error about a reply without content."""
        return ModelLost(f"{self.title} sent no reply: {reply.withheld}")

    def ask(self, request: Json, errors: list[str]) -> Json:
        """The reply to `request`, with retries after temporary errors, which are added to `errors`.

        Raises:
            ModelLost: the error persists or is permanent.
            PromptRefused: the request is too long.
            ConversationGone: the API no longer has the conversation.
            Interrupted: the caller no longer waits.
        """
        self.connect()
        expected: tuple[type[Exception], ...] = (*self.sdk_errors, *EXPECTED_ERRORS)
        for tries in count(1):
            check_interrupted()
            try:
                return self.send(self._client, request)
            except expected as raised:
                error = _expected(raised)
                failure = describe_error(error, self._endpoint())
                if not failure.retryable or tries > self._retries:
                    message = failure.message + (f" (tried {tries} times)" if tries > 1 else "")
                    raise self._kind(error)(message) from None  # the SDK's error holds the request, with its images
            except UnicodeEncodeError as error:
                problem = f"a variable of its SDK has {error.object[error.start]!r}, which no header can carry"
                raise ModelLost(f"{self.title} cannot be asked: {problem}") from None
            errors.append(failure.message)
            sleep(max(backoff(tries, self._backoff_s), failure.retry_after_s or 0.0))
        raise AssertionError("unreachable")

    def _kind(self, error: Exception) -> type[ModelLost]:
        if not isinstance(error, ErrorResponse):
            return ModelLost
        if self.is_gone(error):
            return ConversationGone
        return PromptRefused if error.is_prompt_too_long else ModelLost

    def _key(self) -> str:
        try:
            keys = (checked_key(os.environ.get(name, ""), name) for name in self.key_variables)
            return next(filter(None, keys), "")
        except ValueError as error:
            raise ModelLost(f"{self.title} cannot be asked: {error}") from error

    def _endpoint(self) -> Endpoint:
        return Endpoint(self.url, self.name, (), self._timeout_s, self._key() or None, self.title, self._advice())

    def _advice(self) -> Advice:
        later, address = "try again later", f"check {self.url_variable}"
        return Advice(
            name=f"check the name {self.name!r} and {self.url_variable}",
            address=address,
            down=f"{address}, which sets its address, and the network",
            other=f"{address}, which sets its address",
            failed=later,
            loading=later,
            silent=later,
            shorter="or smaller ones (--long-edge)",
            key=" or ".join(self.key_variables),
        )


def _is_address(url: str) -> bool:
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    return parts.scheme in ("http", "https") and bool(parts.host)


def _expected(raised: Exception) -> Exception:
    """The error that `describe_error` knows behind one of an SDK's.

    Raises:
        Interrupted: the SDK was interrupted.
    """
    if isinstance(raised, EXPECTED_ERRORS):
        return raised
    response = getattr(raised, "response", None)
    if isinstance(response, httpx2.Response) and response.is_error:
        return ErrorResponse(response.status_code, response.text[:_MAX_ERROR_CHARACTERS], response.headers)
    for cause in _causes(raised):
        if isinstance(cause, Interrupted):
            raise cause
        if isinstance(cause, httpx2.HTTPError):
            return cause
    return InvalidResponse(f"something that the SDK rejects ({raised})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
