"""Gemini's computer use, with the `google-genai` SDK.

Each action is a function call, with points on a grid of 1000; several in a reply are carried out in order. The whole
conversation is sent each time, with the model's thought signatures unchanged. Sources: the types of google-genai 3.6,
and the tables of actions in Google's documentation (June 2026), for Gemini 3.5 and the models before it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import google.genai
import httpx2
from google.genai import errors, types

from ...envs.actions import (
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Type,
    Wait,
)
from ..core.coordinates import Grid
from ..core.functions import FunctionSpec
from ..core.image_history import WindowHistory
from ..core.messages import ImagePart, Message
from ..core.model import Sampling, Usage
from ..models.errors import ErrorResponse, InvalidResponse
from ..models.replies import count_of
from . import moves
from .exchange import Exchange, Json, ScreenKind, VendorCall, VendorConversation, VendorReply
from .model import VendorModel
from .tools import moves_of, tools_for

_LEGACY = re.compile(r"(models/)?gemini-(2|3-|3\.0)")
_ENVIRONMENTS = {ScreenKind.DESKTOP: "ENVIRONMENT_DESKTOP", ScreenKind.PHONE: "ENVIRONMENT_MOBILE"}
_BROWSER = "ENVIRONMENT_BROWSER"
_BUILT_IN = {
    ScreenKind.PAGE: frozenset({"navigate", "go_back"}),
    ScreenKind.PHONE: frozenset({"open_app", "go_back", "long_press"}),
}
_CAMEL = {"top_p": "topP", "top_k": "topK"}
_ALLOWED = frozenset({"", "allowed", "allow", "regular"})
_NO_ADDRESS = "about:blank"
_SCROLL_PX = 300
_LEGACY_SCROLL = 800
_FINE = frozenset({"STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED"})
_MALFORMED = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"})


class GeminiModel(VendorModel):
    """A model with Gemini's computer use, such as gemini-3.5-flash; see `VendorModel`."""

    vendor = "gemini"
    title = "Gemini's API"
    example = "gemini-3.5-flash"
    key_variables = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    url_variable = "GOOGLE_GEMINI_BASE_URL"
    default_url = "https://generativelanguage.googleapis.com"
    sdk_errors = (errors.APIError, errors.UnknownApiResponseError, json.JSONDecodeError)
    space = Grid(1000)
    long_edge = 1440
    history = WindowHistory(3)
    parameters = frozenset({"max_tokens", "temperature", "top_p", "top_k", "reasoning_effort", "extra_body"})

    def make_client(self, key: str, http: httpx2.Client, timeout_s: float) -> Any:
        """See `VendorModel`."""
        options = types.HttpOptions(
            base_url=self.url,
            timeout=round(timeout_s * 1000),
            httpx_client=http,
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        return google.genai.Client(api_key=key, vertexai=False, http_options=options)

    def send(self, client: Any, request: Json) -> Json:
        """See `VendorModel`."""
        contents = [types.Content.model_validate_json(json.dumps(content)) for content in request["contents"]]
        config = types.GenerateContentConfig.model_validate_json(json.dumps(request["config"]))
        try:
            response = client.models.generate_content(model=request["model"], contents=contents, config=config)
        except errors.APIError as error:
            headers = getattr(error.response, "headers", None) or {}
            raise ErrorResponse(error.code, json.dumps(error.details), dict(headers)) from None
        reply: Json = response.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude={"sdk_http_response", "parsed"}
        )
        if not reply.get("candidates") and not reply.get("promptFeedback"):
            raise InvalidResponse("a response without candidates")
        return reply

    # -- requests

    def request(self, conversation: VendorConversation) -> Json:
        """See `VendorModel`."""
        first, *others = conversation.exchanges
        parts = [{"text": text} for text in (conversation.task, *first.notes)]
        contents: list[Json] = [{"role": "user", "parts": [*parts, *_images(first.image)]}]
        for before, after in zip(conversation.exchanges, others, strict=False):
            assert before.reply is not None
            content = _content(before.reply)
            contents.append({**content, "role": "model"})
            contents.append({"role": "user", "parts": self._results(before, after, conversation.screen)})
        return {"model": self.name, "contents": contents, "config": self._config(conversation)}

    def plain_request(self, messages: Sequence[Message], sampling: Sampling) -> Json:
        """See `VendorModel`."""
        contents = [
            {
                "role": "model" if message.role == "assistant" else "user",
                "parts": [
                    _image(part) if isinstance(part, ImagePart) else {"text": part.text} for part in message.parts
                ],
            }
            for message in messages
            if message.role != "system"
        ]
        system = "\n".join(message.text for message in messages if message.role == "system")
        return {"model": self.name, "contents": contents, "config": {"systemInstruction": system} if system else {}}

    def _config(self, conversation: VendorConversation) -> Json:
        screen = conversation.screen
        computer: Json = {"environment": _ENVIRONMENTS.get(screen, _BROWSER)}
        if screen is ScreenKind.PHONE:
            computer["excludedPredefinedFunctions"] = ["list_apps"]
        elif _LEGACY.match(self.name):
            computer["excludedPredefinedFunctions"] = ["open_web_browser", "search"]
        functions = [
            {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.schema}
            for tool in tools_for(screen, _BUILT_IN.get(screen, frozenset()), attended=conversation.attended)
        ]
        functions += [
            {"name": spec.name, "description": spec.description, "parametersJsonSchema": dict(spec.schema)}
            for spec in self.functions
        ]
        config: Json = {
            "systemInstruction": conversation.system,
            "tools": [{"computerUse": computer}, {"functionDeclarations": functions}],
            "thinkingConfig": {"includeThoughts": True},
            "automaticFunctionCalling": {"disable": True},
        }
        if conversation.max_tokens is not None:
            config["maxOutputTokens"] = conversation.max_tokens
        for name, value in conversation.sampling.items():
            match name:
                case "reasoning_effort":
                    config["thinkingConfig"]["thinkingLevel"] = str(value).upper()
                case "extra_body":
                    config["httpOptions"] = {"extraBody": dict(value)}
                case _:
                    config[_CAMEL.get(name, name)] = value
        return config

    def _results(self, before: Exchange, after: Exchange, screen: ScreenKind) -> list[Json]:
        """The results of the calls of `before`, the last with the screenshot of `after`, and the notes."""
        assert before.reply is not None
        reply = self.read(before.reply)
        notes = [{"text": note} for note in after.notes]
        results: list[Json] = []
        for call, failure in zip(reply.calls, reply.outcomes(before), strict=True):
            response: Json = {"error": failure} if failure else {"output": "Done."}
            if screen in (ScreenKind.PAGE, ScreenKind.BROWSER_WINDOW) and call.name in _FUNCTIONS:
                response["url"] = after.location if "://" in after.location else _NO_ADDRESS
            if before.acknowledged and _question(call.data):
                response["safety_acknowledgement"] = True
            result: Json = {"name": call.name, "response": response}
            results.append({**result, "id": call.call_id} if call.call_id else result)
        if not results:
            return [*_images(after.image), *notes] or [{"text": "Done."}]
        if after.image is not None:
            results[-1]["parts"] = [_image(after.image)]
        return [*({"functionResponse": result} for result in results), *notes]

    @property
    def reserved(self) -> frozenset[str]:
        """See `VendorModel`: also the API's own functions."""
        return super().reserved | _FUNCTIONS.keys()

    # -- replies

    def read(self, reply: Json) -> VendorReply:
        """See `VendorModel`."""
        texts, thoughts, calls = list[str](), list[str](), list[VendorCall]()
        for part in _content(reply).get("parts") or ():
            if "functionCall" in part:
                calls.append(_call(part["functionCall"], self.functions))
            elif part.get("text"):
                (thoughts if part.get("thought") else texts).append(part["text"])
        intents = [str(call.data["intent"]) for call in calls if call.data.get("intent")]
        finish = _candidate(reply).get("finishReason") or "STOP"
        malformed = "the function call is malformed" if finish in _MALFORMED and not calls else ""
        return VendorReply(
            tuple(calls),
            "".join(texts) or "\n".join(intents),
            "\n".join(thoughts),
            _usage(reply.get("usageMetadata") or {}),
            complete=finish != "MAX_TOKENS",
            safety_checks=tuple(filter(None, (_question(call.data) for call in calls))),
            withheld=_withheld(reply, finish) if not malformed and not calls else "",
            malformed=malformed,
        )


