"""Parameters of a request that a user sets as JSON."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from .model import Sampling
from .validation import first_problem

_SAMPLING = TypeAdapter(Sampling)
_FIELDS = frozenset(field.name for field in fields(Sampling))
_RESERVED = frozenset(
    (
        *("model", "messages", "stream", "stream_options"),
        *("input", "instructions", "previous_response_id", "conversation", "prompt", "background"),  # OpenAI
        *("system", "contents", "system_instruction", "systemInstruction"),  # Anthropic, Gemini
    )
)
"""What Screenwright writes itself in one of the wire formats; another value would replace the conversation."""


def sampling_changes(request: Mapping[str, JsonValue]) -> dict[str, Any]:
    """The changes of `Sampling` in `request`; parameters that it does not know become its `extra_body`.

    Raises:
        ValueError: a parameter has the wrong type, or Screenwright sets it itself; the message is one line.
    """
    known = {name: value for name, value in request.items() if name in _FIELDS}
    other = {name: value for name, value in request.items() if name not in _FIELDS}
    try:
        sampling = _SAMPLING.validate_python(known)
    except ValidationError as error:
        raise ValueError(f"is invalid: {first_problem(error)}") from None
    if sampling.max_tokens < 1:
        raise ValueError(f"is invalid: max_tokens is {sampling.max_tokens}, but should be at least 1")
    changes = {name: getattr(sampling, name) for name in known}
    body = {**sampling.extra_body, **other}
    if reserved := sorted(_RESERVED & body.keys()):
        raise ValueError(f"contains {reserved[0]!r}, which Screenwright sets itself: leave it out")
    return changes | ({"extra_body": body} if other else {})
