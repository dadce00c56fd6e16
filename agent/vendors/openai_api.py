"""OpenAI's computer tool in the Responses API, with the `openai` SDK.

A reply is a batch of actions in a `computer_call`, in pixels of the screenshot; it is answered by one screenshot. The
API keeps the conversation, which `previous_response_id` continues. Source: the types of openai 3.54.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx2
import openai

from ...envs.actions import Button, Drag, Hotkey, Move, Type, Wait
from ..core.coordinates import Absolute
from ..core.functions import FunctionSpec
from ..core.image_history import ChunkedHistory
from ..core.messages import ImagePart, Message
from ..core.model import Sampling, Usage
from ..models.errors import ErrorResponse, InvalidResponse
from ..models.replies import count_of
from . import moves
from .exchange import Exchange, Json, ScreenKind, VendorCall, VendorConversation, VendorReply
from .model import VendorModel
from .tools import moves_of, tools_for

_COMPUTER = "computer"
_DONE = "Done."
_WAIT_S = 2.0
_BUTTONS = {
    "left": Button.LEFT,
    "right": Button.RIGHT,
    "wheel": Button.MIDDLE,
    "back": Button.BACK,
    "forward": Button.FORWARD,
}
_STATUS_OF_FAILURE = {"rate_limit_exceeded": 429, "server_error": 500}
_ENVIRONMENTS = {ScreenKind.PAGE: "browser", ScreenKind.BROWSER_WINDOW: "browser"}


class OpenAiModel(VendorModel):
    """A model with OpenAI's computer tool, such as gpt-5.4; see `VendorModel`."""

    vendor = "openai"
    title = "OpenAI's API"
    example = "gpt-5.4"
    key_variables = ("OPENAI_API_KEY",)
    url_variable = "OPENAI_BASE_URL"
    default_url = "https://api.openai.com/v1"
    sdk_errors = (openai.OpenAIError,)
    space = Absolute()
    long_edge = 1600
    history = ChunkedHistory(10, 5)
    parameters = frozenset({"max_tokens", "temperature", "top_p", "reasoning_effort", "extra_body"})

    def make_client(self, key: str, http: httpx2.Client, timeout_s: float) -> Any:
        """See `VendorModel`."""
        return openai.OpenAI(api_key=key, base_url=self.url, http_client=http, max_retries=0, timeout=timeout_s)

    def send(self, client: Any, request: Json) -> Json:
        """See `VendorModel`."""
        response = client.responses.create(**request)
        if not isinstance(response, openai.BaseModel):
            raise InvalidResponse("something other than a response")
        reply: Json = response.to_dict(mode="json", warnings=False)
        if not isinstance(reply.get("output"), list):
            raise InvalidResponse("a response without output")
        if reply.get("status") == "failed":
            error = reply.get("error") or {}
            status = _STATUS_OF_FAILURE.get(str(error.get("code")), 400)
            raise ErrorResponse(status, str(error.get("message", "")))
        return reply

    def keeps_conversation(self, sampling: Mapping[str, Any]) -> bool:
        """See `VendorModel`. Unless the request says `"store": false`."""
        return (sampling.get("extra_body") or {}).get("store") is not False

    def is_gone(self, error: ErrorResponse) -> bool:
        """See `VendorModel`."""
        return error.status in (400, 404) and "previous_response" in error.body.replace(" ", "_").lower()

    # -- requests

    def request(self, conversation: VendorConversation) -> Json:
        """See `VendorModel`."""
        *_, newest = conversation.exchanges
        request: Json = {
            "model": self.name,
            "instructions": conversation.system,
            "tools": self._tools(conversation, newest),
            "truncation": "auto",
            **_options(conversation),
        }
        if conversation.chained:
            before = conversation.exchanges[-2]
            assert before.reply is not None
            return {
                **request,
                "previous_response_id": before.reply.get("id"),
                "input": self._results(before, newest),
            }
        first, *others = conversation.exchanges
        items = [_user(_texts((conversation.task, *first.notes)), first.image)]
        for before, after in zip(conversation.exchanges, others, strict=False):
            items += self._turn(before, after)
        return {**request, "input": items}

    def plain_request(self, messages: Sequence[Message], sampling: Sampling) -> Json:
        """See `VendorModel`."""
        items: list[Json] = []
        for message in messages:
            if message.role == "assistant":
                items.append({"role": "assistant", "content": message.text})
                continue
            parts = [
                _image(part) if isinstance(part, ImagePart) else {"type": "input_text", "text": part.text}
                for part in message.parts
            ]
            items.append({"role": "system" if message.role == "system" else "user", "content": parts})
        return {"model": self.name, "input": items, "store": False}

    def _tools(self, conversation: VendorConversation, newest: Exchange) -> list[Json]:
        computer: Json = {"type": _COMPUTER}
        if self.name.startswith("computer-use-preview"):
            assert newest.image is not None
            size, environment = newest.image.size, _ENVIRONMENTS.get(conversation.screen, "linux")
            computer = {
                "type": "computer_use_preview",
                "display_width": size.width,
                "display_height": size.height,
                "environment": environment,
            }
        functions = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
                "strict": True,
            }
            for tool in tools_for(conversation.screen, attended=conversation.attended)
        ]
        own = [
            {
                "type": "function",
                "name": spec.name,
                "description": spec.description,
                "parameters": dict(spec.schema),
                "strict": False,  # it would require every parameter
            }
            for spec in self.functions
        ]
        return [computer, *functions, *own]

    def _turn(self, before: Exchange, after: Exchange) -> list[Json]:
        """The reply of an exchange and its results; as text if the API would not accept them.

        That is so if the screenshot was dropped, which the tool requires, and for actions that a safety check was about
        and that were denied.
        """
        assert before.reply is not None
        reply = self.read(before.reply)
        denied = bool(reply.safety_checks) and not before.acknowledged
        if not denied and (after.image is not None or not _has_computer_call(reply)):
            return [*before.reply["output"], *self._results(before, after)]
        actions = [json.dumps(_actions(call.data)) for call in reply.calls if call.name == _COMPUTER]
        said: Json = {"role": "assistant", "content": "\n".join(filter(None, (reply.text, *actions))) or _DONE}
        failures = tuple(filter(None, reply.outcomes(before)))[:1]
        return [said, _user(_texts((*failures, *after.notes)) or _texts((_DONE,)), after.image)]

    def _results(self, before: Exchange, after: Exchange) -> list[Json]:
        """The answers to the calls of `before`: the screenshot of `after`, and its notes."""
        assert before.reply is not None
        reply = self.read(before.reply)
        items, failures = list[Json](), list[str]()
        for call, failure in zip(reply.calls, reply.outcomes(before), strict=True):
            if call.name != _COMPUTER:
                items.append({"type": "function_call_output", "call_id": call.call_id, "output": failure or _DONE})
                continue
            assert after.image is not None
            screenshot = {"type": "computer_screenshot", "image_url": after.image.data_url}
            item: Json = {"type": "computer_call_output", "call_id": call.call_id, "output": screenshot}
            if checks := call.data.get("pending_safety_checks"):
                item["acknowledged_safety_checks"] = checks  # denied ones never get here
            items.append(item)
            if failure and not any(failure in note for note in after.notes):
                failures.append(failure)
        texts = _texts((*failures, *after.notes))
        image = None if _has_computer_call(reply) else after.image
        return [*items, _user(texts, image)] if texts or image is not None else items

    # -- replies

    def read(self, reply: Json) -> VendorReply:
        """See `VendorModel`."""
        calls = list[VendorCall]()
        texts, reasoning, refusals, checks = list[str](), list[str](), list[str](), list[str]()
        for item in reply.get("output") or ():
            match item.get("type"):
                case "message":
                    for part in item.get("content") or ():
                        texts.append(part.get("text") or "")
                        refusals.append(part.get("refusal") or "")
                case "reasoning":
                    reasoning += [part.get("text") or "" for part in item.get("summary") or ()]
                case "computer_call":
                    calls.append(_computer_call(item))
                    pending = item.get("pending_safety_checks") or ()
                    checks += [check.get("message") or check.get("code") or "safety check" for check in pending]
                case "function_call":
                    calls.append(_function_call(item, self.functions))
                case _:
                    pass
        reason = (reply.get("incomplete_details") or {}).get("reason")
        refused = "".join(refusals)
        withheld = f"the model refused: {refused}" if refused and not calls else ""
        if reason == "content_filter":
            withheld = "it was stopped by the content filter"
        return VendorReply(
            tuple(calls),
            "".join(texts),
            "\n".join(reasoning),
            _usage(reply.get("usage") or {}),
            complete=reason != "max_output_tokens",
            safety_checks=tuple(checks),
            withheld=withheld,
        )


