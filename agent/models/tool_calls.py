"""Restores replies that a server's parser turned into tool calls: dialects read them as text."""

import json
from dataclasses import dataclass, field

from pydantic import JsonValue

from . import replies

_CALL_PARTS = ("tool_use", "tool_call", "function_call")


@dataclass(slots=True)
class ToolCall:
    """A call; `arguments` is JSON as the model wrote it."""

    call_id: JsonValue = None
    name: str = ""
    arguments: str = ""

    def __str__(self) -> str:
        """The call as models write it, with the tags of Hermes and Qwen."""
        name, arguments = json.dumps(self.name), self.arguments.strip() or "{}"
        return f'<tool_call>\n{{"name": {name}, "arguments": {arguments}}}\n</tool_call>'


@dataclass(slots=True)
class ToolCalls:
    """The calls of one reply, which can arrive in pieces."""

    _calls: dict[object, ToolCall] = field(default_factory=dict[object, ToolCall])

    def __str__(self) -> str:
        return "\n".join(map(str, self._calls.values()))

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add_from(self, message: JsonValue) -> None:
        """Add the calls of a message, or of a piece of it, in any of the forms that servers use."""
        calls = replies.items(replies.field(message, "tool_calls")) or [replies.field(message, "function_call")]
        parts = replies.items(replies.field(message, "content"))
        for call in (*calls, *(part for part in parts if replies.field(part, "type") in _CALL_PARTS)):
            if isinstance(call, dict):
                self._add(call)

    def _add(self, call: dict[str, JsonValue]) -> None:
        """Pieces of one call have the same index, or follow each other."""
        function = replies.field(call, "function") or call
        name, arguments = replies.field(function, "name"), replies.field(function, "arguments", "input")
        index, call_id = call.get("index"), replies.field(call, "id")
        key: object = index if isinstance(index, int) else call_id
        if not isinstance(key, int | str):
            key = len(self._calls) if name or not self._calls else list(self._calls)[-1]
        if key in self._calls and call_id not in (None, self._calls[key].call_id):
            key = str(call_id)  # some servers give every call the index 0
        known = self._calls.setdefault(key, ToolCall(call_id))
        known.name = known.name or (name if isinstance(name, str) else "")
        known.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""
