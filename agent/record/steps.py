"""The events of a run by step, and the state from which an interrupted run is resumed."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ...envs.actions import Action, CallFunction
from ...envs.env import ActionResult
from ..core.context import HistoryStep
from ..core.describe import (
    POSSIBLY_DONE,
    SKIPPED,
    UNCONFIRMED,
    denied_message,
    describe_action,
    refused_message,
    result_message,
    skipped_message,
    unconfirmed_message,
)
from ..core.supervision import RecoveryAction
from .events import (
    Acted,
    ApprovalAnswered,
    Critiqued,
    Decided,
    Escalated,
    Event,
    Intended,
    Observed,
    ParseFailed,
    PolicyInfo,
    Replied,
    Resumed,
    Started,
    Stepped,
    UserActed,
)

E = TypeVar("E")

BY_USER = "by the user"
"""The method of an action that the user carried out."""


@dataclass(frozen=True, slots=True)
class StepEvents:
    """The observation of a step, and all events until the next observation.

    `user_action` is 0 for a step of the agent; else it counts the actions of the user after that step, from 1.
    """

    observed: Observed
    events: list[Event] = field(default_factory=list[Event])
    user_action: int = 0

    @property
    def name(self) -> str:
        """The number of the step, such as `3`, or `3.1` for the first action of the user after it."""
        return f"{self.observed.step}.{self.user_action}" if self.user_action else f"{self.observed.step}"

    def all(self, kind: type[E]) -> list[E]:
        """The events of that kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def first(self, kind: type[E]) -> E | None:
        """The first event of that kind, if any."""
        return next(iter(self.all(kind)), None)

    @property
    def counts(self) -> bool:
        """Whether the step is part of the history: it is complete, or was interrupted after it began to act."""
        return any(isinstance(event, Stepped | Intended | Acted) for event in self.events)

    @property
    def unconfirmed(self) -> Intended | None:
        """The action that was intended and has no result: it may have been carried out."""
        results = {event.index for event in self.all(Acted)}
        return next((event for event in self.all(Intended) if event.index not in results), None)

    @property
    def is_done(self) -> bool:
        """Whether all of its actions are known to have been carried out or refused."""
        return self.unconfirmed is None and not self.skipped

    @property
    def skipped(self) -> int:
        """The number of actions at the end that an interruption left out."""
        decided = self.first(Decided)
        if (
            decided is None
            or self.first(Stepped) is not None
            or any(event.refused is not None for event in self.all(Acted))
        ):
            return 0
        return len(decided.actions) - len(self.all(Acted)) - (self.unconfirmed is not None)


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


def with_user_steps(events: Iterable[Event]) -> list[StepEvents]:
    """The events by step, with a step for each action of the user while they had taken over."""
    steps: list[StepEvents] = []
    for step in group_by_step(events):
        acted = step.all(UserActed)
        own = replace(step, events=[event for event in step.events if not isinstance(event, UserActed)])
        before = [event for event in acted if event.step < step.observed.step]
        numbers = [*range(1, len(before) + 1), 0, *range(1, len(acted) - len(before) + 1)]
        shown: list[StepEvents | UserActed] = [*before, own, *acted[len(before) :]]
        steps += [
            _user_step(one, number) if isinstance(one, UserActed) else one
            for one, number in zip(shown, numbers, strict=True)
        ]
    return steps


