"""Writes chat requests for one server, and leaves out what it was found to reject."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from ...core.messages import ImagePart, Message
from ...core.model import Sampling
from ..errors import ErrorResponse
from ..wire import messages_json

_VLLM_BODY: Mapping[str, JsonValue] = {"skip_special_tokens": False}
"""Extra parameters for vLLM: keep the box tokens in replies.

Sent back in later turns, such a reply has the same tokens again and hits the prefix cache.
"""

_OPTIONAL = {
    "max_tokens": "max_tokens|max_completion_tokens",
    "max_completion_tokens": "max_completion_tokens|max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "repetition_penalty": "repetition_penalty",
    "top_k": "top_k",
    "tool_choice": "tool_choice",
    "reasoning_effort": "reasoning_effort|reasoning",
    "chat_template_kwargs": "chat_template_kwargs|enable_thinking",
    "response_format": "response_format|json_schema",
    "skip_special_tokens": "skip_special_tokens",
    "include_stop_str_in_output": "include_stop_str_in_output",
    "stop": "stop sequences?|stop_sequences|parameter\\W{1,4}stop|(?<=')stop(?=')",
    "stream_options": "stream_options|include_usage|continuous_usage_stats",
    "stream": "stream|streaming|streamed",
}
"""Parameters that a server may reject, with the names by which its message refers to them.

A rejected one is not sent any more: the server uses its own default. `tools` is not among them: a model that does
not see the functions cannot call them.
"""

_NO_TOOL_PARSER = re.compile(r"enable-auto-tool-choice|tool-call-parser", re.I)
"""vLLM without a tool parser rejects `tools`, unless the choice is `none`: the template still describes them."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server reports: the model in use, all models it serves, and their properties."""

    model: str
    served: tuple[str, ...] = ()
    is_vllm: bool = False
    version: str = ""
    context_tokens: int | None = None


class RequestWriter:
    """The bodies of chat requests to one server. `extra_body` is added to each of them.

    With `image_uuids`, the bytes of an image are sent to vLLM only once.
    """

    def __init__(self, extra_body: Mapping[str, JsonValue], *, image_uuids: bool = False) -> None:
        self._extra_body = dict(extra_body)
        self._sent_images: set[str] | None = set() if image_uuids else None
        self._rejected: set[str] = set()
        self._has_tool_parser = True

    @property
    def rejected(self) -> frozenset[str]:
        """The parameters that the server was found to reject."""
        return frozenset(self._rejected)

    def body(self, facts: ServerFacts, messages: Sequence[Message], sampling: Sampling) -> dict[str, JsonValue]:
        """The body of a streamed request."""
        known = self._sent_images if facts.is_vllm else None
        body: dict[str, JsonValue] = {"model": facts.model, "messages": messages_json(messages, known)}
        # vLLM can send counts in each chunk, so that a stopped reply has them
        more: dict[str, JsonValue] = {"continuous_usage_stats": True} if facts.is_vllm else {}
        body |= {
            "max_completion_tokens" if "max_tokens" in self._rejected else "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "frequency_penalty": sampling.frequency_penalty,
            "presence_penalty": sampling.presence_penalty,
            "repetition_penalty": sampling.repetition_penalty,
            "top_k": sampling.top_k,
            "stop": list(sampling.stop) or None,
            "reasoning_effort": sampling.reasoning_effort,
            "chat_template_kwargs": dict(sampling.chat_template_kwargs) or None,
            "stream": True,
            "stream_options": {"include_usage": True, **more},
        }
        if "stream" in self._rejected:
            del body["stream_options"]
        if sampling.tools:
            body["tools"] = [dict(tool) for tool in sampling.tools]
            body["tool_choice"] = sampling.tool_choice if self._has_tool_parser else "none"
        if facts.is_vllm:
            body |= _VLLM_BODY
            body["include_stop_str_in_output"] = True if sampling.stop else None  # the reply as the model writes it
        body |= _structured_output(sampling, facts)
        sent = {name: value for name, value in body.items() if value is not None and name not in self._rejected}
        return sent | dict(sampling.extra_body) | self._extra_body

    def adapt(self, error: ErrorResponse, body: Mapping[str, JsonValue], sampling: Sampling) -> bool:
        """Whether another body can be sent after `error`, without what the server rejected.

        Parameters in an `extra_body` are always sent.
        """
        if self._sent_images and "cache miss" in error.body.lower():
            self._sent_images.clear()
            return True
        if "tools" in body and self._has_tool_parser and _NO_TOOL_PARSER.search(error.body):
            self._has_tool_parser = False
            return True
        fixed = self._rejected | self._extra_body.keys() | sampling.extra_body.keys()
        for name, words in _OPTIONAL.items():
            if name in body and name not in fixed and re.search(rf"\b({words})\b", error.body, re.I):
                self._rejected.add(name)
                return True
        return False

    def remember_images(self, messages: Sequence[Message]) -> None:
        """The server has received the images in `messages`."""
        if self._sent_images is not None:
            self._sent_images.update(
                part.sha256 for message in messages for part in message.parts if isinstance(part, ImagePart)
            )


def _structured_output(sampling: Sampling, facts: ServerFacts) -> dict[str, JsonValue]:
    """The parameters that constrain a reply."""
    schema = None if sampling.json_schema is None else dict(sampling.json_schema)
    if not facts.is_vllm:
        named: JsonValue = {"name": "reply", "schema": schema}
        return {} if schema is None else {"response_format": {"type": "json_schema", "json_schema": named}}
    if schema is not None:
        return {"structured_outputs": {"json": schema}}
    return {} if sampling.grammar is None else {"structured_outputs": {"grammar": sampling.grammar}}