# -- parts of requests


def _image(image: ImagePart) -> Json:
    mime_type, _, data = image.data_url.removeprefix("data:").partition(";base64,")
    return {"inlineData": {"mimeType": mime_type, "data": data}}


def _images(image: ImagePart | None) -> list[Json]:
    return [] if image is None else [_image(image)]


# -- parts of replies


def _candidate(reply: Mapping[str, Any]) -> Json:
    return next(iter(reply.get("candidates") or ()), {})


def _content(reply: Mapping[str, Any]) -> Json:
    return _candidate(reply).get("content") or {}


def _withheld(reply: Json, finish: str) -> str:
    feedback = reply.get("promptFeedback") or {}
    if reason := feedback.get("blockReason"):
        return f"the prompt was blocked ({reason}) {feedback.get('blockReasonMessage') or ''}".strip()
    if finish in _FINE:
        return ""
    return f"it was stopped ({finish})"


def _question(arguments: Mapping[str, Any]) -> str:
    """What the user must confirm before a call, if anything."""
    decision = arguments.get("safety_decision")
    if not isinstance(decision, dict) or str(decision.get("decision") or "").lower() in _ALLOWED:
        return ""
    return str(decision.get("explanation") or "the API asks for a confirmation of this action")


_ADDED = frozenset({"safety_decision", "intent"})
"""Arguments that the API adds to each call."""


