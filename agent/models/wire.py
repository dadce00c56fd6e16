"""The OpenAI chat format: requests and responses as validated values.

`served.py` writes requests and reads responses; `http_server.py` does the reverse.
"""

import base64
import binascii
import io
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Annotated, Literal

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from ...envs.geometry import Size
from ..core.messages import ImageFormat, ImagePart, Message, Part, TextPart
from ..core.model import Sampling, Usage
from ..core.validation import first_problem

MAX_PIXELS = 64_000_000
"""Images with more pixels are rejected; the largest screens have 33 million."""

_MAX_QUOTE = 300
_DATA_URL = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/=]*")


# -- writing requests


def messages_json(messages: Iterable[Message], known: Container[str] | None = None) -> list[JsonValue]:
    """`messages` in the OpenAI format.

    With `known`, each image has the SHA-256 of its bytes as `uuid`, and images known to the server are sent by `uuid`
    alone (a vLLM feature, which trusts that the name identifies the content).
    """
    return [{"role": message.role, "content": _content_json(message, known)} for message in messages]


def _content_json(message: Message, known: Container[str] | None) -> JsonValue:
    if all(isinstance(part, TextPart) for part in message.parts):
        return message.text  # every server accepts a string; some accept lists only in user messages
    return [_part_json(part, known) for part in message.parts]


def _part_json(part: Part, known: Container[str] | None) -> JsonValue:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if known is None:
        return {"type": "image_url", "image_url": {"url": part.data_url}}
    data: JsonValue = None if part.sha256 in known else {"url": part.data_url}
    return {"type": "image_url", "image_url": data, "uuid": part.sha256}


# -- reading responses


class _Incoming(BaseModel):
    """Validated input: unknown fields are ignored, wrong types are errors."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ReplyMessage(_Incoming):
    """The model's text; `reasoning_content` (or `reasoning`) if the server separates its reasoning."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class Choice(_Incoming):
    """One reply: `message` if complete, `delta` if streamed."""

    message: ReplyMessage | None = None
    delta: ReplyMessage | None = None
    finish_reason: str | None = None


class _CachedTokens(_Incoming):
    cached_tokens: int | None = None


class WireUsage(_Incoming):
    """Token counts in a response."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _CachedTokens | None = None

    def usage(self) -> Usage:
        """The counts as a `Usage`."""
        details = self.prompt_tokens_details
        return Usage(self.prompt_tokens, self.completion_tokens, (details and details.cached_tokens) or 0)


class ChatCompletion(_Incoming):
    """A chat completion, or one chunk of a streamed one."""

    choices: tuple[Choice, ...] = ()
    usage: WireUsage | None = None
    error: JsonValue = None


class ModelCard(_Incoming):
    """A model in `/v1/models`; vLLM adds the context length."""

    id: str
    owned_by: str | None = None
    max_model_len: int | None = None


class ModelList(_Incoming):
    """The response of `/v1/models`."""

    data: tuple[ModelCard, ...]


class VersionInfo(_Incoming):
    """The response of vLLM's `/version`."""

    version: str = ""


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Split a body that arrives in blocks into lines, without `\n` or `\r\n`.

    Splits bytes, not text: `str.splitlines` also splits at characters such as U+2028, which may occur inside JSON.
    """
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")


def events_of(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each server-sent event; comments and other fields are skipped."""
    for line in lines:
        if line.startswith(b"data:"):
            yield line.removeprefix(b"data:").strip()


def quote(body: str) -> str:
    """The message of an error response, in one line of at most 300 characters; empty for an HTML page."""
    try:
        text = _message_in(TypeAdapter[JsonValue](JsonValue).validate_json(body))
    except ValidationError:
        text = "" if body.lstrip().startswith("<") else body
    text = _DATA_URL.sub("(an image)", text).strip()
    if "Traceback (most recent call last)" in text:
        text = text.splitlines()[-1]
    text = " ".join(text.split())
    return text if len(text) <= _MAX_QUOTE else text[: _MAX_QUOTE - 3] + "..."


def _message_in(body: JsonValue) -> str:
    """The message in an error body; servers use different fields."""
    if isinstance(body, dict):
        for key in ("error", "message", "detail", "msg"):
            if body.get(key):
                return _message_in(body[key])
        return ""
    if isinstance(body, list):
        return _message_in(body[0]) if body else ""
    return "" if body is None else str(body)


# -- writing responses


def usage_json(usage: Usage) -> JsonValue:
    """`usage` in the OpenAI format."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }


# -- reading requests


class BadRequest(Exception):
    """An invalid request; the message is one line for its sender."""

    def __init__(self, message: str, status_code: int = 400) -> None:
        super().__init__(message)
        self.status_code = status_code


class _TextPart(_Incoming):
    type: Literal["text"]
    text: str


class _ImageUrl(_Incoming):
    url: str


class _ImagePart(_Incoming):
    type: Literal["image_url"]
    image_url: _ImageUrl


def _as_parts(content: object) -> object:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [] if content is None else content


class _ChatMessage(_Incoming):
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[
        tuple[Annotated[_TextPart | _ImagePart, Field(discriminator="type")], ...], BeforeValidator(_as_parts)
    ]


class _StreamOptions(_Incoming):
    include_usage: bool = False


class ChatRequest(_Incoming):
    """The body of `POST /v1/chat/completions`; unsupported parameters (`n`, `stop`) are rejected, not ignored."""

    model: str | None = None
    messages: tuple[_ChatMessage, ...] = Field(min_length=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    n: Literal[1] | None = None
    stop: None = None

    @classmethod
    def read(cls, body: bytes) -> "ChatRequest":
        """Parse `body`.

        Raises:
            BadRequest: it is not a valid chat request.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise BadRequest(first_problem(error)) from None

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with the token counts."""
        return self.stream_options is not None and self.stream_options.include_usage

    def sampling(self) -> Sampling:
        """The request's sampling parameters, with the defaults of `Sampling`."""
        default = Sampling()
        return Sampling(
            default.temperature if self.temperature is None else self.temperature,
            self.top_p,
            self.max_completion_tokens or self.max_tokens or default.max_tokens,
            self.frequency_penalty,
        )

    def conversation(self) -> tuple[Message, ...]:
        """The messages, with validated images.

        Raises:
            BadRequest: an image is not a PNG or JPEG in a `data:` URL.
        """
        return tuple(
            Message("system" if each.role == "developer" else each.role, _parts(each.content)) for each in self.messages
        )


def _parts(content: Sequence[_TextPart | _ImagePart]) -> tuple[Part, ...]:
    return tuple(
        TextPart(part.text) if isinstance(part, _TextPart) else image_of(part.image_url.url) for part in content
    )


def image_of(url: str) -> ImagePart:
    """The image in a `data:` URL, with its bytes unchanged. Other URLs are never fetched.

    Raises:
        BadRequest: it is not such a URL, not an image, or too large.
    """
    head, _, payload = url.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise BadRequest("images must be data:image/png;base64,... URLs; other URLs are not fetched")
    try:
        data = base64.b64decode(payload, validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            size, kind = Size(*image.size), str(image.format)
            image.verify()
    except (binascii.Error, UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise BadRequest("an image is not a complete PNG or JPEG in base64") from None
    if size.width * size.height > MAX_PIXELS:
        raise BadRequest(f"an image of {size} is too large: the limit is {MAX_PIXELS} pixels")
    return ImagePart(data, size, ImageFormat(kind.lower()))
