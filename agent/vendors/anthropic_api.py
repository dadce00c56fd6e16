"""Anthropic's computer toolset in the Messages API, with the `anthropic` SDK.

Each action is a `tool_use` block of its own, in pixels of the screenshot; several in a reply are carried out in order
and stop at the first failure. The whole conversation is sent each time, with the model's thinking unchanged. Source:
the types and the tool runner of anthropic 2.14.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anthropic
import httpx2

from ...envs.actions import Button, ButtonDown, ButtonUp, Drag, Hotkey, Move, Type, Wait
from ...envs.bounds import MAX_ACTIONS, check_number
from ..core.coordinates import Absolute, Frame
from ..core.functions import FunctionSpec
from ..core.image_history import ChunkedHistory
from ..core.messages import ImagePart, Message
from ..core.model import Sampling, Usage
from ..models.errors import InvalidResponse
from ..models.replies import count_of
from . import moves
from .exchange import Exchange, Json, ScreenKind, VendorCall, VendorConversation, VendorReply, enlarged
from .model import VendorModel
from .tools import moves_of, tools_for

_TOOLSET_TYPE = "computer_toolset_20260801"
_TOOLSET = "computer"
_DONE = "Done."

_NO_POINTER = frozenset({"cursor_position"})
_NOT_ON_PHONE = frozenset(
    {"hold_key", "mouse_move", "left_mouse_down", "left_mouse_up", "right_click", "middle_click", "cursor_position"}
)


class AnthropicModel(VendorModel):
    """A model with Anthropic's computer toolset, such as claude-opus-5; see `VendorModel`."""

    vendor = "anthropic"
    title = "Anthropic's API"
    example = "claude-opus-5"
    key_variables = ("ANTHROPIC_API_KEY",)
    url_variable = "ANTHROPIC_BASE_URL"
    default_url = "https://api.anthropic.com"
    sdk_errors = (anthropic.AnthropicError,)
    space = Absolute()
    long_edge = 1280
    history = ChunkedHistory(10, 5)
    parameters = frozenset({"max_tokens", "reasoning_effort", "extra_body"})

    def make_client(self, key: str, http: httpx2.Client, timeout_s: float) -> Any:
        """See `VendorModel`."""
        return anthropic.Anthropic(api_key=key, base_url=self.url, http_client=http, max_retries=0, timeout=timeout_s)

    def send(self, client: Any, request: Json) -> Json:
        """See `VendorModel`."""
        message = client.messages.create(**request)
        if not isinstance(message, anthropic.BaseModel):
            raise InvalidResponse("something other than a message")
        reply: Json = message.to_dict(mode="json", warnings=False)
        if not isinstance(reply.get("content"), list):
            raise InvalidResponse("a message without content")
        return reply

    # -- requests

    def request(self, conversation: VendorConversation) -> Json:
        """See `VendorModel`."""
        first, *others = conversation.exchanges
        content = [_text(conversation.task), *_images(first.image), *map(_text, first.notes)]
        messages: list[Json] = [{"role": "user", "content": content}]
        for before, after in zip(conversation.exchanges, others, strict=False):
            assert before.reply is not None
            messages.append({"role": "assistant", "content": before.reply["content"]})
            messages.append({"role": "user", "content": self._results(before, after)})
        return {
            "model": self.name,
            "max_tokens": conversation.max_tokens or self.max_tokens,
            "system": conversation.system,
            "tools": _tools(conversation, self.functions),
            "messages": messages,
            "cache_control": {"type": "ephemeral"},
            **_options(conversation),
        }

    def plain_request(self, messages: Sequence[Message], sampling: Sampling) -> Json:
        """See `VendorModel`."""
        system = "\n".join(message.text for message in messages if message.role == "system")
        sent = [
            {
                "role": "assistant" if message.role == "assistant" else "user",
                "content": [
                    *(_image(part) if isinstance(part, ImagePart) else _text(part.text) for part in message.parts)
                ],
            }
            for message in messages
            if message.role != "system"
        ]
        request: Json = {"model": self.name, "max_tokens": self.max_tokens, "messages": sent}
        return {**request, "system": system} if system else request

    def _results(self, before: Exchange, after: Exchange) -> list[Json]:
        """The results of the calls of `before`, the last with the screenshot of `after`, and the notes."""
        assert before.reply is not None
        reply = self.read(before.reply)
        results: list[Json] = []
        for call, failure in zip(reply.calls, reply.outcomes(before), strict=True):
            content = [_text(failure or _DONE)]
            if call.region is not None and not failure and after.image is not None:
                frame = Frame(after.screenshot.size, after.image.size, self.space)
                content = _images(enlarged(after.screenshot, call.region, frame, after.image.image_format))
            result: Json = {"type": "tool_result", "tool_use_id": call.call_id, "content": content}
            if toolset := call.data.get("toolset_name"):
                result["toolset_name"] = toolset
            if failure:
                result["is_error"] = True
            results.append(result)
        if not results:
            return [*_images(after.image), *map(_text, after.notes)] or [_text(_DONE)]
        if reply.calls[-1].region is None:
            results[-1]["content"] += _images(after.image)
        return [*results, *map(_text, after.notes)]

    # -- replies

    def read(self, reply: Json) -> VendorReply:
        """See `VendorModel`."""
        calls, texts, thinking = list[VendorCall](), list[str](), list[str]()
        for block in reply.get("content") or ():
            match block.get("type"):
                case "text":
                    texts.append(block.get("text") or "")
                case "thinking":
                    thinking.append(block.get("thinking") or "")
                case "tool_use":
                    calls.append(_call(block, self.functions))
                case _:
                    pass
        return VendorReply(
            tuple(calls),
            "\n".join(texts),
            "\n".join(thinking),
            _usage(reply.get("usage") or {}),
            complete=reply.get("stop_reason") != "max_tokens",
            withheld=_withheld(reply),
        )