def _user_step(event: UserActed, number: int) -> StepEvents:
    """An action of the user, as if an agent had decided on it."""
    step, action = event.step, event.action
    done = Acted(step, 0, action, ActionResult(event.seconds, method=BY_USER))
    events: list[Event] = [
        Decided(step, None, (action,)),
        Intended(step, 0, action),
        done,
        Stepped(step, event.seconds),
    ]
    return StepEvents(Observed(step, event.observation, (), None, 0.0), events, number)


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The state after the steps of an interrupted run; `actions_done` describes each executed action.

    `counted` are the events that count for tokens and parse failures. `unconfirmed` is the action that was interrupted,
    and may have been carried out. `notes` tell the model about it and about the actions of the last step that were not
    carried out. `dialect` is that of the replies, if the run has steps and a model.
    """

    history: tuple[HistoryStep, ...] = ()
    counted: tuple[Replied | Critiqued | ParseFailed, ...] = ()
    seconds: float = 0.0
    actions_done: tuple[str, ...] = ()
    unconfirmed: Action | None = None
    notes: tuple[str, ...] = ()
    dialect: str = ""

    def continued_by(self, policy: PolicyInfo) -> PolicyInfo:
        """`policy`, if it can continue the run.

        Raises:
            ValueError: it has another dialect, so that the replies so far have a form that its model does not write.
        """
        if self.dialect and policy.dialect not in ("", self.dialect):
            problem = f"the run has replies in the dialect {self.dialect}, and cannot be continued in {policy.dialect}"
            raise ValueError(f"{problem}: use a model of the same family")
        return policy


def resume_point(events: Iterable[Event]) -> ResumePoint:
    """The state after the last step that counts; a step that had not begun to act is repeated after resuming."""
    events = tuple(events)
    started = next((event for event in events if isinstance(event, Started)), None)
    steps = [step for step in group_by_step(events) if step.counts]
    unconfirmed = steps[-1].unconfirmed if steps else None
    return ResumePoint(
        tuple(_history_step(step) for step in steps),
        tuple(event for step in steps for event in step.events if isinstance(event, Replied | Critiqued | ParseFailed)),
        sum(event.total_s for step in steps for event in step.all(Stepped)),
        tuple(text for step in steps for text in _actions_done(step)),
        unconfirmed.action if unconfirmed is not None else None,
        _notes(steps[-1]) if steps else (),
        started.policy.dialect if started is not None and steps else "",
    )


def _actions_done(step: StepEvents) -> list[str]:
    done = [describe_action(event.action) for event in step.all(Acted) if event.refused is None]
    if step.unconfirmed is not None:
        done.append(f"{describe_action(step.unconfirmed.action)} ({POSSIBLY_DONE})")
    return [f"{step.observed.step}. {text}" for text in done]


def _notes(last: StepEvents) -> tuple[str, ...]:
    """What the model has not been told about the actions of the last step."""
    refused = next((event for event in last.all(Acted) if event.refused is not None), None)
    notes = [
        result_message(event.action.name, event.result.output)
        for event in last.all(Acted)
        if isinstance(event.action, CallFunction) and event.result is not None
    ]
    if refused is not None:
        notes.append((denied_message if refused.by_guard else refused_message)(refused.refused or ""))
    if last.unconfirmed is not None:
        notes.append(unconfirmed_message(last.unconfirmed.action))
    if last.skipped:
        notes.append(skipped_message(last.skipped))
    return tuple(notes)


def _history_step(step: StepEvents) -> HistoryStep:
    observed = step.observed
    replies = [event.text for event in step.all(Replied) if event.purpose == "act"]
    replan = any(event.action is RecoveryAction.REPLAN for event in step.all(Escalated))
    change = observed.change.share if observed.change is not None else 0.0
    return HistoryStep(
        observed.observation.screenshot,
        observed.notes,
        replies[-1] if replies else "",
        change=change,
        replan=replan,
        location=observed.observation.location,
        refused=_not_carried_out(step),
        acknowledged=any(event.allowed for event in step.all(ApprovalAnswered) if event.kind == "safety_check"),
    )


def _not_carried_out(step: StepEvents) -> tuple[int, str] | None:
    """The index of the first action that was not carried out, or may not have been, and why."""
    acted = step.all(Acted)
    refused = next(((event.index, event.refused) for event in acted if event.refused is not None), None)
    if refused is not None:
        return refused
    if step.unconfirmed is not None:
        return step.unconfirmed.index, UNCONFIRMED
    return (len(acted), SKIPPED) if step.skipped else None