# -- parts of requests


def _options(conversation: VendorConversation) -> Json:
    options: Json = {} if conversation.max_tokens is None else {"max_output_tokens": conversation.max_tokens}
    for name, value in conversation.sampling.items():
        match name:
            case "reasoning_effort":
                options["reasoning"] = {"effort": value}
            case _:
                options[name] = value
    return options


def _texts(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, lines))


def _image(image: ImagePart) -> Json:
    return {"type": "input_image", "image_url": image.data_url, "detail": "original"}


def _user(texts: Sequence[str], image: ImagePart | None) -> Json:
    content: list[Json] = [{"type": "input_text", "text": text} for text in texts]
    return {"role": "user", "content": [*content, *([] if image is None else [_image(image)])]}


def _has_computer_call(reply: VendorReply) -> bool:
    return any(call.name == _COMPUTER for call in reply.calls)


# -- parts of replies


def _actions(item: Mapping[str, Any]) -> list[Json]:
    return list(item.get("actions") or ([item["action"]] if item.get("action") else []))


def _computer_call(item: Json) -> VendorCall:
    made, error = list[Any](), ""
    for action in _actions(item):
        one, error = moves.read(partial(_moves, action))
        made += one
        if error:
            break
    # what comes before an action that cannot be carried out is not carried out either: the batch was meant as a whole
    return VendorCall(str(item.get("call_id") or ""), _COMPUTER, () if error else tuple(made), error, data=item)


