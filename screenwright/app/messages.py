"""The events of a run as the page gets them: JSON objects with a `kind`."""

from ..agent.core.describe import describe_action, describe_change, describe_ending
from ..agent.record.codec import move_to_json
from ..agent.record.describe import describe_event
from ..agent.record.events import (
    Acted,
    Decided,
    Ended,
    Event,
    Intended,
    NeedsUser,
    Observed,
    ParseFailed,
    Replied,
    Started,
    Stepped,
    UserActed,
    UserMessage,
)
from ..agent.record.html import Json


def message_of(event: Event) -> Json:
    """The message for `event`. Points are in pixels of the screenshot, as [x, y]."""
    match event:
        case Started():
            model, env = event.policy.model, event.env
            return {
                "kind": "started",
                "task": event.task,
                "time": event.time,
                "model": f"{model.name} {model.version}".strip(),
                "screen": " · ".join(filter(None, (env.kind, env.program))),
                "limit": event.limits.steps,
            }
        case Observed():
            return _observed(event)
        case Replied():
            tokens = event.usage.total
            return {"kind": "replied", "step": event.step, "tokens": tokens, "seconds": event.model_s}
        case Decided():
            return _decided(event)
        case Intended():
            return {"kind": "intended", "step": event.step, "index": event.index}
        case Acted():
            failure = "" if event.refused is None else f"{'denied' if event.by_guard else 'refused'}: {event.refused}"
            return {"kind": "acted", "step": event.step, "index": event.index, "failure": failure}
        case Stepped():
            return {"kind": "stepped", "step": event.step, "seconds": event.total_s}
        case ParseFailed():
            return {"kind": "note", "step": event.step, "text": f"the reply could not be parsed: {event.message}"}
        case NeedsUser(kind="question"):
            return {"kind": "asked", "step": event.step, "text": event.question}
        case NeedsUser():  # the question itself follows; the record says how it was answered
            return {"kind": "note", "step": event.step, "text": ""}
        case UserActed():
            return _user_acted(event)
        case UserMessage():
            return {"kind": "said", "step": event.step, "text": event.text}
        case Ended():
            return _ended(event)
        case _:
            return {"kind": "note", "step": getattr(event, "step", None), "text": describe_event(event) or ""}


def _observed(event: Observed) -> Json:
    change = None if event.change is None else describe_change(event.change)
    return {"kind": "observed", "step": event.step, "notes": [*event.notes], "change": change, **_screen_of(event)}


def _user_acted(event: UserActed) -> Json:
    action = event.action
    shown: Json = {"actions": [move_to_json(action)], "labels": [describe_action(action)]}
    return {"kind": "user_acted", "step": event.step, **shown, **_screen_of(event)}


def _screen_of(event: Observed | UserActed) -> Json:
    seen = event.observation
    size = seen.screenshot.size
    return {"image": seen.screenshot.sha256, "size": [size.width, size.height], "location": seen.location}


def _decided(event: Decided) -> Json:
    labels = [describe_action(action) for action in event.actions]
    return {
        "kind": "decided",
        "step": event.step,
        "thought": event.thought or event.reasoning or "",
        "actions": [move_to_json(action) for action in event.actions],
        "labels": [*labels, *([describe_ending(event.ending)] if event.ending is not None else [])],
    }


def _ended(event: Ended) -> Json:
    return {
        "kind": "ended",
        "stop": str(event.stop),
        "reason": event.reason,
        "answer": event.answer,
        "steps": event.steps,
        "seconds": event.seconds,
        "tokens": event.usage.total,
        "cost": event.cost,
        "verified": event.verified,
    }
