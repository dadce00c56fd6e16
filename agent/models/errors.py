"""Turns errors of a model server into one-line messages with advice, and decides which can be retried."""

import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import httpx2

from screenwright._text import counted, one_line

from .replies import quote
from .retry_hints import retry_after_s

MAX_RETRY_AFTER_S = 60.0
"""A longer Retry-After is not waited for."""

_MAX_NAMES = 10
_MAX_MESSAGE = 600
_MIN_KEY = 8

TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size|limit|overflow)|(model|prompt|input|sequence|session|request).?len(gth)?\b"
    r"|(prompt|input|inputs|request|messages?|images?|payload|query)\b.{0,80}(too (long|large|big|many)|exceed|longer"
    r"|larger than|overflow|less than|must be <)|(too many|exceed|reduce|maximum).{0,60}(token|image|length)"
    r"|at most \d+ (image|token)|limit.mm.per.prompt",
    re.IGNORECASE | re.DOTALL,
)
"""A prompt with too many tokens or images, as servers word it."""

_NO_IMAGES = re.compile(
    r"not a (multi-?modal|vision) model|at most 0 image"
    r"|(does not|doesn't|do not) (support|accept|allow).{0,20}(image|vision|multi-?modal)",
    re.IGNORECASE,
)
"""The model takes no images, as servers word it."""

_REPLY_LIMIT = re.compile(r"completion tokens|max_(completion_)?tokens.{0,20}(too large|must be)", re.IGNORECASE)
"""The reply may not be that long, whatever the prompt."""


class InvalidResponse(Exception):
    """The server sent something other than a chat completion; the message describes it."""


class ConnectionBroken(Exception):
    """The reply ended early; the message says where."""


class ReplyWithheld(Exception):
    """The server completed the reply, but withheld its text; the message says why."""


class ResponseOutOfBounds(httpx2.TransportError):
    """A response is too long, or does not end in time; the message says which."""


@dataclass(eq=False)  # exceptions are compared by identity
class ErrorResponse(Exception):
    """The server reported an error, as HTTP status `status`; within a reply, after that many `characters` of text."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    characters: int | None = None

    @property
    def is_rejection(self) -> bool:
        """Whether the server rejects the request for what is in it."""
        return self.status in (400, 413, 422, 501) or self.is_prompt_too_long

    @property
    def is_prompt_too_long(self) -> bool:
        """Whether the server rejects the prompt for its length or for its number of images."""
        if self.status not in (400, 413, 422, 500):
            return False
        if _NO_IMAGES.search(self.body):
            return False
        about_reply = _REPLY_LIMIT.search(self.body) and "context" not in self.body.lower()
        return self.status == 413 or bool(TOO_LONG.search(self.body) and not about_reply)


EXPECTED_ERRORS = (httpx2.HTTPError, ErrorResponse, InvalidResponse, ConnectionBroken, ReplyWithheld)
"""The errors expected from a call to a server; anything else is a bug."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a user can do about the errors of a server; the default is about one of the user's own."""

    name: str = "check the address, which usually ends in /v1, and --model-name"
    address: str = "check the address"
    down: str = "start it (vllm serve, screenwright serve) or correct the address"
    other: str = "check that it is a model server, whose address usually ends in /v1"
    failed: str = "check the server's log"
    loading: str = "it may still be loading the model"
    silent: str = "check its log"
    shorter: str = "or serve the model with a longer context"
    key: str = "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The server that an error message is about: its URL, the requested model, and the models it is known to serve."""

    url: str
    model: str | None
    served: Sequence[str]
    timeout_s: float
    key: str | None = field(repr=False)
    title: str = "the model server"
    advice: Advice = Advice()

    def __str__(self) -> str:
        return f"{self.title} at {self.url}"


@dataclass(frozen=True, slots=True)
class ServerError:
    """The message for users, whether a retry may succeed, and when, in seconds, according to the server."""

    message: str
    retryable: bool = False
    retry_after_s: float | None = None


def _without_key(text: str, server: Endpoint) -> str:
    """`text` without the key; a short placeholder, such as `none`, is no secret and may be a word of the text."""
    return text.replace(server.key, "(the key)") if server.key and len(server.key) >= _MIN_KEY else text


def describe_error(error: Exception, server: Endpoint) -> ServerError:
    """Describe `error`, one of `EXPECTED_ERRORS`. The message names the server and never contains the key."""
    if isinstance(error, ErrorResponse):
        error.body = _without_key(error.body, server)  # before it is shortened
        failure = _reported_error(error, server)
    else:
        failure = _connection_error(error, server)
    message = _without_key(one_line(failure.message, _MAX_MESSAGE), server)
    soon = failure.retry_after_s is None or failure.retry_after_s <= MAX_RETRY_AFTER_S
    if failure.retry_after_s is not None and not soon:
        message += f" (it asks to wait {failure.retry_after_s:.0f} s)"
    return replace(failure, message=message, retryable=failure.retryable and soon)