def _function_call(item: Json, functions: Sequence[FunctionSpec]) -> VendorCall:
    name = str(item.get("name") or "")
    try:
        arguments = json.loads(item.get("arguments") or "{}")
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        return VendorCall(str(item.get("call_id") or ""), name, error="the arguments are not a JSON object", data=item)
    made, error = moves.read(lambda: moves_of(name, arguments, functions))
    return VendorCall(str(item.get("call_id") or ""), name, made, error, data=item)


def _moves(action: Json) -> moves.Moves:
    keys = moves.keys(action["keys"]) if action.get("keys") else ()
    match action.get("type"):
        case "click":
            return _click(action, keys)
        case "double_click":
            return moves.click(moves.point(action), count=2, modifiers=keys)
        case "drag":
            path = action.get("path")
            if not isinstance(path, list) or len(path) < 2:
                raise moves.CallError("the path of a drag needs two points")
            return (Drag(tuple(moves.point(at) for at in path), modifiers=keys),)
        case "keypress":
            return (Hotkey(keys or moves.keys(())),)
        case "move":
            return moves.held(keys, (Move(moves.point(action)),))
        case "screenshot":
            return ()
        case "scroll":
            return moves.held(keys, _scroll(action))
        case "type":
            return (Type(moves.text(action, "text")),)
        case "wait":
            return (Wait(_WAIT_S),)
        case kind:
            raise moves.CallError(f"there is no action {kind!r:.40}")


def _click(action: Json, keys: Sequence[str]) -> moves.Moves:
    button = action.get("button", "left")
    if button not in _BUTTONS:
        raise moves.CallError(f"there is no button {button!r:.20}")
    return moves.click(moves.point(action), _BUTTONS[button], modifiers=keys)


def _scroll(action: Json) -> moves.Moves:
    at = moves.point(action)
    across, down = moves.number(action, "scroll_x", 0), moves.number(action, "scroll_y", 0)
    scrolled: moves.Moves = ()
    if down:
        scrolled += moves.scroll("down" if down > 0 else "up", down / moves.PIXELS_PER_NOTCH, at)
    if across:
        scrolled += moves.scroll("right" if across > 0 else "left", across / moves.PIXELS_PER_NOTCH, at)
    return scrolled


def _usage(usage: Mapping[str, Any]) -> Usage:
    cached = count_of((usage.get("input_tokens_details") or {}).get("cached_tokens")) or 0
    return Usage(count_of(usage.get("input_tokens")) or 0, count_of(usage.get("output_tokens")) or 0, cached)