# -- parts of requests


def _tools(conversation: VendorConversation, functions: Sequence[FunctionSpec]) -> list[Json]:
    disabled = _NOT_ON_PHONE if conversation.screen is ScreenKind.PHONE else _NO_POINTER
    toolset: Json = {"type": _TOOLSET_TYPE, "configs": {name: {"enabled": False} for name in sorted(disabled)}}
    own = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
        for tool in tools_for(conversation.screen, attended=conversation.attended)
    ]
    own += [{"name": one.name, "description": one.description, "input_schema": dict(one.schema)} for one in functions]
    return [toolset, *own]


def _options(conversation: VendorConversation) -> Json:
    options: Json = {}
    for name, value in conversation.sampling.items():
        match name:
            case "reasoning_effort":
                options["output_config"] = {"effort": value}
            case _:
                options[name] = value
    return options


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _image(image: ImagePart) -> Json:
    media_type, _, data = image.data_url.removeprefix("data:").partition(";base64,")
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _images(image: ImagePart | None) -> list[Json]:
    return [] if image is None else [_image(image)]


# -- parts of replies


def _call(block: Json, functions: Sequence[FunctionSpec]) -> VendorCall:
    call_id, name, arguments = str(block.get("id") or ""), str(block.get("name") or ""), block.get("input")
    if not isinstance(arguments, dict):
        return VendorCall(call_id, name, error="the input is not an object", data=block)
    if block.get("toolset_name") != _TOOLSET:
        made, error = moves.read(lambda: moves_of(name, arguments, functions))
        return VendorCall(call_id, name, made, error, data=block)
    if name == "zoom":
        region = arguments.get("region")
        if not isinstance(region, list) or len(region) != 4 or not all(map(moves.is_number, region)):
            return VendorCall(call_id, name, error="region is not a list of x0, y0, x1 and y1", data=block)
        return VendorCall(call_id, name, region=(region[0], region[1], region[2], region[3]), data=block)
    make = _MEMBERS.get(name)
    if make is None:
        return VendorCall(call_id, name, error=f"{name!r:.40} is not available on this screen", data=block)
    made, error = moves.read(lambda: make(arguments))
    return VendorCall(call_id, name, made, error, data=block)


def _modifiers(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    return moves.keys(arguments["text"]) if arguments.get("text") else ()


def _click(button: Button, count: int) -> Callable[[Json], moves.Moves]:
    return lambda arguments: moves.click(moves.pair(arguments, "coordinate"), button, count, _modifiers(arguments))


def _key(arguments: Json) -> moves.Moves:
    repeat = int(moves.number(arguments, "repeat", 1))
    check_number(repeat, "repeat", 1, MAX_ACTIONS)
    return (Hotkey(moves.keys(moves.text(arguments, "text"))),) * repeat


def _hold_key(arguments: Json) -> moves.Moves:
    return moves.held(moves.keys(moves.text(arguments, "text")), (Wait(_duration(arguments)),))


def _duration(arguments: Json) -> float:
    return max(0.0, moves.number(arguments, "duration"))


def _required(arguments: Json, name: str) -> Any:
    at = moves.pair(arguments, name)
    if at is None:
        raise moves.CallError(f"{name} is missing")
    return at


def _drag(arguments: Json) -> moves.Moves:
    path = _required(arguments, "start_coordinate"), _required(arguments, "coordinate")
    return (Drag(path, modifiers=_modifiers(arguments)),)


def _scroll(arguments: Json) -> moves.Moves:
    amount = moves.number(arguments, "scroll_amount")
    at = moves.pair(arguments, "coordinate")
    return moves.held(_modifiers(arguments), moves.scroll(moves.text(arguments, "scroll_direction"), amount, at))


_MEMBERS: dict[str, Callable[[Json], moves.Moves]] = {
    "key": _key,
    "hold_key": _hold_key,
    "type": lambda arguments: (Type(moves.text(arguments, "text")),),
    "mouse_move": lambda arguments: (Move(_required(arguments, "coordinate")),),
    "left_mouse_down": lambda _: (ButtonDown(),),
    "left_mouse_up": lambda _: (ButtonUp(),),
    "left_click": _click(Button.LEFT, 1),
    "left_click_drag": _drag,
    "right_click": _click(Button.RIGHT, 1),
    "middle_click": _click(Button.MIDDLE, 1),
    "double_click": _click(Button.LEFT, 2),
    "triple_click": _click(Button.LEFT, 3),
    "scroll": _scroll,
    "wait": lambda arguments: (Wait(_duration(arguments)),),
    "screenshot": lambda _: (),
}


def _withheld(reply: Json) -> str:
    match reply.get("stop_reason"):
        case "refusal":
            details = reply.get("stop_details") or {}
            reason = details.get("explanation") or details.get("category") or "no reason was given"
            return f"the model refused: {reason}"
        case "model_context_window_exceeded":
            return "the conversation is longer than the model's context window; keep fewer screenshots with --history"
        case _:
            return ""


def _usage(usage: Mapping[str, Any]) -> Usage:
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    new, stored, cached, completion = (count_of(usage.get(name)) or 0 for name in names)
    return Usage(new + stored + cached, completion, cached)
