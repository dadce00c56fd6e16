"""Renders conversations with the chat template of a local model."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from screenwright._text import one_line

from ...core.messages import FunctionCall, Message, TextPart
from ...core.model import ModelLost, Sampling

_PROBE = "a text"
_IN_FORMATS = re.compile(r"box|ref|quad|point|think|tool|call|action|answer", re.IGNORECASE)
"""Special tokens of trained formats, which prompts and replies contain, such as `<|box_start|>`."""


@dataclass(slots=True)
class ChatTemplate:
    """The template of a tokenizer, or `template` in its place.

    `image_token` is the placeholder of an image. In the texts of messages, no special token of the tokenizer is read as
    one: each gets a space after its first character. Only those of trained formats, such as around a box, stay.
    """

    tokenizer: Any
    template: str | None = None
    image_token: str = ""
    _takes_strings: bool | None = field(default=None, init=False)
    _special: re.Pattern[str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        added = getattr(self.tokenizer, "added_tokens_decoder", {}).values()
        names = {str(each) for each in added if each.special} | set(getattr(self.tokenizer, "all_special_tokens", ()))
        names = {name for name in names if not _IN_FORMATS.search(name)} | {self.image_token}
        patterns = [f"{re.escape(name[0])}(?={re.escape(name[1:])})" for name in names if len(name) > 1]
        self._special = re.compile("|".join(sorted(patterns))) if patterns else None

    def render(self, messages: Sequence[Message], sampling: Sampling) -> str:
        """The conversation in the model's own format, up to the start of its reply.

        The template receives the functions and variables of `sampling`.

        Raises:
            ModelLost: the model has no template, or its template does not accept these messages.
        """
        variables = dict(sampling.chat_template_kwargs)
        if sampling.reasoning_effort is not None:
            variables.setdefault("reasoning_effort", sampling.reasoning_effort)
        if sampling.tools:
            variables["tools"] = [dict(tool) for tool in sampling.tools]
        jinja2 = import_module("jinja2")
        try:
            return self._apply([self._written(message) for message in messages], variables)
        except (ValueError, TypeError, jinja2.TemplateError) as error:
            raise ModelLost(f"the model has no usable chat template: {one_line(str(error))}") from error

    def _apply(self, chat: Sequence[Mapping[str, Any]], variables: Mapping[str, Any]) -> str:
        rendered: str = self.tokenizer.apply_chat_template(
            chat, chat_template=self.template, add_generation_prompt=True, tokenize=False, **variables
        )
        return rendered

    def _written(self, message: Message) -> dict[str, Any]:
        written: dict[str, Any] = {"role": message.role, "content": self._content(message)}
        if message.reasoning:
            written["reasoning_content"] = self._as_text(message.reasoning)
        if message.calls:
            written["tool_calls"] = [self._call(call) for call in message.calls]
        if message.call_id:
            written["tool_call_id"] = message.call_id
        return written

    def _content(self, message: Message) -> str | list[dict[str, str]]:
        if all(isinstance(part, TextPart) for part in message.parts) and self._accepts_strings():
            return self._as_text(message.text)
        return [
            {"type": "text", "text": self._as_text(part.text)} if isinstance(part, TextPart) else {"type": "image"}
            for part in message.parts
        ]

    def _accepts_strings(self) -> bool:
        """Whether the content of a message may be a string; some templates accept only lists of parts."""
        if self._takes_strings is None:
            try:
                self._takes_strings = _PROBE in self._apply([{"role": "user", "content": _PROBE}], {})
            except (ValueError, TypeError, import_module("jinja2").TemplateError):
                self._takes_strings = False
        return self._takes_strings

    def _as_text(self, text: str) -> str:
        return self._special.sub(r"\g<0> ", text) if self._special is not None else text

    def _call(self, call: FunctionCall) -> dict[str, Any]:
        """A past call; templates expect its arguments as an object."""
        arguments = json.loads(self._as_text(json.dumps(dict(call.arguments), ensure_ascii=False)))
        return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def processor_template(source: str) -> str | None:
    """The chat template in a separate file, as in older checkpoints; it overrides the tokenizer's."""
    found = import_module("transformers.utils").cached_file(
        source, "chat_template.json", _raise_exceptions_for_missing_entries=False
    )
    if found is None:
        return None
    template = json.loads(Path(found).read_text(encoding="utf-8"))["chat_template"]
    return str(template)