def listed(names: Sequence[str]) -> str:
    """The names, of which there can be hundreds."""
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(one_line(name, 80) for name in names[:_MAX_NAMES]) + more


# -- the server answered with an error


def _reported_error(error: ErrorResponse, server: Endpoint) -> ServerError:
    status, reason = error.status, quote(error.body)
    because = f": {reason}" if reason else ""
    hint_s = retry_after_s(error.headers, error.body)
    if error.is_prompt_too_long:
        return ServerError(
            f"{server} rejected the request as too long ({status}){because}; send fewer screenshots (--history "
            f"window:2), or JPEG (--image-format jpeg), {server.advice.shorter}"
        )
    if 300 <= status < 400:
        to = error.headers.get("location", "another address")
        return ServerError(f"{server} redirects to {to} ({status}): use that address instead, up to its /v1")
    if status in (401, 403):
        return ServerError(f"{server} denied access ({status}){because}; {_key_advice(server)}")
    if status == 404:
        return ServerError(f"{server} has no such path or model (404){because}; {_name_advice(server)}")
    if status == 429:
        exhausted = "insufficient_quota" in error.body
        advice = "the account's quota is used up" if exhausted else "run fewer episodes at once, or try again later"
        return ServerError(f"{server} is rate limiting requests (429){because}; {advice}", not exhausted, hint_s)
    if error.characters is not None and status >= 500:
        return ServerError(
            f"{server} ended its reply early, after {counted(error.characters, 'character')} with an error{because}; "
            f"{server.advice.silent}",
            True,
            hint_s,
        )
    if status in (408, 409, 425) or status >= 500:
        advice = server.advice.failed if status != 503 else server.advice.loading
        return ServerError(f"{server} failed ({status}){because}; {advice}", True, hint_s)
    advice = "; serve a model that takes images" if _NO_IMAGES.search(error.body) else ""
    return ServerError(f"{server} rejected the request ({status}){because or ' without a reason'}{advice}")


def _key_advice(server: Endpoint) -> str:
    return f"check the key in {server.advice.key}" if server.key else f"set its key in {server.advice.key}"


def _name_advice(server: Endpoint) -> str:
    if server.served and server.model not in server.served:
        return f"it serves {listed(server.served)}: choose one with --model-name"
    return server.advice.name


# -- there was no response, or an invalid one


_Kinds: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]

_FAILURES: tuple[tuple[_Kinds, str, bool], ...] = (
    (ResponseOutOfBounds, "sent {detail}", False),
    (httpx2.ConnectTimeout, "cannot be reached: the connection timed out; {advice.address} and the firewall", True),
    (
        httpx2.TimeoutException,
        "sent nothing for {timeout_s:g} s: it is overloaded or stuck; {advice.silent}, or allow more time with "
        "--model-timeout",
        False,
    ),
    (socket.gaierror, "cannot be found: its host name is unknown; {advice.address}", False),
    (
        ConnectionRefusedError,
        "is down: the connection was refused; {advice.down}",
        True,
    ),
    (
        ssl.SSLCertVerificationError,
        "has an invalid certificate: {detail}; set SSL_CERT_FILE to the certificate to trust",
        False,
    ),
    (ssl.SSLError, "does not support TLS ({detail}); try http:// in place of https://", False),
    (
        httpx2.ProxyError,
        "is behind a proxy that refused the connection: {detail}; correct HTTPS_PROXY or set NO_PROXY",
        False,
    ),
    ((httpx2.ConnectError, OSError), "cannot be reached ({detail}); {advice.address} and the network", True),
    ((httpx2.NetworkError, httpx2.ProtocolError), "closed the connection ({detail}); {advice.silent}", True),
    (ReplyWithheld, "sent no reply: {detail}", False),
    (ConnectionBroken, "ended its reply early, {detail}; {advice.silent}", True),
    (InvalidResponse, "sent {detail}; {advice.other}", False),
    (BaseException, "failed ({detail}); {advice.silent}", True),
)
"""What happened, by the class of the error, with advice, and whether a retry may succeed; the first match counts."""


def _connection_error(error: BaseException, server: Endpoint) -> ServerError:
    cause = _root_cause(error) if isinstance(error, httpx2.ConnectError) else error
    message, retryable = next((message, retryable) for kind, message, retryable in _FAILURES if isinstance(cause, kind))
    text = message.format(detail=_detail(cause), timeout_s=server.timeout_s, advice=server.advice)
    return ServerError(f"{server} {text}", retryable)


def _detail(error: BaseException) -> str:
    """The message of the root cause."""
    error = _root_cause(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return one_line(str(error)) or type(error).__name__


def _root_cause(error: BaseException) -> BaseException:
    cause = _cause_of(error)
    return error if cause is None else _root_cause(cause)


def _cause_of(error: BaseException) -> BaseException | None:
    """The cause of `error`; of several failed connection attempts, such as IPv6 and IPv4, the first."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    argument = error.args[0] if error.args else None  # httpcore2 keeps the cause only as the argument
    return argument if isinstance(argument, BaseException) else error.__cause__
