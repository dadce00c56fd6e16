"""What went wrong between us and a model server, in one line that says what to do; and whether to try again."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

import httpcore2
import httpx2
import openai

from .wire import quote

LONGEST_WAIT_S = 60.0
"""A server that asks to be left alone for longer than this is not waited for."""


class InvalidResponse(Exception):
    """The server sent something that is no chat completion; the message says what."""


class ConnectionBroken(Exception):
    """The reply ended in the middle; the message says where."""


EXPECTED = (
    openai.APIError,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpx2.RequestError,
    InvalidResponse,
    ConnectionBroken,
)
"""All that a call to a server is expected to fail with; anything else is a bug of ours."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom a line of trouble is about: the server's address, the model asked for, the models it is known to have."""

    url: str
    model: str | None
    served: Sequence[str]
    timeout_s: float
    key: str | None

    def __repr__(self) -> str:
        return f"<Endpoint {self.url}>"


@dataclass(frozen=True, slots=True)
class ServerError:
    """The line for a person; whether it may pass by itself; and how long the server asked us to wait."""

    line: str
    may_pass: bool = False
    wait_s: float | None = None


def server_error_of(error: Exception, at: Endpoint) -> ServerError:
    """What `error`, one of `EXPECTED`, means. The line names the server and never holds the key."""
    trouble = _by_status(error, at) if isinstance(error, openai.APIStatusError) else _by_kind(error, at)
    line = " ".join(trouble.line.split())
    if at.key:
        line = line.replace(at.key, "(the key)")
    soon = trouble.wait_s is None or trouble.wait_s <= LONGEST_WAIT_S
    return replace(trouble, line=line, may_pass=trouble.may_pass and soon)


# -- the server answered with an error


def _by_status(error: openai.APIStatusError, at: Endpoint) -> ServerError:
    status, said = error.status_code, quote(error.response.text)
    who, because = f"the model server at {at.url}", f": {said}" if said else ""
    if 300 <= status < 400:
        to = error.response.headers.get("location", "elsewhere")
        return ServerError(f"{who} sends us on to {to} ({status}): give that address instead, as far as its /v1")
    if status in (401, 403):
        return ServerError(f"{who} refuses access ({status}){because}; {_key_advice(at)}")
    if status == 404:
        return ServerError(f"{who} has no such path or model (404){because}; {_name_advice(at)}")
    if status == 413:
        return ServerError(
            f"{who} finds the request too large (413){because}; send fewer or smaller screenshots, or JPEG"
        )
    if status == 429:
        return _too_many(error, f"{who} takes no more requests for now (429){because}")
    if status in (408, 425) or status >= 500:
        advice = "look at the server's log" if status != 503 else "it may still be loading the model"
        return ServerError(f"{who} failed ({status}){because}; {advice}", may_pass=True, wait_s=_wait_s(error))
    return ServerError(f"{who} refuses the request ({status}){because or '; it does not say why'}")


def _too_many(error: openai.APIStatusError, line: str) -> ServerError:
    spent = error.code == "insufficient_quota"
    advice = "the account's quota is used up" if spent else "run fewer episodes at once, or try again later"
    return ServerError(f"{line}; {advice}", not spent, _wait_s(error))


def _wait_s(error: openai.APIStatusError) -> float | None:
    """The seconds of a `Retry-After`; the other form of it, a date, is passed over."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None


def _key_advice(at: Endpoint) -> str:
    return "check the key" if at.key else "give its key in OPENAI_API_KEY"


def _name_advice(at: Endpoint) -> str:
    if at.served and at.model not in at.served:
        return f"it serves {', '.join(at.served)}: say which with --model-name"
    return "check the address, which mostly ends in /v1, and --model-name"


# -- there was no answer, or none that can be read


def _by_kind(error: BaseException, at: Endpoint) -> ServerError:
    who = f"the model server at {at.url}"
    match error:
        case openai.APIConnectionError() if _beneath(error) is not None:
            return _by_kind(_beneath(error) or error, at)
        case httpcore2.ConnectTimeout():
            return ServerError(
                f"{who} cannot be reached: the connection timed out; check the address and firewall", True
            )
        case httpcore2.TimeoutException():
            return ServerError(
                f"{who} sent nothing for {at.timeout_s:g} s: it is overloaded or stuck; look at its log, or allow "
                "it more time"
            )
        case httpcore2.ConnectError():
            return _no_connection(_beneath(error), at)
        case httpcore2.ProxyError():
            return ServerError(
                f"the proxy on the way to {at.url} refuses: {error}; correct HTTPS_PROXY or set NO_PROXY"
            )
        case httpcore2.NetworkError() | httpcore2.ProtocolError():
            return ServerError(f"{who} broke the connection ({_detail(error)}); look at its log", may_pass=True)
        case ConnectionBroken():
            return ServerError(f"{who} broke off its reply {error}; look at its log", may_pass=True)
        case InvalidResponse():
            return ServerError(f"{who} sent {error}; check that it is a model server, whose address mostly ends in /v1")
        case _:
            return ServerError(f"{who} failed ({_detail(error)}); look at its log", may_pass=True)


def _no_connection(cause: BaseException | None, at: Endpoint) -> ServerError:
    """Why no connection came about, by the system's error beneath it."""
    who = f"the model server at {at.url}"
    match cause:
        case socket.gaierror():
            return ServerError(f"{who} cannot be found: its host name is unknown; correct the address")
        case ConnectionRefusedError():
            return ServerError(
                f"{who} is down: the connection was refused; start it (vllm serve, screenwright serve) or correct "
                "the address",
                may_pass=True,
            )
        case ssl.SSLCertVerificationError():
            return ServerError(
                f"{who} shows a certificate that does not hold: {cause.verify_message}; name the certificate to trust "
                "in SSL_CERT_FILE"
            )
        case ssl.SSLError():
            return ServerError(f"{who} does not speak TLS ({cause.reason}); try http:// in place of https://")
        case _:
            return ServerError(f"{who} cannot be reached ({_detail(cause)}); check the address and the network", True)


def _detail(error: BaseException | None) -> str:
    """The innermost reason that is given, without Python's decoration."""
    while error is not None and (beneath := _beneath(error)) is not None:
        error = beneath
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return quote(str(error or "")) or type(error).__name__


def _beneath(error: BaseException) -> BaseException | None:
    """The error that `error` was made of; httpcore2 drops it from the chain, but keeps it as the argument."""
    argument = error.args[0] if error.args else None
    return argument if isinstance(argument, BaseException) else error.__cause__
