"""The OpenAI chat format as values: what a client sends, what a server answers, checked where it enters.

Used from both sides: `served.py` writes requests and reads answers, `http_server.py` the other way round.
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

MOST_PIXELS = 64_000_000
"""An image with more pixels than this is refused; the largest screens have 33 million."""

_LONGEST_QUOTE = 300
_DATA_URL = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/=]*")


# -- a request, written


def messages_json(messages: Iterable[Message], known: Container[str] | None = None) -> list[JsonValue]:
    """`messages` as they go over the wire.

    With `known`, each image carries the SHA-256 of its bytes as `uuid`, and those known to the server are sent by it
    alone (vLLM's media by uuid, which trusts the name: it must be the content's).
    """
    return [{"role": message.role, "content": _content_json(message, known)} for message in messages]


def _content_json(message: Message, known: Container[str] | None) -> JsonValue:
    if all(isinstance(part, TextPart) for part in message.parts):
        return message.text  # every server takes a string; some take lists from the user only
    return [_part_json(part, known) for part in message.parts]


def _part_json(part: Part, known: Container[str] | None) -> JsonValue:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if known is None:
        return {"type": "image_url", "image_url": {"url": part.data_url}}
    data: JsonValue = None if part.sha256 in known else {"url": part.data_url}
    return {"type": "image_url", "image_url": data, "uuid": part.sha256}


# -- an answer, read


class _In(BaseModel):
    """Something read off the wire: fields that we do not know are no error, a wrong type is."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Spoken(_In):
    """What the model said; `reasoning_content` (also called `reasoning`) where the server splits its thinking off."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class Choice(_In):
    """One reply: `message` where it is whole, `delta` where it streams."""

    message: Spoken | None = None
    delta: Spoken | None = None
    finish_reason: str | None = None


class _CachedIn(_In):
    cached_tokens: int | None = None


class UsageIn(_In):
    """Token counts as servers give them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _CachedIn | None = None

    def usage(self) -> Usage:
        """The same as our own value."""
        details = self.prompt_tokens_details
        return Usage(self.prompt_tokens, self.completion_tokens, (details and details.cached_tokens) or 0)


class ChatCompletion(_In):
    """A chat completion, or one piece of a streamed one."""

    choices: tuple[Choice, ...] = ()
    usage: UsageIn | None = None
    error: JsonValue = None


class ModelCard(_In):
    """A model as `/v1/models` lists it; vLLM says the length of its context."""

    id: str
    owned_by: str | None = None
    max_model_len: int | None = None


class ModelList(_In):
    """The answer of `/v1/models`."""

    data: tuple[ModelCard, ...]


class VersionIn(_In):
    """The answer of vLLM's `/version`."""

    version: str = ""


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    r"""The lines of a body that comes in blocks, without their `\n` or `\r\n`.

    By bytes: as text, a line would also end at characters such as U+2028, which may stand inside JSON.
    """
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")


def events_of(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The data of each server-sent event; comments and other fields are passed over."""
    for line in lines:
        if line.startswith(b"data:"):
            yield line.removeprefix(b"data:").strip()


def quote(body: str) -> str:
    """What a server's error says, in one line of at most 300 characters; nothing if it is an HTML page or empty."""
    try:
        text = _message_in(TypeAdapter[JsonValue](JsonValue).validate_json(body))
    except ValidationError:
        text = "" if body.lstrip().startswith("<") else body
    text = _DATA_URL.sub("(an image)", text).strip()
    if "Traceback (most recent call last)" in text:
        text = text.splitlines()[-1]
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 3] + "..."


def _message_in(body: JsonValue) -> str:
    """The message of an error body; servers put it in different places."""
    if isinstance(body, dict):
        for key in ("error", "message", "detail", "msg"):
            if body.get(key):
                return _message_in(body[key])
        return ""
    if isinstance(body, list):
        return _message_in(body[0]) if body else ""
    return "" if body is None else str(body)


# -- an answer, written


def usage_json(usage: Usage) -> JsonValue:
    """Token counts as OpenAI gives them."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }


# -- a request, read


class BadRequest(Exception):
    """A request that cannot be served; the message is one line for the person who sent it."""

    def __init__(self, message: str, status_code: int = 400) -> None:
        super().__init__(message)
        self.status_code = status_code


class _TextIn(_In):
    type: Literal["text"]
    text: str


class _UrlIn(_In):
    url: str


class _ImageIn(_In):
    type: Literal["image_url"]
    image_url: _UrlIn


def _as_parts(content: object) -> object:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [] if content is None else content


class _MessageIn(_In):
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[
        tuple[Annotated[_TextIn | _ImageIn, Field(discriminator="type")], ...], BeforeValidator(_as_parts)
    ]


class _StreamOptionsIn(_In):
    include_usage: bool = False


class ChatRequest(_In):
    """The body of `POST /v1/chat/completions`; what we could not honour (`n`, `stop`) is refused, not ignored."""

    model: str | None = None
    messages: tuple[_MessageIn, ...] = Field(min_length=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    stream: bool | None = False
    stream_options: _StreamOptionsIn | None = None
    n: Literal[1] | None = None
    stop: None = None

    @classmethod
    def read(cls, body: bytes) -> "ChatRequest":
        """The request in `body`.

        Raises:
            BadRequest: it is not JSON, or not a chat request.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(step) for step in first["loc"])
            raise BadRequest(f"{place}: {first['msg']}" if place else first["msg"]) from None

    @property
    def include_usage(self) -> bool:
        """Whether a stream is to end with the token counts."""
        return self.stream_options is not None and self.stream_options.include_usage

    def sampling(self) -> Sampling:
        """How to draw the reply; what the request leaves out is as `Sampling` has it."""
        usual = Sampling()
        return Sampling(
            usual.temperature if self.temperature is None else self.temperature,
            self.top_p,
            self.max_completion_tokens or self.max_tokens or usual.max_tokens,
            self.frequency_penalty,
        )

    def conversation(self) -> tuple[Message, ...]:
        """The messages, their images checked.

        Raises:
            BadRequest: an image is not a PNG or JPEG given as a `data:` URL.
        """
        return tuple(
            Message("system" if said.role == "developer" else said.role, _parts(said.content)) for said in self.messages
        )


def _parts(content: Sequence[_TextIn | _ImageIn]) -> tuple[Part, ...]:
    return tuple(TextPart(part.text) if isinstance(part, _TextIn) else image_of(part.image_url.url) for part in content)


def image_of(url: str) -> ImagePart:
    """The image in a `data:` URL, its bytes unchanged. Nothing is ever fetched.

    Raises:
        BadRequest: it is no such URL, no image, or too large a one.
    """
    head, _, payload = url.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64")):
        raise BadRequest("images are taken as data:image/png;base64,... URLs only; nothing is fetched from elsewhere")
    try:
        data = base64.b64decode(payload, validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            size, kind = Size(*image.size), str(image.format)
            image.verify()
    except (binascii.Error, UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise BadRequest("an image is not a whole PNG or JPEG in base64") from None
    if size.width * size.height > MOST_PIXELS:
        raise BadRequest(f"an image of {size} is too large: the limit is {MOST_PIXELS} pixels")
    return ImagePart(data, size, ImageFormat(kind.lower()))
