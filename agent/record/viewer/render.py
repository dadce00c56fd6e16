"""A recorded run as one HTML page that needs nothing else: no server, no network, no other file."""

import base64
import html
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources

from PIL import Image
from pydantic import JsonValue

from ....envs.geometry import Box
from ....envs.screenshot import Screenshot
from ...core.describe import describe_action, describe_change, describe_ending
from ..codec import move_to_json
from ..describe import describe_supervision
from ..events import (
    Acted,
    Critiqued,
    Decided,
    Ended,
    Escalated,
    Event,
    NeedsUser,
    Note,
    Observed,
    ParseFailed,
    RecoveredError,
    Replied,
    Resumed,
    Started,
    Stepped,
    Summarized,
    UserMessage,
)

Json = dict[str, JsonValue]

WIDEST_PX = 1600
"""Wider screenshots are scaled down for the page; the recorded ones keep every pixel."""

_QUALITY = 82


@dataclass(slots=True)
class _Step:
    """What the events say about one step."""

    observed: Observed
    replies: list[Replied] = field(default_factory=list[Replied])
    parse_failures: list[ParseFailed] = field(default_factory=list[ParseFailed])
    decided: Decided | None = None
    acted: list[Acted] = field(default_factory=list[Acted])
    stepped: Stepped | None = None
    noted: list[str] = field(default_factory=list[str])


def render_page(events: Sequence[Event], *, title: str = "Run", max_image_width: int = WIDEST_PX) -> str:
    """The page of a run, whole or broken off, from its events."""
    steps = _steps_of(events)
    pictures: dict[str, str] = {}
    for step in steps:
        shot = step.observed.observation.screenshot
        if shot.sha256 not in pictures:
            pictures[shot.sha256] = _data_url(shot, max_image_width)
    following: list[_Step | None] = [*steps[1:], None][: len(steps)]
    data: Json = {
        "head": _head(events),
        "steps": [_step_json(step, after) for step, after in zip(steps, following, strict=True)],
        "pictures": {**pictures},
    }
    page = _file("page.html")
    parts = {
        "TITLE": html.escape(title),
        "STYLE": _file("page.css"),
        "SCRIPT": _file("page.js"),
        "DATA": _embedded(data),
    }
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text, 1)
    return page


def _steps_of(events: Iterable[Event]) -> list[_Step]:
    """The events by step. A step that was begun again after a break replaces its first attempt."""
    steps: dict[int, _Step] = {}
    current: _Step | None = None
    for event in events:
        match event:
            case Observed():
                current = steps[event.step] = _Step(event)
            case Note(text=text) if current is not None:
                current.noted.append(text)
            case Escalated() | Critiqued() | Summarized() | NeedsUser() | UserMessage() | RecoveredError() if (
                current is not None
            ):
                current.noted.append(describe_supervision(event))
            case Resumed(steps=count) if current is not None:
                current.noted.append(f"interrupted; resumed after step {count}")
            case Replied() if current is not None:
                current.replies.append(event)
            case ParseFailed() if current is not None:
                current.parse_failures.append(event)
            case Decided() if current is not None:
                current.decided = event
            case Acted() if current is not None:
                current.acted.append(event)
            case Stepped() if current is not None:
                current.stepped = event
            case _:
                pass
    return [steps[number] for number in sorted(steps)]


def _head(events: Sequence[Event]) -> Json:
    started = next((event for event in events if isinstance(event, Started)), None)
    ended = events[-1] if events and isinstance(events[-1], Ended) else None
    head: Json = {"task": "", "stop": "broke off", "reason": "", "answer": "", "facts": []}
    if started is not None:
        model, env = started.policy.model, started.env
        head["task"] = started.task
        head["facts"] = [
            ["model", f"{model.name} {model.version}".strip() + (f" at {model.endpoint}" if model.endpoint else "")],
            ["dialect", started.policy.dialect],
            ["history", started.policy.history],
            ["screen", " · ".join(part for part in (env.kind, env.program) if part)],
            ["started", started.time],
            ["version", started.version],
            ["prompt", started.policy.prompt_sha256[:12]],
        ]
    if ended is not None:
        usage = ended.usage
        head |= {"stop": str(ended.stop), "reason": ended.reason, "answer": ended.answer}
        totals = f"{ended.steps} steps, {ended.seconds:.1f} s"
        if usage.total:
            totals += f", {usage.prompt} tokens in ({usage.cached} cached), {usage.completion} out"
        head["totals"] = totals
    return head