def _call(data: Json, functions: Sequence[FunctionSpec]) -> VendorCall:
    call_id, name = str(data.get("id") or ""), str(data.get("name") or "")
    arguments = data.get("args") or {}
    decision = arguments.get("safety_decision")
    if isinstance(decision, dict) and "block" in str(decision.get("decision")).lower():
        return VendorCall(call_id, name, error=f"blocked by the API: {decision.get('explanation') or ''}", data={})
    make = _FUNCTIONS.get(name)
    given = {key: value for key, value in arguments.items() if key not in _ADDED}
    made, error = moves.read(lambda: make(arguments) if make is not None else moves_of(name, given, functions))
    return VendorCall(call_id, name, made, error, data=arguments)


def _click(button: Button = Button.LEFT, count: int = 1) -> Callable[[Json], moves.Moves]:
    return lambda arguments: moves.click(moves.point(arguments), button, count)


def _key(arguments: Json) -> str:
    (name, *others) = moves.keys(moves.text(arguments, "key"))
    if others:
        raise moves.CallError("key names one key: use hotkey for a combination")
    return name


def _drag(arguments: Json) -> moves.Moves:
    """The ends have other names in the API of Gemini 3.5 than in that of earlier models."""
    start = ("start_x", "start_y") if "start_x" in arguments else ("x", "y")
    end = ("end_x", "end_y") if "end_x" in arguments else ("destination_x", "destination_y")
    return (Drag((moves.point(arguments, *start), moves.point(arguments, *end))),)


def _scroll(arguments: Json) -> moves.Moves:
    pixels = moves.number(arguments, "magnitude_in_pixels", _SCROLL_PX)
    at = moves.point(arguments) if "x" in arguments else None
    return moves.scroll(moves.text(arguments, "direction"), pixels / moves.PIXELS_PER_NOTCH, at)


def _scroll_at(arguments: Json) -> moves.Moves:
    """The magnitude is in the grid of 1000, about as many pixels of a usual screen."""
    magnitude = moves.number(arguments, "magnitude", _LEGACY_SCROLL)
    at = moves.point(arguments) if "x" in arguments else None
    return moves.scroll(moves.text(arguments, "direction"), magnitude / moves.PIXELS_PER_NOTCH, at)


def _type_text_at(arguments: Json) -> moves.Moves:
    clear = arguments.get("clear_before_typing", True)
    cleared = (Hotkey(("ctrl", "a")), Hotkey(("backspace",))) if clear else ()
    submit = bool(arguments.get("press_enter", True))
    return (Click(moves.point(arguments)), *cleared, Type(moves.text(arguments, "text"), submit))


_FUNCTIONS: dict[str, Callable[[Json], moves.Moves]] = {
    "click": _click(),
    "double_click": _click(count=2),
    "triple_click": _click(count=3),
    "middle_click": _click(Button.MIDDLE),
    "right_click": _click(Button.RIGHT),
    "mouse_down": lambda arguments: (ButtonDown(at=moves.point(arguments)),),
    "mouse_up": lambda arguments: (ButtonUp(at=moves.point(arguments)),),
    "move": lambda arguments: (Move(moves.point(arguments)),),
    "type": lambda arguments: (Type(moves.text(arguments, "text"), bool(arguments.get("press_enter"))),),
    "drag_and_drop": _drag,
    "wait": lambda arguments: (Wait(max(0.0, moves.number(arguments, "seconds", 1))),),
    "press_key": lambda arguments: (Hotkey(moves.keys(moves.text(arguments, "key"))),),
    "key_down": lambda arguments: (KeyDown(_key(arguments)),),
    "key_up": lambda arguments: (KeyUp(_key(arguments)),),
    "hotkey": lambda arguments: (Hotkey(moves.keys(arguments.get("keys"))),),
    "take_screenshot": lambda _: (),
    "scroll": _scroll,
    "navigate": lambda arguments: (Navigate(moves.text(arguments, "url")),),
    "go_back": lambda _: (Back(),),
    "go_forward": lambda _: (Hotkey(("alt", "right")),),
    "open_app": lambda arguments: (OpenApp(moves.text(arguments, "app_name")),),
    "long_press": lambda arguments: (LongPress(moves.point(arguments), moves.number(arguments, "seconds", 2)),),
    # before Gemini 3.5
    "open_web_browser": lambda _: (),
    "click_at": _click(),
    "hover_at": lambda arguments: (Move(moves.point(arguments)),),
    "type_text_at": _type_text_at,
    "wait_5_seconds": lambda _: (Wait(5.0),),
    "key_combination": lambda arguments: (Hotkey(moves.keys(moves.text(arguments, "keys"))),),
    "scroll_document": _scroll_at,
    "scroll_at": _scroll_at,
}
"""The moves of the API's functions; which of them it offers depends on the model and the environment."""


def _usage(usage: Mapping[str, Any]) -> Usage:
    names = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount")
    prompt, reply, thoughts, cached = (count_of(usage.get(name)) or 0 for name in names)
    return Usage(prompt, reply + thoughts, cached)
