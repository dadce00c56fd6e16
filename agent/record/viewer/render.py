"""Renders a recorded run as one self-contained HTML page."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from PIL import Image
from pydantic import JsonValue

from screenwright._text import counted

from ....envs.actions import Action, Click, LongPress
from ....envs.geometry import Box, ScreenPoint
from ....envs.screenshot import Screenshot
from ...core.describe import POSSIBLY_DONE, describe_action, describe_change, describe_ending
from ..codec import move_to_json
from ..describe import describe_event
from ..events import (
    Acted,
    ApprovalAnswered,
    Decided,
    Ended,
    Escalated,
    Event,
    NeedsUser,
    ParseFailed,
    RecoveredError,
    Replied,
    Resumed,
    Started,
    Stepped,
)
from ..html import Json, html_page, image_url
from ..steps import StepEvents, with_user_steps
from ..tally import Tally

MAX_IMAGE_WIDTH_PX = 1600
"""Wider screenshots are scaled down for the page; the recorded files keep every pixel."""

LOOK = "look"
"""The name of a step that only takes a screenshot."""

_WEBP_QUALITY = 82
_PURPOSES: Mapping[str, str] = {
    "act": "model reply",
    "zoom": "model reply for the magnified crop",
    "summarize": "summary of earlier steps",
    "ground": "reply of the grounder",
    "answer": "answer in its form",
}

TargetReader: TypeAlias = Callable[[Screenshot, ScreenPoint], str]
"""Returns what is at a point of a screenshot, such as `"Search" button`; empty if that is unknown."""


def render_page(
    events: Sequence[Event],
    *,
    title: str = "Run",
    max_image_width: int = MAX_IMAGE_WIDTH_PX,
    target_at: TargetReader = lambda screenshot, point: "",
    masked: bool = False,
    divergence: Screenshot | None = None,
) -> str:
    """The page of a run, complete or interrupted, from its events.

    `target_at` describes in words what was clicked. With `masked`, the page says that the events are those of
    `mask_events`. `divergence` shows where a replay differed from its recording.
    """
    steps = with_user_steps(events)
    images: dict[str, str | list[JsonValue]] = {}
    for step in steps:
        screenshot = step.observed.observation.screenshot
        if screenshot.sha256 not in images:
            images[screenshot.sha256] = _image_url(screenshot, max_image_width)
    next_steps: list[StepEvents | None] = [*steps[1:], None]
    shown = [_step_json(step, following, target_at) for step, following in zip(steps, next_steps, strict=False)]
    data: Json = {
        "head": {
            **_head_json(events),
            "masked": masked,
            "divergence": "" if divergence is None else _image_url(divergence, 2 * max_image_width),
        },
        "steps": [{**step, "used": used} for step, used in zip(shown, _used(events, steps), strict=True)],
    }
    return html_page("screenwright.agent.record.viewer", title, data, images)


def _head_json(events: Sequence[Event]) -> Json:
    started = next((event for event in events if isinstance(event, Started)), None)
    ended = events[-1] if events and isinstance(events[-1], Ended) else None
    head: Json = {"task": "", "stop": "interrupted", "reason": "", "answer": "", "facts": []}
    if started is not None:
        model, env = started.policy.model, started.env
        head["task"] = started.task
        head["facts"] = [
            ["model", f"{model.name} {model.version}".strip() + (f" at {model.endpoint}" if model.endpoint else "")],
            ["dialect", started.policy.dialect],
            ["prompt", started.policy.prompt_source],
            ["history", started.policy.history],
            ["screen", " · ".join(part for part in (env.kind, env.program) if part)],
            ["settings", ", ".join(f"{name} {value}" for name, value in env.settings.items() if value)],
            ["started", started.time],
            ["version", started.version],
            ["prompt SHA-256", started.policy.prompt_sha256[:12]],
        ]
    if ended is not None:
        usage = ended.usage
        totals = f"{counted(ended.steps, 'step')}, {ended.seconds:.1f} s"
        if usage.total:
            totals += f", {usage.prompt} prompt tokens ({usage.cached} cached), {usage.completion} completion tokens"
            totals += " (partly estimated)" if usage.estimated else ""
        if ended.cost is not None:
            totals += f", cost {ended.cost:.4g}"
        head |= {"stop": str(ended.stop), "reason": ended.reason, "answer": ended.answer, "totals": totals}
    return head


def _step_json(step: StepEvents, following: StepEvents | None, target_at: TargetReader) -> Json:
    observed, decided = step.observed, step.first(Decided)
    observation = observed.observation
    change = following.observed.change if following is not None else None
    actions = list(decided.actions) if decided is not None else []
    descriptions = [describe_action(action) for action in actions]
    labels = [*descriptions]
    if actions:  # the screens that later actions were carried out on are not recorded
        labels[0] = _label(actions[0], observation.screenshot, target_at)
    if decided is not None and decided.ending is not None:
        labels.append(describe_ending(decided.ending))
        descriptions.append(labels[-1])
    if decided is not None and not labels:
        labels.append(LOOK)
    return {
        "step": step.name,
        "byUser": step.user_action > 0,
        "screenshot": observation.screenshot.sha256,
        "screenshotAfter": following.observed.observation.screenshot.sha256 if following is not None else None,
        "size": [observation.screenshot.size.width, observation.screenshot.size.height],
        "location": observation.location,
        "notes": [*observed.notes],
        "events": [text for event in step.events if (text := describe_event(event))],
        "thought": decided.thought if decided is not None else None,
        "reflection": decided.reflection if decided is not None else None,
        "reasoning": decided.reasoning if decided is not None else None,
        "descriptions": [*descriptions],
        "labels": [*labels],
        "resumed": step.first(Resumed) is not None,
        "actions": [move_to_json(action) for action in actions],
        "outcomes": _outcomes_json(step),
        "kinds": _kinds(step),
        "replies": [_reply_json(reply) for reply in step.all(Replied)],
        "parseFailures": [f"{one.kind} at {one.position}: {one.message}" for one in step.all(ParseFailed)],
        "points": _points_json(decided),
        "change": None if change is None else describe_change(change),
        "regions": _boxes_json(change.regions) if change is not None else [],
        "masked": _boxes_json(change.masked) if change is not None else [],
        "times": _times_json(step),
    }


def _used(events: Sequence[Event], steps: Iterable[StepEvents]) -> Iterator[str]:
    """What each step used, and all steps up to it: tokens and, if it is known, the cost."""
    tally = Tally()
    if events and isinstance(started := events[0], Started):
        tally = Tally.of(started.policy, started.supervision.critic, started.prices)
    for step in steps:
        tokens, cost = tally.usage.total, tally.cost
        for event in step.events:
            tally.count(event)
        text = f"{counted(tally.usage.total - tokens, 'token')} in this step, {tally.usage.total:,} so far"
        if cost is not None and tally.cost is not None:
            text += f"; cost {tally.cost - cost:.4g}, {tally.cost:.4g} so far"
        yield text if tally.usage.total > tokens else ""


def _kinds(step: StepEvents) -> list[JsonValue]:
    """What the page can jump to."""
    is_failed = step.first(ParseFailed) or step.unconfirmed or any(one.result is None for one in step.all(Acted))
    is_recovered = step.first(Escalated) or step.first(RecoveredError) or step.first(Resumed)
    is_asked = step.first(ApprovalAnswered) or step.first(NeedsUser)
    found = {"failure": is_failed, "recovery": is_recovered, "approval": is_asked}
    return [name for name, is_found in found.items() if is_found]


def _reply_json(reply: Replied) -> Json:
    """A reply, and what the log has about its request: the prompt itself is not recorded."""
    title = _PURPOSES[reply.purpose] + (f", attempt {reply.attempt + 1}" if reply.attempt else "")
    pictures = counted(reply.images, "picture") if reply.images else ""
    usage = reply.usage
    tokens = f"{usage.prompt} prompt tokens ({usage.cached} cached), {usage.completion} completion tokens"
    parts = (
        f"{pictures} of {reply.image}" if pictures and reply.image else pictures,
        tokens + (" (estimated)" if usage.estimated else "") if usage.total else "",
        f"{reply.model_s:.2f} s" if reply.model_s else "",
    )
    return {"title": title, "request": " · ".join(filter(None, parts)), "text": reply.text}


def _label(action: Action, screenshot: Screenshot, target_at: TargetReader) -> str:
    """The description of `action`, with what was clicked instead of the point, if that is known."""
    description = describe_action(action)
    target = target_at(screenshot, action.at) if isinstance(action, Click | LongPress) else ""
    return f"{description.rpartition(' at ')[0]} {target}" if target else description


def _boxes_json(boxes: Iterable[Box]) -> list[JsonValue]:
    return [[box.left, box.top, box.right, box.bottom] for box in boxes]


def _outcomes_json(step: StepEvents) -> list[JsonValue]:
    """One for each action, up to the first without a result."""
    outcomes: list[JsonValue] = [_outcome_json(acted) for acted in step.all(Acted)]
    return outcomes if step.unconfirmed is None else [*outcomes, _failure("no result", POSSIBLY_DONE)]


def _outcome_json(acted: Acted) -> Json:
    if acted.result is None:
        return _failure("denied" if acted.by_guard else "refused", acted.refused or "")
    details = ", ".join(part for part in (acted.result.method, acted.result.settled_by) if part)
    return {"failure": "", "text": f"done ({details})" if details else "done"}


def _failure(kind: str, reason: str) -> Json:
    return {"failure": kind, "text": f"{kind}: {reason}"}


def _points_json(decided: Decided | None) -> list[JsonValue]:
    return [
        {
            "model": [trace.model.x, trace.model.y],
            "image": [trace.image.x, trace.image.y],
            "screen": [trace.screen.x, trace.screen.y],
            "device": [trace.device.x, trace.device.y],
            "clamped": trace.clamped,
        }
        for trace in (decided.traces if decided is not None else ())
    ]


def _times_json(step: StepEvents) -> Json:
    """Seconds by phase; `other` is the part of the step that belongs to no phase."""
    replies, stepped = step.all(Replied), step.first(Stepped)
    results = [acted.result for acted in step.all(Acted) if acted.result is not None]
    times = {
        "capture": step.observed.capture_s,
        "encode": sum(reply.encode_s for reply in replies),
        "model": sum(reply.model_s for reply in replies),
        "act": sum(result.act_s for result in results),
        "settle": sum(result.settle_s for result in results),
        "log": stepped.log_s if stepped is not None else 0.0,
    }
    if stepped is not None:
        times["other"] = max(stepped.total_s - sum(times.values()), 0.0)
    return {phase: round(seconds, 4) for phase, seconds in times.items()}


def _image_url(screenshot: Screenshot, max_width: int) -> str:
    image = screenshot.image
    if image.width > max_width:
        image = image.resize((max_width, round(image.height * max_width / image.width)), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_WEBP_QUALITY, method=2)
    screenshot.release()  # a run has hundreds
    return image_url(buffer.getvalue(), "webp")
