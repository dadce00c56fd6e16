"""Turns errors of a model server into one-line messages with advice, and decides which can be retried."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

import httpx2
import openai

from .wire import quote

MAX_RETRY_AFTER_S = 60.0
"""A longer Retry-After is not waited for."""


class InvalidResponse(Exception):
    """The server sent something other than a chat completion; the message describes it."""


class ConnectionBroken(Exception):
    """The reply ended early; the message says where."""


EXPECTED_ERRORS = (
    openai.APIError,
    httpx2.RequestError,
    InvalidResponse,
    ConnectionBroken,
)
"""The errors expected from a call to a server; anything else is a bug."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The server that an error message is about: its URL, the requested model, and the models it is known to serve."""

    url: str
    model: str | None
    served: Sequence[str]
    timeout_s: float
    key: str | None

    def __str__(self) -> str:
        return f"the model server at {self.url}"

    def __repr__(self) -> str:
        return f"<Endpoint {self.url}>"


@dataclass(frozen=True, slots=True)
class ServerError:
    """The message for users, whether a retry may succeed, and the server's Retry-After in seconds."""

    message: str
    retryable: bool = False
    retry_after_s: float | None = None


def describe_error(error: Exception, server: Endpoint) -> ServerError:
    """Describe `error`, one of `EXPECTED_ERRORS`. The message names the server and never contains the key."""
    failure = (
        _status_error(error, server) if isinstance(error, openai.APIStatusError) else _connection_error(error, server)
    )
    message = " ".join(failure.message.split())
    if server.key:
        message = message.replace(server.key, "(the key)")
    soon = failure.retry_after_s is None or failure.retry_after_s <= MAX_RETRY_AFTER_S
    return replace(failure, message=message, retryable=failure.retryable and soon)


# -- the server answered with an error


def _status_error(error: openai.APIStatusError, server: Endpoint) -> ServerError:
    status, reason = error.status_code, quote(error.response.text)
    because = f": {reason}" if reason else ""
    if 300 <= status < 400:
        to = error.response.headers.get("location", "another address")
        return ServerError(f"{server} redirects to {to} ({status}): use that address instead, up to its /v1")
    if status in (401, 403):
        return ServerError(f"{server} denied access ({status}){because}; {_key_advice(server)}")
    if status == 404:
        return ServerError(f"{server} has no such path or model (404){because}; {_name_advice(server)}")
    if status == 413:
        return ServerError(
            f"{server} rejected the request as too large (413){because}; send fewer or smaller screenshots, or JPEG"
        )
    if status == 429:
        return _rate_limited(error, f"{server} is rate limiting requests (429){because}")
    if status in (408, 425) or status >= 500:
        advice = "check the server's log" if status != 503 else "it may still be loading the model"
        return ServerError(
            f"{server} failed ({status}){because}; {advice}", retryable=True, retry_after_s=_retry_after_s(error)
        )
    return ServerError(f"{server} rejected the request ({status}){because or ' without a reason'}")


def _rate_limited(error: openai.APIStatusError, message: str) -> ServerError:
    exhausted = error.code == "insufficient_quota"
    advice = "the account's quota is used up" if exhausted else "run fewer episodes at once, or try again later"
    return ServerError(f"{message}; {advice}", not exhausted, _retry_after_s(error))


def _retry_after_s(error: openai.APIStatusError) -> float | None:
    """The seconds of a `Retry-After` header; the date form is ignored."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None


def _key_advice(server: Endpoint) -> str:
    return "check the key" if server.key else "set its key in OPENAI_API_KEY"


def _name_advice(server: Endpoint) -> str:
    if server.served and server.model not in server.served:
        return f"it serves {', '.join(server.served)}: choose one with --model-name"
    return "check the address, which usually ends in /v1, and --model-name"


# -- there was no response, or an invalid one


def _connection_error(error: BaseException, server: Endpoint) -> ServerError:
    match error:
        case openai.APIConnectionError() if _cause_of(error) is not None:
            return _connection_error(_cause_of(error) or error, server)
        case httpx2.ConnectTimeout():
            return ServerError(
                f"{server} cannot be reached: the connection timed out; check the address and firewall", True
            )
        case httpx2.TimeoutException():
            return ServerError(
                f"{server} sent nothing for {server.timeout_s:g} s: it is overloaded or stuck; check its log, or allow "
                "more time"
            )
        case httpx2.ConnectError():
            return _connection_failed(_root_cause(error), server)
        case httpx2.ProxyError():
            return ServerError(
                f"the proxy for {server.url} refused the connection: {error}; correct HTTPS_PROXY or set NO_PROXY"
            )
        case httpx2.NetworkError() | httpx2.ProtocolError():
            return ServerError(f"{server} closed the connection ({_detail(error)}); check its log", retryable=True)
        case ConnectionBroken():
            return ServerError(f"{server} ended its reply early, {error}; check its log", retryable=True)
        case InvalidResponse():
            return ServerError(
                f"{server} sent {error}; check that it is a model server, whose address usually ends in /v1"
            )
        case _:
            return ServerError(f"{server} failed ({_detail(error)}); check its log", retryable=True)


def _connection_failed(cause: BaseException, server: Endpoint) -> ServerError:
    """Why the connection failed, by the underlying system error."""
    match cause:
        case socket.gaierror():
            return ServerError(f"{server} cannot be found: its host name is unknown; correct the address")
        case ConnectionRefusedError():
            return ServerError(
                f"{server} is down: the connection was refused; start it (vllm serve, screenwright serve) or correct "
                "the address",
                retryable=True,
            )
        case ssl.SSLCertVerificationError():
            return ServerError(
                f"{server} has an invalid certificate: {cause.verify_message}; set SSL_CERT_FILE to the certificate to "
                "trust"
            )
        case ssl.SSLError():
            return ServerError(f"{server} does not support TLS ({cause.reason}); try http:// in place of https://")
        case _:
            return ServerError(
                f"{server} cannot be reached ({_detail(cause)}); check the address and the network", True
            )


def _detail(error: BaseException) -> str:
    """The message of the root cause."""
    error = _root_cause(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return quote(str(error)) or type(error).__name__


def _root_cause(error: BaseException) -> BaseException:
    cause = _cause_of(error)
    return error if cause is None else _root_cause(cause)


def _cause_of(error: BaseException) -> BaseException | None:
    """The cause of `error`; of several failed connection attempts, such as IPv6 and IPv4, the first."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    argument = error.args[0] if error.args else None  # httpcore2 keeps the cause only as the argument
    return argument if isinstance(argument, BaseException) else error.__cause__
