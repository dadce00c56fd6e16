"""The events of a run by step, and the state from which an interrupted run is resumed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from ..core.context import HistoryStep
from ..core.describe import describe_action
from ..core.model import Usage
from ..core.supervision import RecoveryAction
from .events import (
    Acted,
    Critiqued,
    Escalated,
    Event,
    Observed,
    ParseFailed,
    Replied,
    Resumed,
    SafetyAnswered,
    Stepped,
)

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class StepEvents:
    """The observation of a step, and all events until the next observation."""

    observed: Observed
    events: list[Event] = field(default_factory=list[Event])

    def all(self, kind: type[E]) -> list[E]:
        """The events of that kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def first(self, kind: type[E]) -> E | None:
        """The first event of that kind, if any."""
        return next(iter(self.all(kind)), None)


def group_by_step(events: Iterable[Event]) -> list[StepEvents]:
    """The events by step. A step that was repeated after an interruption replaces its first attempt.

    `Resumed` and what comes before the first step belong to the step that follows.
    """
    steps: dict[int, StepEvents] = {}
    current: list[Event] = []
    following: list[Event] = current  # what belongs to the step that is observed next
    for event in events:
        if isinstance(event, Observed):
            steps[event.step] = StepEvents(event, following)
            current, following = following, []
        elif isinstance(event, Resumed):
            following = [event]
            current = following
        else:
            current.append(event)
    return [steps[number] for number in sorted(steps)]


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The state after the complete steps of an interrupted run; `actions_done` describes each executed action."""

    history: tuple[HistoryStep, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    parse_failures: int = 0
    actions_done: tuple[str, ...] = ()


def resume_point(events: Iterable[Event]) -> ResumePoint:
    """The state after the last complete step. A step without `Stepped` is repeated after resuming."""
    steps = [step for step in group_by_step(events) if step.first(Stepped)]
    replied = [event.usage for step in steps for event in step.all(Replied)]
    critiqued = [event.usage for step in steps for event in step.all(Critiqued)]
    acted = [event for step in steps for event in step.all(Acted) if event.refused is None]
    return ResumePoint(
        tuple(_history_step(step) for step in steps),
        sum(replied + critiqued, Usage()),
        sum(event.total_s for step in steps for event in step.all(Stepped)),
        sum(len(step.all(ParseFailed)) for step in steps),
        tuple(f"{event.step}. {describe_action(event.action)}" for event in acted),
    )


def _history_step(step: StepEvents) -> HistoryStep:
    observed = step.observed
    replies = [event.text for event in step.all(Replied) if event.purpose == "act"]
    replan = any(event.action is RecoveryAction.REPLAN for event in step.all(Escalated))
    change = observed.change.share if observed.change is not None else 0.0
    refused = next(((event.index, event.refused) for event in step.all(Acted) if event.refused is not None), None)
    return HistoryStep(
        observed.observation.screenshot,
        observed.notes,
        replies[-1] if replies else "",
        change=change,
        replan=replan,
        location=observed.observation.location,
        refused=refused,
        acknowledged=any(event.allowed for event in step.all(SafetyAnswered)),
    )
