"""Reads responses of OpenAI-compatible servers: replies, token counts, lists of models and error messages.

Servers differ in details, and a field in an unexpected form must not lose a reply. Such a field counts as absent.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from pydantic import JsonValue

from screenwright._text import one_line

from ..core.model import Usage

MAX_TOKENS_REPORTED = 1 << 40
"""A larger token count is not one."""

_MAX_DEPTH = 8
_DATA_URL = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/=]*")

_PART_KINDS = {"text": "", "output_text": "", "thinking": "reasoning", "reasoning": "reasoning", "refusal": "refusal"}
"""The kind of text in a typed part; an empty kind is that of the enclosing part. Other types contain no text."""

_MESSAGE_FIELDS = (
    "error",
    "errors",
    "message",
    "detail",
    "details",
    "msg",
    "reason",
    "metadata",
    "provider_name",
    "raw",
)
_CONTEXT_FIELDS = ("max_model_len", "loaded_context_length", "context_length", "context_window")
_PROMPT_FIELDS, _COMPLETION_FIELDS = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")


def parse_json(text: str) -> JsonValue:
    """The JSON value in `text`, whose strings may contain line breaks.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        value: JsonValue = json.loads(text, strict=False)
    except RecursionError as error:
        raise ValueError("too deeply nested") from error
    return value


def field(value: JsonValue, *names: str) -> JsonValue:
    """The first of the fields `names` that is neither absent nor empty; None if there is none."""
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if value.get(name)), None)


def items(value: JsonValue) -> list[JsonValue]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def numbers_in(value: JsonValue) -> tuple[int, ...]:
    """`value` if it is a list of integers, else an empty one."""
    numbers = tuple(one for one in items(value) if isinstance(one, int) and not isinstance(one, bool))
    return numbers if len(numbers) == len(items(value)) else ()


def count_of(value: JsonValue) -> int | None:
    """A number of tokens; None if `value` is not a sensible one."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return int(number) if isfinite(number) and 0 <= number <= MAX_TOKENS_REPORTED else None


def well_formed(text: str) -> str:
    r"""`text` with the halves of surrogate pairs, from `\ud83e` in JSON, joined or replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# -- replies


def texts_of(content: JsonValue, kind: str = "text", depth: int = 0) -> Iterator[tuple[str, str]]:
    """The (kind, text) of each part of a message's content; the kinds are `text`, `reasoning` and `refusal`.

    The content is a text, a typed part, or a list of those, and a part can contain others.
    """
    if isinstance(content, str):
        yield kind, content
    elif depth < _MAX_DEPTH:
        for part in items(content):
            yield from texts_of(part, kind, depth + 1)
        if isinstance(content, dict):
            part_type = str(content.get("type") or "text").removesuffix(".text")
            if part_type in _PART_KINDS:
                yield from texts_of(
                    field(content, part_type, "text", "content", "value"), _PART_KINDS[part_type] or kind, depth + 1
                )


def usage_of(value: JsonValue, estimate: Usage) -> Usage:
    """The token counts in the field `usage`; counts that it lacks are from `estimate`."""
    if not isinstance(value, dict):
        return estimate
    prompt, completion = _first_count(value, _PROMPT_FIELDS), _first_count(value, _COMPLETION_FIELDS)
    cached = count_of(field(field(value, "prompt_tokens_details", "input_tokens_details"), "cached_tokens")) or 0
    return Usage(
        estimate.prompt if prompt is None else prompt,
        estimate.completion if completion is None else completion,
        cached,
        estimated=prompt is None or completion is None,
    )


def _first_count(value: dict[str, JsonValue], names: Sequence[str]) -> int | None:
    return next((count for name in names if (count := count_of(value.get(name))) is not None), None)


# -- models


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model in a server's list; some servers add its context length."""

    name: str
    owned_by: str = ""
    context_tokens: int | None = None


def models_in(body: JsonValue) -> tuple[ModelCard, ...]:
    """The models in a response of `/v1/models`: a list, or an object with the list as `data` or `models`.

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(body, list | dict) or (isinstance(body, dict) and not {"data", "models"} & body.keys()):
        raise ValueError("not a list of models")
    listed = body if isinstance(body, list) else items(field(body, "data", "models"))
    cards = (_card(each) for each in listed)
    return tuple({card.name: card for card in cards if card is not None}.values())


def _card(value: JsonValue) -> ModelCard | None:
    name = value if isinstance(value, str) else field(value, "id", "name", "model")
    if not isinstance(name, str) or not name:
        return None
    owner, context = field(value, "owned_by"), count_of(field(value, *_CONTEXT_FIELDS))
    return ModelCard(well_formed(name), owner if isinstance(owner, str) else "", context or None)


# -- errors


def quote(body: str) -> str:
    """The messages of an error response, in one line of at most 300 characters; empty for an HTML page."""
    messages = [one_line(_DATA_URL.sub("(an image)", each)) for each in _messages_in(body)]
    distinct = [each for index, each in enumerate(messages) if not any(each in other for other in messages[:index])]
    return one_line(": ".join(each for each in distinct if each))


def status_in(error: JsonValue) -> int:
    """The HTTP status in an error that came inside a reply; 500 if it has none."""
    statuses = (count_of(field(error, name)) or 0 for name in ("code", "status", "status_code"))
    return next((status for status in statuses if 400 <= status < 600), 500)


def _messages_in(body: JsonValue, depth: int = 0) -> Iterator[str]:
    """The messages in an error body, outermost first. Proxies put the body of the model's own server into theirs."""
    if isinstance(body, dict) and depth < _MAX_DEPTH:
        for name in _MESSAGE_FIELDS:
            yield from _messages_in(body.get(name), depth + 1)
    elif isinstance(body, list) and depth < _MAX_DEPTH:
        for each in body[:3]:
            yield from _messages_in(each, depth + 1)
    elif isinstance(body, str) and body.lstrip()[:1] in ("{", "[", '"') and depth < _MAX_DEPTH:
        try:
            yield from _messages_in(parse_json(body), depth + 1)
        except ValueError:
            yield body
    elif isinstance(body, str) and not body.lstrip().startswith("<"):
        is_traceback = "Traceback (most recent call last)" in body
        yield body.strip().splitlines()[-1] if is_traceback else body
    elif isinstance(body, int | float) and not isinstance(body, bool):
        yield str(body)
