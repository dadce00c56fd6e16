"""The OpenAI chat format: requests, which `served` writes and `http_server.py` reads, and token counts."""

import base64
import binascii
import io
import json
from collections.abc import Container, Iterable, Sequence
from typing import Annotated, Literal, TypeAlias

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from ...envs.geometry import Size
from ..core.messages import FunctionCall, ImageFormat, ImagePart, Message, Part, TextPart
from ..core.model import Sampling, Usage
from ..core.validation import first_problem

MAX_PIXELS = 64_000_000
"""Images with more pixels are rejected; the largest screens have 33 million."""


# -- writing requests


def messages_json(messages: Iterable[Message], known: Container[str] | None = None) -> list[JsonValue]:
    """`messages` in the OpenAI format.

    With `known`, each image has the SHA-256 of its bytes as `uuid`, and images known to the server are sent by `uuid`
    alone (a vLLM feature, which trusts that the name identifies the content).
    """
    return [_message_json(message, known) for message in messages]


def _message_json(message: Message, known: Container[str] | None) -> JsonValue:
    written: dict[str, JsonValue] = {"role": message.role, "content": _content_json(message, known)}
    if message.reasoning:
        written["reasoning_content"] = message.reasoning
    if message.calls:
        written["tool_calls"] = [_call_json(call) for call in message.calls]
    if message.call_id:
        written["tool_call_id"] = message.call_id
    return written


def _call_json(call: FunctionCall) -> JsonValue:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


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


class _Incoming(BaseModel):
    """Validated input: unknown fields are ignored, wrong types are errors."""

    model_config = ConfigDict(frozen=True, extra="ignore")


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


def _as_object(arguments: object) -> object:
    return json.loads(arguments or "{}") if isinstance(arguments, str) else arguments


class _CalledFunction(_Incoming):
    name: str
    arguments: Annotated[dict[str, JsonValue], BeforeValidator(_as_object)]


class _ToolCall(_Incoming):
    id: str = ""
    function: _CalledFunction


class _ChatMessage(_Incoming):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[
        tuple[Annotated[_TextPart | _ImagePart, Field(discriminator="type")], ...], BeforeValidator(_as_parts)
    ] = ()
    reasoning_content: str | None = None
    tool_calls: tuple[_ToolCall, ...] | None = None
    tool_call_id: str | None = None

    def message(self) -> Message:
        calls = tuple(
            FunctionCall(call.function.name, call.function.arguments, call.id) for call in self.tool_calls or ()
        )
        role = "system" if self.role == "developer" else self.role
        return Message(role, _parts(self.content), self.reasoning_content or "", calls, self.tool_call_id or "")


def _as_tuple(stop: object) -> object:
    return (stop,) if isinstance(stop, str) else () if stop is None else stop


_StopString: TypeAlias = Annotated[str, Field(min_length=1)]


class _NamedSchema(_Incoming):
    json_schema: dict[str, JsonValue] = Field(alias="schema")


class _ResponseFormat(_Incoming):
    type: Literal["text", "json_schema"]
    json_schema: _NamedSchema | None = None

    @property
    def wanted(self) -> dict[str, JsonValue] | None:
        return self.json_schema.json_schema if self.json_schema else None


class _StreamOptions(_Incoming):
    include_usage: bool = False


class ChatRequest(_Incoming):
    """The body of `POST /v1/chat/completions`; unsupported values are rejected, and unknown parameters ignored."""

    model: str | None = None
    messages: tuple[_ChatMessage, ...] = Field(min_length=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    top_k: int | None = None
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    repetition_penalty: float | None = Field(None, gt=0)
    tools: tuple[dict[str, JsonValue], ...] | None = None
    tool_choice: JsonValue = None
    chat_template_kwargs: dict[str, JsonValue] | None = None
    reasoning_effort: str | None = None
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    n: Literal[1] | None = None
    stop: Annotated[tuple[_StopString, ...], BeforeValidator(_as_tuple), Field(max_length=16)] = ()
    response_format: _ResponseFormat | None = None

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
            top_k=self.top_k,
            presence_penalty=self.presence_penalty,
            repetition_penalty=self.repetition_penalty,
            stop=self.stop,
            json_schema=self.response_format.wanted if self.response_format else None,
            tools=self.tools or (),
            tool_choice=self.tool_choice if isinstance(self.tool_choice, str) else None,
            chat_template_kwargs=self.chat_template_kwargs or {},
            reasoning_effort=self.reasoning_effort,
        )

    def before_stop(self, text: str) -> str:
        """`text` up to the first stop string, which is not part of a reply in OpenAI's format."""
        return text[: min((at for each in self.stop if (at := text.find(each)) >= 0), default=len(text))]

    def conversation(self) -> tuple[Message, ...]:
        """The messages, with validated images.

        Raises:
            BadRequest: an image is not a PNG or JPEG in a `data:` URL.
        """
        return tuple(each.message() for each in self.messages)


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
