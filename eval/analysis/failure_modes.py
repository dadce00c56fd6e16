"""Guesses the cause of a failure from the event log: a starting point for inspecting the recording."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from screenwright._text import counted

from ...agent.core.decision import Finish
from ...agent.core.limits import StopReason
from ...agent.record.events import Acted, Decided, Ended, Event, Observed, ParseFailed
from ...envs.actions import Click, points_of
from ..core.record import Triage

_MOST = 0.5
_LIMITS = (StopReason.STEP_LIMIT, StopReason.TIME_LIMIT, StopReason.TOKEN_LIMIT, StopReason.COST_LIMIT)


@dataclass(slots=True)
class _Counts:
    """Counts over the events of an episode."""

    steps: int = 0
    clicks: int = 0
    idle_clicks: int = 0
    refused: list[str] = field(default_factory=list[str])
    denied: list[str] = field(default_factory=list[str])
    parse_failures: list[str] = field(default_factory=list[str])
    ended: Ended | None = None
    finished: bool = False


def triage(events: Sequence[Event]) -> Triage:
    """The most likely kind of failure, with its evidence."""
    counts = _count_events(events)
    stop = counts.ended.stop if counts.ended else None
    reason = counts.ended.reason if counts.ended else ""
    if counts.parse_failures and (stop is StopReason.STUCK or len(counts.parse_failures) > counts.steps * _MOST):
        count = len(counts.parse_failures)
        return Triage(
            "parse",
            f"{counted(count, 'reply', 'replies')} could not be parsed, the last one: {counts.parse_failures[-1]}",
        )
    if counts.denied:
        return Triage(
            "policy", f"the guard denied {counted(len(counts.denied), 'action')}, the last one: {counts.denied[-1]}"
        )
    if stop in (StopReason.NEEDS_USER, StopReason.INFEASIBLE):
        return Triage("policy", f"the agent gave up after {counted(counts.steps, 'step')}: {reason}")
    if len(counts.refused) > counts.steps * _MOST:
        return Triage(
            "environment", f"refused: {counted(len(counts.refused), 'action')}, the last one: {counts.refused[-1]}"
        )
    if counts.clicks and counts.idle_clicks > counts.clicks * _MOST:
        return Triage("grounding", f"{counts.idle_clicks} of {counts.clicks} clicks did not change the screen")
    if stop is StopReason.INVALID_ANSWER:
        return Triage("policy", reason)
    if counts.finished:
        return Triage("plan", f"the agent finished after {counted(counts.steps, 'step')}, but the task is not done")
    if stop in _LIMITS:
        return Triage("plan", f"{reason}, and the screen kept changing")
    if stop in (StopReason.STUCK, StopReason.DIVERGED):
        return Triage("grounding", reason)
    return Triage("plan", "the task ended by itself without success")


def _count_events(events: Sequence[Event]) -> _Counts:
    counts = _Counts()
    clicked = False
    for event in events:
        match event:
            case Observed(change=change):
                counts.steps += 1
                if clicked and change is not None:
                    counts.clicks += 1
                    counts.idle_clicks += change.share == 0
                clicked = False
            case ParseFailed(message=message):
                counts.parse_failures.append(message)
            case Decided(ending=Finish()):
                counts.finished = True
            case Acted(refused=str(reason), by_guard=by_guard):
                (counts.denied if by_guard else counts.refused).append(reason)
            case Acted(action=action):
                clicked = clicked or (isinstance(action, Click) and bool(points_of(action)))
            case Ended():
                counts.ended = event
            case _:
                pass
    return counts
