"""A first guess at why an episode failed, from what its log says. It saves looking; it does not replace it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agent.core.decision import Finish
from ...agent.core.limits import StopReason
from ...agent.record.events import Acted, Decided, Ended, Event, Observed, ParseFailed
from ...envs.actions import Click, points_of
from ..core.record import Triage

_MOSTLY = 0.5
_LIMITS = (StopReason.STEP_LIMIT, StopReason.TIME_LIMIT, StopReason.TOKEN_LIMIT)


@dataclass(slots=True)
class _Facts:
    """What the log says, counted."""

    steps: int = 0
    clicks: int = 0
    idle_clicks: int = 0
    refused: list[str] = field(default_factory=list[str])
    denied: list[str] = field(default_factory=list[str])
    parse_failures: list[str] = field(default_factory=list[str])
    ended: Ended | None = None
    finished: bool = False


def triage(events: Sequence[Event]) -> Triage:
    """What kind of failure it most likely was, with the evidence."""
    facts = _count(events)
    stop = facts.ended.stop if facts.ended else None
    reason = facts.ended.reason if facts.ended else ""
    if facts.parse_failures and (stop is StopReason.STUCK or len(facts.parse_failures) > facts.steps * _MOSTLY):
        return Triage(
            "parse", f"{len(facts.parse_failures)} replies could not be read, the last: {facts.parse_failures[-1]}"
        )
    if facts.denied:
        return Triage("policy", f"the guard denied {len(facts.denied)} actions: {facts.denied[-1]}")
    if stop in (StopReason.NEEDS_USER, StopReason.INFEASIBLE):
        return Triage("policy", f"it gave up after {facts.steps} steps: {reason}")
    if len(facts.refused) > facts.steps * _MOSTLY:
        return Triage("environment", f"{len(facts.refused)} actions were refused, the last: {facts.refused[-1]}")
    if facts.clicks and facts.idle_clicks > facts.clicks * _MOSTLY:
        return Triage("grounding", f"{facts.idle_clicks} of {facts.clicks} clicks changed nothing on the screen")
    if facts.finished:
        return Triage("plan", f"it said that it was done after {facts.steps} steps")
    if stop in _LIMITS:
        return Triage("plan", f"{reason}, while the screen went on changing")
    if stop is StopReason.STUCK:
        return Triage("grounding", reason)
    return Triage("plan", "the task ended by itself, and not as asked")


def _count(events: Sequence[Event]) -> _Facts:
    facts = _Facts()
    clicked = False
    for event in events:
        match event:
            case Observed(change=change):
                facts.steps += 1
                if clicked and change is not None:
                    facts.clicks += 1
                    facts.idle_clicks += change.share == 0
                clicked = False
            case ParseFailed(message=message):
                facts.parse_failures.append(message)
            case Decided(ending=Finish()):
                facts.finished = True
            case Acted(refused=str(why), by_guard=by_guard):
                (facts.denied if by_guard else facts.refused).append(why)
            case Acted(action=action):
                clicked = clicked or (isinstance(action, Click) and bool(points_of(action)))
            case Ended():
                facts.ended = event
            case _:
                pass
    return facts
