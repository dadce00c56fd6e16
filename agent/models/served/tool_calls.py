"""Function calls that a server's parser has separated from a reply, and the text that dialects read them from."""

import json
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from ...core.messages import FunctionCall
from .. import replies

_CALL_PARTS = ("tool_use", "tool_call", "function_call")


@dataclass(slots=True)
class _ReceivedCall:
    """A call whose arguments, JSON as the model wrote it, may not have arrived completely."""

    call_id: JsonValue = None
    name: str = ""
    arguments: str = ""

    def __str__(self) -> str:
        """The call as models write it, with the tags of Hermes and Qwen."""
        name, arguments = json.dumps(self.name), self.arguments.strip() or "{}"
        return f'<tool_call>\n{{"name": {name}, "arguments": {arguments}}}\n</tool_call>'

    @property
    def is_complete(self) -> bool:
        """Whether its arguments are a JSON object."""
        return self.parsed() is not None

    def parsed(self) -> FunctionCall | None:
        """The call; None if its arguments are not a JSON object."""
        try:
            arguments = replies.parse_json(self.arguments)
        except ValueError:
            return None
        call_id = self.call_id if isinstance(self.call_id, str) else ""
        return FunctionCall(self.name, arguments, call_id) if isinstance(arguments, dict) else None


@dataclass(slots=True)
class ReceivedCalls:
    """The calls of one reply, which can arrive in pieces."""

    _calls: dict[object, _ReceivedCall] = field(default_factory=dict[object, _ReceivedCall])

    def __str__(self) -> str:
        return "\n".join(map(str, self._calls.values()))

    def __bool__(self) -> bool:
        return bool(self._calls)

    @property
    def complete(self) -> str:
        """The text of the calls up to the first that has not arrived completely."""
        calls = list(self._calls.values())
        end = next((index for index, call in enumerate(calls) if not call.is_complete), len(calls))
        return "\n".join(map(str, calls[:end]))

    def parsed(self) -> tuple[FunctionCall, ...]:
        """The calls whose arguments are JSON objects."""
        return tuple(parsed for call in self._calls.values() if (parsed := call.parsed()) is not None)

    def add_from(self, message: JsonValue) -> bool:
        """Add the calls of a message or of a piece of it, in any of the forms that servers use; False without calls."""
        calls = replies.items(replies.field(message, "tool_calls")) or [replies.field(message, "function_call")]
        parts = replies.items(replies.field(message, "content"))
        found = [call for call in calls if isinstance(call, dict)]
        found += [cast("dict[str, JsonValue]", part) for part in parts if replies.field(part, "type") in _CALL_PARTS]
        for call in found:
            self._add(call)
        return bool(found)

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
        known = self._calls.setdefault(key, _ReceivedCall(call_id))
        known.name = known.name or (name if isinstance(name, str) else "")
        known.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""
