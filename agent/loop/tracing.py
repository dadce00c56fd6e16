"""OpenTelemetry spans of an episode, made from its events.

    invoke_agent screenwright                  the episode
      step 1
        capture                                the screenshot
        chat MODEL                             each call of a model
        execute_tool click                     each action
          settle                               until the screen had settled

They have the GenAI semantic attributes, and hold no text of the task, the model or the screen.
"""

import sys
import time
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...envs.actions import Action, CallFunction
from ..core.describe import type_name
from ..core.limits import StopReason
from ..core.model import ModelInfo, Usage
from ..record.events import (
    Acted,
    Critiqued,
    Ended,
    Event,
    Intended,
    Observed,
    ParseFailed,
    PolicyInfo,
    RecoveredError,
    Replied,
    Resumed,
    Started,
    Stepped,
)

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_PROVIDERS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
}
_FAILED = frozenset({StopReason.ENV_LOST, StopReason.MODEL_LOST})
_NS = 1_000_000_000


def traced(events: Iterable[Event], policy: Callable[[], PolicyInfo]) -> Generator[Event]:
    """`events`, with spans if the program uses OpenTelemetry; otherwise at no cost. `policy` is called at the first."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        yield from events
        return
    spans: EpisodeSpans | None = None
    try:
        for event in events:
            spans = spans or EpisodeSpans(trace.get_tracer("screenwright"), policy())
            if spans.recording:
                spans(event)
            yield event
    finally:
        if spans is not None:
            spans.close()


class EpisodeSpans:
    """Call it with each event; `close` ends the spans of an episode that was left early.

    The episode starts with the constructor, as a child of the current span.
    """

    def __init__(self, tracer: "Tracer", policy: PolicyInfo) -> None:
        self._tracer, self._policy = tracer, policy
        named = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "screenwright"}
        self._episode = tracer.start_span("invoke_agent screenwright", attributes={**named, **_model(policy.model)})
        self._step: Span | None = None
        self._intended_ns = 0

    @property
    def recording(self) -> bool:
        """Whether anyone records spans."""
        return self._episode.is_recording()

    def __call__(self, event: Event) -> None:
        """Add what `event` reports."""
        now = time.time_ns()
        match event:
            case Started(version=version) | Resumed(version=version):
                self._episode.set_attribute("gen_ai.agent.version", version)
            case Observed(step=step, capture_s=capture_s):
                self._end_step()
                start = now - _ns(capture_s)
                self._step = self._start(self._episode, f"step {step}", start, {"screenwright.step": step})
                self._start(self._step, "capture", start).end(now)
            case Replied(purpose=purpose, attempt=attempt, usage=usage, model_s=model_s):
                asked = self._policy.grounder if purpose == "ground" else None
                more = {"screenwright.purpose": purpose, "screenwright.attempt": attempt}
                self._chat(asked or self._policy.model, usage, model_s, now, more)
            case Critiqued(usage=usage, seconds=seconds):
                self._chat(None, usage, seconds, now, {"screenwright.purpose": "critic"})
            case Intended():
                self._intended_ns = now
            case Acted():
                self._acted(event, now)
            case ParseFailed(kind=kind):
                self._current.add_event("parse_failed", {"screenwright.kind": kind})
            case RecoveredError(kind=kind):
                self._current.add_event("recovered_error", {"screenwright.kind": kind})
            case Ended():
                self._ended(event)
            case _:
                pass
        if isinstance(event, Stepped):
            self._end_step()

    def close(self) -> None:
        """End all spans."""
        self._end_step()
        self._episode.end()

    @property
    def _current(self) -> "Span":
        return self._step or self._episode

    def _start(self, parent: "Span", name: str, start_ns: int, attributes: dict[str, Any] | None = None) -> "Span":
        from opentelemetry.trace import set_span_in_context

        context = set_span_in_context(parent)
        return self._tracer.start_span(name, context, attributes=attributes, start_time=start_ns)

    def _end_step(self) -> None:
        if self._step is not None:
            self._step.end()
        self._step = None

    def _chat(
        self, model: ModelInfo | None, usage: Usage, seconds: float, now: int, attributes: dict[str, Any]
    ) -> None:
        named = {**_model(model), "gen_ai.operation.name": "chat", **_usage(usage), **attributes}
        name = f"chat {model.name}" if model is not None else "chat"
        self._start(self._current, name, now - _ns(seconds), named).end(now)

    def _acted(self, event: Acted, now: int) -> None:
        name, attributes = _tool(event.action)
        acted_s, settle_s = (event.result.act_s, event.result.settle_s) if event.result is not None else (0.0, 0.0)
        start = self._intended_ns or now - _ns(acted_s + settle_s)
        span = self._start(self._current, f"execute_tool {name}", start, attributes)
        if event.refused is not None:
            _fail(span, "denied" if event.by_guard else "refused")
        elif event.result is not None and event.result.settled_by:
            attributes = {"screenwright.settled_by": event.result.settled_by}
            self._start(span, "settle", now - _ns(settle_s), attributes).end(now)
        span.end(now)
        self._intended_ns = 0

    def _ended(self, event: Ended) -> None:
        attributes = {"screenwright.stop": str(event.stop), "screenwright.steps": event.steps, **_usage(event.usage)}
        if event.verified is not None:
            attributes["screenwright.verified"] = event.verified
        if event.cost is not None:
            attributes["screenwright.cost"] = event.cost
        self._episode.set_attributes(attributes)
        if event.stop in _FAILED:
            _fail(self._episode, str(event.stop))


def _tool(action: Action) -> tuple[str, dict[str, Any]]:
    """The name of the action as a tool, and its attributes."""
    name = action.name if isinstance(action, CallFunction) else type_name(type(action))
    kind = "function" if isinstance(action, CallFunction) else "extension"
    return name, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.type": kind}


def _model(model: ModelInfo | None) -> dict[str, Any]:
    if model is None:
        return {}
    address = urlsplit(model.endpoint)
    provider = _PROVIDERS.get(address.hostname or "", "_OTHER")
    attributes: dict[str, Any] = {"gen_ai.request.model": model.name, "gen_ai.provider.name": provider}
    if address.hostname:
        attributes |= {"server.address": address.hostname, **({"server.port": address.port} if address.port else {})}
    return attributes


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "gen_ai.usage.input_tokens": usage.prompt,
        "gen_ai.usage.output_tokens": usage.completion,
        "gen_ai.usage.cache_read.input_tokens": usage.cached,
    }


def _fail(span: "Span", kind: str) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def _ns(seconds: float) -> int:
    return round(seconds * _NS)