def _step_json(step: _Step, after: _Step | None) -> Json:
    observed, decided = step.observed, step.decided
    size = observed.observation.screenshot.size
    change = after.observed.change if after is not None else None
    actions = list(decided.actions) if decided is not None else []
    said = [describe_action(action) for action in actions]
    if decided is not None and decided.ending is not None:
        said.append(describe_ending(decided.ending))
    return {
        "step": observed.step,
        "picture": observed.observation.screenshot.sha256,
        "after": after.observed.observation.screenshot.sha256 if after is not None else None,
        "size": [size.width, size.height],
        "location": observed.observation.location,
        "notes": [*observed.notes],
        "noted": [*step.noted],
        "thought": decided.thought if decided is not None else None,
        "reflection": decided.reflection if decided is not None else None,
        "reasoning": decided.reasoning if decided is not None else None,
        "said": [*said],
        "actions": [move_to_json(action) for action in actions],
        "outcomes": [_outcome(acted) for acted in step.acted],
        "replies": [[reply.purpose, reply.text] for reply in step.replies],
        "misread": [f"{problem.kind} at {problem.position}: {problem.message}" for problem in step.parse_failures],
        "points": _points(decided),
        "change": None if change is None else describe_change(change),
        "regions": _boxes(change.regions) if change is not None else [],
        "masked": _boxes(change.masked) if change is not None else [],
        "times": _times(step),
        "tokens": _tokens(step),
    }


def _boxes(boxes: Iterable[Box]) -> list[JsonValue]:
    return [[box.left, box.top, box.right, box.bottom] for box in boxes]


def _outcome(acted: Acted) -> Json:
    if acted.result is None:
        by = "denied" if acted.by_guard else "refused"
        return {"ok": False, "text": f"{by}: {acted.refused}"}
    more = ", ".join(part for part in (acted.result.method, acted.result.settled_by) if part)
    return {"ok": True, "text": f"done{f' ({more})' if more else ''}"}


def _points(decided: Decided | None) -> list[JsonValue]:
    if decided is None:
        return []
    return [
        {
            "model": [trace.model.x, trace.model.y],
            "image": [trace.image.x, trace.image.y],
            "screen": [trace.screen.x, trace.screen.y],
            "device": [trace.device.x, trace.device.y],
            "clamped": trace.clamped,
        }
        for trace in decided.traces
    ]


def _times(step: _Step) -> Json:
    """Seconds by phase; what none of them accounts for is `rest`."""
    done = [acted.result for acted in step.acted if acted.result is not None]
    times = {
        "capture": step.observed.capture_s,
        "encode": sum(reply.encode_s for reply in step.replies),
        "model": sum(reply.model_s for reply in step.replies),
        "act": sum(one.act_s for one in done),
        "settle": sum(one.settle_s for one in done),
        "log": step.stepped.log_s if step.stepped is not None else 0.0,
    }
    if step.stepped is not None:
        times["rest"] = max(step.stepped.total_s - sum(times.values()), 0.0)
    return {name: round(seconds, 4) for name, seconds in times.items()}


def _tokens(step: _Step) -> Json:
    usages = [reply.usage for reply in step.replies]
    return {
        "prompt": sum(usage.prompt for usage in usages),
        "cached": sum(usage.cached for usage in usages),
        "completion": sum(usage.completion for usage in usages),
    }


def _data_url(screenshot: Screenshot, widest: int) -> str:
    """The picture for the page: WebP, scaled down if it is wide."""
    image = screenshot.image
    if image.width > widest:
        image = image.resize((widest, round(image.height * widest / image.width)), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _embedded(data: Json) -> str:
    """JSON that may stand inside a script element, whatever the texts in it hold."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")


def _file(name: str) -> str:
    return resources.files("screenwright.agent.record.viewer").joinpath(name).read_text(encoding="utf-8")
